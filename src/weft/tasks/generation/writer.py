"""The interface of tasks that generate text: the parts that evaluation needs beside answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from weft.data.columns import Columns
from weft.models.base import Decoder, Memory
from weft.text.tokenizers.base import Tokenizer


@dataclass(frozen=True, slots=True)
class Forced:
    """A decoder, its memory, the references with the ids that begin them [B, T + 1], and the mask [B, T]."""

    decoder: Decoder[Any]
    memory: Memory | None
    ids_BT: Tensor
    mask_BT: Tensor


@dataclass(frozen=True, slots=True)
class Attention:
    """Attention of each of T ids of a text, and of the end, to each of S ids of a source, and its end."""

    source: list[int]
    target: list[int]
    weights_TS: np.ndarray
    copied: Sequence[str] = ()
    """Pieces that the source alone knows, whose ids are beyond those of the tokenizer."""


class Writer(ABC):
    """Part of a Task whose models generate text, token by token."""

    end: int
    """The symbol that ends every text."""

    @property
    @abstractmethod
    def writes_with(self) -> Tokenizer:
        """Tokenizer of generated texts."""

    @property
    def reads_with(self) -> Tokenizer:
        """Tokenizer of sources."""
        return self.writes_with

    @abstractmethod
    def forced(self, model: nn.Module, batch: Any) -> Forced:
        """Return the references of a batch, for teacher forcing. Raises InputError where there are none."""

    def with_answers(self, examples: Sequence[Any], answers: Sequence[Any]) -> list[Any]:  # noqa: ARG002
        """Return the examples with the generated texts as targets, where a source is attended to; else none."""
        return []

    def attention(self, model: nn.Module, columns: Columns, row: int) -> Attention | None:  # noqa: ARG002
        """Return the attention of one row as its target is read; None where the model keeps none."""
        return None
