"""A Transformer encoder, normalized before each part; knows no head."""

from __future__ import annotations

import math
from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional

from weft.data.batch import Tokens
from weft.models.attention import SelfAttention
from weft.models.base import Encoder, EncoderConfig, Memory
from weft.models.embedding import Embedding


class TransformerEncoderConfig(EncoderConfig):
    """Layers of self-attention (Vaswani et al. 2017), pre-norm (Xiong et al. 2020, section 3), sinusoidal positions."""

    kind: Literal["transformer"] = "transformer"
    width: int = Field(default=128, ge=2, multiple_of=2)
    layers: int = Field(default=2, ge=1)
    heads: int = Field(default=4, ge=1)
    feed_forward: int = Field(default=256, ge=1)
    """Width inside the feed-forward part."""
    dropout: float = Field(default=0.2, ge=0, lt=1)
    view_dropout: float = Field(default=0.3, ge=0, lt=1)

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} cannot be shared by {self.heads} heads")
        return self

    def build(self, vocab_sizes: tuple[int, ...]) -> TransformerEncoder:
        """The encoder with its embedding."""
        embedding = Embedding(vocab_sizes, self.width, view_dropout=self.view_dropout)
        return TransformerEncoder(
            embedding, layers=self.layers, heads=self.heads, feed_forward=self.feed_forward, dropout=self.dropout
        )


class TransformerEncoder(Encoder):
    """States [B, S, D] after the last layer, normalized."""

    def __init__(self, embedding: Embedding, *, layers: int, heads: int, feed_forward: int, dropout: float) -> None:
        super().__init__()
        self.embedding, self.width = embedding, embedding.width
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(
            TransformerLayer(self.width, heads=heads, feed_forward=feed_forward, dropout=dropout) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(self.width)

    def forward(self, source: Tokens) -> Memory:
        """Read a batch."""
        states_BSD = self.embedding(source)
        # embeddings start at a tenth: positions at the same size, or they would drown the words
        states_BSD = self.dropout(states_BSD + 0.1 * sinusoids(states_BSD))
        # a row without tokens attends to its first padding: a finite state, and no head reads it
        mask_BS = source.mask_BS.clone()
        mask_BS[:, 0] = True
        for layer in self.layers:
            states_BSD = layer(states_BSD, mask_BS)
        return Memory(self.norm(states_BSD), source.mask_BS)


class TransformerLayer(nn.Module):
    """Self-attention and a feed-forward part, each read from a normalized state and added to it."""

    def __init__(self, width: int, *, heads: int, feed_forward: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm, self.feed_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads, dropout=dropout)
        self.widen, self.narrow = nn.Linear(width, feed_forward), nn.Linear(feed_forward, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states_BSD: Tensor, mask_BS: Tensor) -> Tensor:
        """New states [B, S, D]."""
        states_BSD = states_BSD + self.dropout(self.attention(self.attention_norm(states_BSD), mask_BS))
        inner = functional.gelu(self.widen(self.feed_norm(states_BSD)))
        return states_BSD + self.dropout(self.narrow(self.dropout(inner)))


def sinusoids(like_BSD: Tensor) -> Tensor:
    """Position vectors [S, D] of sines and cosines (Vaswani et al. 2017, section 3.5)."""
    _, steps, width = like_BSD.shape
    place_S = torch.arange(steps, device=like_BSD.device, dtype=torch.float32)
    rates = torch.exp(torch.arange(0, width, 2, device=like_BSD.device) * (-math.log(10_000) / width))
    angles = place_S[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], 2).view(steps, width).to(like_BSD.dtype)
