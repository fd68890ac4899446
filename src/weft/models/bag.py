"""A bag of n-grams: a linear model over them that is solved exactly, or, like fastText, vectors trained by steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from weft.data.batch import Ngrams
from weft.models.base import Encoder, EncoderConfig, Memory, Precision, TokenSpec
from weft.models.embedding import sparse_gradient

Weighting = Literal["default", "supervised", "tf-idf", "naive-bayes", "none"]
Solver = Literal["default", "exact", "gradient"]
_GROUPS = 256
_FEW = 15_000
"""Most training rows of which n-grams are weighed by the labels: of more, their own weights tell it better."""


class BagEncoderConfig(EncoderConfig):
    """The weighted sum of n-gram vectors: of the scores themselves, solved exactly, or as Joulin et al. 2017."""

    kind: Literal["bag"] = "bag"
    reads: ClassVar[type] = Ngrams
    precision: ClassVar[Mapping[str, Precision]] = {}
    recommended: ClassVar[Mapping[str, Any]] = {"table_rate": 0.05, "batch_rows": 64}
    solver: Solver = "default"
    """Way to train: `exact` solves a linear support-vector machine for each label (squared hinge loss with an L2
    penalty), or ridge regression for each number, until it changes no more, and `gradient` trains vectors by steps as
    fastText does. `default` is `exact` where the bag alone decides, by a plain loss, and its width is left open."""
    cost: float | None = Field(default=None, gt=0)
    """Cost C of errors against the L2 penalty of the exact solver; larger fits the training rows more closely. None:
    1, unless 0.3 or 3 (for numbers 0.1 or 10 too) is clearly better on rows that are held out."""
    width: int = Field(default=16, ge=1)
    """Width of the n-gram vectors; the exact solver has one entry a label instead."""
    weighting: Weighting = "default"
    """Weighting of n-grams: `tf-idf` weighs one by the inverse of how many texts have it, `naive-bayes` by its largest
    absolute log-count ratio over the labels, `supervised` by the first times 1 plus twice the standard deviation of
    these ratios, and `none` takes all alike. `default` for the exact solver is `supervised` for one label of several
    and at most 15,000 rows, unless `tf-idf` is clearly better on rows that are held out, and else `tf-idf`; for vectors
    it is `naive-bayes` for two labels and for several labels a text, and `none` for one label of many, where weighting
    scored worse."""
    balance: Literal["default", "lengths", "shared", "none"] = "default"
    """Scaling of the n-grams of a text: `lengths` gives those of each length (one word, two, three letters) the same
    weight together, so that many letters do not drown few words; `shared` multiplies it by the square of the share of
    them that further texts have; `none` scales all as one. `default` is `lengths` for the exact solver, unless `none`
    is clearly better on rows held out, or `shared` where most words stand in one text alone, as names do; and else
    `none`."""
    overlap: Literal["default", "levels", "none"] = "default"
    """Overlap of two texts as features beside their n-grams: `levels` says for the n-grams of each length which tenths
    their common share exceeds, and `none` does not. `default` is `levels` for the exact solver, and else `none`."""

    @property
    def solved(self) -> bool:
        """Whether training solves for the weights instead of taking steps."""
        return self.solver == "exact"

    def for_labels(self, choices: int) -> Self:
        """Return a copy with solver and weighting decided."""
        if self.solved:
            return self
        weighting = "naive-bayes" if choices == 2 else "none"
        weighting = weighting if self.weighting == "default" else self.weighting
        balance = "none" if self.balance == "default" else self.balance
        return self.model_copy(update={"solver": "gradient", "weighting": weighting, "balance": balance})

    def deciding_alone(self, scores: int, *, texts: int = 1) -> Self:
        """Return a copy that is solved exactly, unless its settings are those of vectors; a row has one text or two."""
        if self.solver == "gradient" or (self.solver == "default" and "width" in self.model_fields_set):
            return self
        overlap = "none" if texts == 1 else "levels" if self.overlap == "default" else self.overlap
        return self.model_copy(update={"solver": "exact", "width": scores, "overlap": overlap})

    def ways(self, *, scores: int, rows: int, rare: bool) -> list[dict[str, str]]:
        """Return the settings of weighting and balance that an exact solver may take, the first choice first.

        `scores` is the number of scores that exclude each other, else 0; `rows` that of the training rows; `rare` says
        that few words stand in more texts than one.
        """
        weightings = [*(["supervised"] if scores and rows <= _FEW else []), "tf-idf"]
        weightings = weightings if self.weighting == "default" else [self.weighting]
        balances = ["lengths", *(["shared"] if rare else []), "none"] if self.balance == "default" else [self.balance]
        ways = [{"weighting": weightings[0], "balance": balance} for balance in balances]
        return ways + [{"weighting": weighting, "balance": balances[0]} for weighting in weightings[1:]]

    def build(self, spec: TokenSpec) -> BagEncoder:
        """Build the encoder with its table."""
        weighting = "none" if self.weighting == "default" else self.weighting
        encoder = BagEncoder(spec.vocab_sizes[0], self.width, weighting=weighting, groups=self.has_groups)
        encoder.balance = "none" if self.balance == "default" else self.balance
        if encoder.balance == "shared":
            encoder.share_G = torch.ones(_GROUPS)
        return encoder

    @property
    def has_groups(self) -> bool:
        """Whether the encoder knows the group of each n-gram: where it may balance them."""
        return self.solved or self.balance in ("lengths", "shared")


class BagEncoder(Encoder):
    """One vector a row, as a Memory of a single position: the weighted sum of its n-grams, the weights of length 1.

    The weights are those of `weigh` or `inverse_frequency`, kept with the model; until `prepare`, and without
    weighting, all are alike. With balance `lengths`, the weights of each group of n-grams of a row (those of one word,
    of two, of three letters ...) have the same length before all are scaled, and with `shared` the length of the square
    of the share of the group that stands in further texts.

    The table starts at zero: what an n-gram says comes from the rows that hold it and from no draw, which matters for
    the many that stand in one text alone. Its gradient is sparse: an optimiser that touches only the rows of a batch
    must serve it (`training.rows`).
    """

    keeps_positions = False

    def __init__(self, vocab_size: int, width: int, *, weighting: str = "none", groups: bool = False) -> None:
        super().__init__()
        self.width, self.weighting, self.balance = width, weighting, "lengths" if groups else "none"
        self.table = nn.Embedding(vocab_size, width, sparse=True, _weight=torch.zeros(vocab_size, width))
        self.weight_V: Tensor
        self.group_V: Tensor | None
        self.share_G: Tensor | None
        self.register_buffer("weight_V", torch.ones(vocab_size))
        self.register_buffer("group_V", torch.zeros(vocab_size, dtype=torch.uint8) if groups else None)
        self.register_buffer("share_G", None)

    def prepare(
        self, ids_N: np.ndarray, ids_of_C: Iterable[np.ndarray], *, rows: int, group_V: np.ndarray | None = None
    ) -> None:
        """Weigh the n-grams by how often they stand in the training texts, of each label or of all."""
        size, weight_V = len(self.weight_V), np.ones(1, np.float32)
        if self.weighting in ("tf-idf", "supervised"):
            weight_V = inverse_frequency(ids_N, rows=rows, size=size)
        if self.weighting == "supervised":
            weight_V = weight_V * (1 + 2 * ratio_spread(ids_N, ids_of_C, size=size))
        elif self.weighting == "naive-bayes":
            weight_V = weigh(ids_N, ids_of_C, size=size)
        self.weight_V.copy_(torch.from_numpy(weight_V))
        if self.group_V is not None and group_V is not None:
            self.group_V.copy_(torch.from_numpy(group_V))
        self.prepare_balance(ids_N)

    def prepare_balance(self, ids_N: np.ndarray) -> None:
        """Count what the training texts share of each group of n-grams, where the balance needs it."""
        self.share_G = None
        if self.group_V is not None and self.balance == "shared":
            self.share_G = torch.from_numpy(shared(ids_N, self.group_V.cpu().numpy()) ** 2).to(self.weight_V)

    def weights(self, source: Ngrams) -> Tensor:
        """Return the weight of each n-gram in its row, [N]; those of a row have length 1."""
        ids_N, starts_B = source.ids_N, source.starts_B
        count_B = torch.diff(starts_B, append=starts_B.new_tensor([len(ids_N)]))
        row_N = torch.repeat_interleave(count_B, output_size=len(ids_N))
        weight_N = self.weight_V[ids_N]
        if self.group_V is not None and self.balance in ("lengths", "shared"):
            group_N = self.group_V[ids_N]
            weight_N = scaled(weight_N, row_N * _GROUPS + group_N, len(starts_B) * _GROUPS)
            if self.share_G is not None:
                weight_N = weight_N * self.share_G[group_N.long()]
        return scaled(weight_N, row_N, len(starts_B))

    def forward(self, source: Ngrams) -> Memory:
        """Sum the weighted n-grams of each row, [B, 1, D]; zero for a row that has none."""
        table = self.table.weight
        sum_BD = functional.embedding_bag(
            source.ids_N,
            table,
            source.starts_B,
            mode="sum",
            per_sample_weights=self.weights(source),
            sparse=sparse_gradient(table),
        )
        mask_BS = torch.ones(len(sum_BD), 1, dtype=torch.bool, device=sum_BD.device)
        return Memory(sum_BD[:, None], mask_BS)


def scaled(weight_N: Tensor, owner_N: Tensor, owners: int) -> Tensor:
    """Scale the weights of each owner to length 1."""
    square = weight_N.new_zeros(owners).index_add_(0, owner_N, weight_N.square())
    return weight_N * square.clamp_min(1e-12).rsqrt()[owner_N]


def shared(ids_N: np.ndarray, group_V: np.ndarray) -> np.ndarray:
    """Return which share of the n-grams of each group, counted in each text, stand in further texts too, [256]."""
    count_V = np.bincount(ids_N, minlength=len(group_V))
    all_G, again_G = (np.bincount(group_V, one, minlength=_GROUPS) for one in (count_V, count_V * (count_V > 1)))
    return again_G / np.maximum(all_G, 1)


def inverse_frequency(ids_N: np.ndarray, *, rows: int, size: int) -> np.ndarray:
    """Return ln((1 + rows) / (1 + rows with the n-gram)) + 1 of each n-gram, float32 [size] (Sparck Jones 1972).

    The added ones are scikit-learn's: they stand for a text that has every n-gram.
    """
    with_V = np.bincount(ids_N, minlength=size)
    return (np.log((1 + rows) / (1 + with_V)) + 1).astype(np.float32)


def weigh(ids_N: np.ndarray, ids_of_C: Iterable[np.ndarray], *, size: int) -> np.ndarray:
    """Weigh each n-gram by its largest absolute log-count ratio over the labels, float32 [size].

    Its sign is left to the vectors, which training finds.
    """
    weight_V = np.zeros(size)
    for ratio_V in _log_count_ratios(ids_N, ids_of_C, size=size):
        np.maximum(weight_V, np.abs(ratio_V), out=weight_V)
    return weight_V.astype(np.float32)


def ratio_spread(ids_N: np.ndarray, ids_of_C: Iterable[np.ndarray], *, size: int) -> np.ndarray:
    """Return the standard deviation over the labels of the log-count ratio of each n-gram, float32 [size].

    Of two labels it is the absolute ratio. It is a supervised weight of terms (Debole and Sebastiani 2003): what stands
    in the texts of all labels alike is near 0.
    """
    count, sum_V, square_V = 0, np.zeros(size), np.zeros(size)
    for ratio_V in _log_count_ratios(ids_N, ids_of_C, size=size):
        count, sum_V, square_V = count + 1, sum_V + ratio_V, square_V + ratio_V**2
    mean_V = sum_V / max(count, 1)
    return np.sqrt(np.maximum(square_V / max(count, 1) - mean_V**2, 0)).astype(np.float32)


def _log_count_ratios(ids_N: np.ndarray, ids_of_C: Iterable[np.ndarray], *, size: int) -> Iterator[np.ndarray]:
    """Yield for each label in turn the log-count ratio of each n-gram, [size].

    It is the logarithm of the share of the n-gram among all in the texts of the label, over its share in the other
    texts, one added to each count (Wang and Manning 2012, section 2.1, on sets of n-grams). `ids_N` are the n-grams of
    all texts, `ids_of_C` those in the texts of each label in turn; a text may have several labels.
    """
    total_V = np.bincount(ids_N, minlength=size) + 2.0
    for ids in ids_of_C:
        with_V = np.bincount(ids, minlength=size) + 1.0
        without_V = total_V - with_V
        yield np.log(with_V / without_V) - np.log(with_V.sum() / without_V.sum())
