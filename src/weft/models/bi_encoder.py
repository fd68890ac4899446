"""The bi-encoder: each text through one encoder to a vector of length 1, so that two are compared by their cosine."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field, PositiveInt
from torch import Tensor
from torch.nn import functional

from weft.config import Config
from weft.models.base import Encoder, Pooling
from weft.models.classifier import ClassifierConfig, PooledEncoder


class BiEncoderConfig(Config):
    """Settings of the vectors of texts (Reimers and Gurevych 2019)."""

    pooling: Pooling = "mean"
    """Pooling of the states to the vector of a text; the mean did best in Reimers and Gurevych 2019 (section 6)."""
    widths: tuple[PositiveInt, ...] = Field(default=())
    """Smaller widths that are trained beside the full one, so that the first so many numbers of a vector can stand for
    it (Matryoshka, Kusupati et al. 2022); none by default."""

    def build(self, encoder: Encoder) -> BiEncoder:
        """Build the model over an encoder."""
        return BiEncoder(encoder, ClassifierConfig(pooling=self.pooling))


class BiEncoder(PooledEncoder):
    """Encoder, pooling, and a division by the length: vectors [B, width] of length 1, in float32 at least."""

    def vector(self, source: Any) -> Tensor:
        """Read a batch of texts as vectors, [B, width]."""
        pooled_BD = super().vector(source)
        return normalized(pooled_BD.to(torch.promote_types(pooled_BD.dtype, torch.float32)))


def normalized(vectors_BD: Tensor, width: int | None = None) -> Tensor:
    """Scale the first `width` numbers of vectors to length 1; a vector of zeros stays as it is."""
    return functional.normalize(vectors_BD[:, :width], dim=1, eps=1e-9)
