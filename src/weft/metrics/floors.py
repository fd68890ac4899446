"""Simple methods (floors) beside a model: their scores on the same rows, and how the model compares, also in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from weft.metrics.bootstrap import Score
from weft.metrics.names import Form, Measure, measure
from weft.metrics.systems import CorpusScore, paired_difference

_WRITTEN: Mapping[Form, tuple[int, str]] = {"share": (100, ".1f"), "points": (1, ".1f"), "number": (1, ".3f")}
"""Factor and format of a difference of scores of each form."""


@dataclass(frozen=True, slots=True)
class Floor:
    """Scores of a simple method on the rows of a model: their values, and row by row the one that decides."""

    values: Mapping[str, float]
    decides: CorpusScore

    @classmethod
    def of(cls, scores: Mapping[str, CorpusScore]) -> Floor:
        """Take scores that are kept row by row, the first of which decides."""
        return cls({name: one.value for name, one in scores.items()}, next(iter(scores.values())))


def beside(model: Mapping[str, CorpusScore], floors: Mapping[str, Floor]) -> dict[str, Any]:
    """Compare a model with simple methods by its first score on the same rows; ready for JSON.

    Returns the scores of each method by its name (`floors`), and how the model compares with it (`against`): the name
    of the score, the difference with its paired bootstrap interval, whether the model is better, which it is where the
    whole interval says so, and the same in words (`said`).
    """
    score, own = next(iter(model.items()))
    compared = {name: _against(name, score, paired_difference(own, one.decides)) for name, one in floors.items()}
    return {"floors": {name: dict(one.values) for name, one in floors.items()}, "against": compared}


def together(details: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the details of scores with the floors of `more` after those that are there."""
    return {**details, **{kind: {**details.get(kind, {}), **found} for kind, found in more.items()}}


def scored_floors(details: Mapping[str, Any]) -> list[tuple[str, str, float]]:
    """Read floors from the details of a file of scores: each method with the score that decides, and its value."""
    found: list[tuple[str, str, float]] = []
    for method, values in (details.get("floors") or {}).items():
        score = ((details.get("against") or {}).get(method) or {}).get("score")
        if score in values:
            found.append((method, str(score), float(values[score])))
    return found


def unbeaten(details: Mapping[str, Any]) -> list[str]:
    """Read from the details of a file of scores, in words, which simple methods the model is not better than."""
    return [one["said"] for one in (details.get("against") or {}).values() if not one["better"] and "said" in one]


def _against(method: str, score: str, difference: Score) -> dict[str, Any]:
    known, ends = measure(score), _ends(difference)
    better = bool(ends) and (min(ends) > 0 if known.better == "higher" else max(ends) < 0)
    return {
        "score": score,
        "difference": asdict(difference),
        "better": better,
        "said": _in_words(method, known, difference),
    }


def _in_words(method: str, known: Measure, difference: Score) -> str:
    """Write a comparison: `no better than the mean (R² +0.010, 95% interval -0.020 to +0.040)`."""
    factor, form = _WRITTEN[known.form]
    ends = _ends(difference)
    sign = 1 if known.better == "higher" else -1
    how = "no better"
    if ends and min(sign * end for end in ends) > 0:
        how = "better"
    elif ends and max(sign * end for end in ends) < 0:
        how = "worse"
    value, *written = (f"{factor * one:+{form}}" for one in (difference.value, *ends))
    interval = f"95% interval {' to '.join(written)}" if ends else "too few texts for an interval"
    unit = " points" if known.form == "share" else ""
    lower = "; lower is better" if known.better == "lower" else ""
    return f"{how} than {method} ({known.called} {value}{unit}, {interval}{lower})"


def _ends(difference: Score) -> Sequence[float]:
    return () if difference.low is None or difference.high is None else (difference.low, difference.high)
