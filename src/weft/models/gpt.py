"""The settings of a Transformer that writes alone, as Llama or GPT-2; its layers are those of `transformer_decoder`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from weft.models.attention import check_heads
from weft.models.base import DecoderConfig, Precision
from weft.models.transformer import TransformerEncoderConfig
from weft.models.transformer_decoder import Norm, TransformerDecoder


class GptDecoderConfig(DecoderConfig):
    """A Transformer that writes alone: rotary positions, RMS norms, no biases, as in Llama (Touvron et al. 2023).

    With `positions` learned and `norm` layer it is GPT-2 (Radford et al. 2019), in whose format it can be exported.
    """

    kind: Literal["gpt"] = "gpt"
    precision: ClassVar[Mapping[str, Precision]] = {"cpu": "bfloat16", "cuda": "bfloat16"}
    recommended: ClassVar[Mapping[str, Any]] = {
        "optimizer": {"kind": "adamw", "learning_rate": 3e-3, "betas": (0.9, 0.98)},
        "batch_rows": 32,
        "schedule": "cosine",
    }
    width: int = Field(default=256, ge=2, multiple_of=2)
    """Of the embeddings and of all states."""
    layers: int = Field(default=4, ge=1)
    """One above the other."""
    heads: int = Field(default=4, ge=1)
    """Of each attention; they share the width."""
    feed_forward: int = Field(default=1024, ge=1)
    """Width inside the feed-forward part."""
    positions: Literal["rotary", "learned"] = "rotary"
    """How the order of tokens is told: by turning queries and keys, or by learned vectors that are added."""
    norm: Norm = "rms"
    """`layer` comes with biases in all layers, `rms` without."""
    max_length: int = Field(default=1024, ge=2)
    """Positions that can be learned; of no meaning for rotary ones."""
    dropout: float = Field(default=0.1, ge=0, lt=1)
    """Of the embeddings, in the attention, and after each part of a layer."""

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> Self:
        check_heads(self.width, self.heads, turning="rotary" if self.positions == "rotary" else "none")
        return self

    @property
    def longest(self) -> int | None:
        """`max_length` where positions are learned."""
        return self.max_length if self.positions == "learned" else None

    def matching_encoder(self) -> TransformerEncoderConfig:
        """Return the config of a Transformer encoder of this size, with rotary positions."""
        return TransformerEncoderConfig(
            width=self.width,
            layers=self.layers,
            heads=self.heads,
            feed_forward=self.feed_forward,
            positions="rotary",
            dropout=self.dropout,
            view_dropout=0,
        )

    def build(self, vocab_size: int, *, memory_width: int | None) -> TransformerDecoder:
        """The decoder with its embedding."""
        return TransformerDecoder(
            vocab_size,
            self.width,
            memory_width=memory_width,
            layers=self.layers,
            heads=self.heads,
            feed_forward=self.feed_forward,
            dropout=self.dropout,
            positions=self.positions,
            norm=self.norm,
            longest=self.longest,
        )
