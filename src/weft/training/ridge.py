"""Ridge regression over sparse rows, solved exactly by conjugate gradients, all columns of numbers at once.

The penalty leaves the bias alone (Hoerl and Kennard 1970): rows and numbers are centred, the rows without ever being
made dense, and the normal equations solved by conjugate gradients (Hestenes and Stiefel 1952) in double precision.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from weft.training.linear import Bags, Solution, Solved, SparseRows, starts_of

_PRECISE = 1e-7
"""Norm of the residual, over that at the start, at which a column is solved: float32 can tell no more."""
_MOST = 1_000
"""Most steps; texts take some dozens."""


def solve(
    rows: SparseRows, value_RK: Tensor, *, cost: float, start: Tensor | None = None
) -> Iterator[Solved | Solution]:
    """Minimise |w|^2 + cost * sum (w x + b - y)^2 of each column; yields its progress, then the solution.

    Args:
        rows: the entries of each row.
        value_RK: the numbers y.
        cost: of an error, 1 / alpha of scikit-learn's `Ridge`; the larger, the weaker the penalty.
        start: factors of the rows that are near those of the solution, of the first rows at least; None: zero.

    """
    matrix = _Centred(rows)
    value_RK = value_RK.double()
    middle_K = value_RK.mean(0)
    weight_VK = torch.zeros(rows.size, value_RK.shape[1], dtype=torch.float64)
    if start is not None:
        dual_RK = torch.zeros_like(value_RK)
        dual_RK[: len(start)] = start.double()
        weight_VK = matrix.transposed_times(dual_RK)
    pull_VK = matrix.transposed_times(value_RK - middle_K)
    rest_VK = pull_VK - matrix.curved(weight_VK, cost)
    way_VK, square_K = rest_VK, rest_VK.square().sum(0)
    enough_K = _PRECISE**2 * pull_VK.square().sum(0)
    for _ in range(_MOST):
        solved_K = square_K <= enough_K
        yield Solved(int(solved_K.sum()), len(solved_K))
        if solved_K.all():
            break
        curved_VK = matrix.curved(way_VK, cost)
        step_K = torch.where(solved_K, 0.0, square_K / (way_VK * curved_VK).sum(0).clamp_min(1e-300))
        weight_VK = weight_VK + step_K * way_VK
        rest_VK = rest_VK - step_K * curved_VK
        before_K, square_K = square_K, rest_VK.square().sum(0)
        way_VK = rest_VK + square_K / before_K.clamp_min(1e-300) * way_VK
    bias_K = middle_K - matrix.mean_V @ weight_VK
    dual_RK = cost * (value_RK - middle_K - matrix.scores(weight_VK))  # of which weights are the sum, by the rows
    yield Solution(weight_VK.float(), bias_K.float(), dual_RK.float())


class _Centred:
    """Sparse rows less their mean, by row and by place."""

    def __init__(self, rows: SparseRows) -> None:
        row_N, value_N, count = rows.row_N, rows.value_N.double(), len(rows.starts_R1) - 1
        order_N = torch.argsort(rows.ids_N, stable=True)
        self.rows = Bags(rows.ids_N, value_N, starts_of(row_N, count).to(rows.ids_N))
        self.columns = Bags(row_N[order_N], value_N[order_N], starts_of(rows.ids_N, rows.size).to(row_N))
        self.mean_V = torch.zeros(rows.size, dtype=torch.float64).index_add_(0, rows.ids_N, value_N) / count

    def transposed_times(self, error_RK: Tensor) -> Tensor:
        """Return the sum of the centred rows by their errors, [V, K]."""
        return self.columns.sums(error_RK) - self.mean_V[:, None] * error_RK.sum(0)

    def scores(self, weight_VK: Tensor) -> Tensor:
        """Return the scores of the centred rows by weights, [R, K]."""
        return self.rows.sums(weight_VK) - self.mean_V @ weight_VK

    def curved(self, weight_VK: Tensor, cost: float) -> Tensor:
        """Return the product of weights with the matrix of the normal equations, [V, K]."""
        return self.transposed_times(self.scores(weight_VK)) + weight_VK / cost
