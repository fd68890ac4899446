"""Encoders over the features of a pre-trained network of images: kept, or computed anew in each step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field
from torch import Tensor, nn

from weft.data.batch import Features, Pixels
from weft.models.base import Encoder, InputSpec, Memory
from weft.models.dropout import Dropout
from weft.models.resnet import ImageEncoderConfig


@dataclass(frozen=True, slots=True)
class FeatureSpec(InputSpec):
    """Sizes of kept features: the number of positions of an image, and the width of each."""

    positions: int
    width: int


class FeatureEncoderConfig(ImageEncoderConfig):
    """Base of the configs of encoders over the features of a pre-trained network."""

    recommended: ClassVar[Mapping[str, Any]] = {
        "epochs": 12,
        "batch_rows": None,
        "patience": None,
        "optimizer": {"kind": "adamw", "learning_rate": 0.001, "weight_decay": 0.05},
    }
    width: int = Field(default=512, ge=1)
    """Width that the features of a position are projected to by a learned layer."""
    dropout: float = Field(default=0.2, ge=0, lt=1)
    """Dropout of the features, before they are projected."""


class ProjectedFeatures(nn.Module):
    """Features [B, S, F] normalised, dropped and projected to states [B, S, D]."""

    def __init__(self, features: int, *, width: int, dropout: float) -> None:
        super().__init__()
        self.norm, self.dropout, self.project = nn.LayerNorm(features), Dropout(dropout), nn.Linear(features, width)

    def forward(self, features_BSF: Tensor) -> Memory:
        """Project a batch."""
        features_BSF = features_BSF.to(self.norm.weight.dtype)
        states_BSD = self.project(self.dropout(self.norm(features_BSF)))
        return Memory(states_BSD, states_BSD.new_ones(states_BSD.shape[:2]).bool())


class KeptFeaturesEncoder(Encoder):
    """States [B, S, D] of features that a frozen network gave once for each image."""

    head_dropout = 0.2

    def __init__(self, spec: FeatureSpec, *, width: int, dropout: float) -> None:
        super().__init__()
        self.width = width
        self.projected = ProjectedFeatures(spec.width, width=width, dropout=dropout)

    def forward(self, source: Features) -> Memory:
        """Read a batch."""
        return self.projected(source.values_BSF)


class PixelFeaturesEncoder(Encoder):
    """States [B, S, D] of images by a pre-trained network that is trained further."""

    head_dropout = 0.2

    def __init__(self, pixels: nn.Module, backbone: nn.Module, *, width: int, dropout: float) -> None:
        super().__init__()
        self.width, self.pixels, self.backbone = width, pixels, backbone
        features: int = backbone.width  # ty: ignore[invalid-assignment]
        self.projected = ProjectedFeatures(features, width=width, dropout=dropout)

    def forward(self, source: Pixels) -> Memory:
        """Read a batch."""
        return self.projected(self.backbone(self.pixels(source)))
