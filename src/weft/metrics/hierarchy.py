"""Scores of labels that form a hierarchy, such as `Hotel > Room`, at each of its levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from weft.metrics.classification import confusion, tally

SEPARATORS = (" > ", " >> ", " › ", " » ", ">>", "::", ">", "＞")
"""Marks between the levels of a label, of which the first one that most labels have is theirs."""
_DOUBTFUL = (" / ", "/", "／")
"""Marks that a plain label may have too, as `N/A`: nearly all labels have them, and parts come again before them."""
_NEARLY_ALL = 0.9
_FEWER = 0.75
"""Share of the labels that their first parts are at most, where these come again."""


@dataclass(frozen=True, slots=True)
class LevelScore:
    """Scores of the labels cut at a level, 1 the highest: their number, accuracy and macro F1, 0 to 1."""

    level: int
    labels: int
    accuracy: float
    macro_f1: float


def separator_of(labels: Sequence[str]) -> str | None:
    """Return the mark between the levels of labels; None where they form no hierarchy."""
    for mark in SEPARATORS:
        cut = [label.split(mark) for label in labels]
        deep = [parts for parts in cut if len(parts) > 1]
        if len(deep) * 2 > len(labels) > 1 and all(part.strip() for parts in cut for part in parts):
            return mark
    return next((mark for mark in _DOUBTFUL if _comes_again(labels, mark)), None)


def _comes_again(labels: Sequence[str], mark: str) -> bool:
    """Whether nearly all labels have a mark, and some share what stands before it."""
    cut = [[part.strip() for part in label.split(mark)] for label in labels]
    deep = sum(len(parts) > 1 for parts in cut)
    first = {parts[0] for parts in cut}
    plain = all(part and not part.isdecimal() for parts in cut for part in parts)
    return plain and deep >= _NEARLY_ALL * len(labels) and 1 < len(first) <= _FEWER * len(labels)


def level_scores(gold_E: np.ndarray, guess_E: np.ndarray, labels: Sequence[str]) -> list[LevelScore]:
    """Score guesses [E] against the truth [E], both numbers of labels, at each level; none where labels have no levels.

    A label is right at a level where its parts down to there are; one that is not as deep counts as a whole.
    """
    mark = separator_of(labels)
    if mark is None:
        return []
    paths = [[part.strip() for part in label.split(mark)] for label in labels]
    found = []
    for level in range(1, max(map(len, paths)) + 1):
        cut = [mark.join(path[:level]) for path in paths]
        numbers = {name: number for number, name in enumerate(dict.fromkeys(cut))}
        at_level_C = np.array([numbers[name] for name in cut])
        counted = tally(confusion(at_level_C[gold_E], at_level_C[guess_E], len(numbers))).overall()
        found.append(LevelScore(level, len(numbers), float(counted["accuracy"]), float(counted["macro_f1"])))
    return found
