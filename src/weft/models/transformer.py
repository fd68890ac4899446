"""A pre-norm Transformer encoder, with sinusoidal, learned or rotary positions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional

from weft.data.batch import Tokens
from weft.errors import ConfigError
from weft.models.attention import SelfAttention, Turning, angles, check_heads
from weft.models.base import Encoder, EncoderConfig, Memory, PartConfig, Precision, TokenSpec
from weft.models.dropout import Dropout
from weft.models.embedding import Embedding, Spelling

Positions = Literal["sinusoidal", "learned", "rotary"]
"""Ways to encode the order of positions: sinusoids or learned vectors that are added, or rotated queries and keys."""


Width = Annotated[int, Field(ge=2, multiple_of=2, description="Width of the embeddings and of all states; even.")]
Layers = Annotated[int, Field(ge=1, le=1000, description="Number of layers.")]
FeedForward = Annotated[int, Field(ge=1, description="Width inside the feed-forward part of a layer.")]
LayerDropout = Annotated[
    float,
    Field(ge=0, lt=1, description="Dropout of the embeddings, in the attention, and after each part of a layer."),
]


class TransformerSettings(PartConfig):
    """Settings shared by the Transformers, encoders and decoders; each has defaults of its own."""

    precision: ClassVar[Mapping[str, Precision]] = {"cpu": "bfloat16", "cuda": "bfloat16"}
    width: Width
    layers: Layers
    heads: int = Field(default=4, ge=1)
    """Number of attention heads, which share the width."""
    feed_forward: FeedForward
    positions: Positions
    """Encoding of the order of positions: `sinusoidal`, `learned` or `rotary`."""
    dropout: LayerDropout

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> Self:
        check_heads(self.width, self.heads, turning="rotary" if self.positions == "rotary" else "none")
        return self

    def encoder_of_this_size(self, *, positions: Positions) -> TransformerEncoderConfig:
        """Return the config of a Transformer encoder with these widths, layers, heads and dropout."""
        return TransformerEncoderConfig(
            width=self.width,
            layers=self.layers,
            heads=self.heads,
            feed_forward=self.feed_forward,
            positions=positions,
            dropout=self.dropout,
            view_dropout=0,
        )


class TransformerEncoderConfig(TransformerSettings, EncoderConfig):
    """Layers of self-attention (Vaswani et al. 2017), pre-norm (Xiong et al. 2020, section 3)."""

    kind: Literal["transformer"] = "transformer"
    reads_jointly: ClassVar[bool] = True
    width: Width = 128
    layers: Layers = 2
    feed_forward: FeedForward = 256
    positions: Positions = "sinusoidal"
    """Encoding of the order of positions: `sinusoidal` or `learned` vectors that are added to the embeddings, or
    `rotary`: queries and keys are rotated (Su et al. 2021)."""
    max_length: int = Field(default=512, ge=1)
    """Number of learned positions; without effect for the other encodings of positions."""
    dropout: LayerDropout = 0.2
    view_dropout: float = Field(default=0.3, ge=0, lt=1)
    """Share of the rows in which a view of the positions is left out while training."""
    letters: Spelling = "mean"
    """Way to make the vector of a word in view `letters`: the `mean` of its character n-grams, or `cnn`, a convolution
    of width 3 over its characters and the maximum of each map (Ma and Hovy 2016, section 2.1), for a tokenizer whose
    `letters` are 1 to 1."""

    @property
    def longest(self) -> int | None:
        """`max_length` where positions are learned."""
        return self.max_length if self.positions == "learned" else None

    def build(self, spec: TokenSpec) -> TransformerEncoder:
        """Build the encoder with its embedding."""
        embedding = Embedding(spec.vocab_sizes, self.width, view_dropout=self.view_dropout, letters=self.letters)
        return TransformerEncoder(
            embedding,
            layers=self.layers,
            heads=self.heads,
            feed_forward=self.feed_forward,
            dropout=self.dropout,
            positions=self.positions,
            longest=self.longest,
        )


class TransformerEncoder(Encoder):
    """Layers over an embedding: states [B, S, D], normalized. Learned positions need to know the `longest` row, S."""

    def __init__(
        self,
        embedding: Embedding,
        *,
        layers: int,
        heads: int,
        feed_forward: int,
        dropout: float,
        positions: Positions = "sinusoidal",
        longest: int | None = None,
    ) -> None:
        super().__init__()
        self.embedding, self.width, self.positions = embedding, embedding.width, positions
        # embeddings start at a tenth: positions at the same size, or they would drown the words
        self.placing = 0.1
        self.dropout = Dropout(dropout)
        turning: Turning = "rotary" if positions == "rotary" else "none"
        self.layers = nn.ModuleList(
            TransformerLayer(self.width, heads=heads, feed_forward=feed_forward, dropout=dropout, turning=turning)
            for _ in range(layers)
        )
        if positions == "learned":
            assert longest is not None
            self.positions_SD = nn.Parameter(torch.empty(longest, self.width).normal_(std=0.1))
        self.norm = nn.LayerNorm(self.width)

    def scale_embedding(self) -> None:
        """Embed at unit variance, as `TransformerDecoder` does: small numbers times the root of the width."""
        self.embedding.scale, self.placing = self.width**0.5, 1.0
        for table in self.embedding.tables:
            nn.init.normal_(table.weight, std=self.width**-0.5)  # ty: ignore[invalid-argument-type]
            with torch.no_grad():
                table.weight[0].zero_()  # ty: ignore

    def forward(self, source: Tokens) -> Memory:
        """Read a batch."""
        states_BSD = self.dropout(self._placed(self.embedding(source)))
        # a row without tokens attends to its first padding: a finite state, and no head reads it
        mask_BS = source.mask_BS.clone()
        mask_BS[:, 0] = True
        for layer in self.layers:
            states_BSD = layer(states_BSD, mask_BS)
        return Memory(self.norm(states_BSD), source.mask_BS)

    def _placed(self, states_BSD: Tensor) -> Tensor:
        """Add the encoding of positions to the states. Raises ConfigError for more positions than are learned."""
        if self.positions == "rotary":
            return states_BSD
        if self.positions == "sinusoidal":
            return states_BSD + self.placing * sinusoids(states_BSD)
        steps, longest = states_BSD.shape[1], len(self.positions_SD)
        if steps > longest:
            hint = "lower task.max_length, or raise task.encoder.max_length, or take other task.encoder.positions"
            raise ConfigError(
                f"{longest} positions are learned, and a row has {steps}", where="task.max_length", hint=hint
            )
        return states_BSD + self.positions_SD[:steps]


class TransformerLayer(nn.Module):
    """Self-attention and a feed-forward part, each read from a normalized state and added to it."""

    def __init__(self, width: int, *, heads: int, feed_forward: int, dropout: float, turning: Turning = "none") -> None:
        super().__init__()
        self.attention_norm, self.feed_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads, dropout=dropout, turning=turning)
        self.widen, self.narrow = nn.Linear(width, feed_forward), nn.Linear(feed_forward, width)
        self.dropout = Dropout(dropout)

    def forward(self, states_BSD: Tensor, mask_BS: Tensor) -> Tensor:
        """Compute new states [B, S, D]."""
        states_BSD = states_BSD + self.dropout(self.attention(self.attention_norm(states_BSD), mask_BS))
        inner = functional.gelu(self.widen(self.feed_norm(states_BSD)))
        return states_BSD + self.dropout(self.narrow(self.dropout(inner)))


def sinusoids(like_BSD: Tensor, *, first: int = 0) -> Tensor:
    """Position vectors [S, D] of sines and cosines, from place `first` on (Vaswani et al. 2017, section 3.5)."""
    _, steps, width = like_BSD.shape
    angles_SD = angles(steps, width, device=like_BSD.device, first=first)
    return torch.stack([angles_SD.sin(), angles_SD.cos()], 2).view(steps, width).to(like_BSD.dtype)
