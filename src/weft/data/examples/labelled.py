"""A text, or a pair of texts, and its right answer: a label, several, or numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text, or two that are read together, and its label: a tuple of labels if it may have several, or of numbers.

    Without a label (None) it is to be predicted. `line` is where it stands in its file, 0 for none; `file`
    is its own, where each text has one. `other` are the values of further inputs, by the name of the input.
    """

    text: str
    label: str | tuple[str, ...] | tuple[float, ...] | None = None
    line: int = field(default=0, compare=False, repr=False)
    second: str | None = None
    file: str = field(default="", compare=False, repr=False)
    other: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)

    @property
    def values(self) -> Mapping[str, Any]:
        """The value of each input, by its name: the texts, and those of the inputs beside them."""
        return {"text": self.texts, **self.other}

    @property
    def texts(self) -> tuple[str, ...]:
        """Text of the example, or both of them; none of an example that has other values alone."""
        if self.second is not None:
            return self.text, self.second
        return (self.text,) if self.text or not self.other else ()

    @property
    def record(self) -> dict[str, Any]:
        """Text, or both texts, and the values of further inputs by column, for a table of answers.

        An image that is a file of its own is known by that.
        """
        columns: dict[str, Any] = {}
        for name, value in self.other.items():
            columns |= value if isinstance(value, Mapping) else {name: value} if value != self.file else {}
        texts = dict(zip(("text", "second"), self.texts, strict=False))
        return texts | ({"columns": columns} if columns else {})

    @property
    def origin(self) -> dict[str, str | int]:
        """Origin for a table of predictions: its file if it has one of its own, else its line, else nothing."""
        if self.file:
            return {"file": self.file}
        return {"line": self.line} if self.line else {}

    @property
    def whole(self) -> str:
        """Key of equal examples: all the text, and the images; of an example without either, its other values."""
        images = [value for value in self.other.values() if isinstance(value, str)]
        return "\n".join([*self.texts, *images]) if self.texts or images else repr(self.other)

    def with_value_of(self, other: LabelledText, column: str) -> LabelledText:
        """Return a copy with its texts, one of its inputs or a column of a table taken from another example."""
        if column == "text":
            return replace(self, text=other.text, second=other.second)
        values = {
            name: other.other[name] if name == column else {**value, column: other.other[name][column]}
            if isinstance(value, Mapping) and column in value else value
            for name, value in self.other.items()
        }  # fmt: skip
        return replace(self, other=values)

    @property
    def stratum(self) -> str:
        """Group for an even split: the label, the first one of several; numbers make no groups."""
        first = self.label if isinstance(self.label, str | None) else next(iter(self.label), "")
        return first if isinstance(first, str) else ""


@dataclass(frozen=True, slots=True)
class SoftLabelledText(LabelledText):
    """A text with the log-probabilities that a teacher predicted for its labels (`in_order`), or with its numbers."""

    soft: tuple[float, ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def of(cls, example: LabelledText, soft: tuple[float, ...]) -> SoftLabelledText:
        """Return an example with what a teacher predicted, and all else as it is."""
        return cls(**{one.name: getattr(example, one.name) for one in fields(LabelledText)}, soft=soft)


def in_order(labels: Mapping[str, int]) -> list[str]:
    """Labels that are numbers in their order, before words in theirs."""
    return sorted(labels, key=_natural)


def _natural(label: str) -> tuple[int, float, str]:
    try:
        return (0, float(label), label)
    except ValueError:
        return (1, 0.0, label)
