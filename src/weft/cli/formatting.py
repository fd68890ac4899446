"""What scores are called in a terminal, and with how many digits they are shown; needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from weft.report.formatting import MEASURES

POINTS = {name for name, one in MEASURES.items() if one.form == "points"}
"""The scores that go from 0 to 100."""
SHARES = {name for name, one in MEASURES.items() if one.form == "share"} | {"precision", "recall"}
"""The scores that are given as percents, as on pages; and those of one label."""
TOO_FEW = "too few texts"
"""What stands where an interval would: of fewer than 10 texts there is none."""


def called(name: str) -> str:
    """A score's name, for people: as on pages, but in a sentence."""
    if name in POINTS:
        return MEASURES[name].title + (" (lower is better)" if MEASURES[name].better == "low" else "")
    return name.replace("_", " ").replace("f1", "F1")


def shown(name: str, value: float) -> str:
    """A score's value in a table."""
    if name in SHARES:
        return f"{value:.2%}"
    return f"{value:.2f}" if name in POINTS or name == "perplexity" else f"{value:.4f}"


def brief(name: str, value: float) -> str:
    """A score's value in a line of progress."""
    return f"{value:.1f}" if name in POINTS else shown(name, value)


def told(name: str, value: float) -> str:
    """A score's value in a sentence: of a share the percents."""
    return f"{value:.1%}" if name in SHARES else brief(name, value)


def interval(name: str, score: Mapping[str, float | None], *, written: Callable[[str, float], str] = told) -> str:
    """The 95% interval of a score, `66.6 to 70.8`: the one way in which intervals are written, on pages too.

    Of a score without one it is said why.
    """
    ends = [written(name, end).removesuffix("%") for end in (score["low"], score["high"]) if end is not None]
    return " to ".join(ends) or TOO_FEW
