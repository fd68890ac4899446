"""Several heads on one encoder: its states are computed once, and each head decides by them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import nn

from weft.models.base import Encoder, Memory


class GivenStates(Encoder):
    """Stand-in for an encoder under a head: its source is what the encoder has made of a batch already.

    Args:
        encoder: the one that it stands for, of the same width and with the same defaults of a head.

    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.width = encoder.width
        self.pooling, self.head_dropout = encoder.pooling, encoder.head_dropout  # ty: ignore[invalid-attribute-access]

    def forward(self, source: Memory) -> Memory:
        """Return the states."""
        return source


class JointModel(nn.Module):
    """One encoder, and heads on its states.

    Args:
        encoder: reads the texts.
        heads: functions that build a head over an encoder, in the order of the tasks.

    """

    def __init__(self, encoder: Encoder, heads: Sequence[Callable[[Encoder], nn.Module]]) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleList([build(GivenStates(encoder)) for build in heads])

    def forward(self, source: Any) -> Memory:
        """Read a batch."""
        return self.encoder(source)
