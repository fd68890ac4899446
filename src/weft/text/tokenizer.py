"""What every tokenizer owes: texts in, numbers out, many at once; knows none of the kinds (see `choices`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from weft.config import Config
from weft.text.normalize import NormalizeConfig


@dataclass(frozen=True, slots=True)
class Encoded:
    """The ids of R texts, end to end: int32 [N, W], W views of each position, and the length of each text, [R].

    View 0 is the piece itself; further views (its neighbour, the word around it) describe the same position.
    """

    values_NW: np.ndarray
    lengths_R: np.ndarray
    unknown: int
    """How many pieces of these texts the vocabulary lacks."""


class Tokenizer(ABC):
    """Turns texts into ids; learned from training texts, saved and loaded as a folder of plain files."""

    ordered: ClassVar[bool] = True
    """False where ids are a set without positions (hashed n-grams): only a bag reads those."""
    sizes: tuple[int, ...]
    """How many ids each view has, padding included."""

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> Encoded:
        """The ids of many raw texts at once."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write what was learned into an existing folder."""


class TokenizerConfig(Config):
    """Base of the configs of tokenizers; each says how one is learned and how it is loaded."""

    kind: str
    normalize: NormalizeConfig = NormalizeConfig()

    def learn(self, texts: Sequence[str]) -> Tokenizer:
        """A tokenizer learned from training texts."""
        raise NotImplementedError

    def load(self, folder: Path) -> Any:
        """The tokenizer that was saved in a folder."""
        raise NotImplementedError

    def describe(self) -> str:
        """In a few words, for people."""
        return self.kind
