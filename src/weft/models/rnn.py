"""Recurrent encoders, plain, LSTM and GRU, in one direction or both."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from weft.data.batch import Tokens
from weft.models.base import Encoder, EncoderConfig, Memory, TokenSpec
from weft.models.dropout import Dropout
from weft.models.embedding import Embedding, Spelling

Cell = Literal["rnn", "lstm", "gru"]
_MODULES = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class RnnEncoderConfig(EncoderConfig):
    """Settings shared by the recurrent encoders."""

    bfloat16_on_any_cpu: ClassVar[bool] = False
    width: int = Field(default=128, ge=1)
    """Width of the embeddings."""
    hidden: int = Field(default=96, ge=1)
    """Width of the state of each direction."""
    layers: int = Field(default=1, ge=1, le=1000)
    """Number of layers."""
    directions: Literal[1, 2] = 2
    """Number of reading directions: 2 reads each text from its end too."""
    dropout: float = Field(default=0.5, ge=0, lt=1)
    """Dropout of the embeddings, and between layers."""
    view_dropout: float = Field(default=0.3, ge=0, lt=1)
    """Share of the rows in which a view of the positions is left out while training."""
    letters: Spelling = "mean"
    """Way to make the vector of a word in view `letters`: the `mean` of its character n-grams, or `cnn`, a convolution
    of width 3 over its characters and the maximum of each map (Ma and Hovy 2016, section 2.1), for a tokenizer whose
    `letters` are 1 to 1."""

    def _build(self, spec: TokenSpec, cell: Cell) -> RnnEncoder:
        dropped = {"dropout": self.dropout, "view_dropout": self.view_dropout}
        embedding = Embedding(spec.vocab_sizes, self.width, **dropped, letters=self.letters)
        return RnnEncoder(
            embedding,
            cell=cell,
            hidden=self.hidden,
            layers=self.layers,
            directions=self.directions,
            dropout=self.dropout,
        )


class PlainRnnEncoderConfig(RnnEncoderConfig):
    """A plain recurrent network with tanh units (Elman 1990): the least, to compare the others with.

    It starts from torch's uniform weights: orthogonal ones (Saxe et al. 2014) scored 1 to 7 points less on reviews.
    """

    kind: Literal["rnn"] = "rnn"

    def build(self, spec: TokenSpec) -> RnnEncoder:
        """Build the encoder with its embedding."""
        return self._build(spec, "rnn")


class LstmEncoderConfig(RnnEncoderConfig):
    """Long short-term memory (Hochreiter and Schmidhuber 1997)."""

    kind: Literal["lstm"] = "lstm"

    def build(self, spec: TokenSpec) -> RnnEncoder:
        """Build the encoder with its embedding."""
        return self._build(spec, "lstm")


class GruEncoderConfig(RnnEncoderConfig):
    """Gated recurrent units (Cho et al. 2014, section 2.3)."""

    kind: Literal["gru"] = "gru"

    def build(self, spec: TokenSpec) -> RnnEncoder:
        """Build the encoder with its embedding."""
        return self._build(spec, "gru")


class RnnEncoder(Encoder):
    """Recurrent layers over an embedding: states [B, S, directions * hidden]."""

    pooling = "max"

    def __init__(
        self, embedding: Embedding, *, cell: Cell, hidden: int, layers: int, directions: int, dropout: float
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.width = directions * hidden
        self.layers = _stacked(embedding.width, cell=cell, hidden=hidden, layers=layers, directions=directions)
        self.dropout = Dropout(dropout)

    def forward(self, source: Tokens) -> Memory:
        """Read a batch."""
        return _run(self.layers, self.embedding(source), source.mask_BS, dropout=self.dropout)


class RnnLayers(nn.Module):
    """Recurrent layers over the states [B, S, D] of another part."""

    def __init__(
        self, width: int, *, cell: Cell, hidden: int, layers: int = 1, directions: int = 2, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.layers = _stacked(width, cell=cell, hidden=hidden, layers=layers, directions=directions)
        self.dropout = Dropout(dropout)

    def forward(self, states_BSD: Tensor, mask_BS: Tensor) -> Memory:
        """Read states; those of the padding reach no others."""
        return _run(self.layers, states_BSD, mask_BS, dropout=self.dropout)


def _stacked(width: int, *, cell: Cell, hidden: int, layers: int, directions: int) -> nn.ModuleList:
    """Build the cells of each layer, one a direction."""
    make, wide = _MODULES[cell], directions * hidden
    return nn.ModuleList(
        nn.ModuleList(make(wide if layer else width, hidden, batch_first=True) for _ in range(directions))
        for layer in range(layers)
    )


def _run(layers: nn.ModuleList, states_BSD: Tensor, mask_BS: Tensor, *, dropout: nn.Module) -> Memory:
    """Run states through layers, with dropout between them.

    The second direction reads each row turned round within its length, so padding comes last for both, nothing needs
    packing, and torch's fused CPU kernels serve.
    """
    lengths_B = mask_BS.sum(1)
    turned_BS = _turned(mask_BS, lengths_B)
    read: list[Tensor] = []
    for depth, directions in enumerate(layers):
        if depth:
            states_BSD = dropout(states_BSD)
        read = [directions[0](states_BSD)[0]]  # ty: ignore
        if len(directions) == 2:  # ty: ignore
            backward = directions[1](_reordered(states_BSD, turned_BS))[0]  # ty: ignore
            read.append(_reordered(backward, turned_BS))
        states_BSD = torch.cat(read, 2) if len(read) == 2 else read[0]
    rows_B = torch.arange(len(lengths_B), device=lengths_B.device)
    hidden = read[0].shape[2]
    final = [read[0][rows_B, (lengths_B - 1).clamp_min(0)]]
    if len(read) == 2:
        final.append(states_BSD[:, 0, hidden:])
    return Memory(states_BSD, mask_BS, torch.cat(final, 1))


def _turned(mask_BS: Tensor, lengths_B: Tensor) -> Tensor:
    """Return for each position the one to read there when rows are reversed: its mirror, or itself in the padding."""
    steps_S = torch.arange(mask_BS.shape[1], device=mask_BS.device)
    return torch.where(mask_BS, lengths_B[:, None] - 1 - steps_S, steps_S)


def _reordered(states_BSD: Tensor, order_BS: Tensor) -> Tensor:
    return states_BSD.gather(1, order_BS[..., None].expand(-1, -1, states_BSD.shape[2]))
