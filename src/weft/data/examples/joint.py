"""A text with the example that it is for each of several tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from weft.data.examples.labelled import LabelledText
from weft.data.examples.tagged import TaggedText


@dataclass(frozen=True, slots=True)
class JointText:
    """A text, and the example of each task by its name; one whose answer is not known has none."""

    text: str
    of: Mapping[str, LabelledText | TaggedText] = field(hash=False)
    line: int = field(default=0, compare=False, repr=False)

    @property
    def values(self) -> Mapping[str, Any]:
        """The text, by the name of the input that reads it."""
        return {"text": self.texts}

    @property
    def texts(self) -> tuple[str]:
        """The text."""
        return (self.text,)

    @property
    def whole(self) -> str:
        """Key of equal examples: the text."""
        return self.text

    @property
    def label(self) -> tuple[Any, ...]:
        """The right answer of each task."""
        return tuple(one.label for one in self.of.values())

    @property
    def stratum(self) -> str:
        """Group for an even split: that of the first task."""
        return next(iter(self.of.values())).stratum
