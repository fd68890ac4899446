"""Scores with 95% intervals, by resampling counts or rows.

The bootstrap draws as many rows as there are, with replacement, and scores the draw; the middle 95% of a thousand such
scores is the percentile interval (Efron and Tibshirani 1993, "An introduction to the bootstrap", chapters 6 and 13).
Letters: N rows, C classes, R resamples, K cells of a confusion matrix that are not 0, G groups of rows, M bins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from weft.errors import InputError
from weft.metrics.calibration import BINS, Evidence, evidence
from weft.metrics.classification import Tally, confusion, tally

RESAMPLES = 1_000
LEVEL = 0.95
FEWEST = 10
"""Least number of rows for an interval: the spread of fewer is as good as unknown."""
GROUPS = 10_000  # more rows than this are resampled in groups of like rows
AT_ONCE = 2_000_000  # numbers drawn at a time: 16 MB
AT_MOST = 30_000_000  # numbers drawn in all, some three seconds


@dataclass(frozen=True, slots=True)
class Score:
    """A score on these rows, and the interval expected on other rows like them; low <= value <= high.

    Both ends are None for fewer than 10 rows: these give no interval.
    """

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Scores of one class; `support` is its number of rows."""

    precision: Score
    recall: Score
    f1: Score
    support: int


def scores(
    probabilities_NC: np.ndarray, gold_N: np.ndarray, *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Score]:
    """Accuracy, macro_precision, macro_recall, macro_f1, log_loss and calibration_error, each with its interval.

    Above 10,000 rows, the rows for log_loss and calibration_error are resampled in groups of neighbours (same bin, both
    right or both wrong, nearly the same loss) that stand for their mean: time and memory stay flat, and only the small
    variance inside a group is lost. Fewer than 10 rows give no interval.

    Raises:
        InputError: as `weft.metrics.calibration.evidence`.

    """
    rows = evidence(probabilities_NC, gold_N)
    confusion_CC = confusion(gold_N, probabilities_NC.argmax(1), probabilities_NC.shape[1])
    values = tally(confusion_CC).overall() | _summary(rows)
    draws = _resample_confusion(confusion_CC, resamples, seed).overall() | _resample_rows(rows, resamples, seed)
    return {name: with_interval(float(value), draws[name], rows=len(gold_N)) for name, value in values.items()}


def class_scores(confusion_CC: np.ndarray, *, resamples: int = RESAMPLES, seed: int = 0) -> list[ClassScores]:
    """Precision, recall and F1 of each class with their intervals, in the order of the ids.

    A class of fewer than 10 rows has no intervals: its recall is of these alone, and some resamples lack it.

    Raises:
        InputError: the matrix counts no rows.

    """
    return of_classes(tally(confusion_CC), _resample_confusion(confusion_CC, resamples, seed))


def of_classes(found: Tally, resampled: Tally) -> list[ClassScores]:
    """Compute the scores of each class from counts (C,), with intervals from those of resamples (R, C)."""
    values, draws = found.per_class(), resampled.per_class()
    return [
        ClassScores(
            precision=with_interval(values.precision[label], draws.precision[:, label], rows=support),
            recall=with_interval(values.recall[label], draws.recall[:, label], rows=support),
            f1=with_interval(values.f1[label], draws.f1[:, label], rows=support),
            support=support,
        )
        for label, support in enumerate(map(int, values.support))
    ]


