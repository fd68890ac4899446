"""Late fusion: joins the vectors of several inputs of an example, so that one head decides on all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from weft.config import Config
from weft.data.batch import Several
from weft.models.classifier import PooledEncoder
from weft.models.dropout import Dropout


class FusionConfig(Config):
    """Settings of the fusion of the vectors of several inputs into one."""

    kind: Literal["auto", "concatenated", "gated", "product"] = "auto"
    """Way to join the vectors of the inputs: `concatenated`; `gated`: each is projected, and weighted by a gate that
    sees all of them (gated multimodal unit, Arevalo et al. 2017, section 3.1); `product`: projected, multiplied (Kim et
    al. 2017, section 2) and concatenated with the vectors, so that one can ask what another one shows; `auto`:
    `product` where images or sounds are read beside something else, else `concatenated`."""
    width: int = Field(default=128, ge=1)
    """Width that `gated` and `product` project each vector to."""

    @model_validator(mode="before")
    @classmethod
    def _bare_kind(cls, settings: Any) -> Any:
        return {"kind": settings} if isinstance(settings, str) else settings

    def decided(self, *, media: bool) -> FusionConfig:
        """Return a copy whose kind is not `auto`, by whether images or sounds are read."""
        kind = self.kind if self.kind != "auto" else "product" if media else "concatenated"
        return self.model_copy(update={"kind": kind})


class Fusion(nn.Module):
    """One vector [B, width] of the vectors of several inputs."""

    def __init__(self, widths: Mapping[str, int], config: FusionConfig) -> None:
        super().__init__()
        self.names, total = tuple(widths), sum(widths.values())
        self.kind = config.kind
        self.width = {"gated": config.width, "product": total + config.width}.get(config.kind, total)
        if self.kind in ("gated", "product"):
            self.project = nn.ModuleDict({name: nn.Linear(width, config.width) for name, width in widths.items()})
        if self.kind == "gated":
            self.gate = nn.ModuleDict({name: nn.Linear(total, config.width) for name in widths})

    def forward(self, vectors: Mapping[str, Tensor]) -> Tensor:
        """Join the vectors, by the name of the input each [B, width of that input]."""
        every_BD = torch.cat([vectors[name] for name in self.names], 1)
        if self.kind == "concatenated":
            return every_BD
        projected = [torch.tanh(self.project[name](vectors[name])) for name in self.names]
        if self.kind == "product":
            return torch.cat([every_BD, torch.stack(projected).prod(0)], 1)
        gates = [torch.sigmoid(self.gate[name](every_BD)) for name in self.names]
        return torch.stack([gate * one for gate, one in zip(gates, projected, strict=True)]).sum(0)


class FusionClassifier(nn.Module):
    """An encoder with its pooling for each input, their fusion, dropout, one linear layer.

    The vector of each encoder has its own dropout, that of its kind, before they are joined.
    """

    def __init__(
        self, readers: Mapping[str, PooledEncoder], dropouts: Mapping[str, float], config: FusionConfig, *, classes: int
    ) -> None:
        super().__init__()
        self.readers = nn.ModuleDict(readers)
        self.dropouts = nn.ModuleDict({name: Dropout(share) for name, share in dropouts.items()})
        self.fusion = Fusion({name: reader.width for name, reader in readers.items()}, config)
        self.scores = nn.Linear(self.fusion.width, classes)

    def forward(self, source: Several) -> Tensor:
        """Score each class, logits [B, C]."""
        sources = source.by_name
        vectors = {name: self.dropouts[name](reader(sources[name])) for name, reader in self.readers.items()}
        return self.scores(self.fusion(vectors))
