"""Configs of the optimisers, learning rates of parts of a model, and schedules of the learning rate."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field, SerializeAsAny
from torch import nn

from weft.config import Config, one_of
from weft.models.base import Encoder
from weft.training.optimizers import Adam, Optimizer, Scaled, Sgd
from weft.training.sparse import RowAdagrad


class OptimizerConfig(Config):
    """Base of the configs of optimisers."""

    kind: str
    learning_rate: float = Field(default=2e-3, gt=0)
    """Highest learning rate, which the schedule lowers."""

    def build(self, parameters: list[nn.Parameter]) -> Optimizer:
        """Build the optimiser of dense parameters."""
        raise NotImplementedError


class AdamWConfig(OptimizerConfig):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2); biases and norms do not decay."""

    kind: Literal["adamw"] = "adamw"
    weight_decay: float = Field(default=0.01, ge=0)
    """Decoupled weight decay: each step shrinks the weights by this times the learning rate."""
    betas: tuple[float, float] = (0.9, 0.999)
    """Adam's beta1 and beta2: the decays of the means of the gradient and of its square."""

    def build(self, parameters: list[nn.Parameter]) -> Optimizer:
        """Build one with two groups: weights that decay, and biases and norms."""
        groups = [
            {"params": [one for one in parameters if one.ndim > 1], "weight_decay": self.weight_decay},
            {"params": [one for one in parameters if one.ndim <= 1], "weight_decay": 0.0},
        ]
        settings = {"lr": self.learning_rate, "betas": self.betas, "eps": 1e-8, "decay": "weights"}
        return Adam([group for group in groups if group["params"]], settings)


class AdamConfig(OptimizerConfig):
    """Adam (Kingma and Ba 2015, algorithm 1); a weight decay is L2: it goes into the gradient."""

    kind: Literal["adam"] = "adam"
    weight_decay: float = Field(default=0.0, ge=0)
    """L2 penalty: this times the weights is added to the gradient."""
    betas: tuple[float, float] = (0.9, 0.999)
    """Adam's beta1 and beta2: the decays of the means of the gradient and of its square."""

    def build(self, parameters: list[nn.Parameter]) -> Optimizer:
        """Build one with all parameters in one group."""
        decay = {"decay": "gradient", "weight_decay": self.weight_decay}
        return Adam(parameters, {"lr": self.learning_rate, "betas": self.betas, "eps": 1e-8, **decay})


class SgdConfig(OptimizerConfig):
    """Stochastic gradient descent, with momentum on request."""

    kind: Literal["sgd"] = "sgd"
    learning_rate: float = Field(default=0.1, gt=0)
    momentum: float = Field(default=0.0, ge=0, lt=1)
    """Momentum: the share of the last step that is taken again."""
    weight_decay: float = Field(default=0.0, ge=0)
    """L2 penalty: this times the weights is added to the gradient."""

    def build(self, parameters: list[nn.Parameter]) -> Optimizer:
        """Build one with all parameters in one group."""
        rest = {"momentum": self.momentum, "weight_decay": self.weight_decay}
        return Sgd(parameters, {"lr": self.learning_rate, **rest})


class AdagradConfig(OptimizerConfig):
    """Adagrad (Duchi, Hazan and Singer 2011, section 1.1), with a sum of squares for each row or for each entry.

    Of vectors the two are the same. By rows is how the large sparse tables are trained; by entries is the usual form,
    which wants a rate of some hundredths.
    """

    kind: Literal["adagrad"] = "adagrad"
    learning_rate: float = Field(default=0.3, gt=0)
    per: Literal["row", "entry"] = "row"
    """Unit that shares a sum of squares: a row of a table, or each entry by itself."""

    def build(self, parameters: list[nn.Parameter]) -> Optimizer:
        """Build one with all parameters in one group."""
        if self.per == "row":
            return RowAdagrad(parameters, self.learning_rate)
        return Scaled(parameters, {"lr": self.learning_rate, "eps": 1e-10, "keep": 1.0, "add": 1.0})


