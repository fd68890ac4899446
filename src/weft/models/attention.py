"""Multi-head attention of positions to positions; knows no layers around it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class SelfAttention(nn.Module):
    """Scaled dot-product attention in several heads (Vaswani et al. 2017, section 3.2), written out for export.

    On CPU the scores are plain matrix products: at the lengths of sentences the fused kernel's backward pass is the
    slower one. On other devices the fused kernel serves.
    """

    def __init__(self, width: int, heads: int, *, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.project = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)

    def forward(self, states_BSD: Tensor, mask_BS: Tensor) -> Tensor:
        """New states [B, S, D]; no position attends to padding. A row must have at least one real position."""
        B, S, D = states_BSD.shape
        q, k, v = self.project(states_BSD).view(B, S, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        dropout = self.dropout if self.training else 0.0
        if states_BSD.device.type == "cpu":
            scores_BHSS = (q @ k.transpose(2, 3)) * (D // self.heads) ** -0.5
            scores_BHSS = scores_BHSS.masked_fill(~mask_BS[:, None, None], -torch.inf)
            read = functional.dropout(scores_BHSS.softmax(-1), dropout) @ v
        else:
            read = functional.scaled_dot_product_attention(q, k, v, mask_BS[:, None, None], dropout)
        return self.join(read.transpose(1, 2).reshape(B, S, D))
