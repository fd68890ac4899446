"""Multi-head attention of positions to positions; knows no layers around it."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from weft.models.dropout import dropped

Turning = Literal["none", "rotary"]
"""Whether queries and keys are turned by their positions."""


class SelfAttention(nn.Module):
    """Scaled dot-product attention in several heads (Vaswani et al. 2017, section 3.2), written out for export.

    On CPU the scores are plain matrix products: at the lengths of sentences the fused kernel's backward pass is the
    slower one. On other devices the fused kernel serves.
    """

    def __init__(self, width: int, heads: int, *, dropout: float, turning: Turning = "none") -> None:
        super().__init__()
        self.heads, self.dropout, self.turning = heads, dropout, turning
        self.project = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)

    def forward(self, states_BSD: Tensor, mask_BS: Tensor) -> Tensor:
        """New states [B, S, D]; no position attends to padding. A row must have at least one real position."""
        B, S, D = states_BSD.shape
        q, k, v = self.project(states_BSD).view(B, S, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        if self.turning == "rotary":
            q, k = rotated(q), rotated(k)
        dropout = self.dropout if self.training else 0.0
        if states_BSD.device.type == "cpu":
            scores_BHSS = (q @ k.transpose(2, 3)) * (D // self.heads) ** -0.5
            scores_BHSS = scores_BHSS.masked_fill(~mask_BS[:, None, None], -torch.inf)
            read = dropped(scores_BHSS.softmax(-1), dropout) @ v
        else:
            read = functional.scaled_dot_product_attention(q, k, v, mask_BS[:, None, None], dropout)
        return self.join(read.transpose(1, 2).reshape(B, S, D))


def rotated(vectors_BHSK: Tensor) -> Tensor:
    """Queries or keys, each pair of entries turned by its position times the pair's rate: rotary positions.

    The product of a query and a key then depends on their contents and their distance alone (Su et al. 2021,
    section 3.2.2). K must be even.
    """
    steps, width = vectors_BHSK.shape[2:]
    angles_SK = angles(steps, width, device=vectors_BHSK.device)
    cos_SK, sin_SK = angles_SK.cos().to(vectors_BHSK.dtype), angles_SK.sin().to(vectors_BHSK.dtype)
    even_BHSK, odd_BHSK = vectors_BHSK.unflatten(3, (width // 2, 2)).unbind(4)
    turned = (even_BHSK * cos_SK - odd_BHSK * sin_SK, even_BHSK * sin_SK + odd_BHSK * cos_SK)
    return torch.stack(turned, 4).flatten(3)


def angles(steps: int, width: int, *, device: torch.device) -> Tensor:
    """The angle of each position for each pair of entries, [S, D / 2]: the rates fall from 1 to 1 / 10,000."""
    place_S = torch.arange(steps, device=device, dtype=torch.float32)
    rates = torch.exp(torch.arange(0, width, 2, device=device) * (-math.log(10_000) / width))
    return place_S[:, None] * rates