class RmspropConfig(OptimizerConfig):
    """RMSprop (Tieleman and Hinton 2012, lecture 6.5): Adagrad with a moving average of the squares, of this decay."""

    kind: Literal["rmsprop"] = "rmsprop"
    learning_rate: float = Field(default=1e-3, gt=0)
    decay: float = Field(default=0.99, gt=0, lt=1)
    """Decay of the moving average of the squares."""

    def build(self, parameters: list[nn.Parameter]) -> Optimizer:
        """Build one with all parameters in one group."""
        squares = {"keep": self.decay, "add": 1 - self.decay}
        return Scaled(parameters, {"lr": self.learning_rate, "eps": 1e-8, **squares})


OPTIMIZERS = (AdamWConfig, AdamConfig, SgdConfig, AdagradConfig, RmspropConfig)
OptimizerChoice = Annotated[SerializeAsAny[OptimizerConfig], one_of(OptimizerConfig, OPTIMIZERS, default=AdamWConfig)]


def build(model: nn.Module, config: OptimizerConfig, *, table_rate: float) -> list[Optimizer]:
    """Build the optimiser of dense parameters and, where tables have sparse gradients, row-wise Adagrad."""
    embeddings = [one for one in model.modules() if isinstance(one, nn.Embedding | nn.EmbeddingBag)]
    tables: list[Any] = [one.weight for one in embeddings if one.sparse]
    sparse = {id(table) for table in tables}
    dense = [one for one in model.parameters() if one.requires_grad and id(one) not in sparse]
    optimizers = [_at_rates(config.build(dense), model)] if dense else []
    return optimizers + ([RowAdagrad(tables, table_rate)] if tables else [])


def _at_rates(optimizer: Optimizer, model: nn.Module) -> Optimizer:
    """Regroup the weights of an optimiser by the rates that encoders ask for, for themselves and for the heads."""
    encoders = [one for one in model.modules() if isinstance(one, Encoder)]
    within = {id(weight) for encoder in encoders for weight in encoder.parameters()}
    asked = {id(weight): times for encoder in encoders for weight, times in encoder.rates()}
    outside = max((encoder.head_rate for encoder in encoders), default=1.0)
    groups: dict[tuple[int, float], dict[str, Any]] = {}
    for place, group in enumerate(optimizer.param_groups):
        for weight in group["params"]:
            times = asked.get(id(weight), 1.0) if id(weight) in within else outside
            same = groups.setdefault((place, times), {**group, "params": [], "lr": times * group["lr"]})
            same["params"].append(weight)
    optimizer.param_groups = list(groups.values())
    return optimizer


Schedule = Literal["constant", "linear", "cosine", "one-cycle"]


def rate(schedule: Schedule, *, progress: float, warmup: float) -> float:
    """Return the factor on the learning rate when a share `progress`, 0 to 1, of the run is done.

    It rises from 0 during the first `warmup`, then stays, or falls to 0 in a line or as a half cosine
    (Loshchilov and Hutter 2017, equation 5, one period).

    `one-cycle` (Smith and Topin 2019, section 3) rises from a 25th and falls to a 25th of a 10,000th, both as half
    cosines: the curve of fastai and of torch's OneCycleLR, whose `pct_start` of 0.3 is a `warmup`. The momentum stays.
    """
    if schedule == "one-cycle":
        top, start, end = 1.0, 1 / 25, 1 / 250_000
        if progress < warmup:
            return _half_cosine(start, top, share=progress / warmup)
        return _half_cosine(top, end, share=(progress - warmup) / (1 - warmup))
    if progress < warmup:
        return progress / warmup
    if schedule == "constant":
        return 1.0
    rest = (1 - progress) / (1 - warmup)
    return rest if schedule == "linear" else 0.5 - 0.5 * math.cos(math.pi * rest)


def _half_cosine(start: float, end: float, *, share: float) -> float:
    return end + (start - end) * (0.5 + 0.5 * math.cos(math.pi * share))
