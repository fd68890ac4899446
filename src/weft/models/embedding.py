"""Embeddings of ids, with one or several views of a position summed."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from weft.data.batch import Ngrams, Tokens
from weft.models.dropout import Dropout


def sparse_gradient(weight: Tensor) -> bool:
    """Whether a table's gradient holds only the rows that were read: wherever torch has sparse tensors, not on MPS."""
    return weight.requires_grad and weight.device.type != "mps"


class Embedding(nn.Module):
    """Embeds each view of a position in a table of its own, and sums.

    A view tells what a piece alone does not: its right neighbour, the word around it, the letters inside it (the mean
    of its letter n-grams, taken once for each distinct word of a row; Bojanowski et al. 2017, section 3.2). While
    training, each view of each row is left out with probability `view_dropout` (not all of them: view 0 stays when none
    would), so that none is leaned on alone; entries are dropped with probability `dropout`.

    The sum is multiplied by `scale`, which is 1 unless it is set.

    The gradients of the tables are sparse: a batch holds a few rows of many, and to change all of them at each step
    took a third of the time of training a CNN. `training.optim` gives such tables row-wise Adagrad.
    """

    def __init__(
        self, vocab_sizes: tuple[int, ...], width: int, *, dropout: float = 0.0, view_dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.width, self.view_dropout, self.scale = width, view_dropout, 1.0
        self.tables = nn.ModuleList(nn.Embedding(size, width, padding_idx=0, sparse=True) for size in vocab_sizes)
        for table in self.tables:
            # unit variance of the sum would need a later layer to scale it down; 0.1 trains well from the first step
            nn.init.normal_(table.weight, std=0.1)  # ty: ignore[invalid-argument-type]
            with torch.no_grad():
                table.weight[0].zero_()  # ty: ignore
        self.dropout = Dropout(dropout)

    def forward(self, tokens: Tokens) -> Tensor:
        """Embed each position, [B, S, D]; zero where there is padding."""
        views = [tokens.ids_BS] if tokens.views_BSW is None else [tokens.ids_BS, *tokens.views_BSW.unbind(2)]
        letters = [None] * (len(views) - 1) + [tokens.letters]
        parts = [_looked_up(*part) for part in zip(views, self.tables, letters, strict=True)]
        total_BSD = parts[0] if len(parts) == 1 else self._sum(parts)
        return self.dropout(total_BSD if self.scale == 1 else self.scale * total_BSD)

    def _sum(self, parts: list[Tensor]) -> Tensor:
        if not self.training or self.view_dropout == 0:
            return sum(parts[1:], parts[0])
        rows = parts[0].shape[0]
        kept_BW = torch.rand(rows, len(parts), device=parts[0].device) >= self.view_dropout
        kept_BW[:, 0] |= ~kept_BW.any(1)
        scale_BW = kept_BW.to(parts[0].dtype) / (1 - self.view_dropout)
        total = parts[0] * scale_BW[:, 0, None, None]
        for view, part in enumerate(parts[1:], 1):
            total = torch.addcmul(total, part, scale_BW[:, view, None, None])
        return total


def _looked_up(ids_BS: Tensor, table: Any, letters: Ngrams | None) -> Tensor:
    """Embed a view, [B, S, D]: by rows of its table, or of the means over the letters of each word."""
    weight, sparse = table.weight, table.sparse and sparse_gradient(table.weight)
    if letters is None:
        return functional.embedding(ids_BS, weight, padding_idx=0, sparse=sparse)
    words_UD = functional.embedding_bag(letters.ids_N, weight, letters.starts_B, mode="mean", sparse=sparse)
    return functional.embedding(ids_BS, words_UD)
