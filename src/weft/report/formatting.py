"""Numbers for people: scores with intervals, percents, counts, sizes and times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weft.metrics.names import Form
from weft.metrics.saved_scores import Interval, is_number

NOTHING = "–"


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


def base_size(found: Mapping[str, Any]) -> str:
    """Write how much of a size is a base model's, in a folder of its own; empty where there is none."""
    base = found.get("base_bytes")
    return f"{size(base)} of it the base model, in a folder of its own" if base else ""


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
