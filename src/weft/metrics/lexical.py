"""Simple measures of how alike texts are by the words and characters they share: tf-idf cosine, and BM25.

They are what a trained model has to beat. Both learn from nothing but the texts that they compare.
Letters: N texts, U distinct features, F features of all texts end to end.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

LETTERS = (2, 4)
"""Shortest and longest character n-grams of words; of Han they are 1 and 2."""
K1, B = 1.2, 0.75
"""Parameters of BM25, those of Lucene."""
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PIECES = re.compile(f"[{_HAN}]+|[^\\s{_HAN}]+")
_WORDS = re.compile(f"[{_HAN}]+|[^\\W{_HAN}]+")
_IS_HAN = re.compile(f"[{_HAN}]")


def letters_of(text: str) -> list[str]:
    """Return the character n-grams of each word, its ends marked by blanks; of runs of Han the characters and pairs."""
    found = []
    for run in _PIECES.findall(text.lower()):
        if _IS_HAN.match(run):
            found += [*run, *map("".join, pairwise(run))]
        else:
            word = f" {run} "
            found += [
                word[at : at + size] for size in range(LETTERS[0], LETTERS[1] + 1) for at in range(len(word) - size + 1)
            ]
    return found


def words_of(text: str) -> list[str]:
    """Return the words of a text; of runs of Han the characters and pairs."""
    found = []
    for run in _WORDS.findall(text.lower()):
        found += [*run, *map("".join, pairwise(run))] if _IS_HAN.match(run) else [run]
    return found


@dataclass(frozen=True, slots=True)
class _Counts:
    """The counts of the features of each text: a row of `offsets_N1`, with the number and the count of each feature."""

    features_F: np.ndarray
    counts_F: np.ndarray
    offsets_N1: np.ndarray
    frequency_U: np.ndarray
    numbers: Mapping[str, int]

    @classmethod
    def of(cls, lists: Sequence[Sequence[str]]) -> _Counts:
        numbers: dict[str, int] = {}
        ids_N = np.array([numbers.setdefault(one, len(numbers)) for row in lists for one in row], dtype=np.int64)
        owner_N = np.repeat(np.arange(len(lists)), [len(row) for row in lists])
        key_F, count_F = np.unique(owner_N * max(1, len(numbers)) + ids_N, return_counts=True)
        features_F, owner_F = key_F % max(1, len(numbers)), key_F // max(1, len(numbers))
        offsets_N1 = np.searchsorted(owner_F, np.arange(len(lists) + 1))
        return cls(features_F, count_F, offsets_N1, np.bincount(features_F, minlength=len(numbers)), numbers)

    @property
    def owner_F(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.offsets_N1) - 1), np.diff(self.offsets_N1))


def tfidf_cosines(firsts: Sequence[str], seconds: Sequence[str]) -> np.ndarray:
    """Compute the cosine of the tf-idf vectors of two texts each, float64 [N], those of scikit-learn.

    Features are `letters_of`; a count is weighted by ln((1 + N) / (1 + texts with it)) + 1, over all texts here.
    """
    counts = _Counts.of([letters_of(text) for text in (*firsts, *seconds)])
    rows = len(firsts)
    idf_U = np.log((1 + 2 * rows) / (1 + counts.frequency_U)) + 1
    weight_F, owner_F = counts.counts_F * idf_U[counts.features_F], counts.owner_F
    length_N = np.sqrt(np.bincount(owner_F, weights=weight_F**2, minlength=2 * rows))
    size = max(1, len(idf_U))
    key_F = (owner_F % max(1, rows)) * size + counts.features_F
    border = counts.offsets_N1[rows]
    _, one, other = np.intersect1d(key_F[:border], key_F[border:], assume_unique=True, return_indices=True)
    product_N = np.bincount(
        owner_F[:border][one], weights=weight_F[:border][one] * weight_F[border:][other], minlength=rows
    )
    below_N = length_N[:rows] * length_N[rows:]
    return np.divide(product_N, below_N, out=np.zeros(rows), where=below_N > 0)


class _Index:
    """The weights of features in texts, by feature, so that a query is scored against all texts that share one."""

    def __init__(self, counts: _Counts, weight_F: np.ndarray) -> None:
        self.texts, self.numbers = len(counts.offsets_N1) - 1, counts.numbers
        order_F = np.argsort(counts.features_F, kind="stable")
        self.owner_F, self.weight_F = counts.owner_F[order_F], weight_F[order_F]
        self.starts_U1 = np.searchsorted(counts.features_F[order_F], np.arange(len(self.numbers) + 1))

    def scores(self, weights: Mapping[str, float]) -> np.ndarray:
        """Sum the products of weights of a query and of each text, float64 [N]."""
        found_N = np.zeros(self.texts)
        for feature, weight in weights.items():
            if (number := self.numbers.get(feature)) is not None:
                own = slice(self.starts_U1[number], self.starts_U1[number + 1])
                found_N[self.owner_F[own]] += weight * self.weight_F[own]
        return found_N


class Bm25:
    """The scores of texts for a query by the words that both have (Robertson et al. 1995; idf as in Lucene)."""

    def __init__(self, texts: Sequence[str]) -> None:
        lists = [words_of(text) for text in texts]
        length_N = np.array([len(row) for row in lists], dtype=np.float64)
        counts = _Counts.of(lists)
        idf_U = np.log(1 + (len(texts) - counts.frequency_U + 0.5) / (counts.frequency_U + 0.5))
        slow_F = K1 * (1 - B + B * length_N[counts.owner_F] / max(1e-12, float(length_N.mean())))
        weight_F = idf_U[counts.features_F] * counts.counts_F * (K1 + 1) / (counts.counts_F + slow_F)
        self._index = _Index(counts, weight_F)

    def scores(self, query: str) -> np.ndarray:
        """Score all texts for a query, float64 [N]; a word that stands in it twice counts twice."""
        return self._index.scores(Counter(words_of(query)))


class TfIdf:
    """The tf-idf cosine of texts and a query, as `tfidf_cosines`; frequencies are those of the texts alone.

    Features of a text are its `letters_of`, or those of another function.
    """

    def __init__(self, texts: Sequence[str], *, features: Callable[[str], list[str]] = letters_of) -> None:
        self._features = features
        counts = _Counts.of([features(text) for text in texts])
        self._idf_U = np.log((1 + len(texts)) / (1 + counts.frequency_U)) + 1
        weight_F = counts.counts_F * self._idf_U[counts.features_F]
        length_N = np.sqrt(np.bincount(counts.owner_F, weights=weight_F**2, minlength=len(texts)))
        self._index = _Index(counts, weight_F / length_N[counts.owner_F])

    def scores(self, query: str) -> np.ndarray:
        """Score all texts for a query, float64 [N]: their cosines over the length of the query, which all share."""
        counts, numbers = Counter(self._features(query)), self._index.numbers
        return self._index.scores(
            {one: count * self._idf_U[numbers[one]] for one, count in counts.items() if one in numbers}
        )
