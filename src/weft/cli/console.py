"""Output of a run on a terminal: notes and progress on stderr, tables of scores on stdout."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from weft.cli.formatting import called, in_sentence, interval
from weft.cli.printing import printable
from weft.metrics.floors import scored_floors, unbeaten
from weft.metrics.names import in_full as shown
from weft.metrics.saved_scores import by_task
from weft.report.formatting import NOTHING
from weft.training.reports import DoneReport, EvalReport, Note, Report, SaveReport, StepReport, clock

PLAIN_SECONDS = 5.0
"""Seconds between two lines of progress at least, if there is no terminal."""
ASKED = {"with_answer": "with an answer", "without_answer": "unanswerable"}
"""The kinds of questions on a passage."""


class Terminal(Console):
    """A console that prints texts as they are spelled: no markup, no emoji by name, nothing that it would obey."""

    def __init__(self, *, err: bool = False, quiet: bool = False, soft_wrap: bool = False) -> None:
        super().__init__(
            file=None if err else sys.stdout,
            stderr=err,
            quiet=quiet,
            soft_wrap=soft_wrap,
            markup=False,
            emoji=False,
            highlight=False,
        )

    def render_str(self, text: str, **how: Any) -> Text:
        """Make a text for printing, in which its width is that of what is shown."""
        return super().render_str(printable(text), **how)

    def render(self, renderable: Any, options: Any = None) -> Iterator[Segment]:
        """Yield what is printed; the rest is printable already but for texts that came ready-made."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))


class Teller:
    """Prints the reports of a run as they come: a live bar on a terminal, else a plain line every few seconds."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.console = Terminal(err=True, quiet=quiet, soft_wrap=True)
        self._said = time.monotonic()
        self._score = ""
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def tell(self, reports: Iterable[Report]) -> None:
        """Print every report."""
        try:
            for report in reports:
                self._one(report)
        finally:
            if self._bar is not None:
                self._bar.stop()

    def _one(self, report: Report) -> None:
        match report:
            case Note(text):
                self.console.print(text)
            case StepReport():
                self._progress(report)
            case EvalReport():
                self._score = report.score
                self.console.print(str(report))
            case SaveReport():
                if self._bar is None:
                    self.console.print(str(report))
            case DoneReport():
                self.console.print(str(report))

    def _progress(self, report: StepReport) -> None:
        if not self.console.is_terminal:
            if time.monotonic() - self._said >= PLAIN_SECONDS:
                self._said = time.monotonic()
                self.console.print(str(report))
            return
        if self._bar is None:
            columns = (
                BarColumn(30),
                TextColumn("{task.percentage:>3.0f}%"),
                TextColumn("{task.description}", markup=False),
            )
            self._bar = Progress(*columns, console=self.console, transient=True)
            self._task = self._bar.add_task("", total=report.epochs)
            self._bar.start()
        if self._task is not None:
            said = f"loss {report.loss:.4f}  {self._score}  {report.rows_per_second:.0f} rows/s  {_left(report)}"
            self._bar.update(self._task, completed=report.epoch, description=said)


@contextmanager
def stopping() -> Generator[list[int]]:
    """Collect Ctrl-C and SIGTERM, so that training can finish its step; a second Ctrl-C stops at once."""
    received: list[int] = []

    def receive(number: int, frame: Any) -> None:  # noqa: ARG001
        if received and number == signal.SIGINT:
            raise KeyboardInterrupt
        received.append(number)

    before = {number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def in_one_line(scores: Mapping[str, Any], names: Sequence[str]) -> str:
    """Write the named scores as a sentence, and what simple methods get."""
    found = {name: score for name in names if (score := scores["scores"].get(name))}
    few = any(one["low"] is None for one in found.values())
    parts = [
        f"{called(name)} {in_sentence(name, one['value'])}" + ("" if few else f" ({interval(name, one)})")
        for name, one in found.items()
    ]
    parts += _beside(scores)
    for task, own in by_task(scores).items():
        parts += [f"{task}: {said}" for said in _beside(own)]
    intervals = "too few for intervals" if few else "95% intervals in brackets"
    said = f"{scores['data']}, {intervals}: {', '.join(parts)}"
    search = scores["details"].get("search")
    greedy = "; by greedy search" if search == "greedy search" else ""
    return said + (f"; by {search}, dev scores above by greedy search" if search and not greedy else greedy)


def _beside(scores: Mapping[str, Any]) -> list[str]:
    """Write what simple methods get, and which of them the model is not better than."""
    details = scores["details"]
    return [f"{floor} {in_sentence(name, value)}" for floor, name, value in scored_floors(details)] + unbeaten(details)


def print_scores(scores: Mapping[str, Any], *, title: str) -> None:
    """Print a table of scores with their intervals on stdout, and one of the classes or of the signatures below it."""
    console = Terminal()
    details = scores["details"]
    search = f", decoded by {details['search']}" if "search" in details else ""
    console.print(title + search, style="bold", soft_wrap=True)
    table = Table()
    for column in ("score", "value", "95% interval"):
        table.add_column(column, justify="left" if column == "score" else "right")
    each = by_task(scores)
    of_all = {name: one for name, one in scores["scores"].items() if name.rpartition(".")[0] not in each}
    for name, score in of_all.items():
        table.add_row(called(name), shown(name, score["value"]), interval(name, score, written=shown))
    for place, (floor, name, value) in enumerate(scored_floors(details)):
        if not place:
            table.add_section()
        table.add_row(f"{called(name)} of {floor}", shown(name, value), "")
    console.print(table)
    for task, own in each.items():
        print_scores(own, title=task)
    if "per_class" in details:
        console.print(_classes(details["per_class"], counted="spans" if "span_f1" in scores["scores"] else "texts"))
    if "levels" in details:
        console.print(_levels(details["levels"]))
    if all(details.get(name, {}).get("questions") for name in ASKED):
        console.print(_kinds(details, list(scores["scores"])))
    for said in _sentences(details):
        console.print(said, soft_wrap=True)


def _sentences(details: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is said below the tables: simple methods that are as good, signatures of scores."""
    yield from unbeaten(details)
    for name, signature in details.get("signatures", {}).items():
        yield f"{name}|{signature}"
    for name, one in details.get("lower_case", {}).items():
        yield f"in lower case: {called(name)} {shown(name, one['value'])}  {name}|{one['signature']}"


