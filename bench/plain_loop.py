"""Text classifiers as people write them: torch's own layers, a DataLoader, a collate that pads row by row; the peer.

Convolutions over a fake image (the usual code for Kim 2014), a bidirectional LSTM over padded rows, and
`nn.TransformerEncoder`; dense embeddings, batches drawn at random, every row padded to one length, AdamW.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

Row = tuple[list[list[int]], int]
"""The ids of each view at each position, and the number of the label."""


class Rows(Dataset[Row]):
    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Row:
        return self.rows[index]


@dataclass(frozen=True, slots=True)
class Collate:
    length: int
    views: int

    def __call__(self, rows: Sequence[Row]) -> tuple[Tensor, Tensor]:
        padding = [0] * self.views
        padded = [ids[: self.length] + [padding] * (self.length - len(ids)) for ids, _ in rows]
        return torch.tensor(padded), torch.tensor([label for _, label in rows])


class Embedded(nn.Module):
    """The sum of the views' embeddings, as weft has it: [B, S, W] to [B, S, D]."""

    def __init__(self, sizes: Sequence[int], width: int, dropout: float) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, width, padding_idx=0) for size in sizes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor) -> Tensor:
        return self.dropout(sum(table(ids[..., view]) for view, table in enumerate(self.tables)))


class TextCnn(nn.Module):
    def __init__(self, sizes: Sequence[int], classes: int) -> None:
        super().__init__()
        self.embedded = Embedded(sizes, 128, 0.4)
        self.convolutions = nn.ModuleList(nn.Conv2d(1, 128, (size, 128)) for size in (1, 2, 3))
        self.dropout, self.scores = nn.Dropout(0.5), nn.Linear(3 * 128, classes)

    def forward(self, ids: Tensor) -> Tensor:
        image = self.embedded(ids)[:, None]
        maps = [functional.relu(one(image)).squeeze(3) for one in self.convolutions]
        pooled = [functional.max_pool1d(one, one.shape[2]).squeeze(2) for one in maps]
        return self.scores(self.dropout(torch.cat(pooled, 1)))


class TextLstm(nn.Module):
    def __init__(self, sizes: Sequence[int], classes: int) -> None:
        super().__init__()
        self.embedded = Embedded(sizes, 128, 0.5)
        self.lstm = nn.LSTM(128, 96, batch_first=True, bidirectional=True)
        self.dropout, self.scores = nn.Dropout(0.5), nn.Linear(2 * 96, classes)

    def forward(self, ids: Tensor) -> Tensor:
        states = self.lstm(self.embedded(ids))[0]
        return self.scores(self.dropout(states.amax(1)))


class TextTransformer(nn.Module):
    def __init__(self, sizes: Sequence[int], classes: int) -> None:
        super().__init__()
        self.embedded, self.dropout = Embedded(sizes, 128, 0.0), nn.Dropout(0.2)
        layer = nn.TransformerEncoderLayer(128, 4, 256, 0.2, activation="gelu", batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(128), enable_nested_tensor=False)
        self.last, self.scores = nn.Dropout(0.5), nn.Linear(128, classes)

    def forward(self, ids: Tensor) -> Tensor:
        padding = ids[..., 0] == 0
        states = self.embedded(ids)
        states = self.layers(self.dropout(states + _sinusoids(states)), src_key_padding_mask=padding)
        real = (~padding)[..., None]
        return self.scores(self.last((states * real).sum(1) / real.sum(1)))


def _sinusoids(states: Tensor) -> Tensor:
    places = torch.arange(states.shape[1])[:, None]
    angles = places * torch.exp(torch.arange(0, states.shape[2], 2) * (-math.log(10_000) / states.shape[2]))
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)


NETWORKS = {"cnn": TextCnn, "lstm": TextLstm, "transformer": TextTransformer}


@dataclass(frozen=True, slots=True)
class PlainLoop:
    """Training and scoring of one network on rows of ids."""

    kind: str
    rows: Sequence[Row]
    scored: Sequence[Row]
    sizes: Sequence[int]
    classes: int
    length: int

    def train(self) -> nn.Module:
        """One epoch on a fresh network."""
        torch.manual_seed(0)
        model = NETWORKS[self.kind](self.sizes, self.classes)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        collate = Collate(self.length, len(self.sizes))
        model.train()
        for ids, labels in DataLoader(Rows(self.rows), batch_size=32, shuffle=True, collate_fn=collate):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(ids), labels)
            loss.backward()
            optimizer.step()
        return model.eval()

    @torch.inference_mode()
    def accuracy(self, model: nn.Module) -> float:
        """The accuracy on the scored rows."""
        collate = Collate(self.length, len(self.sizes))
        batches = DataLoader(Rows(self.scored), batch_size=256, collate_fn=collate)
        return sum(int((model(ids).argmax(1) == labels).sum()) for ids, labels in batches) / len(self.scored)
