"""A GPT of nanoGPT's shape in plain PyTorch: learned positions, LayerNorm, gelu, tied head, no biases; a peer."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Block(nn.Module):
    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.rate = heads, dropout
        self.first, self.second = nn.LayerNorm(width, bias=False), nn.LayerNorm(width, bias=False)
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.wide, self.narrow = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor) -> Tensor:
        rows, steps, width = states.shape
        parts = self.qkv(self.first(states)).split(width, 2)
        q, k, v = (one.view(rows, steps, self.heads, -1).transpose(1, 2) for one in parts)
        rate = self.rate if self.training else 0.0
        read = functional.scaled_dot_product_attention(q, k, v, dropout_p=rate, is_causal=True)
        states = states + self.dropout(self.out(read.transpose(1, 2).contiguous().view(rows, steps, width)))
        return states + self.dropout(self.narrow(functional.gelu(self.wide(self.second(states)))))


class NanoGpt(nn.Module):
    """Scores [B, T, V] of ids [B, T]."""

    def __init__(self, vocabulary: int, *, layers: int, width: int, heads: int, context: int, dropout: float) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width, bias=False)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, ids: Tensor) -> Tensor:
        states = self.dropout(self.tokens(ids) + self.places(torch.arange(ids.shape[1])))
        for block in self.blocks:
            states = block(states)
        return self.head(self.norm(states))
