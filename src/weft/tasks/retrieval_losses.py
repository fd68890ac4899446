"""Contrastive losses of pictures and their texts: symmetric InfoNCE, and the pairwise sigmoid loss."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor
from torch.nn import functional

from weft.config import Config


class ContrastiveLossConfig(Config):
    """Settings of the contrastive loss of pictures and texts."""

    kind: Literal["infonce", "sigmoid"] = "infonce"
    """Kind of loss: `infonce` picks the picture of each text, and each text of a picture, from those of the batch by a
    softmax (Radford et al. 2021, section 2.3); `sigmoid` decides on every pair by itself (SigLIP, Zhai et al. 2023,
    section 3.2)."""
    scale: float | None = Field(default=None, gt=0)
    """Factor on the cosines that training starts from and learns, the inverse of a temperature; None: 14.3 for
    `infonce`, 10 for `sigmoid`, as in the papers."""
    rows_at_once: PositiveInt | None = None
    """Number of pictures of a batch whose activations are kept at a time: they are computed again in the backward
    pass, so that a batch may be larger than memory (gradient caching, Gao et al. 2021), for a third more time; None:
    those of the whole batch are kept."""

    @property
    def first_scale(self) -> float:
        """Scale that training starts from."""
        return self.scale or {"infonce": 1 / 0.07, "sigmoid": 10.0}[self.kind]

    @property
    def first_bias(self) -> float | None:
        """Bias that training starts from; None where there is none."""
        return -10.0 if self.kind == "sigmoid" else None


def right_pairs(owner_M: Tensor, number_M: Tensor, *, pictures: int) -> Tensor:
    """Return whether a text is right for a picture, bool [B, M]: its own, or equal to one of its own.

    Args:
        owner_M: the picture of each text, by its number from 0.
        number_M: tells equal texts.
        pictures: B.

    """
    own_BM = torch.arange(pictures, device=owner_M.device)[:, None] == owner_M
    same_MM = (number_M[:, None] == number_M).float()
    return (own_BM.float() @ same_MM) > 0


def infonce_loss(logits_BM: Tensor, owner_M: Tensor, right_BM: Tensor) -> Tensor:
    """Compute symmetric InfoNCE, summed over texts: minus the mean of the log-probabilities of picture and text.

    Each text picks its picture from those of the batch, and each picture each of its texts from those of the others: a
    text that is right for a picture is no negative of it.
    """
    texts_M = torch.arange(len(owner_M), device=owner_M.device)
    own_M = logits_BM[owner_M, texts_M]
    wrong_BM = logits_BM.masked_fill(right_BM, -torch.inf)
    pictures_M = torch.logaddexp(wrong_BM.logsumexp(0), own_M) - own_M
    found_M = torch.logaddexp(wrong_BM.logsumexp(1)[owner_M], own_M) - own_M
    return (pictures_M + found_M).sum() / 2


def sigmoid_loss(logits_BM: Tensor, right_BM: Tensor) -> Tensor:
    """Compute the log-loss of every pair, summed over all pictures and texts."""
    return -functional.logsigmoid(torch.where(right_BM, logits_BM, -logits_BM)).sum()
