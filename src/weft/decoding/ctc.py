"""Decodes connectionist temporal classification: labels and blanks at positions become a sequence of labels.

Graves et al. 2006, "Connectionist temporal classification". A path has a label or the blank at each position; its
sequence has runs of a label as one, and no blanks. So a label that stands twice in a row needs a blank between.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

_NEVER = -math.inf


@dataclass(frozen=True, slots=True)
class Labelling:
    """Labels of a row, and their log-probability: of one path, or of all paths that a search has kept."""

    ids: tuple[int, ...]
    log_probability: float


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words that may be written, each a sequence of labels, with the label of the space between two."""

    words: frozenset[tuple[int, ...]]
    begins: frozenset[tuple[int, ...]]
    space: int

    @classmethod
    def of(cls, words: Iterable[tuple[int, ...]], *, space: int) -> Self:
        """Build a lexicon from its words."""
        known = frozenset(words)
        return cls(known, frozenset(word[:size] for word in known for size in range(len(word) + 1)), space)

    def last_word(self, prefix: tuple[int, ...]) -> tuple[int, ...]:
        """Return the labels after the last space."""
        start = next((at for at in range(len(prefix), 0, -1) if prefix[at - 1] == self.space), 0)
        return prefix[start:]

    def goes_on(self, last: tuple[int, ...], label: int) -> bool:
        """Whether a label may follow an unfinished word: a space only a whole one."""
        return last in self.words if label == self.space else (*last, label) in self.begins


def positions_needed(ids: Sequence[int] | np.ndarray) -> int:
    """Return the fewest positions that have room for labels: one for each, and a blank between two that are equal."""
    return len(ids) + sum(one == other for one, other in pairwise(ids))


def best_path(log_probabilities_SV: np.ndarray, *, blank: int) -> Labelling:
    """Return the sequence of the most probable path: the likeliest label of each position."""
    path_S = log_probabilities_SV.argmax(1)
    kept_S = (path_S != blank) & np.concatenate([[True], path_S[1:] != path_S[:-1]])
    return Labelling(tuple(path_S[kept_S].tolist()), float(log_probabilities_SV.max(1).sum()))


def prefix_beam(
    log_probabilities_SV: np.ndarray,
    *,
    blank: int,
    width: int,
    labels: int | None = None,
    lexicon: Lexicon | None = None,
) -> list[Labelling]:
    """Return the most probable sequences, best first, each with the probability of all its paths that were kept.

    Args:
        log_probabilities_SV: of each label at each position.
        blank: the id that stands for no label.
        width: number of prefixes that are kept at each position.
        labels: number of the likeliest labels that a prefix may go on with at each position; None: all.
        lexicon: words of which the sequences consist; None: of any. Where no sequence that was kept ends with a whole
            word, the others are returned.

    Hannun et al. 2014, "First-pass large vocabulary continuous speech recognition using bi-directional recurrent
    DNNs", algorithm 1, without a language model.

    """
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, _NEVER)}  # ending in a blank, and in a label
    for scores_V in log_probabilities_SV:
        tried = np.argsort(-scores_V, kind="stable")[: None if labels is None else labels + 1].tolist()
        tried, score_of = [one for one in tried if one != blank], scores_V.tolist()
        found: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [_NEVER, _NEVER])
        for prefix, (in_blank, in_label) in beams.items():
            both, last = _sum(in_blank, in_label), prefix[-1] if prefix else None
            word = lexicon.last_word(prefix) if lexicon else ()
            same = found[prefix]
            same[0] = _sum(same[0], both + score_of[blank])
            if last is not None:
                same[1] = _sum(same[1], in_label + score_of[last])
            for label in tried:
                if lexicon and not lexicon.goes_on(word, label):
                    continue
                longer = found[(*prefix, label)]
                longer[1] = _sum(longer[1], (in_blank if label == last else both) + score_of[label])
        ends = {prefix: (one[0], one[1]) for prefix, one in found.items() if max(one) > _NEVER}
        beams = dict(sorted(ends.items(), key=lambda one: (-_sum(*one[1]), one[0]))[:width])
    kept = [Labelling(prefix, _sum(*both)) for prefix, both in beams.items()]
    whole = [one for one in kept if lexicon is None or not one.ids or lexicon.last_word(one.ids) in lexicon.words]
    return whole or kept


def _sum(one: float, other: float) -> float:
    """Return the logarithm of the sum of two probabilities, of their logarithms."""
    low, high = sorted((one, other))
    return high if low == _NEVER else high + math.log1p(math.exp(low - high))
