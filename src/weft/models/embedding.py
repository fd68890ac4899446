"""Embeddings of ids, with one or several views of a position summed."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from weft.data.batch import Ngrams, Tokens
from weft.models.dropout import Dropout

Spelling = Literal["mean", "cnn"]
"""Way to make the vector of a word of those of its character n-grams, or characters."""
LONGEST = 32
"""Number of characters of a word that a convolution reads at most, its ends included."""


def sparse_gradient(weight: Tensor) -> bool:
    """Whether a table's gradient holds only the rows that were read: wherever torch has sparse tensors, not on MPS."""
    return weight.requires_grad and weight.device.type != "mps"


class Embedding(nn.Module):
    """Embeds each view of a position in a table of its own, and sums.

    A view tells what a piece alone does not: its right neighbour, the word around it, the letters inside it (the mean
    of its letter n-grams, taken once for each distinct word of a row; Bojanowski et al. 2017, section 3.2; or, with
    `letters` of `cnn`, a convolution over its characters and the maximum of each map; Ma and Hovy 2016, section 2.1).
    While training, each view of each row is left out with probability `view_dropout` (not all of them: view 0 stays
    when none would), so that none is leaned on alone; entries are dropped with probability `dropout`.

    The sum is multiplied by `scale`, which is 1 unless it is set.

    The gradients of the tables are sparse: a batch holds a few rows of many, and to change all of them at each step
    took a third of the time of training a CNN. `training.optim` gives such tables row-wise Adagrad.
    """

    def __init__(
        self,
        vocab_sizes: tuple[int, ...],
        width: int,
        *,
        dropout: float = 0.0,
        view_dropout: float = 0.0,
        letters: Spelling = "mean",
    ) -> None:
        super().__init__()
        self.width, self.view_dropout, self.scale = width, view_dropout, 1.0
        self.tables = nn.ModuleList(nn.Embedding(size, width, padding_idx=0, sparse=True) for size in vocab_sizes)
        for table in self.tables:
            # unit variance of the sum would need a later layer to scale it down; 0.1 trains well from the first step
            nn.init.normal_(table.weight, std=0.1)  # ty: ignore[invalid-argument-type]
            with torch.no_grad():
                table.weight[0].zero_()  # ty: ignore
        self.spelling = nn.Conv1d(width, width, 3, padding=1) if letters == "cnn" else None
        self.dropout = Dropout(dropout)

    def forward(self, tokens: Tokens) -> Tensor:
        """Embed each position, [B, S, D]; zero where there is padding."""
        views = [tokens.ids_BS] if tokens.views_BSW is None else [tokens.ids_BS, *tokens.views_BSW.unbind(2)]
        letters = [None] * (len(views) - 1) + [tokens.letters]
        parts = [_looked_up(*part, self.spelling) for part in zip(views, self.tables, letters, strict=True)]
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


def _looked_up(ids_BS: Tensor, table: Any, letters: Ngrams | None, spelling: nn.Module | None) -> Tensor:
    """Embed a view, [B, S, D]: by rows of its table, or of what the letters of each word make."""
    weight, sparse = table.weight, table.sparse and sparse_gradient(table.weight)
    if letters is None:
        return functional.embedding(ids_BS, weight, padding_idx=0, sparse=sparse)
    if spelling is not None:
        vectors_ND = functional.embedding(letters.ids_N, weight, padding_idx=0, sparse=sparse)
        return functional.embedding(ids_BS, _spelled(vectors_ND, letters.starts_B, spelling))
    words_UD = functional.embedding_bag(letters.ids_N, weight, letters.starts_B, mode="mean", sparse=sparse)
    return functional.embedding(ids_BS, words_UD)


def _spelled(vectors_ND: Tensor, starts_U: Tensor, spelling: nn.Module) -> Tensor:
    """Make a vector of the characters of each word, [U, D], the maximum of each map; zeros for a word without any."""
    counts_U = torch.diff(starts_U, append=starts_U.new_tensor([len(vectors_ND)]))
    owner_N = torch.repeat_interleave(torch.arange(len(counts_U), device=counts_U.device), counts_U)
    place_N = torch.arange(len(vectors_ND), device=counts_U.device) - starts_U[owner_N]
    read_N, width = place_N < LONGEST, vectors_ND.shape[1]
    longest = min(LONGEST, max(1, int(counts_U.max())))
    padded_ULD = vectors_ND.new_zeros(len(counts_U), longest, width)
    padded_ULD = padded_ULD.index_put((owner_N[read_N], place_N[read_N]), vectors_ND[read_N])
    maps_UDL = spelling(padded_ULD.transpose(1, 2))
    real_UL = torch.arange(longest, device=counts_U.device) < counts_U[:, None]
    best_UD = maps_UDL.masked_fill(~real_UL[:, None], -torch.inf).amax(2)
    return torch.where(counts_U[:, None] > 0, best_UD, 0).to(vectors_ND.dtype)
