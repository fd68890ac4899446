"""One page for a run, one for several: knows what is shown and in what order; not how it is drawn or styled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from markupsafe import Markup

from weft.report import formatting
from weft.report.figures.canvas import shorten
from weft.report.figures.curves import called, dev_curves
from weft.report.figures.frontier import Model, ahead, frontier
from weft.report.figures.matrix import confusion
from weft.report.figures.plots import learning_curves, reliability
from weft.report.folder import Errors, Run, hardest_errors, read_run, sureness
from weft.report.formatting import Interval
from weft.report.pages import columns
from weft.report.pages.generation import LOSSES, TASKS, written
from weft.report.pages.question_answering import TASK, asked
from weft.report.template import write_page

PAGE = "page.html"
SHOWN = 150  # columns of a text in the table of errors; the rest unfolds
PAIRED = 6  # labels at most, for the confusion matrix and the calibration to stand side by side
COMPACT = 20  # labels at most, for their table to write out each interval
WHOLE = 20_000  # letters of a text at most
CUT = 60  # columns of an answer in the table of errors
MASKED = "masked_language_model"
DOES = {MASKED: "masked tokens of the ", "multiple_choice": "questions of the "}
"""What the accuracy of a task is of, where it is not of whole texts."""


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
    learning, task = learning_curves(run.reports), run.scores.get("task")
    writes, asks = task in TASKS, task == TASK
    return write_page(
        folder / PAGE,
        "generation.html.j2" if writes else "question_answering.html.j2" if asks else "run.html.j2",
        run=run,
        folder_name=folder.resolve().name,
        headline=_headline(run),
        facts=_facts(run),
        scores=_score_rows(run),
        curves=[Markup(svg) for svg in learning.figures],
        curves_caption=_caption(run, learning.caption) if writes and learning.figures else learning.caption,
        **(written(run) if writes else asked(run) if asks else _labelled(run)),
    )


def comparison_page(folders: Sequence[Path], path: Path, *, title: str, notes: Sequence[str]) -> Path:
    """Write a page on several runs on the same data: a table, how good against how fast, dev curves, confusions.

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
    models = [
        Model(name, found.value, found.low, found.high, run.texts_per_second)
        for name, run in zip(names, runs, strict=True)
        if (found := run.intervals.get("accuracy")) and run.texts_per_second
    ]
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
        frontier=Markup(frontier(models)),
        ahead=ahead(models),
        curves=Markup(
            dev_curves([columns.curve(name, run, metric) for name, run in zip(names, runs, strict=True)], metric)
        ),
        confusions=[
            Markup(confusion(run.detail("confusion", []), run.labels, title=shorten(name, 24), size="small"))
            for name, run in zip(names, runs, strict=True)
            if run.detail("confusion", [])
        ],
    )


def _labelled(run: Run) -> dict[str, Any]:
    """What is shown of a run that answers with labels."""
    labels, classes = run.labels, _class_rows(run)
    return {
        "lead": _lead(run),
        "classes": classes,
        "thresholds": any(row["threshold"] is not None for row in classes),
        "confusion": Markup(confusion(counts, labels)) if (counts := run.detail("confusion", [])) else "",
        "few_labels": len(labels) <= PAIRED,
        "compact": COMPACT,
        "calibration": Markup(reliability(run.detail("calibration", []))),
        "errors": _errors(hardest_errors(run.folder), "texts" if run.scores.get("task") == MASKED else "answers"),
    }


def _headline(run: Run) -> Headline | None:
    """Put the first score into plain words."""
    part = run.data.split(",")[0]
    if found := run.intervals.get("accuracy"):
        after = f"accuracy on the {DOES.get(str(run.scores.get('task')), '')}{part}"
        return Headline(f"{run.name} reaches", formatting.score(found.value), after, formatting.span(found))
    if found := run.intervals.get("bits_per_byte"):
        score = formatting.score(found.value, "number")
        return Headline(f"{run.name} needs", score, f"bits per byte on the {part}", formatting.span(found, "number"))
    for name, found in run.intervals.items():
        known = formatting.measure(name)
        score = formatting.score(found.value, known.form)
        return Headline(
            f"{run.name} reaches", score, f"{called(name)} on the {part}", formatting.span(found, known.form)
        )
    return None


