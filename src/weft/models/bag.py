"""A bag-of-n-grams encoder like fastText: the sum of n-gram vectors, weighted by naive-Bayes log-count ratios."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from weft.data.batch import Ngrams
from weft.models.base import Encoder, EncoderConfig, Memory, Precision, TokenSpec
from weft.models.embedding import sparse_gradient

Weighting = Literal["default", "naive-bayes", "none"]


class BagEncoderConfig(EncoderConfig):
    """The sum of n-gram vectors (Joulin et al. 2017, section 2), each n-gram weighted by its naive-Bayes ratio."""

    kind: Literal["bag"] = "bag"
    reads: ClassVar[type] = Ngrams
    precision: ClassVar[Mapping[str, Precision]] = {}
    recommended: ClassVar[Mapping[str, Any]] = {"table_rate": 0.05, "batch_rows": 64}
    width: int = Field(default=16, ge=1)
    """Width of the n-gram vectors."""
    weighting: Weighting = "default"
    """Weighting of n-grams: `naive-bayes` weighs one by how unlike its shares in the labels are, and `none` takes all
    alike. `default` is `naive-bayes` for two labels and for several labels a text, and `none` for one label of many,
    where weighting scored worse."""

    def for_labels(self, choices: int) -> Self:
        """Return a copy with its weighting decided."""
        if self.weighting != "default":
            return self
        return self.model_copy(update={"weighting": "naive-bayes" if choices == 2 else "none"})

    def build(self, spec: TokenSpec) -> BagEncoder:
        """Build the encoder with its table."""
        return BagEncoder(spec.vocab_sizes[0], self.width, weighting=self.weighting)


class BagEncoder(Encoder):
    """One vector a row, as a Memory of a single position: the weighted sum of its n-grams, the weights of length 1.

    The weights are those of `weigh`, kept with the model; until `prepare`, and without weighting, all are alike. The
    table starts at zero: what an n-gram says comes from the rows that hold it and from no draw, which matters for the
    many that stand in one text alone. Its gradient is sparse: an optimiser that touches only the rows of a batch must
    serve it (`training.rows`).
    """

    keeps_positions = False

    def __init__(self, vocab_size: int, width: int, *, weighting: Weighting = "none") -> None:
        super().__init__()
        self.width, self.weighting = width, weighting
        self.table = nn.Embedding(vocab_size, width, sparse=True)
        nn.init.zeros_(self.table.weight)
        self.weight_V: Tensor
        self.register_buffer("weight_V", torch.ones(vocab_size))

    def prepare(self, ids_N: np.ndarray, ids_of_C: Iterable[np.ndarray]) -> None:
        """Weigh the n-grams by how often they stand in the training texts of each label."""
        if self.weighting == "naive-bayes":
            weight_V = weigh(ids_N, ids_of_C, size=len(self.weight_V))
            self.weight_V.copy_(torch.from_numpy(weight_V))

    def forward(self, source: Ngrams) -> Memory:
        """Sum the weighted n-grams of each row, [B, 1, D]; zero for a row that has none."""
        ids_N, starts_B, table = source.ids_N, source.starts_B, self.table.weight
        count_B = torch.diff(starts_B, append=starts_B.new_tensor([len(ids_N)]))
        row_N = torch.repeat_interleave(count_B, output_size=len(ids_N))
        weight_N = self.weight_V[ids_N]
        square_B = weight_N.new_zeros(len(starts_B)).index_add_(0, row_N, weight_N.square())
        weight_N = weight_N * square_B.clamp_min(1e-12).rsqrt()[row_N]
        sum_BD = functional.embedding_bag(
            ids_N, table, starts_B, mode="sum", per_sample_weights=weight_N, sparse=sparse_gradient(table)
        )
        mask_BS = torch.ones(len(sum_BD), 1, dtype=torch.bool, device=sum_BD.device)
        return Memory(sum_BD[:, None], mask_BS)


def weigh(ids_N: np.ndarray, ids_of_C: Iterable[np.ndarray], *, size: int) -> np.ndarray:
    """Weigh each n-gram by its largest absolute log-count ratio over the labels, float32 [size].

    The ratio is that of its share among all n-grams in the texts of a label to its share in the other texts, one added
    to each count (Wang and Manning 2012, section 2.1, on sets of n-grams). Its sign is left to the vectors, which
    training finds. `ids_N` are the n-grams of all texts, `ids_of_C` those in the texts of each label in turn; a text
    may have several labels.
    """
    total_V = np.bincount(ids_N, minlength=size) + 2.0
    weight_V = np.zeros(size)
    for ids in ids_of_C:
        with_V = np.bincount(ids, minlength=size) + 1.0
        without_V = total_V - with_V
        ratio_V = np.log(with_V / without_V) - np.log(with_V.sum() / without_V.sum())
        np.maximum(weight_V, np.abs(ratio_V), out=weight_V)
    return weight_V.astype(np.float32)
