"""Scores of whole corpora, alone and of two systems compared, from sums of statistics over sentences.

BLEU and its kind are no means over sentences: they are formulas of sums of counts. A resample of the sentences is a row
of weights, and its sums are one matrix product, so that nothing is ever counted twice. Letters: N sentences, F
statistics, M resamples or trials.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from weft.errors import InputError
from weft.metrics.bootstrap import AT_MOST, AT_ONCE, RESAMPLES, Score, resampled_counts, with_interval

TRIALS = 10_000
"""Trials of a randomisation test: they estimate a p-value of 0.05 to within 0.004."""
FEWEST_TRIALS = 1_000
SAME = 1e-9
"""Scores closer than this differ by rounding."""


@dataclass(frozen=True, slots=True)
class CorpusScore:
    """A score of a corpus, 0 to 100 (TER may be above), kept as the statistics of its sentences, float64 [N, F].

    `formula` computes scores [...] from sums of statistics [..., F]: one score, or thousands of resamples at once.
    `signature` describes in one line how the score is computed, so that two that differ in it are not compared.
    """

    signature: str
    statistics_NF: np.ndarray
    formula: Callable[[np.ndarray], np.ndarray]
    better: Literal["higher", "lower"] = "higher"

    @property
    def value(self) -> float:
        """Score of all sentences."""
        return float(self.formula(self.statistics_NF.sum(0)))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two systems on the same sentences: the first's score less the second's, and its significance.

    `ahead` is the share of resamples in which the first is the better one, ties by half (Koehn 2004, section 4).
    """

    difference: Score
    ahead: float
    p_bootstrap: float
    p_randomization: float


def mean_score(value_N: np.ndarray, *, signature: str) -> CorpusScore:
    """Build a score that is the mean of one value (0 to 100) of each sentence."""
    return CorpusScore(signature, np.stack([value_N, np.ones(len(value_N))], axis=1), _mean)


def intervals(scores: Mapping[str, CorpusScore], *, resamples: int = RESAMPLES, seed: int = 0) -> dict[str, Score]:
    """Compute each score of one system with its 95% bootstrap interval; all are scored on the same resamples.

    Fewer than 10 sentences give no interval.

    Koehn 2004, "Statistical significance tests for machine translation evaluation", section 3.

    Raises:
        InputError: the scores are not of the same number of sentences, or `resamples` is below one.

    """
    every = list(scores.values())
    rows = _sentences(every)
    draws = _scored(every, resampled_counts(np.ones(rows, dtype=np.int64), resamples, seed))
    drawn = zip(scores.items(), draws, strict=True)
    return {name: with_interval(one.value, drawn_M, rows=rows) for (name, one), drawn_M in drawn}


def compare(
    first: Mapping[str, CorpusScore],
    second: Mapping[str, CorpusScore],
    *,
    resamples: int = RESAMPLES,
    trials: int = TRIALS,
    seed: int = 0,
) -> dict[str, Comparison]:
    """Compare two systems by every score that both have, on the same sentences with the same references.

    The paired bootstrap draws the same sentences of both (Koehn 2004, section 4); its two-sided p asks how often the
    difference of a resample lies as far from the mean of all as the one that was found lies from 0 (Efron and
    Tibshirani 1993, section 16.4). Approximate randomisation swaps the two systems' outputs of each sentence at random
    and asks how often that makes as large a difference (Noreen 1989; Riezler and Maxwell 2005, "On some pitfalls in
    automatic evaluation", section 4, who find it the more careful of the two).

    Raises:
        InputError: as `intervals`, or two scores of one name are made in different ways.

    """
    names = [name for name in first if name in second]
    ones, others = [first[name] for name in names], [second[name] for name in names]
    for one, other in zip(ones, others, strict=True):
        if one.signature != other.signature:
            raise InputError(f"two scores are made in different ways: `{one.signature}` and `{other.signature}`")
    count = _sentences([*ones, *others])
    drawn = _scored([*ones, *others], resampled_counts(np.ones(count, dtype=np.int64), resamples, seed))
    swapped = _swapped(ones, others, _coins(count, trials, seed))
    each = zip(names, ones, others, drawn[: len(ones)], drawn[len(ones) :], swapped, strict=True)
    return {name: _compared(one, other, one_M - other_M, swap_M) for name, one, other, one_M, other_M, swap_M in each}