def _caption(run: Run, drawn: str) -> str:
    """What is to be known of the curves of a run that writes: by which search dev scores are, and which losses."""
    search = run.detail("search", "greedy search")
    greedy = "" if search == "greedy search" else f" Dev scores are by greedy search, those in the table by {search}."
    return f"{drawn}{greedy} {LOSSES}"


def _lead(run: Run) -> str:
    errors = hardest = baseline = ""
    counts = run.detail("confusion", [])
    total, hits = sum(map(sum, counts)), sum(row[place] for place, row in enumerate(counts))
    if exact := run.detail("exact", {}):
        total, hits = exact["texts"], exact["right"]
    commonest = run.detail("commonest", {})
    if total:
        what = "do not get exactly their labels" if exact else "are misclassified"
        errors = f"{total - hits:,} of {total:,} texts {what}. " if hits < total else ""
        rows = [row for row in _class_rows(run) if row["f1"] and row["support"]]
        if len(rows) > 1 and hits < total:
            worst = min(rows, key=lambda row: row["f1"].value)
            hardest = f"Lowest F1: “{shorten(worst['label'], 40)}”, {formatting.score(worst['f1'].value)}."
    if commonest:
        label, share = shorten(commonest["label"], 40), formatting.score(commonest["share"])
        baseline = f" Always predicting “{label}” would have an accuracy of {share}."
    return f"{errors}{hardest}{baseline}".strip()


def _facts(run: Run) -> list[tuple[str, str]]:
    found = run.scores
    facts = [
        ("Model" if found.get("task") in TASKS else "Encoder", str(found.get("encoder") or formatting.NOTHING)),
        ("Parameters", formatting.count(found.get("parameters"))),
        ("Size on disk", formatting.size(found.get("size_bytes"))),
        ("Training time", formatting.duration(found.get("train_seconds"))),
        ("Texts per second", formatting.pace(run.texts_per_second)),
        ("Labels", formatting.count(len(run.labels) or None)),
    ]
    return [(name, value) for name, value in facts if value != formatting.NOTHING]


def _score_rows(run: Run) -> list[dict[str, str]]:
    return [
        {
            "title": (known := formatting.measure(name)).title,
            "value": formatting.score(found.value, known.form),
            "span": formatting.span(found, known.form),
            "meaning": known.meaning,
        }
        for name, found in run.intervals.items()
    ]


def _class_rows(run: Run) -> list[dict[str, Any]]:
    return [
        {
            "label": str(row.get("label", "")),
            "support": row.get("support"),
            "threshold": row.get("threshold"),
            **{name: Interval.read(row.get(name)) for name in ("precision", "recall", "f1")},
        }
        for row in run.detail("per_class", [])
    ]


def _label(found: Any) -> str:
    return ", ".join(map(str, found)) or "none" if isinstance(found, list) else str(found)


def _errors(errors: Errors | None, what: Literal["answers", "texts"]) -> dict[str, Any] | None:
    if errors is None or not errors.answers:
        return None
    wrong = f"{errors.wrong:,} of {errors.answers:,} predictions {'is' if errors.wrong == 1 else 'are'} wrong"
    if what == "texts":
        wrong = f"In {errors.wrong:,} of {errors.answers:,} texts a masked token is predicted wrong"
    if not errors.wrong:
        return {"said": f"None: all {errors.answers:,} predictions are correct.", "rows": []}
    most = (
        ""
        if len(errors.hardest) == errors.wrong
        else f"; these are the {len(errors.hardest)} with the highest confidence"
    )
    return {"said": f"{wrong}{most}.", "rows": [_error_row(row) for row in errors.hardest]}


def _error_row(row: Mapping[str, Any]) -> dict[str, Any]:
    text = " | ".join(str(row[name]) for name in ("text", "second", "passage") if name in row)
    short = shorten(text, SHOWN)
    cut = len(text) - WHOLE
    whole = text if cut <= 0 else f"{text[:WHOLE]}… ({cut:,} more letters)"
    sure = sureness(row)
    return {
        "short": short,
        "whole": whole if short.endswith("…") and not text.endswith("…") else "",
        "label": shorten(_label(row.get("labels", row.get("label", ""))), CUT),
        "answer": shorten(_label(row.get("answer", "")), CUT),
        "sure": formatting.NOTHING if sure is None else formatting.score(sure),
        "line": formatting.count(row.get("line")),
    }
