"""The settings of a Transformer that writes alone, as Llama or GPT-2; its layers are those of `transformer_decoder`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from weft.models.copying import CopyingSettings
from weft.models.transformer import (
    FeedForward,
    LayerDropout,
    Layers,
    TransformerEncoderConfig,
    TransformerSettings,
    Width,
)
from weft.models.transformer_decoder import Norm, TransformerDecoder


class GptDecoderConfig(TransformerSettings, CopyingSettings):
    """A Transformer that writes alone: rotary positions, RMS norms, no biases, as in Llama (Touvron et al. 2023).

    With `positions` learned and `norm` layer it is GPT-2 (Radford et al. 2019), in whose format it can be exported.
    """

    kind: Literal["gpt"] = "gpt"
    recommended: ClassVar[Mapping[str, Any]] = {
        "optimizer": {"kind": "adamw", "learning_rate": 3e-3, "betas": (0.9, 0.98)},
        "epochs": 6,
        "batch_rows": 32,
        "schedule": "cosine",
    }
    smaller: ClassVar[Mapping[str, Any]] = {"width": 160, "layers": 2, "feed_forward": 640}
    width: Width = 256
    layers: Layers = 4
    feed_forward: FeedForward = 1024
    positions: Literal["rotary", "learned"] = "rotary"
    """Encoding of the order of tokens: `rotary`, by rotated queries and keys (Su et al. 2021), or `learned` vectors
    that are added to the embeddings."""
    norm: Norm = "rms"
    """Kind of normalization: `layer`, with biases in all linear layers, or `rms`, without."""
    max_length: int = Field(default=1024, ge=2)
    """Number of learned positions; without effect for rotary ones."""
    dropout: LayerDropout = 0.1

    @property
    def longest(self) -> int | None:
        """`max_length` where positions are learned."""
        return self.max_length if self.positions == "learned" else None

    def matching_encoder(self) -> TransformerEncoderConfig:
        """Return the config of a Transformer encoder of this size, with rotary positions."""
        return self.encoder_of_this_size(positions="rotary")

    def build(self, vocab_size: int, *, memory_width: int | None) -> TransformerDecoder:
        """Build the decoder with its embedding."""
        decoder = TransformerDecoder(
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
        return self.with_copier(decoder, vocab_size, memory_width=memory_width)
