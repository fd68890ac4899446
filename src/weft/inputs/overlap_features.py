"""Overlap features of an option with passage, question and other options: numbers counted from words and characters.

The first, with a window as long as question and option, is the sliding window of Richardson et al. 2013 (MCTest,
section 5.1, algorithm 1), which the distance is set against there (algorithm 2).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weft.text.segment import PLAIN, Rules, Unit, segment

UNITS: tuple[Unit, ...] = ("mixed", "word")
"""Units of the pieces that are counted: Chinese is counted by characters and by words."""
WIDE = 30
"""Number of pieces in the second window."""
LONGEST = 3
"""Length of the longest n-grams that are looked for in the passage."""
WINDOW, DISTANCE = 0, 2
"""Places of the sliding window and of the distance among the features, in the first unit."""
COUNTS = len(UNITS) * (9 + LONGEST)
"""Number of features of an option."""


def overlap_features(values: Sequence[Sequence[str]], *, rules: Rules = PLAIN) -> np.ndarray:
    """Count what each option has in common with question and passage, end to end, float32 [N, COUNTS].

    Most are shares from 0 to 1. A value is a question, its passage and then its options; `rules` cut them.
    """
    texts = list(dict.fromkeys(text for value in values for text in value))
    number = {text: place for place, text in enumerate(texts)}
    halves = []
    for unit in UNITS:
        cut = segment([text.lower() for text in texts], unit, rules=rules)
        is_word_D = np.array([any(map(str.isalnum, piece)) for piece in cut.distinct], dtype=bool)
        rows = [row[is_word_D[row]] for row in np.split(cut.pieces_N, np.cumsum(cut.lengths_R)[:-1])]
        found = [_of_question([rows[number[text]] for text in value]) for value in values]
        halves.append(np.concatenate([np.zeros((0, COUNTS // len(UNITS))), *found]))
    return np.concatenate(halves, 1, dtype=np.float32)


def _of_question(texts: Sequence[np.ndarray]) -> np.ndarray:
    """Compute the features of the options [O, COUNTS / 2] of a question, a passage and its options, as pieces."""
    pieces, numbers_N = np.unique(np.concatenate(texts), return_inverse=True)
    asked_N, read_N, *options = np.split(numbers_N, np.cumsum([len(text) for text in texts])[:-1])
    often_D = np.bincount(read_N, minlength=len(pieces))
    weight_N = np.log1p(1 / often_D[read_N])  # what stands in the passage seldom says more
    asked_D = np.bincount(asked_N, minlength=len(pieces)) > 0
    has_OD = np.array([np.bincount(option_N, minlength=len(pieces)) > 0 for option_N in options])
    own_OD, meant_OD, many_O = has_OD & ~asked_D, has_OD | asked_D, has_OD.sum(1)
    common_OO = has_OD.astype(np.int64) @ has_OD.T
    alike_O = (common_OO / np.maximum(1, many_O[:, None] + many_O - common_OO)).mean(1)
    runs, read = [_runs(read_N, size) for size in range(1, LONGEST + 1)], _spelled(read_N)
    asked_places, rows = np.flatnonzero(asked_D[read_N]), []
    for place, option_N in enumerate(options):
        length, places = max(1, len(option_N)), np.flatnonzero(own_OD[place][read_N])
        meant_N = weight_N * meant_OD[place][read_N]
        rows.append(
            [
                _window(meant_N, size=int(meant_OD[place].sum())),
                _window(meant_N, size=WIDE),
                _distance(asked_places, places, len(read_N)),
                *(_share(_runs(option_N, size), run) for size, run in enumerate(runs, 1)),
                _longest(option_N, read) / length,
                np.log1p(length),
                (has_OD[place] & asked_D).sum() / max(1, many_O[place]),
                len(places) / length,
                alike_O[place],
                places.mean() / len(read_N) if len(places) else 0.5,
            ]
        )
    return np.array(rows, dtype=np.float64).reshape(-1, COUNTS // len(UNITS))


def _window(weight_N: np.ndarray, *, size: int) -> float:
    """Compute the largest sum over so many neighbours."""
    sums_N = np.concatenate([[0.0], np.cumsum(weight_N)])
    size = min(size, len(weight_N))
    return float((sums_N[size:] - sums_N[: len(sums_N) - size]).max())


def _distance(asked: np.ndarray, places: np.ndarray, length: int) -> float:
    """Compute the least distance in the passage of words of the question and of the option, as a share of it."""
    if not len(asked) or not len(places):
        return 1.0
    right = np.searchsorted(asked, places).clip(0, len(asked) - 1)
    nearest = np.minimum(abs(asked[right] - places), abs(asked[np.maximum(right - 1, 0)] - places))
    return float((nearest.min() + 1) / length)


def _runs(pieces_N: np.ndarray, size: int) -> set[bytes]:
    """Return the distinct n-grams of so many pieces."""
    whole, width = pieces_N.tobytes(), pieces_N.itemsize
    return {whole[start * width : (start + size) * width] for start in range(len(pieces_N) - size + 1)}


def _share(ours: set[bytes], theirs: set[bytes]) -> float:
    """Compute the share of some n-grams that are among others."""
    return len(ours & theirs) / max(1, len(ours))


def _spelled(pieces_N: np.ndarray) -> str:
    """Write pieces as letters, so that runs of them can be looked for as text."""
    return "".join(map(chr, (pieces_N + 0x1_0000).tolist()))


def _longest(option_N: np.ndarray, read: str) -> int:
    """Compute the length of the longest run of an option that the passage has too."""
    option, longest = _spelled(option_N), 0
    for start in range(len(option)):
        while start + longest < len(option) and option[start : start + longest + 1] in read:
            longest += 1
    return longest
