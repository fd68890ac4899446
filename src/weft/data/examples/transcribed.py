"""A sound and what is said in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from weft.data.examples.roles import Role

TRANSCRIPT = Role(
    "target",
    ("transcript", "transcription", "sentence", "text", "words", "target", "文本", "转写", "文字", "内容"),
    answer=True,
    looks="rest",
    again="name",
    alone="give the names of the sounds and their transcripts in one file",
)


@dataclass(frozen=True, slots=True)
class Transcribed:
    """The path of a sound, and its transcript; None where that is to be written."""

    sound: str
    transcript: str | None = None
    line: int = field(default=0, compare=False, repr=False)
    file: str = field(default="", compare=False, repr=False)

    @property
    def texts(self) -> tuple[str, ...]:
        """Texts that are read: none."""
        return ()

    @property
    def label(self) -> str | None:
        """Label of the example: its transcript."""
        return self.transcript

    @property
    def whole(self) -> str:
        """Key of equal examples: the path of the sound."""
        return self.sound

    @property
    def stratum(self) -> str:
        """Group for an even split: there is only one."""
        return ""

    @property
    def origin(self) -> Mapping[str, Any]:
        """Origin for a table of predictions: its file if it has one of its own, else its line, else nothing."""
        return {"file": self.file} if self.file else {"line": self.line} if self.line else {}
