"""Scores of a run beside those of simple methods, for its page."""

from __future__ import annotations

from typing import Any

from weft.metrics.floors import scored_floors, unbeaten
from weft.metrics.names import measure
from weft.report import formatting
from weft.report.folder import Run


def floor_rows(run: Run) -> list[dict[str, Any]]:
    """Return the scores of the model and of simple methods, a row each under a row of titles; none without these."""
    floors = run.detail("floors", {})
    names = [name for name in run.intervals if any(name in values for values in floors.values())]
    rows = {run.name: {name: run.intervals[name].value for name in names}, **floors}
    written = [
        {
            "title": _upper(title) if title in floors else title,
            "scores": [_score(name, values.get(name)) for name in names],
        }
        for title, values in rows.items()
    ]
    return [{"title": "Method", "scores": [measure(name).title for name in names]}, *written] if floors else []


def best_floor(run: Run) -> str:
    """Say what the best of the simple methods gets by the score that decides, and how the model compares.

    Of several, those are named that the model is not better than, else the best one.
    """
    details = run.scores.get("details") or {}
    found = {method: (score, value) for method, score, value in scored_floors(details)}
    if not found:
        return ""
    score = next(iter(found.values()))[0]
    known = measure(score)
    best = (max if known.better == "higher" else min)(found, key=lambda method: found[method][1])
    said = unbeaten(details) or [details["against"][best].get("said", "")]
    first = f"{_upper(best)} has {known.called} {_score(score, found[best][1])}."
    return " ".join([first, *(f"The model is {one}." for one in said if one)])


def _upper(name: str) -> str:
    return name[0].upper() + name[1:]


def _score(name: str, value: float | None) -> str:
    return formatting.NOTHING if value is None else formatting.score(value, measure(name).form)
