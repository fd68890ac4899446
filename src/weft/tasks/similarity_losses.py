"""Losses of pairs of texts: cosine regression, ranking of cosines, and multiple negatives of the same batch."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from weft.config import Config

LossKind = Literal["cosine", "ranking", "negatives"]


class SimilarityLossConfig(Config):
    """Settings of the loss of pairs of texts."""

    kind: LossKind | Literal["default"] = "default"
    """Kind of loss: `cosine` is the squared error of the cosine against the score, `ranking` wants each pair with a
    higher score to have the higher cosine (CoSENT, Su 2022), and `negatives` tells the second text of a pair from those
    of the other pairs in the batch (Henderson et al. 2017, section 4). `default` is `cosine` where there are scores,
    else `negatives`."""
    scale: float = Field(default=20.0, gt=0)
    """Factor on the cosines in `ranking` and `negatives`: the larger, the more the hardest pairs count."""
    lowest: Literal["zero", "minus-one"] = "zero"
    """Cosine that stands for the lowest score of training: `zero`, that of texts without anything in common, or
    `minus-one`; the highest score is always 1."""


def cosine_loss(cosine_B: Tensor, aim_B: Tensor) -> Tensor:
    """Compute the squared errors, summed over rows."""
    return (cosine_B - aim_B).square().sum()


def ranking_loss(cosine_B: Tensor, score_B: Tensor, *, scale: float) -> Tensor:
    """Compute log(1 + sum of exp(scale * (cosine_j - cosine_i)) over all pairs of rows with score_i > score_j).

    It is multiplied by the number of rows, so that it weighs in a batch as much as the losses that are sums over rows.
    """
    above_BB = score_B[:, None] > score_B[None, :]
    gaps_N = scale * (cosine_B[None, :] - cosine_B[:, None])[above_BB]
    return len(cosine_B) * torch.cat([gaps_N.new_zeros(1), gaps_N]).logsumexp(0)


def negatives_loss(
    first_BD: Tensor, second_BD: Tensor, negative_BD: Tensor | None, same_BB: Tensor, *, scale: float
) -> Tensor:
    """Compute minus the log-probability of the right second text among those of the batch, summed over rows.

    Args:
        first_BD: vectors of the first texts.
        second_BD: vectors of the second texts.
        negative_BD: vectors of texts that are wrong for their row; they are negatives of all rows. None: none.
        same_BB: where the second text of a column is right for a row too, so that it is no negative.
        scale: of the cosines.

    """
    logits_BB = scale * first_BD @ second_BD.T
    logits_BB = logits_BB.masked_fill(same_BB & ~torch.eye(len(same_BB), dtype=torch.bool, device=same_BB.device), -1e4)
    logits = logits_BB if negative_BD is None else torch.cat([logits_BB, scale * first_BD @ negative_BD.T], 1)
    right_B = torch.arange(len(first_BD), device=first_BD.device)
    return functional.cross_entropy(logits, right_B, reduction="sum")
