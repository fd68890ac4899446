"""The head of masked language models: an encoder that predicts masked tokens, before it gets another head."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from weft.data.batch import Tokens
from weft.models.base import Encoder


class MaskedModel(nn.Module):
    """Scores of the whole vocabulary at some positions of what an encoder reads (Devlin et al. 2019, section 3.1).

    A linear layer, a GELU and a norm, then the table in which the encoder looks its pieces up (Press and Wolf 2017);
    one of its own where the encoder has none of that size.

    Args:
        encoder: keeps positions.
        size: number of ids, V.
        first: ids below it stand for no piece, and are not scored.

    """

    def __init__(self, encoder: Encoder, *, size: int, first: int) -> None:
        super().__init__()
        self.encoder, self.size, self.first = encoder, size, first
        self.own = None if _table(encoder, size) else nn.Embedding(size, encoder.width)
        self.table.sparse = False  # every score changes every row
        width = self.table.embedding_dim
        self.head = nn.Sequential(nn.Linear(encoder.width, width), nn.GELU(), nn.LayerNorm(width))
        self.head_bias_V = nn.Parameter(torch.zeros(size - first))

    @property
    def table(self) -> nn.Embedding:
        """Table that scores pieces; looked up anew, as a loaded encoder changes its network when training begins."""
        found = self.own or _table(self.encoder, self.size)
        assert found is not None
        return found

    def forward(self, source: Tokens, chosen_BS: Tensor) -> Tensor:
        """Score the vocabulary at the N chosen positions, logits [N, V - first]."""
        states_ND = self.head(self.encoder(source).states_BSD[chosen_BS])
        return functional.linear(states_ND, self.table.weight[self.first : self.size], self.head_bias_V)


def _table(encoder: Encoder, size: int) -> nn.Embedding | None:
    """Find the first table of an encoder that has a row for each piece."""
    tables = (one for one in encoder.modules() if isinstance(one, nn.Embedding) and one.num_embeddings >= size)
    return next(tables, None)
