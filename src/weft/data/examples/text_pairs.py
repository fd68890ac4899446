"""Pairs of texts that are alike, or more or less so by a score: the examples of `similarity`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from weft.data.examples.column_names import PAIRS
from weft.data.examples.roles import Role

_VALUES = "score similarity value similarity_score"
_HINT = "name both columns, as in --text a,b"
ROLES = (
    Role("first text", (*(first for first, _ in PAIRS), "anchor", "query", "question", "a"), "text", alone=_HINT),
    Role("second text", (*(second for _, second in PAIRS), "positive", "passage", "answer", "b"), "text"),
    Role("negative", ("negative", "hard_negative", "text_c", "负例"), required=False, answer=True),
    Role("value", (*_VALUES.split(), "相似度", "分数"), required=False, answer=True),
)


@dataclass(frozen=True, slots=True)
class TextPair:
    """Two texts, and how alike they are: by a score, or just alike where there is none.

    A `negative` is a text that is not like the first one, though it may look so.
    """

    text: str
    second: str
    score: float | None = None
    negative: str | None = None
    line: int = field(default=0, compare=False, repr=False)

    @property
    def texts(self) -> tuple[str, ...]:
        """Both texts."""
        return self.text, self.second

    @property
    def values(self) -> Mapping[str, tuple[str, ...]]:
        """The texts that are read, by the name of their input."""
        return {"text": self.texts if self.negative is None else (*self.texts, self.negative)}

    @property
    def whole(self) -> str:
        """Key of equal examples: both texts, in any order."""
        return "\n".join(sorted(self.texts))

    @property
    def label(self) -> float | None:
        """The score."""
        return self.score

    @property
    def stratum(self) -> str:
        """Group for an even split: there is only one."""
        return ""
