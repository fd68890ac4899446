"""Names and digits of scores in a terminal; imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from weft.metrics.names import in_short as brief
from weft.metrics.names import measure

TOO_FEW = "too few texts"
"""Placeholder for an interval: of fewer than 10 texts there is none."""


def called(name: str) -> str:
    """Name a score in a sentence or a table, where of points the fewer are the better with a word on that."""
    return measure(name).with_direction


def in_sentence(name: str, value: float) -> str:
    """Write a score's value for a sentence."""
    return f"{value:.1%}" if measure(name).form == "share" else brief(name, value)


def interval(
    name: str, score: Mapping[str, float | None], *, written: Callable[[str, float], str] = in_sentence
) -> str:
    """Write the 95% interval of a score, `66.6 to 70.8`: the one way in which intervals are written, on pages too.

    Of a score without one it is said why.
    """
    ends = [written(name, end).removesuffix("%") for end in (score["low"], score["high"]) if end is not None]
    return " to ".join(ends) or TOO_FEW
