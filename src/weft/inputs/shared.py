"""Stands for an input that is read once for several tasks: what each head needs beside the states that all share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from weft.data.columns import Columns
from weft.inputs.base import Input
from weft.inputs.text import TextInput
from weft.inputs.tokens import TokensInput
from weft.models.base import InputSpec, Memory
from weft.models.tagger import TokenSource
from weft.text.tokenizers.base import Tokenizer


class SharedInput(Input[Any, Any]):
    """An input of several tasks, as one of them has it: encoded, saved and described once, by whoever shares it.

    Args:
        read: the input.
        by_token: whether the task scores the tokens.

    """

    texts = 1

    def __init__(self, read: TextInput, *, by_token: bool) -> None:
        self.config, self.read, self.by_token = read.config, read, by_token

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the texts."""
        return self.read.tokenizer

    def spec(self) -> InputSpec:
        """Return the number of ids of each view of a position."""
        return self.read.spec()

    def encode(self, values: Sequence[Any]) -> Columns:
        """Encode the texts."""
        return self.read.encode(values)

    def collate(self, columns: Columns, rows: np.ndarray) -> TokenSource | None:
        """Gather the positions of the tokens of some rows, where tokens are scored; the ids are left to the input."""
        if not self.by_token:
            return None
        assert isinstance(self.read, TokensInput)
        return self.read.tokens_alone(columns, rows)

    @property
    def loses_case(self) -> bool:
        """Whether the tokenizer of a pre-trained encoder reads capitals as small letters."""
        return isinstance(self.read, TokensInput) and self.read.loses_case

    def save(self, folder: Path) -> None:
        """Write nothing: the input is in the folder of whoever shares it."""


def with_states(source: TokenSource | None, memory: Memory) -> TokenSource | Memory:
    """Return the source of a head with the states that an encoder gave, in place of what it has read."""
    return memory if source is None else replace(source, source=memory)
