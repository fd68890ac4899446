"""Sparse gradients, of a few rows of a table: their division, their norm and row-wise Adagrad.

A sparse gradient lists a row as often as the batch read it. The listed parts are never added up: to sort a batch's
rows, so as to merge the equal ones, made the training of a bag two fifths longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from weft.models.torch_private import listed_rows, multiply_each_, norm_each
from weft.training.optimizers import Optimizer


class RowAdagrad(Optimizer):
    """Adagrad (Duchi, Hazan and Singer 2011, section 1.1) with one accumulator a row: the mean of its squared gradient.

    Of a sparse gradient only the rows that occur are touched, so that a step costs what the batch holds and not what
    the table does. A row that is listed several times adds up the squares of its parts, and then moves by each part at
    the rate that the whole sum leaves it: so neither micro-batches nor processes change the result. A vector counts as
    rows of one entry.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, eps: float = 1e-10) -> None:
        super().__init__(parameters, {"lr": lr, "eps": eps})
        for parameter, state in self.state.items():
            state["sum"] = parameter.new_zeros(len(parameter), requires_grad=False)

    def change(self, settings: Mapping[str, Any], weights: list[Tensor], grads: list[Tensor], *states: Any) -> None:
        """Take one step."""
        for weight, grad, sum_R in zip(weights, grads, *states, strict=True):
            change_rows(weight, grad, sum_R, rate=settings["lr"], eps=settings["eps"])


def change_rows(parameter: Tensor, grad: Tensor, sum_R: Tensor, *, rate: float, eps: float) -> None:
    """Take one step of row-wise Adagrad, in place: `sum_R` has the squares seen so far of each row."""
    if grad.is_sparse:
        rows_N, values_ND = listed_rows(grad)
        sum_R.index_add_(0, rows_N, values_ND.square().mean(1))
        parameter.index_add_(0, rows_N, values_ND * (-rate / (sum_R[rows_N].sqrt() + eps))[:, None])
    else:
        rows = grad.reshape(len(grad), -1)
        sum_R += rows.square().mean(1)
        parameter -= (rows * (rate / (sum_R.sqrt() + eps))[:, None]).view_as(grad)


class SparseGradients:
    """The sparse gradients of the micro-batches of a step, kept apart until all are there.

    Torch adds up some equal rows of two sparse gradients when it accumulates them, depending on their order.
    """

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self.parameters = list(parameters)
        self.parts: list[list[Tensor]] = [[] for _ in self.parameters]

    def take(self) -> None:
        """Take the sparse gradients of the micro-batch that went backward last."""
        for parameter, parts in zip(self.parameters, self.parts, strict=True):
            if parameter.grad is not None and parameter.grad.is_sparse:
                parts.append(parameter.grad)
                parameter.grad = None

    def put(self) -> None:
        """Give each parameter all its parts, end to end."""
        for parameter, parts in zip(self.parameters, self.parts, strict=True):
            if len(parts) == 1:
                parameter.grad = parts[0]
            elif parts:
                rows, values = zip(*map(listed_rows, parts), strict=True)
                rows_N, values_ND = torch.cat(rows), torch.cat(values)
                shape = parameter.shape
                parameter.grad = torch.sparse_coo_tensor(rows_N[None], values_ND, shape, check_invariants=False)


@torch.no_grad()
def divide_and_clip(parameters: Iterable[nn.Parameter], count: Tensor, *, largest: float | None) -> Tensor:
    """Divide every gradient by `count` [], then scale all so that their common norm is at most `largest`.

    Returns the norm before clipping []. Of a sparse gradient each listed part counts. Nothing waits for the device.
    """
    grads = [one.grad for one in parameters if one.grad is not None]
    grads = [listed_rows(grad)[1] if grad.is_sparse else grad for grad in grads]
    norm = torch.stack(norm_each(grads)).norm() / count
    factor = 1 / count
    if largest is not None:
        factor = factor * (largest / norm.clamp_min(1e-12)).clamp_max(1.0)
    multiply_each_(grads, factor)
    return norm
