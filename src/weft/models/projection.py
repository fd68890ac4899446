"""N-grams in random directions, each with a learned weight: vectors whose cosine begins as that of tf-idf."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from weft.data.batch import Ngrams
from weft.hashing import mix
from weft.models.bag import inverse_frequency, scaled
from weft.models.base import Encoder, EncoderConfig, Memory, Precision, TokenSpec

_ENTRIES = 8
"""Entries of a direction that are not 0: enough that the error of a cosine is that of a dense one."""


class ProjectionEncoderConfig(EncoderConfig):
    """The sum of n-grams in fixed random directions (Achlioptas 2003), each with a weight that training changes."""

    kind: Literal["projection"] = "projection"
    reads: ClassVar[type] = Ngrams
    precision: ClassVar[Mapping[str, Precision]] = {}
    recommended: ClassVar[Mapping[str, Any]] = {
        "optimizer": {"kind": "adamw", "learning_rate": 0.02},
        "batch_rows": 64,
    }
    width: int = Field(default=1024, ge=8)
    """Width of the vectors; a cosine of two of them is that of the n-grams but for an error of one over the root of the
    width, 0.03 at the default."""

    def build(self, spec: TokenSpec) -> ProjectionEncoder:
        """Build the encoder with its directions."""
        return ProjectionEncoder(spec.vocab_sizes[0], self.width)


class ProjectionEncoder(Encoder):
    """One vector a row, as a Memory of a single position: its n-grams in their directions, the weights of length 1.

    The weight of an n-gram is its inverse document frequency (Sparck Jones 1972), which `prepare` counts, times the
    exponential of a parameter that starts at 0: so the cosine of two rows starts as that of their tf-idf, but for the
    error of the projection. A direction has 8 entries of 1 or -1, whose places are hashes of the n-gram (Weinberger et
    al. 2009): none is stored.
    """

    keeps_positions = False
    head_dropout = 0.0

    def __init__(self, vocab_size: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.log_weight_V = nn.Parameter(torch.zeros(vocab_size))
        self.frequency_V: Tensor
        self.places_VK: Tensor
        self.register_buffer("frequency_V", torch.ones(vocab_size))
        keys_VK = mix(np.arange(vocab_size * _ENTRIES, dtype=np.uint64)).reshape(vocab_size, _ENTRIES)
        self.signs_VK: Tensor
        signs_VK = (keys_VK & np.uint64(1)).astype(np.float32) * 2 - 1
        places_VK = ((keys_VK >> np.uint64(1)) % np.uint64(width)).astype(np.int64)
        self.register_buffer("places_VK", torch.from_numpy(places_VK), persistent=False)
        self.register_buffer("signs_VK", torch.from_numpy(signs_VK / _ENTRIES**0.5), persistent=False)

    def prepare(
        self,
        ids_N: np.ndarray,
        ids_of_C: Iterable[np.ndarray],  # noqa: ARG002
        *,
        rows: int,
        group_V: np.ndarray | None = None,  # noqa: ARG002
    ) -> None:
        """Weigh the n-grams by how many of the training texts have them."""
        size = len(self.frequency_V)
        self.frequency_V.copy_(torch.from_numpy(inverse_frequency(ids_N, rows=rows, size=size)))

    def forward(self, source: Ngrams) -> Memory:
        """Sum the weighted directions of the n-grams of each row, [B, 1, D]; zero for a row that has none."""
        ids_N, starts_B = source.ids_N, source.starts_B
        count_B = torch.diff(starts_B, append=starts_B.new_tensor([len(ids_N)]))
        row_N = torch.repeat_interleave(count_B, output_size=len(ids_N))
        weight_N = scaled(self.frequency_V[ids_N] * self.log_weight_V[ids_N].exp(), row_N, len(starts_B))
        entries_NK = weight_N[:, None] * self.signs_VK[ids_N]
        at_NK = self.places_VK[ids_N] + self.width * row_N[:, None]
        flat = entries_NK.new_zeros(len(starts_B) * self.width).index_add(0, at_NK.flatten(), entries_NK.flatten())
        mask_BS = torch.ones(len(starts_B), 1, dtype=torch.bool, device=flat.device)
        return Memory(flat.view(len(starts_B), 1, self.width), mask_BS)
