"""The page of a run that predicts numbers: predicted against true, errors, intervals, and the hardest rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from weft.data.checks.findings import in_digits
from weft.metrics.names import measure
from weft.metrics.saved_scores import Interval
from weft.report import formatting
from weft.report.figures.canvas import shorten
from weft.report.figures.numbers import against_true, residuals
from weft.report.folder import Run

HARDEST = 20
"""Number of rows on the page whose predicted numbers are farthest off."""
DRAWN = 4
"""Number of columns at most that are drawn."""
LONGEST = 300
"""Columns of a text that are shown."""


def numbered(run: Run) -> dict[str, Any]:
    """Gather the values of `numbers.html.j2` beside those of every page of a run.

    Raises RunFolderError where the answers are damaged.
    """
    rows = [row for row in run.answers() if "value" in row and "answer" in row]
    true, found = ([_numbers(row[part]) for row in rows] for part in ("value", "answer"))
    names = list(true[0]) if rows else []
    true_NK, found_NK = (np.array([list(one.values()) for one in each], dtype=np.float64) for each in (true, found))
    titles = run.detail("values", [name or "value" for name in names]) if rows else []
    return {
        "lead": _intervals_in_words(run),
        "columns": _columns(run),
        "figures": [_figures(name, true_NK[:, place], found_NK[:, place]) for place, name in enumerate(titles[:DRAWN])],
        "intervals": _groups(run),
        "stated": formatting.score(run.detail("intervals", {}).get("stated", 0.0)).replace(".0%", "%"),
        "hardest": _hardest(rows, names, true_NK, found_NK),
        "several": len(names) > 1,
    }


def _numbers(written: Any) -> dict[str, float]:
    return {name: float(value) for name, value in (written if isinstance(written, Mapping) else {"": written}).items()}


def _figures(name: str, true_N: np.ndarray, found_N: np.ndarray) -> list[Markup]:
    return [Markup(draw(true_N, found_N, title=name)) for draw in (against_true, residuals)]


def _columns(run: Run) -> list[dict[str, Any]]:
    """Return the scores of each column, a row each under a row of titles; none where there is one column."""
    names = list(run.intervals)
    rows = run.detail("per_value", [])
    head = [{"title": "Column", "cells": [{"score": measure(name).title, "span": ""} for name in names]}]
    return (head if rows else []) + [
        {"title": row["value"], "cells": [_cell(name, row.get(name)) for name in names]} for row in rows
    ]


def _cell(name: str, score: Any) -> dict[str, str]:
    found, form = Interval.read(score), measure(name).form
    if found is None:
        return {"score": formatting.NOTHING, "span": ""}
    return {"score": formatting.score(found.value, form), "span": formatting.span(found, form)}


def _groups(run: Run) -> list[dict[str, str]]:
    """Return how the intervals of rows of like predicted value cover the truth."""
    return [
        {
            "column": str(row.get("value", "")),
            "middle": in_digits(row["middle"], 4),
            "covered": formatting.score(row["covered"]),
            "width": in_digits(row["width"], 4),
            "texts": formatting.count(row["texts"]),
        }
        for row in run.detail("intervals", {}).get("groups", [])
    ]


def _intervals_in_words(run: Run) -> str:
    found = run.detail("intervals", {})
    covered = Interval.read(found.get("covered"))
    if covered is None:
        return ""
    stated, span = formatting.score(found["stated"]).replace(".0%", "%"), formatting.span(covered)
    between = f" ({span})" if span else ""
    return f"Intervals that are to hold {stated} of the true values hold {formatting.score(covered.value)}{between}."


def _hardest(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str], true_NK: np.ndarray, found_NK: np.ndarray
) -> list[dict[str, str]]:
    """Return the rows whose predicted numbers are farthest off, in deviations of the column."""
    if not rows:
        return []
    spread_K = true_NK.std(0)
    error_NK = found_NK - true_NK
    far_NK = np.abs(error_NK) / np.where(spread_K > 0, spread_K, 1.0)
    worst_N = far_NK.argmax(1)
    order = np.argsort(-far_NK.max(1), kind="stable")[:HARDEST].tolist()
    return [_row(rows[row], names, int(worst_N[row]), true_NK[row], found_NK[row]) for row in order]


def _row(
    row: Mapping[str, Any], names: Sequence[str], column: int, true_K: np.ndarray, found_K: np.ndarray
) -> dict[str, str]:
    low, high = (_numbers(row[part])[names[column]] if part in row else None for part in ("low", "high"))
    text = " | ".join(str(row[name]) for name in ("text", "second") if name in row)
    beside = [f"{name}: {value}" for name, value in (row.get("columns") or {}).items() if value]
    return {
        "text": shorten(" | ".join(filter(None, [text, *beside])), LONGEST),
        "column": names[column],
        "true": in_digits(true_K[column], 4),
        "found": in_digits(found_K[column], 4),
        "span": "" if low is None or high is None else f"{in_digits(low, 4)} to {in_digits(high, 4)}",
        "error": in_digits(true_K[column] - found_K[column], 4, sign="+"),
        "line": formatting.count(row.get("line")),
    }
