"""Minimum Bayes risk decoding: the choice of the sampled text that is most like all of them, by chrF."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

ORDER = 6
"""Length of the longest character n-grams that are compared, as in chrF."""


def least_risk(texts: Sequence[str]) -> int:
    """Return the number of the text with the highest mean chrF against all of them; of equal ones the first.

    Eikema and Aziz 2020, section 6, with chrF (Popović 2015, beta 2, without spaces) as utility.
    """
    distinct = list(dict.fromkeys(texts))
    times = Counter(texts)
    grams = [_grams(text) for text in distinct]
    gains = [
        sum(times[other] * _chrf(mine, theirs) for other, theirs in zip(distinct, grams, strict=True)) for mine in grams
    ]
    return texts.index(distinct[max(range(len(gains)), key=gains.__getitem__)])


def _grams(text: str) -> list[Counter[str]]:
    letters = "".join(text.split())
    return [Counter(letters[at : at + n] for at in range(len(letters) - n + 1)) for n in range(1, ORDER + 1)]


def _chrf(hypothesis: list[Counter[str]], reference: list[Counter[str]]) -> float:
    """Compute chrF of two texts from their n-grams, 0 to 1; orders that one of them is too short for are left out."""
    if hypothesis == reference:
        return 1.0
    precisions, recalls = [], []
    for mine, theirs in zip(hypothesis, reference, strict=True):
        if mine and theirs:
            shared = (mine & theirs).total()
            precisions.append(shared / mine.total())
            recalls.append(shared / theirs.total())
    if not precisions or not sum(precisions):
        return 0.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return 5 * precision * recall / (4 * precision + recall)
