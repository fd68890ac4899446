"""The page of a run, and the page of several runs on the same data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from weft.metrics.names import measure
from weft.metrics.saved_scores import Interval
from weft.report import formatting
from weft.report.choices import page_for
from weft.report.figures.canvas import shorten
from weft.report.figures.curves import rows_curve
from weft.report.figures.frontier import Model
from weft.report.figures.matrix import confusion
from weft.report.figures.plots import learning_curves
from weft.report.folder import Run, read_run
from weft.report.pages import columns
from weft.report.pages.floors import best_floor, floor_rows
from weft.report.template import write_page
from weft.run_folder import PAGE


@dataclass(frozen=True, slots=True)
class Headline:
    """A sentence in three parts, the score in the middle; and its interval."""

    before: str
    score: str
    after: str
    span: str


def run_page(folder: Path) -> Path:
    """Write `page.html` into a run's folder: its scores, curves and errors, as far as they are there.

    Raises:
        RunFolderError: there is no such folder, it holds no run, or one of its files is damaged.

    """
    run = read_run(folder)
    learning, page = learning_curves(run.reports, run.headline), page_for(run.page)
    values = page.values(run)
    notes = [learning.caption, *values.pop("curves_notes", ())] if learning.figures else []
    return write_page(
        folder / PAGE,
        page.template,
        run=run,
        folder_name=folder.resolve().name,
        headline=_headline(run),
        facts=_facts(run),
        scores=_score_rows(run),
        curves=[Markup(svg) for svg in learning.figures],
        curves_caption=" ".join(notes),
        rows_curve=Markup(_rows_curve(run)),
        floors=floor_rows(run),
        span=Interval.read,
        **{**values, "lead": f"{values.get('lead', '')} {best_floor(run)}".strip()},
    )


def comparison_page(folders: Sequence[Path], path: Path, *, title: str, notes: Sequence[str]) -> Path:
    """Write a page on several runs on the same data: a table, score against speed, dev curves, confusion matrices.

    A run is linked where its own page stands in its folder by now. Runs on different data are not refused, but a note
    says so.

    Raises:
        RunFolderError: one of the folders is missing or holds no run, or one of its files is damaged.

    """
    runs = [read_run(folder) for folder in folders]
    names = columns.names(runs)
    data = list(dict.fromkeys(run.data for run in runs if run.intervals))
    if len(data) > 1:
        notes = [*notes, f"These runs were not evaluated on the same data: {'; '.join(data)}."]
    shown = columns.columns(runs)
    cells = [columns.cells(column, runs) for column in shown]
    metric = columns.metric(runs)
    first = columns.first(runs)
    known = measure(first)
    models = [
        Model(name, found.value, found.low, found.high, run.texts_per_second)
        for name, run in zip(names, runs, strict=True)
        if (found := run.intervals.get(first)) and run.texts_per_second
    ]
    curves = [columns.curve(name, run, metric) for name, run in zip(names, runs, strict=True)]
    return write_page(
        path,
        "runs.html.j2",
        title=title,
        notes=notes,
        lead=columns.in_words(names, runs),
        caption=f"{'On the ' + data[0] + '. ' if len(data) == 1 else ''}The best of each column is marked; where "
        "intervals overlap, the difference may be due to chance.",
        columns=[column.title for column in shown],
        rows=[
            {
                "name": name,
                "under": columns.under(name, run),
                "link": columns.link(run.folder / PAGE, path),
                "cells": [column[place] for column in cells],
            }
            for place, (name, run) in enumerate(zip(names, runs, strict=True))
        ],
        **columns.figures(models, curves, score=known, dev=metric),
        confusions=[
            Markup(confusion(run.detail("confusion", []), run.labels, title=shorten(name, 24), size="small"))
            for name, run in zip(names, runs, strict=True)
            if run.detail("confusion", [])
        ],
    )


def _headline(run: Run) -> Headline | None:
    """Put the first score into plain words."""
    name = next((name for name in (*run.headline, *run.intervals) if name in run.intervals), None)
    if name is None:
        return None
    found, known, part = run.intervals[name], measure(name), run.data.split(",")[0]
    score, span = formatting.score(found.value, known.form), formatting.span(found, known.form)
    return Headline(f"{run.name} reaches", score, f"{known.called} on the {part}", span)


def _rows_curve(run: Run) -> str:
    """Draw the first score by training rows, where models of shares of them were trained."""
    points = run.learning_curve
    name = next((name for name in run.headline if all(name in point["scores"] for point in points)), None)
    if not points or name is None:
        return ""
    known = measure(name)
    values = [(point["rows"], point["scores"][name]) for point in points]
    return rows_curve(values, f"{known.called} on the {run.data.split(',')[0]}", form=known.form)


def _facts(run: Run) -> list[tuple[str, str]]:
    found, unit = run.scores, str(run.scores.get("unit") or "rows")
    facts = [
        ("Model", str(found.get("encoder") or formatting.NOTHING)),
        ("Parameters", formatting.count(found.get("parameters"))),
        (
            "Size on disk",
            ", ".join(filter(None, (formatting.size(found.get("size_bytes")), formatting.base_size(found)))),
        ),
        ("Training time", formatting.duration(found.get("train_seconds"))),
        (f"{'Texts' if unit == 'rows' else unit.capitalize()} per second", formatting.pace(run.texts_per_second)),
        ("Labels", formatting.count(len(run.detail("per_class", [])) or len(run.labels) or None)),
    ]
    return [(name, value) for name, value in facts if value != formatting.NOTHING]


def _score_rows(run: Run) -> list[dict[str, str]]:
    return [
        {
            "title": (known := measure(name)).title,
            "value": formatting.score(found.value, known.form),
            "span": formatting.span(found, known.form),
            "meaning": known.meaning,
        }
        for name, found in run.intervals.items()
    ]
