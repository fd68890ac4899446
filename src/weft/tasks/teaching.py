"""The parts that tasks have in distillation: of models that can be teachers, and of losses that learn from one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from weft.errors import InputError

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


class TeacherOfUnlabelled(Teacher):
    """Part of a Task whose models teach by their answers to texts without one; others keep the right answer.

    These answers are hard targets, as in self-training: of tags the best sequence, of pairs the score.
    """

    @abstractmethod
    def told(self, example: Any, said: Any) -> Any:
        """Return an example with what `said` kept of the teacher's answer in place of the right one."""

    def check_students(self, train: Sequence[Any]) -> None:
        """Refuse training examples without right answers."""
        if any(one.label is None for one in train):
            raise InputError("a student learns right answers too, and the training file has none")

    def questions(self, examples: Sequence[Any]) -> list[Any]:
        """Return the examples without a right answer. Raises InputError where all have one."""
        asked = [one for one in examples if one.label is None]
        if not asked:
            hint = "give texts of the same kind without answers: --unlabelled FILE"
            raise InputError("a teacher of this task teaches by unlabelled texts, and there are none", hint=hint)
        return asked

    def lessons(
        self, asked: Sequence[Any], said: Sequence[Any], *, train: Sequence[Any], targets: Targets
    ) -> list[Any]:
        """Return the training examples, and those with the teacher's answers."""
        del targets
        return [*train, *map(self.told, asked, said)]


@dataclass(frozen=True, slots=True)
class PseudoLabelled:
    """Texts with the labels that a model gave them; by label their number, and the threshold of the probability."""

    examples: list[Any]
    labels: Mapping[str, tuple[int, float]]


class SelfTaught(ABC):
    """Part of a Task whose models label texts for the next model to learn from: self-training."""

    @abstractmethod
    def pseudo_labelled(self, asked: Sequence[Any], said: Sequence[Any], *, share: float) -> PseudoLabelled:
        """Return the surest share of the examples, by label; `said` is what `Teacher.said` keeps of their answers."""


class SelfTraining:
    """Part of the config of a task whose Task is `SelfTaught`."""


class Uncertain(ABC):
    """Part of a Task whose models say how certain they are of a label: for texts that are chosen to be labelled."""

    @abstractmethod
    def uncertainty(self, answers: Sequence[Any]) -> np.ndarray:
        """Return how torn a model is, from 0 (sure) to 1, float [E]."""

    @abstractmethod
    def proposal(self, answer: Any) -> tuple[str, float]:
        """Return the label of an answer as a file spells it, and the probability that a person can go by."""


class Student:
    """Part of the config of a deciding task whose `loss` has the setting `teacher`."""

    teacher_settings: ClassVar[type[Any]]
    """Class of that setting, whose defaults are taken where it is left out."""

    def hearing(self: Any) -> Any:
        """Return a copy whose loss learns from a teacher, by its own settings or the defaults."""
        return self._with_teacher(self.loss.teacher or self.teacher_settings())

    def alone(self: Any) -> Any:
        """Return a copy whose loss learns from no teacher."""
        return self._with_teacher(None)

    @property
    def hears(self: Any) -> bool:
        """Whether a teacher has a share of the loss."""
        return self.loss.teacher is not None and self.loss.teacher.alpha < 1

    @property
    def starts_from_words(self: Any) -> bool:
        """Whether embeddings are free to start from a teacher's vectors, and there is a teacher of texts alone."""
        return self.hears and not self.vectors and not self.start and not self.beside

    def _with_teacher(self: Any, teacher: Any) -> Any:
        return self.model_copy(update={"loss": self.loss.model_copy(update={"teacher": teacher})})
