"""The contract of a task that writes text: what evaluation looks at beside its answers; knows no task."""

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
    """A decoder, what it was given to read, the references with what begins them [B, T + 1], and what counts [B, T]."""

    decoder: Decoder[Any]
    memory: Memory | None
    ids_BT: Tensor
    mask_BT: Tensor


@dataclass(frozen=True, slots=True)
class Attention:
    """How much each of T ids of a text, and the end, attended to each of S ids of a source, and its end."""

    source: list[int]
    target: list[int]
    weights_TS: np.ndarray


class Writer(ABC):
    """A part of a Task: its models write text, token by token."""

    end: int
    """The symbol that ends every text."""

    @property
    @abstractmethod
    def writes_with(self) -> Tokenizer:
        """The tokenizer of what is written."""

    @property
    def reads_with(self) -> Tokenizer:
        """The tokenizer of what is read."""
        return self.writes_with

    @abstractmethod
    def forced(self, model: nn.Module, batch: Any) -> Forced:
        """The references of a batch, for teacher forcing. Raises InputError where there are none."""

    def with_answers(self, examples: Sequence[Any], answers: Sequence[Any]) -> list[Any]:  # noqa: ARG002
        """The examples with what was written as their targets, where a source is attended to; else none."""
        return []

    def attention(self, model: nn.Module, columns: Columns, row: int) -> Attention | None:  # noqa: ARG002
        """The attention of one row as its target is read; None where the model keeps none."""
        return None
