"""The page of a distillation: scores, costs and curves of teacher, student and the student alone.

It reads `distilled.json` and, for the curves, the reports of the runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from markupsafe import Markup

from weft.evaluation.compare import p_in_words
from weft.files import read_json
from weft.metrics.names import measure
from weft.report import formatting
from weft.report.figures.canvas import shorten
from weft.report.figures.frontier import Model, ahead
from weft.report.figures.matrix import confusion
from weft.report.folder import Run, read_run
from weft.report.pages import columns
from weft.report.template import write_page
from weft.run_folder import PAGE, REPORTS

TITLES = {"student": "{}, distilled", "alone": "{}, baseline", "teacher": "{}, teacher"}
"""Name the models by their part and kind."""
Found = Mapping[str, Any]


def in_words(found: Found) -> list[str]:
    """Describe the gains of the student, a sentence each."""
    form, gain = measure(found["score"]).form, found["gain"]
    value = {
        name: formatting.score(one["scores"][found["score"]]["value"], form) for name, one in found["models"].items()
    }
    said = f"The teacher has {value['teacher']}"
    if "alone" in value:
        said += f", the baseline (the student model trained without a teacher) {value['alone']}"
    if closed := gain["closed"]:
        student, alone = (found["models"][name]["scores"][found["score"]]["value"] for name in ("student", "alone"))
        below = f"is {formatting.score(alone - student, form).removesuffix('%')} points below the baseline"
        way = f"closes {closed:.0%} of the gap" if closed > 0 else below
        said += f": the student {way}"
    pace, than = (gain["faster"], "fast") if gain["faster"] >= 1 else (1 / max(1e-9, gain["faster"]), "slowly")
    times = f"{pace:,.0f}" if pace >= 10 else f"{pace:.1f}"
    size = f"{gain['size']:.1%} of its size" if gain["size"] < 1 else f"{gain['size']:.1f} times its size"
    if base := found["models"]["teacher"].get("base_bytes"):
        whole, base = (formatting.size(one) for one in (found["models"]["teacher"]["size_bytes"], base))
        size += f" of {whole}, {base} of which are the base model that it needs"
    sentences = [f"{said}.", f"The student predicts {times} times as {than} as its teacher, at {size}."]
    if unlike := found.get("unlike"):
        sentences.append(f"Student and baseline: {unlike[:1].lower()}{unlike[1:]}")
    if found["p"] is not None:
        sentences.append(f"Student against baseline by McNemar’s exact test: {p_in_words(found['p'])}.")
    return sentences


def distilled_page(folder: Path) -> Path:
    """Write `page.html` beside the figures of a distillation. Raises RunFolderError for a damaged run in it."""
    found = read_json(folder / "distilled.json")
    score = measure(found["score"])
    runs = {
        TITLES[name].format(one["encoder"]): Run(folder / name, scores=one) for name, one in found["models"].items()
    }
    trained = {title: read_run(run.folder) for title, run in runs.items() if (run.folder / REPORTS).is_file()}
    shown = columns.columns(list(runs.values()))
    cells = [columns.cells(column, list(runs.values())) for column in shown]
    metric = columns.metric(list(trained.values()))
    dots = [_dot(title, run, found["score"]) for title, run in runs.items()]
    named = [replace(dot, name=title) for dot, title in zip(dots, runs, strict=True)]
    curves = [columns.curve(title, run, metric) for title, run in trained.items()]
    student = found["models"]["student"]
    value = formatting.score(student["scores"][found["score"]]["value"], score.form)
    teacher = found["models"]["teacher"]["encoder"]
    return write_page(
        folder / PAGE,
        "runs.html.j2",
        title=f"{student['encoder']} distilled from {teacher}: {value} {measure(found['score']).called}",
        notes=[],
        lead=" ".join(in_words(found)),
        caption=_caption(found),
        columns=[column.title for column in shown],
        rows=[
            {
                "name": title,
                "under": "",
                "link": columns.link(run.folder / PAGE, folder / PAGE),
                "cells": [column[place] for column in cells],
            }
            for place, (title, run) in enumerate(runs.items())
        ],
        **(columns.figures(dots, curves, score=score, dev=metric) | {"ahead": ahead(named, better=score.better)}),
        confusions=[
            Markup(confusion(run.detail("confusion", []), run.labels, title=shorten(title, 24), size="small"))
            for title, run in runs.items()
            if run.detail("confusion", [])
        ],
    )


def _caption(found: Found) -> str:
    new = f", {found['unlabelled']:,} of them unlabelled" if found["unlabelled"] else ""
    asked = f"The teacher labelled {found['asked']:,} texts{new}."
    paces = "Throughput is a median, measured one model after another in one process; below it the slowest and fastest."
    return f"On the {found['data']}. {asked} {paces} The best of each column is marked."


def _dot(title: str, run: Run, score: str) -> Model:
    found = run.intervals[score]
    named = f"{title} · {formatting.size(run.scores['size_bytes'])}"
    return Model(named, found.value, found.low, found.high, run.texts_per_second or 0.0)
