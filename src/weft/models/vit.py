"""A Transformer encoder of images, which are read as a row of patches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import nn

from weft.data.batch import Pixels
from weft.models.attention import check_heads
from weft.models.augmentation import Augmentation
from weft.models.base import Encoder, InputSpec, Memory
from weft.models.dropout import Dropout
from weft.models.resnet import ImageEncoderConfig, PixelSpec, StandardisedPixels
from weft.models.transformer import TransformerLayer

ACROSS = 8
"""Number of patches across and down where no size of a patch is set."""


class VitEncoderConfig(ImageEncoderConfig):
    """A vision Transformer (Dosovitskiy et al. 2021), pre-norm, over square patches; it wants more images than a
    `resnet`.
    """

    kind: Literal["vit"] = "vit"
    recommended: ClassVar[Mapping[str, Any]] = {
        "epochs": 40,
        "batch_rows": None,
        "patience": None,
        "ema": 0.998,
        "optimizer": {"kind": "adamw", "learning_rate": 0.001, "weight_decay": 0.05},
    }
    patch: int | None = Field(default=None, ge=1)
    """Side of a patch in pixels; None: an eighth of the side of the images, at least 2. What is left at the right and
    at the bottom is not read."""
    width: int = Field(default=128, ge=1)
    """Width of all states."""
    layers: int = Field(default=4, ge=1, le=1000)
    """Number of layers."""
    heads: int = Field(default=4, ge=1)
    """Number of attention heads, which share the width."""
    feed_forward: int = Field(default=256, ge=1)
    """Width inside the feed-forward part of a layer."""
    dropout: float = Field(default=0.1, ge=0, lt=1)
    """Dropout of the patches, in the attention, and after each part of a layer."""

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> Self:
        check_heads(self.width, self.heads)
        return self

    def build(self, spec: InputSpec) -> VitEncoder:
        """Build the encoder, with fresh weights."""
        assert isinstance(spec, PixelSpec)
        return VitEncoder(spec, self.augmentation.build(colors=spec.colors), self)


class VitEncoder(Encoder):
    """States [B, S, D] at the patches, row by row, with learned positions."""

    head_dropout = 0.1

    def __init__(self, spec: PixelSpec, augmentation: Augmentation, config: VitEncoderConfig) -> None:
        super().__init__()
        patch = min(spec.size, config.patch or max(2, spec.size // ACROSS))
        self.width = config.width
        self.pixels = StandardisedPixels(spec, augmentation)
        self.embed = nn.Conv2d(spec.colors, config.width, patch, stride=patch)
        self.positions_SD = nn.Parameter(torch.empty((spec.size // patch) ** 2, config.width).normal_(std=0.02))
        self.dropout = Dropout(config.dropout)
        self.layers = nn.ModuleList(
            TransformerLayer(config.width, heads=config.heads, feed_forward=config.feed_forward, dropout=config.dropout)
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width)

    def forward(self, source: Pixels) -> Memory:
        """Read a batch."""
        patches_BSD = self.embed(self.pixels(source)).flatten(2).transpose(1, 2)
        states_BSD = self.dropout(patches_BSD + self.positions_SD)
        mask_BS = states_BSD.new_ones(states_BSD.shape[:2], dtype=torch.bool)
        for layer in self.layers:
            states_BSD = layer(states_BSD, mask_BS)
        return Memory(self.norm(states_BSD), mask_BS)
