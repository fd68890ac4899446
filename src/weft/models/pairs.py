"""The classifier of pairs of texts: both through one encoder, and a linear layer on the two vectors joined."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from weft.data.batch import Moves, Tokens
from weft.models.classifier import Classifier, PooledEncoder


@dataclass(frozen=True, slots=True)
class Pair(Moves):
    """Two texts for each of B rows."""

    first: Tokens
    second: Tokens


class PooledPair(PooledEncoder):
    """Two texts through one encoder, pooled to u and v: the vector [u, v, |u - v|, u * v] of each row.

    Conneau et al. 2017, "Supervised learning of universal sentence representations", section 3.1.
    """

    @property
    def width(self) -> int:
        """The width of the vectors."""
        return 4 * self.encoder.width

    def vector(self, source: Pair) -> Tensor:  # ty: ignore[incompatible-method-override]
        """Read a batch of pairs as vectors, [B, width]."""
        u_BD, v_BD = self.pool(self.encoder(source.first)), self.pool(self.encoder(source.second))
        return torch.cat([u_BD, v_BD, (u_BD - v_BD).abs(), u_BD * v_BD], dim=1)


class PairClassifier(PooledPair, Classifier):
    """A linear layer on the vector of two texts."""

    def forward(self, source: Pair) -> Tensor:
        """Score each class, logits [B, C]."""
        return self.scores(self.dropout(self.vector(source)))
