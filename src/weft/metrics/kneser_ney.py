"""An n-gram model with interpolated Kneser-Ney smoothing, counted in seconds: what a language model has to beat.

Kneser and Ney 1995, "Improved backing-off for m-gram language modeling"; in the interpolated form, with one discount a
length of context, n1 / (n1 + 2 n2), of Chen and Goodman 1999, "An empirical study of smoothing techniques for language
modeling", section 3. Letters: T tokens of all rows end to end, P distinct n-grams, H distinct contexts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST = 0.1
"""Discount where no n-gram occurs once; where none occurs twice it is 1 less this."""


@dataclass(frozen=True, slots=True)
class _Level:
    """N-grams of one length: contexts by number, each found by the shorter one and the token before it.

    An n-gram counts as often as it occurs, if it is of the longest; else as many different tokens stand before it.
    """

    parent_key_H: np.ndarray
    key_P: np.ndarray
    count_P: np.ndarray
    total_H: np.ndarray
    kinds_H: np.ndarray
    discount: float


class KneserNey:
    """An n-gram model of rows of ids, each row being read from its second id on, the first being its context.

    Args:
        ids_T: ids of all rows, end to end, 0 to `vocabulary` - 1.
        lengths_R: the length of each row.
        vocabulary: number of ids.
        order: length of the longest n-gram.

    """

    def __init__(self, ids_T: np.ndarray, lengths_R: np.ndarray, *, vocabulary: int, order: int = 5) -> None:
        self.vocabulary, self.order = vocabulary, order
        before_KT, token_T = self._read(ids_T, lengths_R)
        node_T, parent_keys = np.zeros(len(token_T), dtype=np.int64), [np.zeros(1, dtype=np.int64)]
        for before_T in before_KT:
            key_H, node_T = np.unique(self._key(node_T, before_T), return_inverse=True)
            parent_keys.append(key_H)
        key_P, count_P = np.unique(self._key(node_T, token_T), return_counts=True)
        levels = [self._level(parent_keys[-1], key_P, count_P)]
        for length in reversed(range(order - 1)):
            context_P, token_P = np.divmod(key_P, self._step)
            parent_P = parent_keys[length + 1][context_P] // self._step
            key_P, count_P = np.unique(self._key(parent_P, token_P), return_counts=True)
            levels.append(self._level(parent_keys[length], key_P, count_P))
        self._levels = levels[::-1]

    def nats(self, ids_T: np.ndarray, lengths_R: np.ndarray) -> np.ndarray:
        """Compute minus the log-probability of each id after those before it in its row, [T]; 0 for the first."""
        before_KT, token_T = self._read(ids_T, lengths_R)
        share_T = np.full(len(token_T), 1 / self.vocabulary)
        node_T = np.zeros(len(token_T), dtype=np.int64)
        for length, level in enumerate(self._levels):
            if length:
                found_T = _find(level.parent_key_H, self._key(node_T, before_KT[length - 1]))
                node_T = np.where(node_T >= 0, found_T, -1)
            met_T = np.flatnonzero(node_T >= 0) if len(level.key_P) else np.zeros(0, dtype=np.int64)
            at_T, before = node_T[met_T], share_T[met_T]
            place_T = _find(level.key_P, self._key(at_T, token_T[met_T]))
            kept_T = np.where(place_T >= 0, level.count_P[place_T] - level.discount, 0)
            share_T[met_T] = (kept_T + level.discount * level.kinds_H[at_T] * before) / level.total_H[at_T]
        found_T = np.zeros(len(ids_T))
        found_T[self._predicted(lengths_R)] = -np.log(share_T)
        return found_T

    @property
    def _step(self) -> int:
        return self.vocabulary + 1  # the last number stands for what is before a row

    def _key(self, node_T: np.ndarray, token_T: np.ndarray) -> np.ndarray:
        return node_T * self._step + token_T

    def _predicted(self, lengths_R: np.ndarray) -> np.ndarray:
        """Return the places of all ids but the first of each row."""
        starts_R = np.cumsum(lengths_R) - lengths_R
        return np.delete(np.arange(int(lengths_R.sum())), starts_R[lengths_R > 0])

    def _read(self, ids_T: np.ndarray, lengths_R: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """Return the tokens before each predicted one, the nearest first, and these."""
        place_T, ids_T = self._predicted(lengths_R), ids_T.astype(np.int64)
        start_T = np.repeat(np.cumsum(lengths_R) - lengths_R, lengths_R)[place_T]
        each = [np.maximum(place_T - back, 0) for back in range(1, self.order)]
        before = [
            np.where(place_T - back >= start_T, ids_T[at_T], self.vocabulary) for back, at_T in enumerate(each, 1)
        ]
        return before, ids_T[place_T]

    def _level(self, parent_key_H: np.ndarray, key_P: np.ndarray, count_P: np.ndarray) -> _Level:
        context_P = key_P // self._step
        once, twice = (int((count_P == times).sum()) for times in (1, 2))
        discount = float(np.clip(once / max(1, once + 2 * twice), LEAST, 1 - LEAST))
        total_H = np.bincount(context_P, weights=count_P, minlength=len(parent_key_H))
        kinds_H = np.bincount(context_P, minlength=len(parent_key_H))
        return _Level(parent_key_H, key_P, count_P, total_H, kinds_H, discount)


def _find(sorted_N: np.ndarray, values_T: np.ndarray) -> np.ndarray:
    """Return the place of each value among sorted ones, -1 where it is not there."""
    if not len(sorted_N):
        return np.full(len(values_T), -1)
    place_T = np.minimum(np.searchsorted(sorted_N, values_T), len(sorted_N) - 1)
    return np.where(sorted_N[place_T] == values_T, place_T, -1)
