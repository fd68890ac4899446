"""The part of a task whose models may cut texts into words, for others to read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self


class Segmenting(ABC):
    """Part of a Task whose models may be word segmenters."""

    @property
    @abstractmethod
    def cuts_words(self) -> bool:
        """Whether the answers of this model are the words of a text."""

    @abstractmethod
    def word_ends(self, answer: Any) -> list[int]:
        """Return where the words of an answer end, in characters and in order."""

    @abstractmethod
    def with_words(self, words: Sequence[str]) -> Self:
        """Return a copy that prefers the words of a list where it cuts texts."""
