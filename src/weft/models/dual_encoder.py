"""The dual encoder: two encoders, each to vectors of length 1 in one space, so that what belongs together is close."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from weft.models.bi_encoder import normalized
from weft.models.classifier import PooledEncoder

HOTTEST = 100.0
"""Largest factor on cosines (Radford et al. 2021, section 2.5)."""


class DualEncoder(nn.Module):
    """An encoder with its pooling by name of what it reads, each with a linear layer to `width`; scale and bias."""

    def __init__(self, readers: Mapping[str, PooledEncoder], *, width: int, scale: float, bias: float | None) -> None:
        super().__init__()
        self.width = width
        self.readers = nn.ModuleDict(readers)
        self.projections = nn.ModuleDict({name: nn.Linear(one.width, width) for name, one in readers.items()})
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))
        self.bias = None if bias is None else nn.Parameter(torch.tensor(float(bias)))

    def vector(self, source: Any, name: str) -> Tensor:
        """Read a batch by the encoder of this name as vectors of length 1, [B, width], in float32 at least."""
        pooled_BD = self.projections[name](self.readers[name](source))
        return normalized(pooled_BD.to(torch.promote_types(pooled_BD.dtype, torch.float32)))

    @property
    def scale(self) -> Tensor:
        """Learned factor on the cosines, at most 100."""
        return self.log_scale.exp().clamp(max=HOTTEST)
