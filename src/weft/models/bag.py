"""A bag of n-grams: the mean of their vectors, as fastText does; knows neither order nor position."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import nn
from torch.nn import functional

from weft.data.batch import Ngrams
from weft.models.base import Encoder, EncoderConfig, Memory
from weft.models.embedding import sparse_gradient


class BagEncoderConfig(EncoderConfig):
    """The mean of n-gram vectors (Joulin et al. 2017, section 2)."""

    kind: Literal["bag"] = "bag"
    reads_order: ClassVar[bool] = False
    recommended: ClassVar[Mapping[str, Any]] = {"table_rate": 0.3}
    width: int = Field(default=16, ge=1)

    def build(self, vocab_sizes: tuple[int, ...]) -> BagEncoder:
        """An encoder over one table."""
        return BagEncoder(vocab_sizes[0], self.width)


class BagEncoder(Encoder):
    """One vector a row, as a Memory of a single position.

    The table's gradient is sparse: an optimiser that touches only the rows of a batch must serve it
    (`training.optim` gives it row-wise Adagrad).
    """

    keeps_positions = False

    def __init__(self, vocab_size: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.table = nn.Embedding(vocab_size, width, sparse=True)
        nn.init.uniform_(self.table.weight, -1 / width, 1 / width)

    def forward(self, source: Ngrams) -> Memory:
        """The mean of each row's n-grams; zero for a row that has none."""
        mean_BD = functional.embedding_bag(
            source.ids_N, self.table.weight, source.starts_B, mode="mean", sparse=sparse_gradient(self.table.weight)
        )
        mask_BS = torch.ones(len(mean_BD), 1, dtype=torch.bool, device=mean_BD.device)
        return Memory(mean_BD[:, None], mask_BS)
