"""Log loss, calibration of probabilities, and temperature scaling.

Letters: N rows, C classes, M bins of confidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weft.errors import InputError

BINS = 15  # as in the experiments of Guo et al. 2017
FEWEST = 20
"""Least number of rows that a curve of confidence is fitted to."""
COLDEST, HOTTEST = 0.1, 10.0
"""Bounds of a temperature: a few rows without a mistake would give 0."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """A reliability diagram: rows binned by confidence, with the mean confidence and the accuracy of each bin.

    `edges_M1` has one more entry than there are bins; bin m holds confidences in (edges[m], edges[m + 1]]. In an empty
    bin `confidence_M` and `accuracy_M` are nan, so that a plot shows a gap there.
    """

    edges_M1: np.ndarray
    count_M: np.ndarray
    confidence_M: np.ndarray
    accuracy_M: np.ndarray

    @property
    def error(self) -> float:
        """Expected calibration error: the bins' gaps weighted by their rows (Guo et al. 2017, eq. 3)."""
        gap_M = np.abs(self.accuracy_M - self.confidence_M)
        return float(np.nansum(self.count_M * gap_M) / self.count_M.sum())

    def to_json(self) -> list[dict[str, float]]:
        """Convert the bins that hold any row: `low`, `high`, `count`, `confidence` and `accuracy` of each."""
        rows = zip(self.edges_M1[:-1], self.edges_M1[1:], self.count_M, self.confidence_M, self.accuracy_M, strict=True)
        names = ("low", "high", "count", "confidence", "accuracy")
        return [dict(zip(names, map(float, row), strict=True)) for row in rows if row[2]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Values of each row that log loss and calibration need: loss, top probability, whether that was right, bin."""

    loss_N: np.ndarray
    confidence_N: np.ndarray
    hit_N: np.ndarray
    bin_N: np.ndarray


def evidence(probabilities_NC: np.ndarray, gold_N: np.ndarray, *, bins: int = BINS) -> Evidence:
    """Loss, confidence, correctness and bin of each row.

    Raises:
        InputError: no rows, shapes that do not agree, a gold id outside the classes, or values that are no
            probabilities (not in 0 .. 1, or not a number).

    """
    _check(probabilities_NC, gold_N)
    # The least probability depends on the precision it was stored in, as in scikit-learn's log_loss: without it one
    # sure and wrong answer would make the mean infinite.
    least = np.finfo(probabilities_NC.dtype).eps if probabilities_NC.dtype.kind == "f" else np.finfo(float).eps
    of_gold_N = probabilities_NC[np.arange(len(gold_N)), gold_N].astype(np.float64)
    guess_N = probabilities_NC.argmax(1)
    confidence_N = np.clip(probabilities_NC.max(1).astype(np.float64), 0, 1)
    return Evidence(
        loss_N=-np.log(np.clip(of_gold_N, least, 1 - least)),
        confidence_N=confidence_N,
        hit_N=guess_N == gold_N,
        bin_N=np.searchsorted(_edges(bins)[1:-1], confidence_N, side="left"),
    )


def log_loss(probabilities_NC: np.ndarray, gold_N: np.ndarray) -> float:
    """Return the mean negative log probability of the true class, in nats, clipped as in scikit-learn; errors as
    `evidence`.

    It is a proper score: only the true probabilities minimise it (Good 1952, "Rational decisions").
    """
    return float(evidence(probabilities_NC, gold_N).loss_N.mean())


def calibration_error(probabilities_NC: np.ndarray, gold_N: np.ndarray, *, bins: int = BINS) -> float:
    """Return the mean gap between confidence and accuracy (Guo et al. 2017, section 2, eq. 3); errors as `evidence`."""
    return reliability(probabilities_NC, gold_N, bins=bins).error


def reliability(probabilities_NC: np.ndarray, gold_N: np.ndarray, *, bins: int = BINS) -> Reliability:
    """Bin rows by confidence, in bins of equal width (Guo et al. 2017, section 2); errors as `evidence`."""
    rows = evidence(probabilities_NC, gold_N, bins=bins)
    count_M = np.bincount(rows.bin_N, minlength=bins)
    with np.errstate(invalid="ignore"):  # 0 / 0 in an empty bin is the nan that is meant
        return Reliability(
            edges_M1=_edges(bins),
            count_M=count_M,
            confidence_M=np.bincount(rows.bin_N, weights=rows.confidence_N, minlength=bins) / count_M,
            accuracy_M=np.bincount(rows.bin_N, weights=rows.hit_N, minlength=bins) / count_M,
        )


def temperature(probabilities_NC: np.ndarray, gold_N: np.ndarray) -> float:
    """Find the temperature T at which softmax(scores / T) has the least log loss (Guo et al. 2017, section 4.2).

    The scores are the logarithms of the probabilities, from which logits differ by a constant a row. The loss is convex
    in 1 / T, and its slope there is the mean of the scores expected less the true class's: bisection finds its zero. T
    is kept within 0.1 and 10. Errors as `evidence`.
    """
    _check(probabilities_NC, gold_N)
    scores_NC = _logarithms(probabilities_NC)
    of_gold = scores_NC[np.arange(len(gold_N)), gold_N].mean()
    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(60):
        middle = (low + high) / 2
        rising = (_softmax(scores_NC * middle) * scores_NC).sum(1).mean() > of_gold
        low, high = (low, middle) if rising else (middle, high)
    return 2 / (low + high)


def tempered(probabilities_NC: np.ndarray, temperature: float) -> np.ndarray:
    """Return softmax(scores / T), the scores being the logarithms of the probabilities; T = 1 changes no bit."""
    return probabilities_NC if temperature == 1 else _softmax(_logarithms(probabilities_NC) / temperature)


def _logarithms(probabilities_NC: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probabilities_NC, np.finfo(np.float64).tiny, dtype=np.float64))


def _softmax(scores_NC: np.ndarray) -> np.ndarray:
    powers_NC = np.exp(scores_NC - scores_NC.max(1, keepdims=True))
    return powers_NC / powers_NC.sum(1, keepdims=True)


def _edges(bins: int) -> np.ndarray:
    return np.linspace(0, 1, bins + 1)


def _check(probabilities_NC: np.ndarray, gold_N: np.ndarray) -> None:
    if probabilities_NC.ndim != 2 or gold_N.shape != probabilities_NC.shape[:1]:
        raise InputError(
            f"expected a row of probabilities for each true label, found {probabilities_NC.shape} and {gold_N.shape}"
        )
    if not len(gold_N):
        raise InputError("there are no rows to score")
    classes = probabilities_NC.shape[1]
    if not (gold_N.min() >= 0 and gold_N.max() < classes):
        raise InputError(f"expected true labels in 0 .. {classes - 1}, found {gold_N.min()} .. {gold_N.max()}")
    low, high = float(probabilities_NC.min()), float(probabilities_NC.max())
    if not (low >= 0 and high <= 1 + 1e-3):  # a softmax in half precision may end a little above 1; nan fails both
        raise InputError(
            f"expected probabilities in 0 .. 1, found {low:g} .. {high:g}", hint="pass the softmax of the scores"
        )


def logistic(x_N: np.ndarray, share_N: np.ndarray) -> tuple[float, float] | None:
    """Fit slope and offset of a logistic curve to shares between 0 and 1, by Newton's method; None for few rows.

    Platt 1999, "Probabilistic outputs for support vector machines": half a row of either kind at each end keeps the
    slope finite where x separates them.
    """
    if len(x_N) < FEWEST:
        return None
    x_N = np.clip(x_N, -50, 50)
    x_N = np.concatenate([x_N, [x_N.min(), x_N.max()] * 2])
    share_N = np.concatenate([share_N, [1, 0, 0, 1]])
    weight_N = np.concatenate([np.ones(len(x_N) - 4), np.full(4, 0.5)])
    design_N2, line_2 = np.stack([x_N, np.ones(len(x_N))], 1), np.zeros(2)
    for _ in range(50):
        sure_N = 1 / (1 + np.exp(-design_N2 @ line_2))
        slope_2 = design_N2.T @ (weight_N * (sure_N - share_N))
        curve_22 = design_N2.T @ (design_N2 * (weight_N * sure_N * (1 - sure_N))[:, None]) + 1e-6 * np.eye(2)
        step_2 = np.linalg.solve(curve_22, slope_2)
        line_2 = line_2 - step_2 / max(1.0, float(np.abs(step_2).max()))
        if np.abs(step_2).max() < 1e-9:
            break
    return float(line_2[0]), float(line_2[1])
