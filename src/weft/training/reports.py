"""Reports of a run while it goes on: plain records, printed, plotted or ignored by whoever reads them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeVar

from weft.metrics.names import in_short, measure

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Report:
    """Base of all reports."""

    kind: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        """Return the content of a line of `reports.jsonl`."""
        return {"kind": self.kind, **asdict(self)}

    def __str__(self) -> str:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Note(Report):
    """Something that a user should know, as a sentence: a guess that was made, what was cut, what was left out."""

    kind: ClassVar[str] = "note"
    text: str

    def __str__(self) -> str:
        return self.text


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

    def __str__(self) -> str:
        left = "" if self.seconds_left is None else f"  {clock(self.seconds_left)} left"
        where = f"step {self.step}  epoch {self.epoch:.2f}/{self.epochs:g}"
        return f"{where}  loss {self.loss:.4f}  {self.rows_per_second:.0f} rows/s{left}"


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

    def __str__(self) -> str:
        loss = (
            f"  log loss {self.scores['log_loss']:.4f}"
            if self.metric != "log_loss" and "log_loss" in self.scores
            else ""
        )
        return f"epoch {self.epoch:g}  dev {self.score}{loss}{'  (best)' if self.best else ''}"

    @property
    def score(self) -> str:
        """Name and value of the score by which the best step is chosen."""
        return f"{measure(self.metric).with_direction} {in_short(self.metric, self.scores.get(self.metric, 0))}"


@dataclass(frozen=True, slots=True)
class SaveReport(Report):
    """A checkpoint is on disk."""

    kind: ClassVar[str] = "save"
    step: int
    path: str

    def __str__(self) -> str:
        return f"checkpoint: step {self.step}"


@dataclass(frozen=True, slots=True)
class DoneReport(Report):
    """Training is over, and the model has the weights of the best step; step 0 where they were solved for."""

    kind: ClassVar[str] = "done"
    step: int
    best_step: int
    seconds: float
    """Spent in training steps, over all starts of the run."""

    def __str__(self) -> str:
        if not self.step:
            return f"solved in {self.seconds:.1f} s, without steps"
        return f"trained {self.step} steps in {self.seconds:.1f} s; kept the weights of step {self.best_step}"


def ended(reports: Generator[Report, None, T]) -> T:
    """Go through reports unread, and return what they end with."""
    while True:
        try:
            next(reports)
        except StopIteration as end:
            return end.value


def clock(seconds: float) -> str:
    """Write a time as hours, minutes and seconds."""
    minutes, seconds = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
