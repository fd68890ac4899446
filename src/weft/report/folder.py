"""Reads the folder of a run for its page: settings, reports, scores, answers, attention."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.errors import RunFolderError
from weft.files import read_json
from weft.metrics.saved_scores import Interval, is_number
from weft.run_folder import ANSWERS, ATTENTION, CONFIG, LEARNING_CURVE, REPORTS, SCORES, read_answers, read_lines

if TYPE_CHECKING:
    from weft.tasks.base import TaskConfig

HARDEST = 20


@dataclass(frozen=True, slots=True)
class Run:
    """The content of the folder of a run; files that are not written yet are empty."""

    folder: Path
    config: str = ""
    reports: Sequence[Mapping[str, Any]] = ()
    scores: Mapping[str, Any] = field(default_factory=dict)
    learning_curve: Sequence[Mapping[str, Any]] = ()
    """Number of rows and scores of models that were trained on shares of the rows."""
    of_task: str = ""
    """The task of several that scores and answers are of; empty: they are of the run as a whole."""

    @property
    def name(self) -> str:
        """The encoder's name, else the folder's."""
        return str(self.scores.get("encoder") or self.folder.resolve().name)

    @property
    def data(self) -> str:
        """Name of the set that the scores were measured on."""
        return str(self.scores.get("data") or "dev set")

    @property
    def notes(self) -> list[str]:
        """Notes of the run, each sentence once."""
        return list(dict.fromkeys(str(report["text"]) for report in self.reports if report.get("kind") == "note"))

    @property
    def intervals(self) -> dict[str, Interval]:
        """Each score that is a number, with its interval."""
        found = {name: Interval.read(score) for name, score in (self.scores.get("scores") or {}).items()}
        return {name: score for name, score in found.items() if score}

    @property
    def task(self) -> type[TaskConfig]:
        """The task, by its kind; that of labelled texts where it is not known."""
        from weft.tasks.choices import KINDS, TASKS  # late: it brings PyTorch

        return KINDS.get(str(self.scores.get("task")), TASKS[0])

    @property
    def page(self) -> str:
        """The kind of page; folders of older runs do not say it."""
        return str(self.scores.get("page") or self.task.page)

    @property
    def headline(self) -> tuple[str, ...]:
        """The scores to be named first; folders of older runs do not say them."""
        return tuple(self.scores.get("headline") or self.task.headline)

    @property
    def labels(self) -> list[str]:
        """The labels, in the order of the confusion matrix."""
        return [str(label) for label in self.detail("labels", [])]

    @property
    def texts_per_second(self) -> float | None:
        """The pace of answering, where it was measured."""
        return self.pace.value if self.pace else None

    @property
    def pace(self) -> Interval | None:
        """The pace of answering with the slowest and the fastest round, where it was measured in several."""
        speed = self.scores.get("speed") or {}
        return Interval.read({**speed, "value": speed.get("texts_per_second")})

    def answers(self) -> Iterator[Mapping[str, Any]]:
        """Read the answers; of one task of several those to texts whose right answer is known.

        Raises RunFolderError where they are damaged.
        """
        rows = read_answers(self.folder)
        return _of_task(rows, f"{self.of_task}.") if self.of_task else rows

    def detail(self, name: str, otherwise: Any) -> Any:
        """Return one of the details of the scores: `confusion`, `per_class`, `calibration`."""
        return (self.scores.get("details") or {}).get(name) or otherwise


@dataclass(frozen=True, slots=True)
class Errors:
    """Wrong answers: their number, that of all answers, and those with the highest confidence."""

    wrong: int
    answers: int
    hardest: Sequence[Mapping[str, Any]]


def read_run(folder: Path) -> Run:
    """Read what there is of a run, its answers apart.

    Raises:
        RunFolderError: there is no such folder, it holds nothing of a run, or one of its files is damaged.

    """
    config, reports, scores = (folder / name for name in (CONFIG, REPORTS, SCORES))
    if not folder.is_dir():
        raise RunFolderError("there is no such run folder", where=str(folder))
    if not any(path.exists() for path in (config, reports, scores)):
        raise RunFolderError(
            "this folder holds no run", where=str(folder), hint="a run folder has a config.yaml and a reports.jsonl"
        )
    return Run(
        folder,
        config=config.read_text(encoding="utf-8") if config.exists() else "",
        reports=list(read_lines(reports)),
        scores=_whole(scores, {}),
        learning_curve=_whole(folder / LEARNING_CURVE, ()),
    )


def read_attention_maps(folder: Path) -> list[Mapping[str, Any]]:
    """Read the attention of the model of a run: `source` and `target` tokens, `weights_TS`; nothing where it has none.

    Raises:
        RunFolderError: the file is damaged.

    """
    return _whole(folder / ATTENTION, [])


def _of_task(rows: Iterable[Mapping[str, Any]], start: str) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of one task, whose fields begin with a word: as those of a run of this task alone."""
    for row in rows:
        own = {name.removeprefix(start): value for name, value in row.items() if name.startswith(start)}
        if {"label", "labels", "value"} & {*own}:
            yield {**{name: row[name] for name in ("text", "line") if name in row}, **own}


def hardest_errors(run: Run, *, keep: int = HARDEST) -> Errors | None:
    """Read the answers of a run, and keep the wrong ones of highest confidence; None where there are no answers.

    Raises:
        RunFolderError: a line of the answers is damaged.

    """
    if not (run.folder / ANSWERS).exists():
        return None
    wrong = answers = 0
    kept: list[tuple[float, int, Mapping[str, Any]]] = []
    for row in run.answers():
        answers += 1
        if row.get("labels", row.get("label")) == row.get("answer"):
            continue
        wrong += 1
        sure = sureness(row)
        heapq.heappush(kept, (0.0 if sure is None else sure, -answers, row))
        if len(kept) > keep:
            heapq.heappop(kept)
    return Errors(wrong, answers, [row for _, _, row in sorted(kept, key=lambda one: one[:2], reverse=True)])


def sureness(row: Mapping[str, Any]) -> float | None:
    """Return the confidence of a wrong answer; of several labels, that of the worst mistake. None where unknown."""
    if isinstance(given := row.get("answer"), list) and isinstance(probabilities := row.get("probabilities"), Mapping):
        mistaken = set(given) ^ set(row.get("labels", ()))
        found = [(label, value) for label, value in probabilities.items() if label in mistaken and is_number(value)]
        return max((value if label in given else 1 - value for label, value in found), default=None)
    sure = row.get("probability")
    return sure if is_number(sure) else None


def _whole(path: Path, otherwise: Any) -> Any:
    return read_json(path) if path.exists() else otherwise
