"""Numbers for people: scores with intervals, percents, counts, sizes and times."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from weft.metrics.names import Form

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Interval:
    """A score as read from a file, with its interval where there is one."""

    value: float
    low: float
    high: float

    @classmethod
    def read(cls, found: Any) -> Interval | None:
        """Read `{"value", "low", "high"}` or a bare number; None for anything else."""
        if not isinstance(found, Mapping):
            found = {"value": found}
        value = found.get("value")
        if not is_number(value):
            return None
        low, high = found.get("low"), found.get("high")
        return cls(value, low if is_number(low) else value, high if is_number(high) else value)

    @property
    def known(self) -> bool:
        """Whether there is an interval at all."""
        return self.low < self.high


def is_number(value: Any) -> TypeGuard[float]:
    """Tell whether a value from a file is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def score(value: float, form: Form = "share") -> str:
    """Write a score: `91.0%` of a share, `41.3` of points, else `0.234` or `104.5`."""
    return f"{100 * value:.1f}%" if form == "share" else f"{value:.{1 if form == 'points' or value >= 100 else 3}f}"


def span(found: Interval, form: Form = "share") -> str:
    """Write the interval alone, `88.3 to 93.4` or `0.210 to 0.260`; empty where there is none."""
    if not found.known:
        return ""
    return f"{score(found.low, form)} to {score(found.high, form)}".replace("%", "")


def count(number: Any) -> str:
    """Write a count: `123,456`; a dash for anything but a number."""
    return f"{number:,.0f}" if is_number(number) else NOTHING


def pace(number: Any) -> str:
    """Write a rate like `count`, but with two digits below 10: `0.43`."""
    return f"{number:.2g}" if is_number(number) and number < 10 else count(number)


def size(number: Any) -> str:
    """Write a number of bytes: `820 B`, `12.3 kB`, `1.2 MB`, `3.4 GB`."""
    if not is_number(number):
        return NOTHING
    for unit in ("B", "kB", "MB"):
        if number < 999.5:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 99.95 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"


def duration(seconds: Any) -> str:
    """Write a duration: `< 1 s`, `2.5 s`, `42 s`, `3 min 20 s`, `2 h 5 min`."""
    if not is_number(seconds):
        return NOTHING
    if seconds < 1:
        return "< 1 s"
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"
