"""What every model part owes the others: encoders read, heads decide. Knows no kind of either (see `choices`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
from torch import Tensor, nn

from weft.config import Config
from weft.data.batch import Source

Pooling = Literal["mean", "max", "last", "attention"]
"""How the states of all positions become one vector."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What an encoder has read: states [B, S, D], mask [B, S], and what a recurrent one holds at the end, [B, D]."""

    states_BSD: Tensor
    mask_BS: Tensor
    final_BD: Tensor | None = None


class Encoder(nn.Module, ABC):
    """Turns a source into a Memory. Subclasses set `width` (D) before they return from `__init__`."""

    width: int
    keeps_positions: ClassVar[bool] = True
    """False where states do not stand for positions of the source: no span head, no attention over them."""
    pooling: ClassVar[Pooling] = "mean"
    """How a classifier pools the states when it is not told."""

    @abstractmethod
    def forward(self, source: Any) -> Memory:
        """Read a batch."""

    def prepare(self, ids_N: np.ndarray, ids_of_C: Iterable[np.ndarray]) -> None:
        """Learn what is no weight, once, before training: from the ids of all texts and those of each label's texts."""


class EncoderConfig(Config):
    """Base of the configs of encoders: the settings of one, and how it is built."""

    kind: str
    reads_order: ClassVar[bool] = True
    """True: reads `Tokens`. False: reads `Ngrams`."""
    recommended: ClassVar[Mapping[str, Any]] = {}
    """Training settings that suit this encoder, taken where a user sets none."""

    def for_labels(self, choices: int) -> Self:  # noqa: ARG002
        """The same for so many labels that exclude each other: two where each label is a yes or no of its own."""
        return self

    @property
    def longest(self) -> int | None:
        """How many positions it can read at most; None: any number."""
        return None

    def build(self, vocab_sizes: tuple[int, ...]) -> Encoder:
        """The encoder, with fresh weights; `vocab_sizes` has the number of ids of each view of a position."""
        raise NotImplementedError


__all__ = ["Encoder", "EncoderConfig", "Memory", "Pooling", "Source"]
