"""A convolutional encoder: feature maps of windows of some widths around each position."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from weft.data.batch import Tokens
from weft.models.base import Encoder, EncoderConfig, Memory, Precision, TokenSpec
from weft.models.embedding import Embedding, Spelling


class CnnEncoderConfig(EncoderConfig):
    """One layer of convolutions of several widths (Kim 2014, section 2); the default pooling is the maximum."""

    kind: Literal["cnn"] = "cnn"
    precision: ClassVar[Mapping[str, Precision]] = {"cpu": "bfloat16", "cuda": "bfloat16"}
    width: int = Field(default=128, ge=1)
    """Width of the embeddings."""
    windows: tuple[PositiveInt, ...] = Field(default=(1, 2, 3), min_length=1)
    """Widths of the convolution windows, in positions."""
    maps: int = Field(default=128, ge=1)
    """Number of feature maps of each window width."""
    dropout: float = Field(default=0.4, ge=0, lt=1)
    """Dropout of the embeddings."""
    view_dropout: float = Field(default=0.3, ge=0, lt=1)
    """Share of the rows in which a view of the positions is left out while training."""
    letters: Spelling = "mean"
    """Way to make the vector of a word in view `letters`: the `mean` of its character n-grams, or `cnn`, a convolution
    of width 3 over its characters and the maximum of each map (Ma and Hovy 2016, section 2.1), for a tokenizer whose
    `letters` are 1 to 1."""

    def build(self, spec: TokenSpec) -> CnnEncoder:
        """Build the encoder with its embedding."""
        dropped = {"dropout": self.dropout, "view_dropout": self.view_dropout}
        embedding = Embedding(spec.vocab_sizes, self.width, **dropped, letters=self.letters)
        return CnnEncoder(embedding, windows=self.windows, maps=self.maps)


class CnnEncoder(Encoder):
    """States [B, S, windows * maps]: at each position the feature maps of the windows around it.

    All widths in one matrix product: each tap of each window is a block of columns, and the blocks are shifted to
    their places and summed. On CPU this is faster than a convolution a width.
    """

    pooling = "max"

    def __init__(self, embedding: Embedding, *, windows: tuple[int, ...], maps: int) -> None:
        super().__init__()
        self.embedding, self.windows, self.maps = embedding, windows, maps
        self.width = len(windows) * maps
        self.taps = nn.Linear(embedding.width, sum(windows) * maps, bias=False)
        self.bias = nn.Parameter(torch.zeros(self.width))
        # each window sums over its taps: the fan-in is width * taps (He et al. 2015, section 2.2)
        with torch.no_grad():
            for size, block in zip(windows, self.taps.weight.split([size * maps for size in windows]), strict=True):
                block.normal_(std=(2 / (embedding.width * size)) ** 0.5)

    def forward(self, source: Tokens) -> Memory:
        """Read a batch; what is beyond a row's ends counts as zero."""
        states_BSD = self.embedding(source) * source.mask_BS[..., None]
        taps_BSN = self.taps(states_BSD)
        blocks = taps_BSN.split([size * self.maps for size in self.windows], 2)
        maps_BSD = torch.cat([_shifted_sum(block.split(self.maps, 2)) for block in blocks], 2)
        return Memory(functional.relu(maps_BSD + self.bias), source.mask_BS)


def _shifted_sum(taps: tuple[Tensor, ...]) -> Tensor:
    """Sum the taps [B, S, M], tap i taken from i - (size - 1) // 2 positions to the right."""
    steps = taps[0].shape[1]
    before = (len(taps) - 1) // 2
    total = taps[before]
    for place, tap in enumerate(taps):
        shift = place - before
        if shift > 0:
            total = total + functional.pad(tap[:, shift:], (0, 0, 0, min(shift, steps)))
        elif shift < 0:
            total = total + functional.pad(tap[:, :shift], (0, 0, min(-shift, steps), 0))
    return total
