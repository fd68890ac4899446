"""Settings of a task that its training rows decide where nothing is set; a kind of task decides what it can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from weft.config import Config


@dataclass(frozen=True, slots=True)
class Fitted:
    """A task's config that fits its data, training settings that do, taken where none are set, and notes on both.

    `steps` is a number of steps that suits the rows, where an epoch of them is not known; None: no such number.
    Of `tries`, by name, one is to be chosen by trials in about `budget` seconds; of none, `task` is it.
    """

    task: Any
    training: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    steps: int | None = None
    tries: Mapping[str, Fitted] = field(default_factory=dict)
    budget: float = 0.0


FEW, LONG = 5_000, 24
"""Number of texts that are few for a tagger, and the epochs that these take, twice those of others: ATIS (4,478 texts)
and Weibo NER (1,350) gain one to two points by it, and the dev set keeps the best weights."""


class DecidedByRows(Config):
    """Base of the configs of tasks: by itself it decides nothing."""

    def fitted(self, examples: Sequence[Any], *, device: str, by_steps: Sequence[str] = ()) -> Fitted:  # noqa: ARG002
        """Decide parts, sizes and lengths of training that nobody set.

        Args:
            examples: the training set.
            device: the type of the device.
            by_steps: settings that were given and that only training by steps has a use for.

        """
        return Fitted(self)

    def floor(self, examples: Sequence[Any]) -> Self | None:  # noqa: ARG002
        """Return the config of the linear model that a model of this task should beat; None: there is none."""
        return None


def longer_for_few(task: Any, count: int) -> Fitted:
    """Return a task with more epochs where its texts are few."""
    if count > FEW:
        return Fitted(task)
    return Fitted(task, {"epochs": LONG}, (f"at most {LONG} epochs (training.epochs), since {count:,} texts are few",))
