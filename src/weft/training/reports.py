"""Reports of a run while it goes on: plain records, printed, plotted or ignored by whoever reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Report:
    """Base of all reports."""

    kind: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        """Return the content of a line of `reports.jsonl`."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Note(Report):
    """Something that a user should know, as a sentence: a guess that was made, what was cut, what was left out."""

    kind: ClassVar[str] = "note"
    text: str


@dataclass(frozen=True, slots=True)
class StepReport(Report):
    """Training went on: the mean loss since the last such report, and the pace."""

    kind: ClassVar[str] = "step"
    step: int
    epoch: float
    """Epochs done, with their fraction."""
    epochs: float
    loss: float
    learning_rate: float
    rows_per_second: float
    seconds_left: float | None
    """None until a pace is known."""


@dataclass(frozen=True, slots=True)
class EvalReport(Report):
    """The model of this step on the dev set."""

    kind: ClassVar[str] = "evaluation"
    step: int
    epoch: float
    scores: Mapping[str, float]
    metric: str
    """The score by which the best step is chosen."""
    best: bool
    samples: Sequence[Mapping[str, str]] = ()
    """Some of what the model wrote, where it writes (`Task.samples`)."""


@dataclass(frozen=True, slots=True)
class SaveReport(Report):
    """A checkpoint is on disk."""

    kind: ClassVar[str] = "save"
    step: int
    path: str


@dataclass(frozen=True, slots=True)
class DoneReport(Report):
    """Training is over, and the model has the weights of the best step; step 0 where they were solved for."""

    kind: ClassVar[str] = "done"
    step: int
    best_step: int
    seconds: float
    """Spent in training steps, over all starts of the run."""
