"""Tells by the values of a column whether they look like labels or like texts."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

FEWEST = 4
"""Number of rows that a guess by looks needs."""
_LONG_LABEL = 40
BLANKS = frozenset({"(空)", "(跳过)", "（空）", "（跳过）"})
"""Words of forms of 问卷星 in place of an answer that was not given."""


def like_labels(values: Sequence[str]) -> bool:
    """Whether values are few different short ones, which come again and again (bool)."""
    different = {value for value in values if value.strip()}
    few = 2 <= len(different) <= len(values) / 2
    return len(values) >= FEWEST and few and max(map(len, different)) <= _LONG_LABEL


def like_texts(values: Sequence[str]) -> bool:
    """Whether values are mostly different and of some length (bool)."""
    if len(values) < FEWEST or len(set(values)) < 0.7 * len(values):
        return False
    return median(map(breadth, values)) >= 10


def breadth(value: str) -> int:
    """Return the length of a value, a wide character (as all Han are) counted twice."""
    return len(value) + sum(character >= "\u2e80" for character in value)
