"""The interface of tasks that read one text and decide, which several of them can do with one encoder (`joint`)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from torch import nn

from weft.data.columns import Columns
from weft.data.examples.roles import settings_of
from weft.data.sources import Row
from weft.inputs.base import Input
from weft.models.base import Encoder
from weft.tasks.base import Task, TaskConfig


class JoinableConfig(TaskConfig):
    """Base of the configs of tasks whose answer is decided by a head on the states of one text."""

    reads_tokens: ClassVar[bool] = False
    """Whether the text is read token by token, since each token has an answer."""

    def lacks_answer(self, row: Row) -> bool:
        """Whether a row has nothing where its right answer should stand."""
        raise NotImplementedError

    def answered(self, row: Row, text: str) -> Any:
        """Make the example of a row whose text is read already; without an answer where there is no column of it.

        Raises InputError for an answer that is none.
        """
        raise NotImplementedError

    def without_answers(self) -> Self:
        """Return a copy that reads no column of right answers."""
        answers = settings_of(role for role in self.all_roles if role.answer)
        return self.model_copy(update=dict.fromkeys(answers))

    def learn(self, examples: Sequence[Any], read: Input[Any, Any] | None = None) -> JoinableTask:
        """Learn from training examples; `read` is an input that was learned for several tasks, None: it is learned."""
        raise NotImplementedError

    def load(self, folder: Path, read: Input[Any, Any] | None = None) -> JoinableTask:
        """Load the task that was saved in a folder; `read` is an input of several tasks, None: it is in the folder."""
        raise NotImplementedError


class JoinableTask(Task):
    """A task whose answer is decided by a head on the states of one text."""

    decides_right: ClassVar[bool] = True
    """Whether an answer is right or wrong; a number is neither."""

    @abstractmethod
    def build_head(self, encoder: Encoder) -> nn.Module:
        """Build the head over an encoder, with fresh weights: the whole model."""

    @abstractmethod
    def with_answers(self, columns: Columns, examples: Sequence[Any]) -> Columns:
        """Add the right answers to the encoded texts of examples that all have one."""

    @abstractmethod
    def stand_in(self, example: Any) -> Any:
        """Return an example that lacks its answer with any answer at all, which nobody looks at."""

    @abstractmethod
    def units(self, examples: Sequence[Any]) -> int:
        """Count what the loss of examples with answers is divided by: texts, tokens or decisions."""

    def right(self, answers: Sequence[Any], examples: Sequence[Any]) -> np.ndarray:
        """Return whether each answer is the truth, bool [E], for a task that decides right or wrong."""
        raise NotImplementedError
