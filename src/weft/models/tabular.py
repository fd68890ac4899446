"""An encoder of the numbers and categories of a table that stand beside a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import nn

from weft.data.batch import Tabular
from weft.models.base import Encoder, EncoderConfig, InputSpec, Memory
from weft.models.dropout import Dropout


@dataclass(frozen=True, slots=True)
class TabularSpec(InputSpec):
    """Number of columns of numbers, and the number of categories of each other column, 0 for unknown."""

    numbers: int
    categories: tuple[int, ...]


class TabularEncoderConfig(EncoderConfig):
    """A small feed-forward network over standardised numbers and embedded categories (Guo and Berkhahn 2016)."""

    kind: Literal["tabular"] = "tabular"
    reads: ClassVar[type] = Tabular
    width: int = Field(default=32, ge=1)
    """Width of the hidden layer and of the vector that represents a row."""
    embedding: int = Field(default=8, ge=1)
    """Width of the embedding of each category."""
    dropout: float = Field(default=0.1, ge=0, lt=1)
    """Dropout of the hidden layer."""

    def build(self, spec: InputSpec) -> TabularEncoder:
        """Build the encoder, with fresh weights."""
        assert isinstance(spec, TabularSpec)
        return TabularEncoder(spec, width=self.width, embedding=self.embedding, dropout=self.dropout)


class TabularEncoder(Encoder):
    """One vector a row, as a Memory of a single position.

    A number has two entries, its standardised value (0 where it is missing) and whether it is missing; a category has a
    row in the table of its column, whose row 0 stands for a missing or unseen one.
    """

    keeps_positions = False
    head_dropout = 0.0

    def __init__(self, spec: TabularSpec, *, width: int, embedding: int, dropout: float) -> None:
        super().__init__()
        self.width = width
        self.tables = nn.ModuleList(nn.Embedding(size, embedding) for size in spec.categories)
        self.hidden = nn.Linear(2 * spec.numbers + embedding * len(spec.categories), width)
        self.output = nn.Linear(width, width)
        self.dropout = Dropout(dropout)

    def forward(self, source: Tabular) -> Memory:
        """Read a batch."""
        category = [table(source.categories_BG[:, place]) for place, table in enumerate(self.tables)]
        row_BD = torch.cat([source.numbers_BF, source.missing_BF.to(source.numbers_BF), *category], 1)
        states_BD = self.output(self.dropout(torch.relu(self.hidden(row_BD.to(self.hidden.weight)))))
        real_B1 = torch.ones(len(row_BD), 1, dtype=torch.bool, device=row_BD.device)
        return Memory(states_BD[:, None], real_B1)
