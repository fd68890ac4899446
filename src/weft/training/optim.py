"""How weights change: optimisers, schedules, the norm of gradients; knows no model and no data."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, SerializeAsAny
from torch import Tensor, nn

from weft.config import Config, one_of


class OptimizerConfig(Config):
    """Base of the configs of optimisers."""

    kind: str
    learning_rate: float = Field(default=2e-3, gt=0)

    def build(self, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        """The optimiser of dense parameters."""
        raise NotImplementedError


class AdamWConfig(OptimizerConfig):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2); biases and norms do not decay."""

    kind: Literal["adamw"] = "adamw"
    weight_decay: float = Field(default=0.01, ge=0)
    betas: tuple[float, float] = (0.9, 0.999)

    def build(self, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        """torch's, in its fused form."""
        groups = [
            {"params": [one for one in parameters if one.ndim > 1], "weight_decay": self.weight_decay},
            {"params": [one for one in parameters if one.ndim <= 1], "weight_decay": 0.0},
        ]
        fused = all(one.device.type in ("cpu", "cuda") for one in parameters)
        return torch.optim.AdamW([g for g in groups if g["params"]], self.learning_rate, self.betas, fused=fused)


class SgdConfig(OptimizerConfig):
    """Stochastic gradient descent, with momentum on request."""

    kind: Literal["sgd"] = "sgd"
    learning_rate: float = Field(default=0.1, gt=0)
    momentum: float = Field(default=0.0, ge=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0)

    def build(self, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Torch's."""
        return torch.optim.SGD(parameters, self.learning_rate, self.momentum, weight_decay=self.weight_decay)


class RowAdagradConfig(OptimizerConfig):
    """Row-wise Adagrad for every parameter, as for the large sparse tables."""

    kind: Literal["adagrad"] = "adagrad"
    learning_rate: float = Field(default=0.3, gt=0)

    def build(self, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Our own."""
        return RowAdagrad(parameters, self.learning_rate)


OPTIMIZERS = (AdamWConfig, SgdConfig, RowAdagradConfig)
OptimizerChoice = Annotated[SerializeAsAny[OptimizerConfig], one_of(OptimizerConfig, OPTIMIZERS, default=AdamWConfig)]


class RowAdagrad(torch.optim.Optimizer):
    """Adagrad (Duchi, Hazan and Singer 2011, section 1.1) with one accumulator a row: the mean of its squared gradient.

    Of a sparse gradient only the rows that occur are touched, so that a step costs what the batch holds and not what
    the table does. A vector counts as rows of one entry.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, eps: float = 1e-10) -> None:
        super().__init__(parameters, {"lr": lr, "eps": eps})
        for group in self.param_groups:
            for parameter in group["params"]:
                self.state[parameter]["sum"] = parameter.new_zeros(len(parameter), requires_grad=False)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # noqa: ARG002  # ty: ignore[incompatible-method-override]
        """Change the weights by their gradients."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._change(parameter, self.state[parameter]["sum"], group["lr"], group["eps"])

    @staticmethod
    def _change(parameter: Tensor, sum_R: Tensor, rate: float, eps: float) -> None:
        grad = parameter.grad
        if grad is None:
            return
        if grad.is_sparse:
            grad = grad.coalesce()
            rows_N, values_ND = grad.indices()[0], grad.values()
            seen_N = sum_R[rows_N] + values_ND.square().mean(1)
            sum_R[rows_N] = seen_N
            parameter.index_add_(0, rows_N, values_ND * (-rate / (seen_N.sqrt() + eps))[:, None])
        else:
            rows = grad.reshape(len(grad), -1)
            sum_R += rows.square().mean(1)
            parameter -= (rows * (rate / (sum_R.sqrt() + eps))[:, None]).view_as(grad)


def build(model: nn.Module, config: OptimizerConfig, *, table_rate: float) -> list[torch.optim.Optimizer]:
    """The optimiser of the dense parameters and, where there are tables with sparse gradients, row-wise Adagrad."""
    embeddings = [one for one in model.modules() if isinstance(one, nn.Embedding | nn.EmbeddingBag)]
    tables: list[Any] = [one.weight for one in embeddings if one.sparse]
    sparse = {id(table) for table in tables}
    dense = [one for one in model.parameters() if one.requires_grad and id(one) not in sparse]
    optimizers = [config.build(dense)] if dense else []
    return optimizers + ([RowAdagrad(tables, table_rate)] if tables else [])


Schedule = Literal["constant", "linear", "cosine"]


def rate(schedule: Schedule, *, progress: float, warmup: float) -> float:
    """The factor of the learning rate when a share `progress`, 0 to 1, of the run is done.

    It rises from 0 during the first `warmup`, then stays, or falls to 0 in a line or as a half cosine
    (Loshchilov and Hutter 2017, equation 5, one period).
    """
    if progress < warmup:
        return progress / warmup
    if schedule == "constant":
        return 1.0
    rest = (1 - progress) / (1 - warmup)
    return rest if schedule == "linear" else 0.5 - 0.5 * math.cos(math.pi * rest)


@torch.no_grad()
def divide_and_clip(parameters: Iterable[nn.Parameter], count: Tensor, *, largest: float | None) -> Tensor:
    """Divide every gradient by `count` [], then scale all so that their common norm is at most `largest`.

    Returns the norm before clipping []. Of a sparse gradient the values count, its rows added up first. Nothing waits
    for the device.
    """
    grads = []
    for parameter in parameters:
        if parameter.grad is not None:
            if parameter.grad.is_sparse:
                parameter.grad = parameter.grad.coalesce()
            grads.append(parameter.grad.values() if parameter.grad.is_sparse else parameter.grad)
    norm = torch.stack(torch._foreach_norm(grads)).norm() / count
    factor = 1 / count
    if largest is not None:
        factor = factor * (largest / norm.clamp_min(1e-12)).clamp_max(1.0)
    torch._foreach_mul_(grads, factor)
    return norm
