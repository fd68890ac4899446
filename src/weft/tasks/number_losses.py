"""Losses of standardised numbers: squared, absolute and Huber errors, quantiles, and a teacher's numbers."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from weft.config import Config
from weft.tasks.results import Loss


class NumberTeacherConfig(Config):
    """Settings of distillation from a teacher that predicts numbers."""

    alpha: float = Field(default=0.5, ge=0, le=1)
    """Share of the true values in the loss of `weft distil`; the rest is the squared error to the teacher's values."""


class NumberLossConfig(Config):
    """Settings of the loss of predicted numbers."""

    kind: Literal["mse", "mae", "huber", "quantile"] = "mse"
    """Kind of the loss: `mse` is the squared error, whose best prediction is the mean; `mae` the absolute error, whose
    best one is the median and which minds outliers less; `huber` is squared for small errors and absolute for large
    ones (Huber 1964); `quantile` learns the median and the two ends of the interval (Koenker and Bassett 1978), which
    so is wider where texts tell less."""
    delta: float = Field(default=1.0, gt=0)
    """Error from which on `huber` is absolute, in standard deviations of the training values."""
    teacher: NumberTeacherConfig | None = None
    """Distillation from the answers of a teacher, which `weft distil` brings; None: the true values alone."""


def levels(coverage: float) -> tuple[float, float, float]:
    """Return the quantiles that `quantile` learns: the median, and the ends of an interval with this coverage."""
    return 0.5, (1 - coverage) / 2, (1 + coverage) / 2


def number_loss(found_BKQ: Tensor, true_BK: Tensor, config: NumberLossConfig, *, coverage: float) -> Loss:
    """Compute the loss of numbers, summed over rows and averaged over columns; the count is that of rows.

    Args:
        found_BKQ: standardised predictions; of `quantile` the three `levels`, else one.
        true_BK: standardised values.
        config: the kind of loss.
        coverage: that of the interval.

    """
    true_BK = true_BK.to(found_BKQ)
    if config.kind == "quantile":
        error_BKQ = true_BK[..., None] - found_BKQ
        level_Q = torch.tensor(levels(coverage)).to(error_BKQ)
        each_BK = torch.maximum(level_Q * error_BKQ, (level_Q - 1) * error_BKQ).sum(-1)
    elif config.kind == "huber":
        each_BK = functional.huber_loss(found_BKQ[..., 0], true_BK, reduction="none", delta=config.delta)
    elif config.kind == "mae":
        each_BK = (found_BKQ[..., 0] - true_BK).abs()
    else:
        each_BK = (found_BKQ[..., 0] - true_BK).square()
    return Loss(each_BK.mean(-1).sum(), torch.tensor(float(len(each_BK))).to(each_BK))


def taught_number_loss(
    found_BKQ: Tensor, true_BK: Tensor, taught_BK: Tensor, config: NumberLossConfig, *, coverage: float
) -> Loss:
    """Compute alpha * the loss of the true values + (1 - alpha) * the squared error to the teacher's.

    Rows whose values are not known, NaN, have the second part alone.
    """
    assert config.teacher is not None
    alpha, known_B = config.teacher.alpha, true_BK.isfinite().all(-1)
    own = number_loss(found_BKQ[known_B], true_BK[known_B], config, coverage=coverage)
    apart = (found_BKQ[..., 0] - taught_BK.to(found_BKQ)).square().mean(-1).sum()
    return Loss(alpha * own.sum + (1 - alpha) * apart, own.count + (~known_B).sum())
