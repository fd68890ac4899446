"""The head that scores classes, on any encoder: pooling, dropout and a linear layer."""

from __future__ import annotations

from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from weft.config import Config
from weft.data.batch import Source
from weft.models.base import Encoder, Memory, Pooling
from weft.models.dropout import Dropout


class ClassifierConfig(Config):
    """Settings of the head that pools the states to one vector and scores the classes."""

    pooling: Pooling | Literal["default"] = "default"
    """Pooling of the states to one vector; `default` suits the encoder: max for CNN and recurrent ones, else mean."""
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Dropout of the pooled vector; None: 0.5, and 0.1 over a pre-trained encoder."""

    def build(self, encoder: Encoder, *, classes: int) -> Classifier:
        """Build this head over an encoder."""
        return Classifier(encoder, self, classes=classes)

    def pooling_of(self, encoder: Encoder) -> Pooling:
        """Return the pooling over an encoder."""
        return encoder.pooling if self.pooling == "default" else self.pooling

    def dropout_over(self, encoder: Encoder) -> float:
        """Return the dropout of the pooled vector over an encoder."""
        return encoder.head_dropout if self.dropout is None else self.dropout


class PooledEncoder(nn.Module):
    """Encoder and pooling: one vector [B, width] of each row."""

    def __init__(self, encoder: Encoder, head: ClassifierConfig) -> None:
        super().__init__()
        self.encoder = encoder
        self.pool = Pool(encoder.width, head.pooling_of(encoder))

    @property
    def width(self) -> int:
        """The width of the vectors."""
        return self.encoder.width

    def vector(self, source: Source) -> Tensor:
        """Read a batch as vectors, [B, width]."""
        return self.pool(self.encoder(source))

    def forward(self, source: Any) -> Tensor:
        """Read a batch as vectors, [B, width]."""
        return self.vector(source)


class Classifier(PooledEncoder):
    """Encoder, pooling, dropout, one linear layer."""

    def __init__(self, encoder: Encoder, head: ClassifierConfig, *, classes: int) -> None:
        super().__init__(encoder, head)
        self.dropout = Dropout(head.dropout_over(encoder))
        self.scores = nn.Linear(self.width, classes)

    def forward(self, source: Any) -> Tensor:
        """Score each class, logits [B, C]."""
        return self.scores(self.dropout(self.pool(self.encoder(source))))


class Pool(nn.Module):
    """Pooling of the states of each row to one vector [B, D]; of a row without tokens, zero.

    `attention` weighs the states by a learned query (Yang et al. 2016, section 2.2).
    """

    def __init__(self, width: int, pooling: Pooling) -> None:
        super().__init__()
        self.pooling = pooling
        if pooling == "attention":
            self.key, self.query = nn.Linear(width, width), nn.Linear(width, 1, bias=False)

    def forward(self, memory: Memory) -> Tensor:
        """Pool a batch, [B, D]."""
        states_BSD, real_BS1 = memory.states_BSD, memory.mask_BS[..., None]
        count_B1 = real_BS1.sum(1)
        if self.pooling == "mean":
            return (states_BSD * real_BS1).sum(1) / count_B1.clamp_min(1)
        if self.pooling == "max":
            pooled_BD = states_BSD.masked_fill(~real_BS1, -torch.inf).amax(1)
        elif self.pooling == "attention":
            weight_BS1 = self.query(torch.tanh(self.key(states_BSD)))
            weight_BS1 = weight_BS1.masked_fill(~real_BS1, torch.finfo(weight_BS1.dtype).min).softmax(1)
            pooled_BD = (states_BSD * weight_BS1).sum(1)
        elif self.pooling == "first":
            pooled_BD = states_BSD[:, 0]
        elif memory.final_BD is not None:
            pooled_BD = memory.final_BD
        else:
            last_B = (count_B1[:, 0] - 1).clamp_min(0)
            pooled_BD = states_BSD[torch.arange(len(states_BSD), device=states_BSD.device), last_B]
        return pooled_BD.masked_fill(count_B1 == 0, 0.0)
