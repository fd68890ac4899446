"""Columns of the table of several runs: values, intervals, and the best of each column."""

from __future__ import annotations

import os
import urllib.parse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from markupsafe import Markup

from weft.metrics.names import MEASURES, Better, Form, Measure, measure
from weft.metrics.saved_scores import Interval
from weft.report import formatting
from weft.report.figures.canvas import FULL, HALF
from weft.report.figures.curves import Curve, dev_curves
from weft.report.figures.frontier import Model, ahead, frontier
from weft.report.folder import Run


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its value of a run, the form of that, and the direction that is better."""

    title: str
    value: Callable[[Run], Interval | None]
    shown: Callable[[float], str]
    better: Better
    form: Form = "number"
    room: Literal["span", "none"] = "none"
    """Whether the interval of a value stands below it (a bool); of a pace, the slowest and the fastest round."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: a value as written, its interval, and whether it is the best of its column."""

    shown: str
    span: str = ""
    best: bool = False


def columns(runs: Sequence[Run]) -> list[Column]:
    """List the columns in which at least one run has a value."""
    firsts = {run.headline[0] for run in runs}
    every = [
        _score_column(one, room="span" if one.name in firsts else "none") for one in MEASURES.values() if one.beside
    ]
    every += [
        Column("Texts/s", lambda run: run.pace, formatting.pace, "higher", room="span"),
        Column("Size", lambda run: Interval.read(run.scores.get("size_bytes")), formatting.size, "lower"),
        Column("Training", lambda run: Interval.read(run.scores.get("train_seconds")), formatting.duration, "lower"),
    ]
    return [column for column in every if any(column.value(run) for run in runs)]


def cells(column: Column, runs: Sequence[Run]) -> list[Cell]:
    """Write one column; what reads like the best value is marked too, as nobody can tell the two apart."""
    values = [column.value(run) for run in runs]
    found = [value.value for value in values if value]
    best = column.shown(max(found) if column.better == "higher" else min(found)) if len(found) > 1 else None
    return [
        Cell(
            shown := column.shown(value.value),
            _span(value, column) if column.room == "span" else "",
            shown == best,
        )
        if value
        else Cell(formatting.NOTHING)
        for value in values
    ]


def _span(value: Interval, column: Column) -> str:
    """Write the interval of a value as the value itself is written, without the signs of percents."""
    return f"{column.shown(value.low)} to {column.shown(value.high)}".replace("%", "") if value.known else ""


def names(runs: Sequence[Run]) -> list[str]:
    """Name each run by its encoder, or by its folder where encoders are shared."""
    often = Counter(run.name for run in runs)
    return [run.name if often[run.name] == 1 else run.folder.resolve().name for run in runs]


def under(name: str, run: Run) -> str:
    """Return the part that the name of a run leaves out: the folder, or the encoder."""
    return next((other for other in (run.folder.resolve().name, run.name) if other != name), "")


def link(page: Path, path: Path) -> str:
    """Link from one page to another by a relative path; empty where the other is not written."""
    if not page.exists():
        return ""
    return urllib.parse.quote(Path(os.path.relpath(page.resolve(), path.resolve().parent)).as_posix())


def figures(dots: Sequence[Model], curves: Sequence[Curve], *, score: Measure, dev: str) -> dict[str, Any]:
    """Draw a score against the pace, and the dev score `dev` by epoch; under `narrow` half as wide, for a phone."""
    drawn, narrow = (
        {
            "frontier": Markup(frontier(dots, score=score.called, form=score.form, better=score.better, across=across)),
            "curves": Markup(dev_curves(curves, dev, across=across)),
        }
        for across in (FULL, HALF)
    )
    return {**drawn, "narrow": narrow, "ahead": ahead(dots, better=score.better)}


def metric(runs: Sequence[Run]) -> str:
    """Choose the score for the curves: the one that most runs were steered by, if higher is better in it."""
    often = Counter(str(report.get("metric")) for run in runs for report in _evaluations(run)[-1:])
    chosen = often.most_common(1)[0][0] if often else ""
    return chosen if chosen and measure(chosen).better == "higher" else first(runs)


def first(runs: Sequence[Run]) -> str:
    """Choose the score that runs are judged by: the first in the headline of most."""
    return Counter(run.headline[0] for run in runs).most_common(1)[0][0] if runs else next(iter(MEASURES))


def curve(name: str, run: Run, score: str) -> Curve:
    """Take the dev score of a run, epoch by epoch."""
    seen = {report["step"]: (report["epoch"], report["scores"].get(score)) for report in _evaluations(run)}
    points = [seen[step] for step in sorted(seen)]
    return Curve(name, [epoch for epoch, _ in points], [value for _, value in points])


def in_words(named: Sequence[str], runs: Sequence[Run]) -> str:
    """Say which run is best and which fastest."""
    name_of, known = dict(zip(named, runs, strict=True)), measure(first(runs))
    good = {name: run.intervals[known.name] for name, run in name_of.items() if known.name in run.intervals}
    pace = {name: run.texts_per_second for name, run in name_of.items() if run.texts_per_second}
    said = ""
    if len(good) > 1:
        sign = 1 if known.better == "higher" else -1
        best = max(good, key=lambda name: sign * good[name].value)
        said = f"{best} has the best {known.called}, {formatting.score(good[best].value, known.form)}"
        near = [
            name
            for name, found in good.items()
            if name != best and found.high >= good[best].low and found.low <= good[best].high
        ]
        if near:
            whose = f"interval of {near[0]} overlaps" if len(near) == 1 else f"intervals of {len(near)} others overlap"
            said += f" (the {whose} with it)"
        said += ". "
    if len(pace) > 1:
        fast = max(pace, key=lambda name: pace[name])
        said += f"{fast} is fastest, {formatting.count(pace[fast])} texts per second."
    return said.strip()


def _score_column(known: Measure, *, room: Literal["span", "none"]) -> Column:
    shown = partial(formatting.score, form=known.form)
    return Column(known.title, lambda run: run.intervals.get(known.name), shown, known.better, known.form, room)


def _evaluations(run: Run) -> list[Mapping[str, Any]]:
    return [report for report in run.reports if report.get("kind") == "evaluation"]
