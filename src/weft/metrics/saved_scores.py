"""Reads scores as they stand in files of JSON: numbers with their intervals, or nothing for what is damaged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard


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


def by_task(scores: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the scores of each of several tasks, as a run of that task alone has them; none of a single task."""
    found = {}
    for task, details in ((scores.get("details") or {}).get("tasks") or {}).items():
        start = f"{task}."
        own = {name.removeprefix(start): one for name, one in scores["scores"].items() if name.startswith(start)}
        beside = {name: scores[name] for name in ("data", "weft") if name in scores}
        found[task] = {"scores": own, "details": details, "task": details.get("kind"), **beside}
    return found
