"""A text, or a pair of texts, and its label: one example of classification."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text, or two that are classified together, and its label; a tuple of labels if it may have several.

    Without a label (None) it is to be predicted. `line` is its line in its file, 0 for none; `file` is its own file, if
    each text has one.
    """

    text: str
    label: str | tuple[str, ...] | None = None
    line: int = field(default=0, compare=False, repr=False)
    second: str | None = None
    file: str = field(default="", compare=False, repr=False)

    @property
    def texts(self) -> tuple[str, ...]:
        """The text, or both of a pair."""
        return (self.text,) if self.second is None else (self.text, self.second)

    @property
    def origin(self) -> dict[str, str | int]:
        """Origin for a table of predictions: its file if it has one of its own, else its line, else nothing."""
        if self.file:
            return {"file": self.file}
        return {"line": self.line} if self.line else {}

    @property
    def whole(self) -> str:
        """All text, the key of equal examples."""
        return "\n".join(self.texts)

    @property
    def stratum(self) -> str:
        """Group for an even split: the label, the first one of several."""
        return self.label or "" if isinstance(self.label, str | None) else next(iter(self.label), "")


@dataclass(frozen=True, slots=True)
class SoftLabelledText(LabelledText):
    """A text with the log-probabilities that a teacher predicted for its labels, in their order (`in_order`)."""

    soft: tuple[float, ...] = field(default=(), compare=False, repr=False)