def _kinds(details: Mapping[str, Any], names: Sequence[str]) -> Table:
    """Print the scores of questions with an answer in their passage, and of those without one."""
    table = Table()
    for column in ("questions", *map(called, names), "number"):
        table.add_column(column, justify="left" if column == "questions" else "right")
    for kind, said in ASKED.items():
        one = details[kind]
        table.add_row(said, *(shown(name, one[name]["value"]) for name in names), f"{one['questions']:,}")
    return table


def _classes(per_class: Sequence[Mapping[str, Any]], *, counted: str) -> Table:
    thresholds = any("threshold" in one for one in per_class)
    table = Table()
    for column in ("label", "precision", "recall", "F1", counted, *(["threshold"] if thresholds else [])):
        table.add_column(column, justify="left" if column == "label" else "right")
    for one in per_class:
        names = ("precision", "recall", "f1")
        values = [shown(name, one[name]["value"]) if one["support"] else NOTHING for name in names]
        cut = ["" if one["threshold"] is None else f"{one['threshold']:.2f}"] if thresholds else []
        table.add_row(one["label"], *values, f"{one['support']:,}", *cut)
    return table


def _levels(levels: Sequence[Mapping[str, Any]]) -> Table:
    """Print the scores of a hierarchy of labels, level by level."""
    table = Table()
    for column in ("level", "labels", "accuracy", "macro F1"):
        table.add_column(column, justify="right")
    for one in levels:
        scores = (shown(name, one[name]) for name in ("accuracy", "macro_f1"))
        table.add_row(f"{one['level']}", f"{one['labels']:,}", *scores)
    return table


def print_side_by_side(scores: Mapping[str, Mapping[str, Any]]) -> None:
    """Print a table of several models' scores, a row each, on stdout."""
    table = Table()
    names = list(next(iter(scores.values()))["scores"])
    for column in ("model", *names):
        # in the width of a terminal seven scores fit only when their names may break
        table.add_column(called(column).replace(" ", "\n"), justify="left" if column == "model" else "right")
    for model, found in scores.items():
        table.add_row(model, *(shown(name, found["scores"][name]["value"]) for name in names))
    Terminal().print(table)


def _left(report: StepReport) -> str:
    return "" if report.seconds_left is None else f"{clock(report.seconds_left)} left"
