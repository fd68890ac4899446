"""Scores of texts with several labels each, and decision thresholds for them.

Letters: N rows, C labels, R resamples, K kinds of rows that are equal in truth and prediction. Truth and predictions
are bool arrays (N, C), True where a row has a label. The scores follow scikit-learn's; a score with a zero denominator
is 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weft.errors import InputError
from weft.metrics.bootstrap import RESAMPLES, ClassScores, Score, mean, of_classes, resampled_counts, with_interval
from weft.metrics.classification import Tally

MIDDLE = 0.5
"""Threshold of a label of which nothing is known."""


@dataclass(frozen=True, slots=True)
class MultilabelScores:
    """Scores over all labels by name, and those of each label."""

    overall: dict[str, Score]
    labels: list[ClassScores]


def thresholds(probabilities_NC: np.ndarray, truth_NC: np.ndarray) -> np.ndarray:
    """Find for each label the threshold with the best F1 on these rows, (C,); a label is predicted from it upwards.

    Of thresholds that are equally good the one nearest to 0.5 is taken, halfway between the probabilities of two rows
    or 0.5 itself; for a label that no row has, 0.5. (Lipton et al. 2014, "Thresholding classifiers to maximize F1
    score".) Raises InputError if the shapes do not agree.
    """
    _check(probabilities_NC, truth_NC)
    return np.array([_threshold(*pair) for pair in zip(probabilities_NC.T, truth_NC.T, strict=True)])


def without_loss(threshold_C: np.ndarray, probabilities_NC: np.ndarray, truth_NC: np.ndarray) -> np.ndarray:
    """Return thresholds, (C,), with 0.5 for each label in turn whose own one would lower the micro F1 of all.

    The best F1 of a label that is hardly told apart comes from predicting it for every row (Lipton et al. 2014, section
    5), which the other labels pay for.
    """

    def counts(cut: np.ndarray | float) -> np.ndarray:
        guess_NC = probabilities_NC >= cut
        return np.stack([2 * (guess_NC & truth_NC).sum(0), guess_NC.sum(0) + truth_NC.sum(0)], axis=1)

    kept_C = np.full(len(threshold_C), MIDDLE)
    own_C2, plain_C2 = counts(threshold_C), counts(MIDDLE)
    total_2 = plain_C2.sum(0)
    for number, (own_2, plain_2) in enumerate(zip(own_C2, plain_C2, strict=True)):
        moved_2 = total_2 - plain_2 + own_2
        if moved_2[0] * total_2[1] >= total_2[0] * moved_2[1]:
            kept_C[number], total_2 = threshold_C[number], moved_2
    return kept_C


def _threshold(probability_N: np.ndarray, truth_N: np.ndarray) -> float:
    if not truth_N.any():
        return MIDDLE
    order_N = np.argsort(-probability_N, kind="stable")
    above_N = probability_N[order_N]
    below_N = np.append(above_N[1:], 0.0)
    hits_N = np.cumsum(truth_N[order_N])
    f1_N = 2 * hits_N / (np.arange(1, len(above_N) + 1) + truth_N.sum())
    f1_N[(above_N == below_N) & (np.arange(len(above_N)) < len(above_N) - 1)] = 0  # no threshold parts equal rows
    best_N = f1_N == f1_N.max()
    low_N, high_N = below_N[best_N], above_N[best_N]
    middle_N = (low_N + high_N) / 2
    cut_N = np.where(middle_N > low_N, middle_N, high_N)
    cut_N = np.where((low_N < MIDDLE) & (high_N >= MIDDLE), MIDDLE, cut_N)
    return float(cut_N[np.abs(cut_N - MIDDLE).argmin()])


def log_losses(probabilities_NC: np.ndarray, truth_NC: np.ndarray) -> np.ndarray:
    """Compute the mean binary log loss of the labels of each row, (N,), in nats, clipped as in scikit-learn."""
    of_truth_NC = np.where(truth_NC, probabilities_NC, 1 - probabilities_NC)
    least = np.finfo(np.float64).eps
    return -np.log(np.clip(of_truth_NC, least, 1 - least)).mean(1)


def quick_scores(guess_NC: np.ndarray, truth_NC: np.ndarray) -> dict[str, float]:
    """Compute `micro_f1`, `macro_f1`, `micro_precision`, `micro_recall`, `exact_match` and `hamming_loss`.

    Micro scores are of all decisions together, `macro_f1` is the mean over the labels that occur in truth or
    predictions, `exact_match` the share of rows with all labels right, `hamming_loss` the share of wrong decisions.
    Raises InputError if there are no rows, or the shapes do not agree.
    """
    rows = _Rows.of(guess_NC, truth_NC)
    return {name: float(value) for name, value in rows.scores(rows.count_K).items()}


def scores(
    guess_NC: np.ndarray,
    truth_NC: np.ndarray,
    *,
    loss_N: np.ndarray,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> MultilabelScores:
    """Compute all of `quick_scores`, `log_loss`, and precision, recall and F1 of each label, with intervals over rows.

    `loss_N` is from `log_losses`. Rows that are equal in truth and prediction are drawn together, as cells of a
    confusion matrix are. Raises InputError if there are no rows, or the shapes do not agree.
    """
    rows = _Rows.of(guess_NC, truth_NC)
    parts = list(resampled_counts(rows.count_K, resamples, seed))
    tallies = [rows.tally(count_rK) for count_rK in parts]
    each = [rows.scores(count_rK) for count_rK in parts]
    overall = {
        name: with_interval(float(value), np.concatenate([one[name] for one in each]), rows=len(guess_NC))
        for name, value in rows.scores(rows.count_K).items()
    }
    overall["log_loss"] = mean(loss_N, resamples=resamples, seed=seed)
    resampled = Tally(
        hits=np.concatenate([one.hits for one in tallies]),
        gold=np.concatenate([one.gold for one in tallies]),
        guesses=np.concatenate([one.guesses for one in tallies]),
    )
    return MultilabelScores(overall, of_classes(rows.tally(rows.count_K), resampled))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Kinds of rows, equal in truth and prediction, and the number of rows of each kind."""

    guess_KC: np.ndarray
    truth_KC: np.ndarray
    count_K: np.ndarray

    @classmethod
    def of(cls, guess_NC: np.ndarray, truth_NC: np.ndarray) -> _Rows:
        _check(guess_NC, truth_NC)
        packed = np.packbits(np.concatenate([guess_NC, truth_NC], axis=1), axis=1)
        _, first_K, count_K = np.unique(packed, axis=0, return_index=True, return_counts=True)
        return cls(guess_NC[first_K].astype(np.float64), truth_NC[first_K].astype(np.float64), count_K)

    def tally(self, count_RK: np.ndarray) -> Tally:
        """Count each label, (R, C), or (C,) for counts (K,), given the number of rows of each kind."""
        count_RK = count_RK.astype(np.float64)  # products of floats are fast, and exact up to 2 ** 53
        return Tally(
            hits=count_RK @ (self.guess_KC * self.truth_KC),
            gold=count_RK @ self.truth_KC,
            guesses=count_RK @ self.guess_KC,
        )

    def scores(self, count_RK: np.ndarray) -> dict[str, np.ndarray]:
        """Compute scores over all labels, (R,) each; a single number each for counts (K,)."""
        tally, rows = self.tally(count_RK), self.count_K.sum()
        hits_R, gold_R, guesses_R = (one.sum(-1) for one in (tally.hits, tally.gold, tally.guesses))
        wrong_K = (self.guess_KC != self.truth_KC).sum(1)
        return {
            "micro_f1": 2 * hits_R / np.maximum(gold_R + guesses_R, 1),
            "macro_f1": tally.overall()["macro_f1"],
            "micro_precision": hits_R / np.maximum(guesses_R, 1),
            "micro_recall": hits_R / np.maximum(gold_R, 1),
            "exact_match": count_RK @ (wrong_K == 0) / rows,
            "hamming_loss": count_RK @ wrong_K / (rows * self.truth_KC.shape[1]),
        }


def _check(found_NC: np.ndarray, truth_NC: np.ndarray) -> None:
    if found_NC.ndim != 2 or found_NC.shape != truth_NC.shape:
        raise InputError(
            f"expected a row of answers for each row of truth, found {found_NC.shape} and {truth_NC.shape}"
        )
    if not len(truth_NC):
        raise InputError("there are no rows to score")
