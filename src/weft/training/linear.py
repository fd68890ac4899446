"""Linear support-vector machines over sparse rows, one a class, solved exactly and all classes at once.

The method is the finite Newton method of Keerthi and DeCoste 2005 (section 3): conjugate gradients on the rows inside
the margin, then an exact search along the direction. Two products with the sparse matrix make an iteration, and they
serve all classes. Weights are sums of rows, so that all else is done with one number a row (Chapelle 2007, "Training a
support vector machine in the primal", section 3) and not with one an entry, of which there are many more. Entries that
stand in one row alone, two thirds of the n-grams of most corpora, are left out: given the rest their best weight is
known, so they only lower the cost of an error in their row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

_PRECISE, _FINEST, _COARSEST, _MANY = 0.01, 3e-6, 2e-4, 50_000
"""Norm of the gradient, over that at the start, at which a class is solved: so much for each share of rows that are of
it (or not of it, if fewer), as in LIBLINEAR, but no less than single precision can tell, and no more than answers
can, which grows by the square root of the rows beyond so many."""
_LOOSE = 0.3
"""Norm of the residual, over that at the start, at which conjugate gradients stop."""
_NEWTON, _CONJUGATE, _SEARCH = 40, 8, 6
"""Most Newton steps, steps of conjugate gradients within each, and steps of the search along a direction."""
_AT_ONCE, _LINE = 20_000_000, 16
"""Most entries of the weights of the classes that are solved together, which bounds the memory; but so many classes, a
line of the cache, at least."""


@dataclass(frozen=True, slots=True)
class SparseRows:
    """R sparse rows, end to end: the places of their entries, ascending in each row [N], values [N], starts [R + 1]."""

    ids_N: Tensor
    value_N: Tensor
    starts_R1: Tensor
    size: int

    @property
    def row_N(self) -> Tensor:
        """The row of each entry."""
        return torch.repeat_interleave(self.starts_R1.diff(), output_size=len(self.ids_N))


@dataclass(frozen=True, slots=True)
class Solution:
    """Weights [V, C] and biases [C] of the classes, and the factors of the rows [R, C] of which weights are the sum."""

    weight_VC: Tensor
    bias_C: Tensor
    dual_RC: Tensor


@dataclass(frozen=True, slots=True)
class Solved:
    """The state of a solver after a step: classes that are solved, of how many."""

    classes: int
    of: int


def solve(
    rows: SparseRows, truth_RC: Tensor, *, cost: Tensor, start: Tensor | None = None
) -> Iterator[Solved | Solution]:
    """Minimise |w|^2 / 2 + sum cost * max(0, 1 - y (w x + b))^2 of each class; yields its progress, then the solution.

    The bias is a weight of an entry of value 1 that every row has, as in LIBLINEAR.

    Args:
        rows: the entries of each row.
        truth_RC: whether a row is of a class (y = 1) or not (y = -1).
        cost: of an error, a number, or of each row and class, [R, C]; the larger, the weaker the penalty.
        start: factors of the rows that are near those of the solution, of the first rows at least; None: zero.

    """
    often = torch.bincount(rows.ids_N, minlength=rows.size) > 1
    shared_N = often[rows.ids_N]
    row_N = rows.row_N
    own_R = torch.zeros(len(truth_RC)).index_add_(0, row_N[~shared_N], rows.value_N[~shared_N].square())
    cost_RC = (2 * cost / (1 + 2 * cost * own_R[:, None])).expand(truth_RC.shape)
    matrix = _Matrix(rows, row_N, often, shared_N)
    weight_VC = torch.zeros(rows.size, truth_RC.shape[1])
    bias_C = torch.zeros(truth_RC.shape[1])
    dual_RC = torch.zeros(truth_RC.shape)
    if start is not None:
        dual_RC[: len(start)] = start
    at_once = max(_LINE, _AT_ONCE // max(len(truth_RC), int(often.sum()), 1) // _LINE * _LINE)
    alone_N, often_V = (~shared_N).nonzero()[:, 0], often.nonzero()[:, 0]
    done = 0
    for some in torch.arange(truth_RC.shape[1]).split(at_once):
        sign_RC = torch.where(truth_RC[:, some], 1.0, -1.0)
        classes = _Classes(matrix, sign_RC, cost_RC[:, some], None if start is None else dual_RC[:, some])
        for _ in range(_NEWTON):
            classes.drop_solved()
            yield Solved(done + len(some) - len(classes.live), truth_RC.shape[1])
            if not len(classes.live):
                break
            classes.step()
        dual_RC[:, some], score_RC = classes.finish()
        weight_VC[often_V[:, None], some] = matrix.transposed_times(dual_RC[:, some])
        bias_C[some] = dual_RC[:, some].sum(0)
        error_RC = cost_RC[:, some] * sign_RC * (1 - sign_RC * score_RC).clamp_min(0)
        weight_VC[rows.ids_N[alone_N][:, None], some] = error_RC[row_N[alone_N]] * rows.value_N[alone_N, None]
        done += len(some)
    yield Solution(weight_VC, bias_C, dual_RC)


class _Matrix:
    """The entries that several rows share, by row and by place; products sum over bags, faster than sparse matrices."""

    def __init__(self, rows: SparseRows, row_N: Tensor, often: Tensor, shared_N: Tensor) -> None:
        number_V = (often.cumsum(0) - 1).int()
        ids_N, value_N, row_N = number_V[rows.ids_N[shared_N]], rows.value_N[shared_N], row_N[shared_N].int()
        self.rows = Bags(ids_N, value_N, starts_of(row_N, len(rows.starts_R1) - 1))
        order_N = torch.argsort(ids_N, stable=True)
        self.columns = Bags(row_N[order_N], value_N[order_N], starts_of(ids_N, int(often.sum())))

    def transposed_times(self, factor_RC: Tensor) -> Tensor:
        """Return the sum of the rows by their factors, [V, C]."""
        return self.columns.sums(factor_RC)

    def scores(self, factor_RC: Tensor) -> Tensor:
        """Return the scores of each row by weights that are the sum of the rows by their factors, [R, C].

        What is gathered is padded to whole lines of the cache, or to a half or a quarter of one, so that each row lies
        in as few lines as it can.
        """
        classes = factor_RC.shape[1]
        line = min(_LINE, 1 << (classes - 1).bit_length())
        wide_RW = functional.pad(factor_RC, (0, -classes % line))
        return self.rows.sums(self.transposed_times(wide_RW))[:, :classes] + factor_RC.sum(0)


@dataclass(frozen=True, slots=True)
class Bags:
    """Places, values [N] and starts of bags, end to end."""

    ids_N: Tensor
    value_N: Tensor
    starts_B: Tensor

    def sums(self, table_XC: Tensor) -> Tensor:
        """Return the sum of the rows of a table at the places of each bag, by the values."""
        table_XC = table_XC.contiguous()
        return functional.embedding_bag(
            self.ids_N, table_XC, self.starts_B, mode="sum", per_sample_weights=self.value_N
        )


def starts_of(owner_N: Tensor, count: int) -> Tensor:
    """Return where each of so many owners begins among entries in their order."""
    ends = torch.bincount(owner_N, minlength=count).cumsum(0)
    return torch.cat([ends.new_zeros(1), ends[:-1]]).int()


class _Classes:
    """The classes that are being solved, `live` ones among them: the factors of the rows, their scores, the gradients.

    A vector of weights is the sum of the rows by some factors, and so is a gradient. The product of two such vectors is
    that of the factors of one with the scores of the other.
    """

    def __init__(self, matrix: _Matrix, sign_RC: Tensor, cost_RC: Tensor, start_RC: Tensor | None) -> None:
        self.matrix, self.sign_RC, self.cost_RC = matrix, sign_RC, cost_RC
        self.live = torch.arange(sign_RC.shape[1])
        self.dual_RC = torch.zeros_like(sign_RC) if start_RC is None else start_RC
        self.score_RC = torch.zeros_like(sign_RC) if start_RC is None else matrix.scores(start_RC)
        share_C = (sign_RC > 0).float().mean(0)
        coarsest = _COARSEST * max(1.0, len(sign_RC) / _MANY) ** 0.5
        precise_C = (_PRECISE * torch.minimum(share_C, 1 - share_C)).clamp(_FINEST, coarsest)
        zero_RC = cost_RC * sign_RC  # the gradient at zero
        self.enough_C = precise_C * _length(zero_RC, matrix.scores(zero_RC))
        self.solved: list[tuple[Tensor, Tensor, Tensor]] = []

    def drop_solved(self) -> None:
        """Compute the gradients, and leave the classes that are solved out from now on."""
        error_RC = (1 - self.sign_RC * self.score_RC).clamp_min(0)
        self.inside_RC = self.cost_RC * (error_RC > 0)
        self.rest_RC = self.cost_RC * self.sign_RC * error_RC - self.dual_RC  # the gradient, turned round
        self.rest_score_RC = self.matrix.scores(self.rest_RC)
        solved_C = _length(self.rest_RC, self.rest_score_RC) <= self.enough_C
        if solved_C.any():
            self._leave(solved_C)

    def _leave(self, solved_C: Tensor) -> None:
        self.solved.append((self.live[solved_C], self.dual_RC[:, solved_C], self.score_RC[:, solved_C]))
        self.live, self.enough_C = self.live[~solved_C], self.enough_C[~solved_C]
        for name in ("dual_RC", "score_RC", "sign_RC", "cost_RC", "inside_RC", "rest_RC", "rest_score_RC"):
            setattr(self, name, getattr(self, name)[:, ~solved_C])

    def step(self) -> None:
        """Take one Newton step."""
        direction_RC, change_RC = self._direction()
        step_C = torch.ones(len(self.live))
        slope_C, square_C = (self.dual_RC * change_RC).sum(0), (direction_RC * change_RC).sum(0)
        error_RC, fall_RC = 1 - self.sign_RC * self.score_RC, self.sign_RC * change_RC
        for _ in range(_SEARCH):  # the loss along the direction is of quadratic pieces
            left_RC = error_RC - step_C * fall_RC
            inside_RC = self.cost_RC * (left_RC > 0)
            first_C = slope_C + step_C * square_C - (inside_RC * left_RC * fall_RC).sum(0)
            second_C = square_C + (inside_RC * fall_RC.square()).sum(0)
            step_C = step_C - first_C / second_C.clamp_min(1e-30)
        self.dual_RC = self.dual_RC + step_C * direction_RC
        self.score_RC = self.score_RC + step_C * change_RC

    def _direction(self) -> tuple[Tensor, Tensor]:
        """Return the Newton direction by conjugate gradients, and how it changes the scores."""
        direction_RC, change_RC = torch.zeros_like(self.dual_RC), torch.zeros_like(self.score_RC)
        rest_RC, rest_score_RC = self.rest_RC, self.rest_score_RC
        way_RC, way_score_RC = rest_RC, rest_score_RC
        square_C = (rest_RC * rest_score_RC).sum(0)
        enough_C = _LOOSE**2 * square_C
        for _ in range(_CONJUGATE):
            curved_RC = way_RC + self.inside_RC * way_score_RC
            goes_on_C = square_C > enough_C
            step_C = torch.where(goes_on_C, square_C / (way_score_RC * curved_RC).sum(0).clamp_min(1e-30), 0.0)
            direction_RC += step_C * way_RC
            change_RC += step_C * way_score_RC
            rest_RC = rest_RC - step_C * curved_RC
            rest_score_RC = self.matrix.scores(rest_RC)
            before_C, square_C = square_C, (rest_RC * rest_score_RC).sum(0)
            if not (square_C > enough_C).any():
                break
            turn_C = torch.where(goes_on_C, square_C / before_C.clamp_min(1e-30), 0.0)
            way_RC, way_score_RC = rest_RC + turn_C * way_RC, rest_score_RC + turn_C * way_score_RC
        return direction_RC, change_RC

    def finish(self) -> tuple[Tensor, Tensor]:
        """Return the factors and the scores of the rows, [R, C] each, of all classes."""
        self._leave(torch.ones(len(self.live), dtype=torch.bool))
        live, duals, scores = zip(*self.solved, strict=True)
        order = torch.cat(live).argsort()
        return torch.cat(duals, 1)[:, order], torch.cat(scores, 1)[:, order]


def _length(factor_RC: Tensor, score_RC: Tensor) -> Tensor:
    """Return the lengths of vectors by their factors and scores, [C]."""
    return (factor_RC * score_RC).sum(0).clamp_min(0).sqrt()
