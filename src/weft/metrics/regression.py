"""Scores of predicted numbers and of ordered classes: errors, explained variance, correlations, agreement.

All are formulas of sums over rows, so that resamples and paired comparisons are those of `weft.metrics.systems`. A row
may have several numbers, of which each column is scored by itself; the score is the mean over columns, as scikit-learn
averages them. Letters: N rows, K columns, S sums of a column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from weft.errors import InputError
from weft.metrics.systems import CorpusScore

Formula = Callable[[np.ndarray], np.ndarray]
"""A score [...] of one column from sums over rows [..., S]."""
TINY = 1e-12
"""Sums of squares of scaled numbers that differ from 0 by rounding alone."""
_COUNT, _X, _Y, _XX, _YY, _XY = range(6)


def regression_scores(true_NK: np.ndarray, found_NK: np.ndarray) -> dict[str, CorpusScore]:
    """Collect what `rmse`, `mae`, `r2`, `pearson` and `spearman` of predicted numbers are made of, by row.

    RMSE and MAE are in the unit of the numbers. R² compares with predicting the mean of these rows, and is 0 where all
    of them have the same number and any is missed.

    Args:
        true_NK: the right numbers; a single column may be flat, [N].
        found_NK: the predicted ones.

    Raises:
        InputError: the two differ in shape, have no rows, or numbers that are not finite.

    """
    true_NK, found_NK = _checked(true_NK, found_NK)
    return {
        "r2": _score("explained variance", *_scaled(found_NK - true_NK, true_NK - true_NK.mean(0)), _r2),
        **correlations(true_NK, found_NK),
        "rmse": _errors("root mean squared error", (found_NK - true_NK) ** 2, _rmse),
        "mae": _errors("mean absolute error", np.abs(found_NK - true_NK), _mean_error),
    }


def correlations(true_NK: np.ndarray, found_NK: np.ndarray) -> dict[str, CorpusScore]:
    """Collect what `pearson` and `spearman` are made of, by row; a column of equal numbers has a correlation of 0.

    Spearman's is Pearson's of ranks, equal numbers sharing their mean rank. Resamples keep the ranks of all rows, which
    makes its interval up to a tenth narrower than ranking each resample anew would.

    Raises InputError as `regression_scores`.
    """
    true_NK, found_NK = _checked(true_NK, found_NK)
    ranks = ranked(true_NK), ranked(found_NK)
    return {
        "pearson": _score("Pearson correlation", _centred(found_NK), _centred(true_NK), _pearson),
        "spearman": _score("Spearman correlation, ties at mean ranks", *map(_centred, reversed(ranks)), _pearson),
    }


def ordinal_scores(true_N: np.ndarray, found_N: np.ndarray) -> dict[str, CorpusScore]:
    """Collect what `quadratic_kappa` and `mae` of ordered classes are made of, by row.

    Kappa with quadratic weights is the agreement beyond chance, where an error counts by the square of its distance
    (Cohen 1968, "Weighted kappa"); 0 where all rows have one class.

    Args:
        true_N: numbers of the right classes, in their order.
        found_N: those of the predicted ones.

    Raises:
        InputError: as `regression_scores`.

    """
    true_NK, found_NK = _checked(true_N, found_N)
    middle = true_NK.mean(0)
    return {
        "quadratic_kappa": _score("kappa, quadratic weights", found_NK - middle, true_NK - middle, _agreement),
        "mae": _errors("mean absolute error", np.abs(found_NK - true_NK), _mean_error),
    }


def scores_of_columns(scores: Mapping[str, CorpusScore], *, columns: int) -> list[dict[str, CorpusScore]]:
    """Return the scores of each column alone."""
    found: list[dict[str, CorpusScore]] = [{} for _ in range(columns)]
    for name, one in scores.items():
        for own, statistics_NS in zip(found, np.split(one.statistics_NF, columns, axis=1), strict=True):
            own[name] = CorpusScore(one.signature, statistics_NS, one.formula, one.better)
    return found


def ranked(values_NK: np.ndarray) -> np.ndarray:
    """Return the rank of each number in its column, from 1, float64 [N, K]; equal numbers share their mean rank."""
    ranks_NK = np.empty(values_NK.shape)
    for column, values_N in enumerate(values_NK.T):
        _, place_N, count_U = np.unique(values_N, return_inverse=True, return_counts=True)
        ranks_NK[:, column] = (np.cumsum(count_U) - (count_U - 1) / 2)[place_N]
    return ranks_NK


def _checked(*both: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    true_NK, found_NK = (np.asarray(one, dtype=np.float64) for one in both)
    if true_NK.shape != found_NK.shape:
        raise InputError(f"expected as many predicted numbers as true ones, found {found_NK.shape} and {true_NK.shape}")
    if not true_NK.size:
        raise InputError("there are no rows to score")
    if not (np.isfinite(true_NK).all() and np.isfinite(found_NK).all()):
        raise InputError("expected finite numbers, found an infinite one or none")
    return true_NK.reshape(len(true_NK), -1), found_NK.reshape(len(found_NK), -1)


def _errors(signature: str, error_NK: np.ndarray, formula: Formula) -> CorpusScore:
    statistics_NK2 = np.stack([np.ones_like(error_NK), error_NK], axis=-1)
    return _made(signature, statistics_NK2, formula, better="lower")


def _score(signature: str, found_NK: np.ndarray, true_NK: np.ndarray, formula: Formula) -> CorpusScore:
    x, y = found_NK, true_NK
    return _made(signature, np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=-1), formula)


def _made(
    signature: str, statistics_NKS: np.ndarray, formula: Formula, *, better: Literal["higher", "lower"] = "higher"
) -> CorpusScore:
    size = statistics_NKS.shape[-1]

    def mean_over_columns(sums: np.ndarray) -> np.ndarray:
        return formula(sums.reshape(*sums.shape[:-1], -1, size)).mean(-1)

    return CorpusScore(signature, statistics_NKS.reshape(len(statistics_NKS), -1), mean_over_columns, better)


def _centred(values_NK: np.ndarray) -> np.ndarray:
    """Scale columns to mean 0 and at most 1, so that sums of squares lose no digits; equal numbers are all 0."""
    return _scaled(values_NK - values_NK.mean(0))[0]


def _scaled(*arrays: np.ndarray) -> list[np.ndarray]:
    """Divide arrays [N, K] by the largest absolute value in each column of the last one, where it is not 0."""
    largest_K = np.abs(arrays[-1]).max(0)
    return [one / np.where(largest_K > 0, largest_K, 1.0) for one in arrays]


def _mean_error(sums: np.ndarray) -> np.ndarray:
    return sums[..., 1] / sums[..., 0]


def _rmse(sums: np.ndarray) -> np.ndarray:
    return np.sqrt(_mean_error(sums))


def _r2(sums: np.ndarray) -> np.ndarray:
    missed, spread = sums[..., _XX], sums[..., _YY] - sums[..., _Y] ** 2 / sums[..., _COUNT]
    return 1 - _share(missed, spread, otherwise=missed > TINY)


def _pearson(sums: np.ndarray) -> np.ndarray:
    count = sums[..., _COUNT]
    together = sums[..., _XY] - sums[..., _X] * sums[..., _Y] / count
    spread_x = sums[..., _XX] - sums[..., _X] ** 2 / count
    spread_y = sums[..., _YY] - sums[..., _Y] ** 2 / count
    product = np.sqrt(np.maximum(spread_x, 0) * np.maximum(spread_y, 0))
    return np.clip(_share(together, product, otherwise=0.0), -1, 1)


def _agreement(sums: np.ndarray) -> np.ndarray:
    missed = sums[..., _XX] - 2 * sums[..., _XY] + sums[..., _YY]
    by_chance = sums[..., _XX] + sums[..., _YY] - 2 * sums[..., _X] * sums[..., _Y] / sums[..., _COUNT]
    return 1 - _share(missed, by_chance, otherwise=1.0)


def _share(above: np.ndarray, below: np.ndarray, *, otherwise: ArrayLike) -> np.ndarray:
    """Divide; where the divisor is 0 but for rounding, `otherwise`."""
    return np.where(below > TINY, above / np.where(below > TINY, below, 1.0), otherwise)
