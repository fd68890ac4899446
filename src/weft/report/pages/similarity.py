"""The page of a run that compares texts: predicted against true scores, the hardest pairs, or missed texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from weft.data.checks.findings import in_digits
from weft.report import formatting
from weft.report.figures.canvas import shorten
from weft.report.figures.numbers import against_true
from weft.report.folder import Run
from weft.report.pages.labels import labelled
from weft.run_folder import read_answers

HARDEST = 20
"""Number of pairs whose score is furthest off."""
SHOWN = 220
"""Number of letters of a text."""


def alike(run: Run) -> dict[str, Any]:
    """Gather the values of `similarity.html.j2` beside those of every page of a run.

    Raises RunFolderError where the answers are damaged.
    """
    rows = [row for row in read_answers(run.folder) if isinstance(row.get("label"), int | float)]
    misses = run.detail("misses", [])
    searched = (
        f"{formatting.count(run.detail('queries', 0))} queries, {formatting.count(run.detail('texts', 0))} texts."
    )
    return {
        **labelled(run),
        "errors": None,
        "lead": searched if run.detail("texts", 0) else "",
        "scatter": Markup(_scatter(rows)),
        "hardest": _hardest(rows),
        "misses": [
            {**one, **{name: shorten(str(one[name]), SHOWN) for name in ("query", "text", "found")}} for one in misses
        ],
    }


def _scatter(rows: Sequence[Mapping[str, Any]]) -> str:
    if len(rows) < 2:
        return ""
    true_N, found_N = (np.array([row[name] for row in rows], dtype=np.float64) for name in ("label", "answer"))
    return against_true(true_N, found_N, title="scores of pairs")


def _hardest(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the pairs whose predicted score is furthest from the true one."""
    worst = sorted(rows, key=lambda row: -abs(row["label"] - row["answer"]))[:HARDEST]
    return [
        {
            "text": shorten(str(row["text"]), SHOWN),
            "second": shorten(str(row["second"]), SHOWN),
            "label": in_digits(row["label"], 3),
            "answer": in_digits(row["answer"], 3),
            "line": formatting.count(row.get("line")),
        }
        for row in worst
    ]
