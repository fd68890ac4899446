"""Scores of a run beside those of simple methods, for its page."""

from __future__ import annotations

from typing import Any

from weft.metrics.names import measure
from weft.report import formatting
from weft.report.folder import Run


def floor_rows(run: Run) -> list[dict[str, Any]]:
    """Return the scores of the model and of simple methods, a row each under a row of titles; none without these."""
    names = [name for name in run.intervals if name != "exact_match"]
    floors = run.detail("floors", {})
    rows = {run.name: {name: run.intervals[name].value for name in names}, **floors}
    written = [
        {
            "title": title[0].upper() + title[1:] if title in floors else title,
            "scores": [_score(name, values.get(name)) for name in names],
        }
        for title, values in rows.items()
    ]
    return [{"title": "Method", "scores": [measure(name).title for name in names]}, *written] if floors else []


def best_floor(run: Run) -> str:
    """Say what the best of the simple methods gets by the first score, and which the model is no better than."""
    first = next((name for name in run.headline if name in run.intervals), "")
    found = {name: values[first] for name, values in run.detail("floors", {}).items() if first in values}
    if not found:
        return ""
    known = measure(first)
    best = (max if known.better == "higher" else min)(found, key=found.__getitem__)
    said = f"{best[0].upper()}{best[1:]} has {known.called} {_score(first, found[best])}."
    beaten = [f"{one[0].upper()}{one[1:]}." for one in formatting.no_better(run.detail("against", {}))]
    return " ".join([said, *(f"The model is {one[0].lower()}{one[1:]}" for one in beaten)])


def _score(name: str, value: float | None) -> str:
    return formatting.NOTHING if value is None else formatting.score(value, measure(name).form)
