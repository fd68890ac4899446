"""Answers of several tasks to one text, and the names and means of their scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from weft.metrics.names import measure

ALL_RIGHT, MEAN = "all_right", "mean_of_tasks"
"""Scores of all tasks together."""


@dataclass(frozen=True, slots=True)
class JointAnswer:
    """The answer of each task to one text, by the name of the task."""

    of: Mapping[str, Any]

    def __getitem__(self, task: str) -> Any:
        """Return the answer of one task: `answer["intent"].label`."""
        return self.of[task]


def of_task(name: str, score: str) -> str:
    """Name a score, or a field of an answer, of one task: `intent.accuracy`."""
    return f"{name}.{score}"


def mean_of_firsts(firsts: Sequence[tuple[str, float]]) -> float:
    """Average the first scores of several tasks; one that is the better the lower enters with a minus."""
    return fmean(-value if measure(name).better == "lower" else value for name, value in firsts)
