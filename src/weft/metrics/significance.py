"""Tests of whether a difference between models is more than chance, from paired scores or predictions.

Letters: N texts, J pairs of scores (folds times repeats), P tests.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from weft.errors import InputError

TINY, CLOSE = 1e-300, 1e-15
FLIPS = 20_000
"""Draws of a randomisation test: they estimate a p-value of 0.05 to within 0.003."""

McNemarForm = Literal["exact", "mid-p", "corrected"]


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean difference of paired scores, its t statistic (infinite if all differ by the same) and two-sided p.

    `low` and `high` are the ends of the 95% interval of the same test: it holds 0 where p is above 0.05.
    """

    mean: float
    t: float
    p: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class McNemar:
    """Number of texts that only the first, and only the second, predicts right; the two-sided p that this is chance."""

    only_first: int
    only_second: int
    p: float


def resampled_t(difference_J: np.ndarray, *, test_share: float) -> Difference:
    """Apply the corrected resampled t-test to the scores of folds, repeated or not.

    Scores of folds are not independent, as their training sets overlap: a plain t-test finds differences that are not
    there. The variance is therefore multiplied by 1/J + n_test/n_train instead of 1/J (Nadeau and Bengio 2003,
    "Inference for the generalization error", section 5; over J = k * r folds: Bouckaert and Frank 2004, section 3).

    Args:
        difference_J: score of the first model minus that of the second, a fold each.
        test_share: rows tested on divided by rows learned from (n_test/n_train); 0 is the plain paired t-test.

    Raises:
        InputError: there are fewer than two differences.

    """
    difference_J = np.asarray(difference_J, dtype=np.float64)
    count = len(difference_J)
    if count < 2:
        raise InputError(f"expected two paired scores or more, found {count}")
    mean = float(difference_J.mean())
    error = math.sqrt(float(difference_J.var(ddof=1)) * (1 / count + test_share))
    if error <= CLOSE * max(1.0, abs(mean)):  # all the same, but for rounding
        t, p = (math.copysign(math.inf, mean), 0.0) if abs(mean) > CLOSE else (0.0, 1.0)
        return Difference(mean, t, p, mean, mean)
    t, half = mean / error, student_t(0.05, freedom=count - 1) * error
    return Difference(mean, t, student_p(t, freedom=count - 1), mean - half, mean + half)


def mcnemar(first_N: np.ndarray, second_N: np.ndarray, *, form: McNemarForm = "exact") -> McNemar:
    """Apply McNemar's test (1947) to the texts that only one of two models predicts right.

    Args:
        first_N: whether the first model predicts each text right.
        second_N: whether the second model predicts each text right.
        form: `exact` uses the binomial distribution, `mid-p` counts the observed outcome by half (Fagerland, Lydersen
            and Laake 2013), `corrected` is chi-squared with continuity correction (Dietterich 1998, section 3.1).

    Raises:
        InputError: the two differ in length.

    """
    first_N, second_N = np.asarray(first_N, dtype=bool), np.asarray(second_N, dtype=bool)
    if first_N.shape != second_N.shape:
        raise InputError(f"expected as many answers of both models, found {len(first_N)} and {len(second_N)}")
    one, other = int((first_N & ~second_N).sum()), int((~first_N & second_N).sum())
    return McNemar(one, other, _mcnemar_p(one, other, form))


def randomization(difference_N: np.ndarray, *, seed: int = 0) -> float:
    """Test by swapping two models' results at random whether their mean difference over texts is chance; two-sided p.

    Noreen 1989, "Computer-intensive methods for testing hypotheses", section 3A. Differences are multiples of one step
    (a text predicted right in some of R repeats); with a single repeat it is McNemar's exact test except for the random
    draws.
    """
    sizes_K, counts_K = np.unique(np.abs(np.round(difference_N, 9)), return_counts=True)
    seen = abs(float(np.sum(difference_N)))
    heads_FK = np.random.default_rng(seed).binomial(counts_K, 0.5, size=(FLIPS, len(counts_K)))
    sums_F = (2 * heads_FK - counts_K) @ sizes_K
    return float((1 + (np.abs(sums_F) >= seen - 1e-6).sum()) / (1 + FLIPS))


def holm(p_P: Sequence[float]) -> list[float]:
    """Adjust p-values for the number of tests (Holm 1979), in the order given.

    With P tests at 0.05 each, one in twenty finds a difference by chance; below 0.05 after adjustment, the chance that
    any of them does is below 0.05.
    """
    order = sorted(range(len(p_P)), key=lambda place: p_P[place])
    adjusted, highest = [0.0] * len(p_P), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, p_P[place] * (len(p_P) - rank)))
        adjusted[place] = highest
    return adjusted


def student_p(t: float, *, freedom: int) -> float:
    """Return the two-sided p of Student's t with `freedom` degrees of freedom."""
    share = t * t / (freedom + t * t)
    if share < 0.5:  # one minus a small number is exact, a number near one is not
        return 1 - incomplete_beta(share, 0.5, freedom / 2)
    return incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5)


def student_t(p: float, *, freedom: int) -> float:
    """Return the t whose two-sided p is this one, found by halving."""
    low, high = 0.0, 1.0
    while student_p(high, freedom=freedom) > p:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if student_p(middle, freedom=freedom) > p else (low, middle)
    return high


def incomplete_beta(x: float, a: float, b: float) -> float:
    """Compute the regularised incomplete beta function I_x(a, b) by its continued fraction.

    Press et al. 2007, "Numerical recipes", section 6.4, evaluated as Lentz does (section 5.2).
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # there the fraction of the mirror image converges, and this one does not
        return 1 - incomplete_beta(1 - x, b, a)
    front = math.exp(a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b))
    fraction, c, d = 1.0, 1.0, 0.0
    for number in range(int(1000 + 10 * math.sqrt(a + b))):
        half = number // 2
        if number == 0:
            step = 1.0
        elif number % 2:
            step = -(a + half) * (a + b + half) * x / ((a + number - 1) * (a + number))
        else:
            step = half * (b - half) * x / ((a + number - 1) * (a + number))
        d = 1 / _not_zero(1 + step * d)
        c = _not_zero(1 + step / c)
        fraction *= c * d
        if number and abs(c * d - 1) < CLOSE:
            break
    return front / a * (fraction - 1)


def _not_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY


def _mcnemar_p(one: int, other: int, form: McNemarForm) -> float:
    total, fewer = one + other, min(one, other)
    if not total:
        return 1.0
    if form == "corrected":
        return math.erfc(math.sqrt(max(abs(one - other) - 1, 0) ** 2 / total / 2))
    tail = incomplete_beta(0.5, total - fewer, fewer + 1)  # a binomial's distribution function at `fewer`
    if form == "exact":
        return min(1.0, 2 * tail)
    logs = math.lgamma(total + 1) - math.lgamma(fewer + 1) - math.lgamma(total - fewer + 1)
    return min(1.0, 2 * tail - math.exp(logs - total * math.log(2)))
