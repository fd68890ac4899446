"""Settings of a task that its training rows decide where nothing is set; a kind of task decides what it can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from weft.config import Config


class DecidedByRows(Config):
    """Base of the configs of tasks: by itself it decides nothing."""

    def chosen(self, examples: Sequence[Any], *, by_steps: Sequence[str] = ()) -> tuple[Self, list[str]]:  # noqa: ARG002
        """Return a copy whose parts of kind `auto` are chosen, given the settings that only steps need, and notes."""
        return self, []

    def floor(self, examples: Sequence[Any]) -> Self | None:  # noqa: ARG002
        """Return the config of the linear model that a model of this task should beat; None: there is none."""
        return None

    def steps_for(self, examples: Sequence[Any]) -> int | None:  # noqa: ARG002
        """Return the number of steps that suits the training examples; None: the epochs of the settings suit."""
        return None
