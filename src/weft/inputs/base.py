"""Defines an input: one thing that examples are read by, from values of a table to the source of an encoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Literal, Self, TypeVar

import numpy as np
from torch import nn

from weft.config import Config
from weft.data.columns import Columns
from weft.data.sources import Row, Table
from weft.errors import ConfigError, InputError
from weft.models.base import Encoder, InputSpec
from weft.models.classifier import ClassifierConfig, PooledEncoder
from weft.text.tokenizers.base import Tokenizer

V = TypeVar("V")
S = TypeVar("S")
Alone = Literal["text", "image"]
"""Kind of a value that is read by itself as a vector."""


class InputConfig(Config):
    """Base of the settings of inputs: the columns that one reads, and the encoder that reads its values."""

    kind: str
    encoder: Any

    @property
    def name(self) -> str:
        """The key of its values in an example, and of what is learned for it in a folder."""
        return self.kind

    def resolved(self, table: Table) -> Self:
        """Return a copy of this config whose columns are found in a table. Raises InputError where one is missing."""
        raise NotImplementedError

    @property
    def columns_read(self) -> tuple[str, ...]:
        """Columns that are read, once they are resolved."""
        raise NotImplementedError

    def value_of(self, row: Row) -> Any:
        """Read the value of one row, as JSON can hold it. Raises InputError for one that is none; the caller places it.

        None of its columns needs to be there: an input that must not be missing raises InputError.
        """
        raise NotImplementedError

    def absent(self) -> Any:
        """Return the value of an example that comes without one. Raises InputError where it must have one."""
        what = f"the model reads {' and '.join(f'`{name}`' for name in self.columns_read)} too"
        hint = "answer the rows of a FILE that has them; from Python: model.answer([{'text': '...', 'price': 9.5}])"
        raise InputError(what, hint=hint)

    def decided(self, examples: Sequence[Any], *, classes: int) -> Self:
        """Return a copy of this config with all that was left open decided from training examples.

        Args:
            examples: have a value of this input each, in `values` under its name.
            classes: how many labels exclude each other; 2 where each label is a yes or no of its own.

        """
        del examples, classes
        return self

    def learned(self, examples: Sequence[Any]) -> Input[Any, Any]:
        """Learn what the input needs (a vocabulary, a scale) from training examples alone."""
        raise NotImplementedError

    def loaded(self, folder: Path) -> Input[Any, Any]:
        """Read what `Input.save` wrote."""
        raise NotImplementedError


class Input(ABC, Generic[V, S]):
    """One thing that examples are read by, with what was learned for it, such as a tokenizer."""

    config: Any
    """Settings of the input."""

    @property
    def name(self) -> str:
        """Key of the input in the values of an example."""
        return self.config.name

    texts: int = 0
    """Number of texts that an example has for this input: two where pairs are read."""

    @property
    def tokenizer(self) -> Tokenizer:
        """Tokenizer of the texts of this input. Raises ConfigError where it reads none."""
        raise ConfigError(f"`{self.config.kind}` reads no text", where="task.tokenizer")

    def value(self, values: Mapping[str, Any]) -> V:
        """Return the value of this input among those of an example."""
        return values[self.name]

    @abstractmethod
    def spec(self) -> InputSpec:
        """Return what an encoder must know to be built for this input, such as the sizes of its vocabularies."""

    @abstractmethod
    def encode(self, values: Sequence[V]) -> Columns:
        """Turn values into arrays, many at once. A long value may have several rows; `owner_R` says whose they are."""

    @abstractmethod
    def collate(self, columns: Columns, rows: np.ndarray) -> S:
        """Gather and pad some rows as the source that an encoder reads."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write what was learned into an existing folder."""

    def build_encoder(self) -> Encoder:
        """Build the encoder, with fresh weights."""
        return self.config.encoder.build(self.spec())

    def build_pooled(self, head: ClassifierConfig) -> PooledEncoder:
        """Build the encoder with its pooling: one vector for each row."""
        return PooledEncoder(self.build_encoder(), head)

    def build_classifier(self, head: ClassifierConfig, *, classes: int) -> nn.Module:
        """Build the encoder with a head that scores classes."""
        return head.build(self.build_encoder(), classes=classes)

    def initialize(self, model: nn.Module, columns: Columns, rows_of_C: Sequence[np.ndarray]) -> list[str]:
        """Start fresh weights from trained parts, word vectors or counts; returns a note on each thing that was done.

        Args:
            model: holds the encoder as `encoder`.
            columns: the training set, encoded.
            rows_of_C: the rows of each label.

        """
        del columns, rows_of_C
        return self.config.encoder.start(model.encoder)

    def notes(self, parts: Mapping[str, Columns]) -> list[str]:
        """Describe the encoded parts of the data (train, dev, ...) for the user: coverage, what is cut."""
        del parts
        return []

    def gaps(self, values: Sequence[V]) -> list[str]:
        """Count, in sentences for the user, the values that are missing, or that training never saw."""
        del values
        return []

    kind: str = ""
    """Name of the input on a page, where that is not the kind of its settings."""

    def describe(self) -> dict[str, dict[str, Any]]:
        """Return what a page shows, by the name of the input: its kind and columns, and what was learned of them."""
        return {self.name: {"kind": self.kind or self.config.kind, "columns": list(self.config.columns_read)}}


def no_vector(kind: Alone, *, task: str) -> ConfigError:
    """Build the error of a model that makes no vector of one value of this kind."""
    hint = {
        "text": "train one on pairs of texts: weft train FILE --task similarity",
        "image": "train one on images: weft train FILE --image NAME, with --label or --task retrieval --text",
    }[kind]
    return ConfigError(
        f"a model of task `{task}` makes no vector of {'an' if kind == 'image' else 'a'} {kind}", hint=hint
    )
