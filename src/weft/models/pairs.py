"""The head that decides on two texts, read by one encoder; knows neither labels nor what the pair is asked about."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from weft.data.batch import Moves, Tokens
from weft.models.base import Encoder
from weft.models.classifier import ClassifierConfig, Pool
from weft.models.dropout import Dropout


@dataclass(frozen=True, slots=True)
class Pair(Moves):
    """Two texts for each of B rows."""

    first: Tokens
    second: Tokens


class PairClassifier(nn.Module):
    """Both texts through one encoder and pooled to u and v; a linear layer on [u, v, |u - v|, u * v].

    Conneau et al. 2017, "Supervised learning of universal sentence representations", section 3.1.
    """

    def __init__(self, encoder: Encoder, config: ClassifierConfig, *, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.pool = Pool(encoder.width, config.pooling_of(encoder))
        self.dropout = Dropout(config.dropout_over(encoder))
        self.scores = nn.Linear(4 * encoder.width, classes)

    def forward(self, source: Pair) -> Tensor:
        """The logits of each class, [B, C]."""
        u_BD, v_BD = self.pool(self.encoder(source.first)), self.pool(self.encoder(source.second))
        return self.scores(self.dropout(torch.cat([u_BD, v_BD, (u_BD - v_BD).abs(), u_BD * v_BD], dim=1)))