def paired_difference(one: CorpusScore, other: CorpusScore, *, resamples: int = RESAMPLES, seed: int = 0) -> Score:
    """Compute the first's score less the second's on the same sentences, with its paired bootstrap interval.

    Sentences of which all statistics are equal are drawn together: of a million the time is that of their kinds.
    Fewer than 10 sentences give no interval. Raises InputError as `compare`.
    """
    rows, width = _sentences([one, other]), one.statistics_NF.shape[1]
    both_NF = np.concatenate([one.statistics_NF, other.statistics_NF], axis=1, dtype=np.float64)
    both_KF, count_K = np.unique(both_NF, axis=0, return_counts=True)
    kinds = [replace(one, statistics_NF=both_KF[:, :width]), replace(other, statistics_NF=both_KF[:, width:])]
    one_M, other_M = _scored(kinds, resampled_counts(count_K, resamples, seed))
    return with_interval(one.value - other.value, one_M - other_M, rows=rows)


def _compared(one: CorpusScore, other: CorpusScore, drawn_M: np.ndarray, swapped_M: np.ndarray) -> Comparison:
    difference = one.value - other.value
    better_M = drawn_M if one.better == "higher" else -drawn_M
    return Comparison(
        difference=with_interval(difference, drawn_M, rows=len(one.statistics_NF)),
        ahead=float((better_M > SAME).mean() + (np.abs(drawn_M) <= SAME).mean() / 2),
        p_bootstrap=_share_as_far(drawn_M - drawn_M.mean(), difference),
        p_randomization=_share_as_far(swapped_M, difference),
    )


def _share_as_far(found_M: np.ndarray, difference: float) -> float:
    """Return the share of trials with as large a difference; the observed one counts as one more, or p could be 0."""
    return float((1 + (np.abs(found_M) >= abs(difference) - SAME).sum()) / (1 + len(found_M)))


def _scored(scores: Sequence[CorpusScore], weights: Iterable[np.ndarray]) -> list[np.ndarray]:
    """Compute every score under every row of weights (m, N): a list of (M,)."""
    sums_MF = _sums([score.statistics_NF for score in scores], weights)
    return [score.formula(part_MF) for score, part_MF in zip(scores, sums_MF, strict=True)]


def _swapped(
    ones: Sequence[CorpusScore], others: Sequence[CorpusScore], coins: Iterable[np.ndarray]
) -> list[np.ndarray]:
    """Compute the difference of every score in every trial: where coins (m, N) are 0, the systems are swapped."""
    pairs = list(zip(ones, others, strict=True))
    gains_MF = _sums([one.statistics_NF - other.statistics_NF for one, other in pairs], coins)
    return [
        one.formula(other.statistics_NF.sum(0) + gain_MF) - other.formula(one.statistics_NF.sum(0) - gain_MF)
        for (one, other), gain_MF in zip(pairs, gains_MF, strict=True)
    ]


def _sums(statistics: Sequence[np.ndarray], weights: Iterable[np.ndarray]) -> list[np.ndarray]:
    """Compute weighted sums (M, F) of several statistics (N, F), in one product for all."""
    stacked_NF = np.concatenate(statistics, axis=1)
    sums_MF = np.concatenate([weight_mN @ stacked_NF for weight_mN in weights])
    return np.split(sums_MF, np.cumsum([one.shape[1] for one in statistics])[:-1], axis=1)


def _coins(count: int, trials: int, seed: int) -> Iterator[np.ndarray]:
    """Yield coins, 0 or 1, of shape (m, N); fewer trials where there are very many sentences."""
    rng = np.random.default_rng(seed)
    trials = min(trials, max(FEWEST_TRIALS, AT_MOST // count))
    step = max(1, AT_ONCE // count)
    for start in range(0, trials, step):
        yield rng.integers(2, size=(min(step, trials - start), count), dtype=np.int8)


def _sentences(scores: Sequence[CorpusScore]) -> int:
    counts = list(dict.fromkeys(len(one.statistics_NF) for one in scores))
    if len(counts) != 1:
        found = " and ".join(map(str, counts)) or "none"
        raise InputError(f"expected scores of the same sentences, found {found}")
    return counts[0]


def _mean(sums: np.ndarray) -> np.ndarray:
    return sums[..., 0] / sums[..., 1]