def mean(values_N: np.ndarray, *, resamples: int = RESAMPLES, seed: int = 0) -> Score:
    """Average a value over rows; above 10,000 rows neighbours by value stand for their mean, as in `scores`."""
    ordered_N = np.sort(values_N)
    starts_G = np.arange(0, len(ordered_N), -(-len(ordered_N) // GROUPS))
    count_G = np.diff(starts_G, append=len(ordered_N))
    mean_G = np.add.reduceat(ordered_N, starts_G) / count_G
    draws = [count_rG @ mean_G / len(ordered_N) for count_rG in resampled_counts(count_G, resamples, seed)]
    return with_interval(float(values_N.mean()), np.concatenate(draws), rows=len(values_N))


def with_interval(value: float, draws_R: np.ndarray, *, rows: int) -> Score:
    """Return a score with the middle 95% of its values on resamples; without an interval for too few `rows`.

    Of rows that are all right the lower end is that of Clopper and Pearson 1934: 69% for ten rows, 96% for a hundred.
    """
    if rows < FEWEST:
        return Score(float(value))
    low, high = np.quantile(draws_R, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    if value == 1 and low == 1:  # resamples of rows without a fault have none, and other rows may
        low = ((1 - LEVEL) / 2) ** (1 / rows)
    # Noise only ever adds to a calibration error, so that all resamples of a well calibrated model can lie above the
    # value itself; an interval without its value would mislead more than one that is too wide.
    return Score(value=float(value), low=float(min(low, value)), high=float(max(high, value)))


def resampled_counts(count_K: np.ndarray, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Yield the count of each cell in each resample, some (r, K) at a time; fewer resamples if K is huge."""
    if resamples < 1:
        raise InputError(f"expected at least one resample, found {resamples}")
    rng = np.random.default_rng(seed)
    total = count_K.sum()
    resamples = min(resamples, max(200, AT_MOST // len(count_K)))
    step = max(1, AT_ONCE // len(count_K))
    for start in range(0, resamples, step):
        yield rng.multinomial(total, count_K / total, size=min(step, resamples - start))


def _resample_confusion(confusion_CC: np.ndarray, resamples: int, seed: int) -> Tally:
    """Resample a confusion matrix; counts of shape (R, C).

    Drawing N rows with replacement makes the cells of their confusion matrix multinomial with the observed shares
    (Efron and Tibshirani 1993, chapter 20: the resampling vector), so that the rows need not be drawn. Cells at 0 stay
    at 0 and are left out.
    """
    gold_K, guess_K = np.nonzero(confusion_CC)
    by_guess_K = np.argsort(guess_K, kind="stable")
    right_K = gold_K == guess_K
    parts: list[Tally] = []
    for count_rK in resampled_counts(confusion_CC[gold_K, guess_K], resamples, seed):
        part = Tally(*(np.zeros((len(count_rK), len(confusion_CC)), dtype=np.int64) for _ in range(3)))
        part.hits[:, gold_K[right_K]] = count_rK[:, right_K]
        labels, starts = np.unique(gold_K, return_index=True)
        part.gold[:, labels] = np.add.reduceat(count_rK, starts, axis=1)
        labels, starts = np.unique(guess_K[by_guess_K], return_index=True)
        part.guesses[:, labels] = np.add.reduceat(count_rK[:, by_guess_K], starts, axis=1)
        parts.append(part)
    return Tally(
        hits=np.concatenate([part.hits for part in parts]),
        gold=np.concatenate([part.gold for part in parts]),
        guesses=np.concatenate([part.guesses for part in parts]),
    )


def _summary(rows: Evidence) -> dict[str, float]:
    # |accuracy - confidence| of a bin times its share of the rows is the sum of its rows' gaps over N.
    gap_M = np.bincount(rows.bin_N, weights=rows.hit_N - rows.confidence_N, minlength=BINS)
    return {"log_loss": rows.loss_N.mean(), "calibration_error": np.abs(gap_M).sum() / len(rows.bin_N)}


def _resample_rows(rows: Evidence, resamples: int, seed: int) -> dict[str, np.ndarray]:
    """Compute `log_loss` and `calibration_error` of each resample, (R,)."""
    N = len(rows.loss_N)
    stratum_N = rows.bin_N * 2 + rows.hit_N
    order_N = np.lexsort((rows.loss_N, stratum_N))
    starts_G = _group(stratum_N[order_N], size=-(-N // GROUPS))
    count_G = np.diff(starts_G, append=N)
    loss_G = np.add.reduceat(rows.loss_N[order_N], starts_G) / count_G
    gap_G = np.add.reduceat((rows.hit_N - rows.confidence_N)[order_N], starts_G) / count_G
    _, bins_at = np.unique(rows.bin_N[order_N][starts_G], return_index=True)
    losses: list[np.ndarray] = []
    errors: list[np.ndarray] = []
    for count_rG in resampled_counts(count_G, resamples, seed):
        losses.append(count_rG @ loss_G / N)
        errors.append(np.abs(np.add.reduceat(count_rG * gap_G, bins_at, axis=1)).sum(1) / N)
    return {"log_loss": np.concatenate(losses), "calibration_error": np.concatenate(errors)}


def _group(stratum_N: np.ndarray, *, size: int) -> np.ndarray:
    """Return the start of each group (G,): runs of at most `size` neighbours of sorted rows, none across two strata."""
    place_N = np.arange(len(stratum_N))
    opens_N = np.diff(stratum_N, prepend=-1) != 0
    first_N = np.maximum.accumulate(np.where(opens_N, place_N, 0))
    return np.flatnonzero((place_N - first_N) % size == 0)
