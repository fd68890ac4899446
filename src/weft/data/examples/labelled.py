"""A text, or a pair of texts, and its label: one example of classification."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text, or two that are asked about together, and its label; a tuple of labels where it may have several.

    Without a label (None) it is to be predicted. `line` is where it stands in its file, 0 for none; `file`
    is its own, where each text has one.
    """

    text: str
    label: str | tuple[str, ...] | None = None
    line: int = field(default=0, compare=False, repr=False)
    second: str | None = None
    file: str = field(default="", compare=False, repr=False)

    @property
    def texts(self) -> tuple[str, ...]:
        """Its text, or both of them."""
        return (self.text,) if self.second is None else (self.text, self.second)

    @property
    def origin(self) -> dict[str, str | int]:
        """For a table of answers: its file where it has one of its own, else its line, else nothing."""
        if self.file:
            return {"file": self.file}
        return {"line": self.line} if self.line else {}

    @property
    def whole(self) -> str:
        """All its text, by which equal examples are known."""
        return "\n".join(self.texts)

    @property
    def stratum(self) -> str:
        """By which examples are dealt evenly over the parts of the data: the label, the first one of several."""
        return self.label or "" if isinstance(self.label, str | None) else next(iter(self.label), "")


@dataclass(frozen=True, slots=True)
class SoftLabelledText(LabelledText):
    """A text with the logarithms of the probabilities that a teacher gave its labels, in their order (`in_order`)."""

    soft: tuple[float, ...] = field(default=(), compare=False, repr=False)
