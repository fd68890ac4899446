"""The contract of a task whose models can teach a smaller one: what is asked, said and learned; trains nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

Targets = Literal["teacher", "both"]
"""Of models that write: whether the teacher's texts stand in place of the true targets, or beside them."""


class Teacher(ABC):
    """A part of a Task: its models answer what a student then learns from."""

    def check_students(self, train: Sequence[Any]) -> None:  # noqa: B027  (most can)
        """Raise InputError where a student of these training examples cannot learn from this task's models."""

    @abstractmethod
    def questions(self, examples: Sequence[Any]) -> list[Any]:
        """What is asked, each once where that is enough."""

    @abstractmethod
    def said(self, answer: Any) -> Any:
        """What is kept of an answer, ready for JSON, the same on every resume."""

    @abstractmethod
    def lessons(
        self, asked: Sequence[Any], said: Sequence[Any], *, train: Sequence[Any], targets: Targets
    ) -> list[Any]:
        """The examples that a student learns from: of each that was asked with what was said; `train` has the truth."""
