"""The interface of tasks whose models can be teachers in distillation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

Targets = Literal["teacher", "both"]
"""Targets of a student that generates text: those of the teacher in place of the true ones, or both."""


class Teacher(ABC):
    """Part of a Task whose models answer examples for a student to learn from."""

    def check_students(self, train: Sequence[Any]) -> None:  # noqa: B027  (most can)
        """Raise InputError where a student of these training examples cannot learn from this task's models."""

    @abstractmethod
    def questions(self, examples: Sequence[Any]) -> list[Any]:
        """Return the examples that a teacher answers, each once where that is enough."""

    @abstractmethod
    def said(self, answer: Any) -> Any:
        """Return the part of an answer that is kept, ready for JSON, the same on every resume."""

    @abstractmethod
    def lessons(
        self, asked: Sequence[Any], said: Sequence[Any], *, train: Sequence[Any], targets: Targets
    ) -> list[Any]:
        """Return the examples that a student learns from, with the teacher's answers; `train` has the truth."""
