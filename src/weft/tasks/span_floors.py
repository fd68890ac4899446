"""Simple methods that answer questions on passages: the sentence most like the question, the words beside its words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import regex

from weft.data.examples.span_questions import Question
from weft.metrics.floors import Floor
from weft.tasks.span_answers import row_scores
from weft.text.sentences import sentence_ends
from weft.text.unspaced import CLUSTER

_WORD = regex.compile(rf"\p{{Han}}|{CLUSTER}|[\p{{L}}\p{{N}}\p{{M}}]+", flags=regex.VERSION1)
"""A word; of scripts without spaces a character."""


def learned_floors(train: Sequence[Question], examples: Sequence[Question]) -> dict[str, Floor]:
    """Score the sentence most like the question, and in it as many words beside the question's as answers have.

    The words of the question weigh as in the sliding window of Richardson et al. 2013 ("MCTest", section 5.1): each the
    more the rarer it is in the passage. That the best sentence comes first, then a place in it, is from Rajpurkar et
    al. 2016 ("SQuAD", section 5.1). Answers have the median number of words of those in training.
    """
    lengths = [len(_WORD.findall(one.answers[0].text)) for one in train if one.answers]
    length = max(1, int(np.median(lengths))) if lengths else 1
    read = [_Words.of(one) for one in examples]
    words = "word" if length == 1 else f"{length} words"
    return {
        "the sentence most like the question": Floor.of(row_scores([one.sentence() for one in read], examples)),
        f"the {words} nearest to those of the question": Floor.of(
            row_scores([one.nearest(length) for one in read], examples)
        ),
    }


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a passage: where they start and end, in which sentence, and their weight, 0 but for the question's.

    A word of the question weighs ln(1 + 1 / n), n times being in the passage.
    """

    passage: str
    words: Sequence[str]
    starts_P: np.ndarray
    ends_P: np.ndarray
    sentence_P: np.ndarray
    weight_P: np.ndarray

    @classmethod
    def of(cls, example: Question) -> _Words:
        found = [*_WORD.finditer(example.passage)]
        words, asked = [one[0].lower() for one in found], {one.lower() for one in _WORD.findall(example.question)}
        often = Counter(words)
        places_P2 = np.array([one.span() for one in found], dtype=np.int64).reshape(-1, 2)
        weight_P = np.array([math.log1p(1 / often[word]) if word in asked else 0.0 for word in words])
        sentence_P = np.searchsorted(sentence_ends(example.passage), places_P2[:, 0], side="right")
        return cls(example.passage, words, places_P2[:, 0], places_P2[:, 1], sentence_P, weight_P)

    def sentence(self) -> str:
        """Return the sentence whose words of the question weigh most; empty where there are no words."""
        place_K = self._best
        return self._text(place_K[0], place_K[-1]) if len(place_K) else ""

    def nearest(self, length: int) -> str:
        """Return so many words of that sentence, none of the question, nearest to those of the question in it.

        Each word of the question adds its weight over its distance from the answer; of equal places the first is taken.
        Where there is no room for so many, the whole sentence is the answer.
        """
        place_K = self._best
        weight_K = self.weight_P[place_K]
        first_C = np.arange(max(0, len(place_K) - length + 1))
        asked_K1, asked_A = np.concatenate([[0], np.cumsum(weight_K > 0)]), np.flatnonzero(weight_K)
        first_C = first_C[asked_K1[first_C + length] == asked_K1[first_C]]
        if not len(first_C):
            return self.sentence()
        distance_CA = np.maximum(first_C[:, None] - asked_A, asked_A - first_C[:, None] - length + 1)
        best = first_C[int(np.argmax((weight_K[asked_A] / distance_CA).sum(1).round(9)))]
        return self._text(place_K[best], place_K[best + length - 1])

    @property
    def _best(self) -> np.ndarray:
        """Places of the words of the best sentence, where each word counts once; of equal ones the shortest."""
        weights: dict[int, dict[str, float]] = {}
        size = Counter(self.sentence_P.tolist())
        for word, number, weight in zip(self.words, self.sentence_P.tolist(), self.weight_P.tolist(), strict=True):
            weights.setdefault(number, {})[word] = weight
        ranked = sorted(weights, key=lambda number: (-round(sum(weights[number].values()), 9), size[number]))
        return np.flatnonzero(self.sentence_P == ranked[0]) if ranked else np.zeros(0, dtype=np.int64)

    def _text(self, first: int, last: int) -> str:
        return self.passage[self.starts_P[first] : self.ends_P[last]]
