"""What docs/zh.yaml says in Chinese of an English sentence; for the scripts that write pages in both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ruamel.yaml import YAML

Say = Callable[[str], str]
"""Gives a sentence in the language of a page."""

FILE = Path(__file__).parent / "zh.yaml"


class Chinese:
    """The translations of one part of docs/zh.yaml, keyed by the English text, so that a changed one is missed."""

    def __init__(self, part: str) -> None:
        entries = YAML(typ="safe").load(FILE.read_text(encoding="utf-8"))[part]
        self.texts: dict[str, str] = {entry["en"]: entry["zh"] for entry in entries}
        self.asked: dict[str, None] = {}

    def __call__(self, english: str) -> str:
        """Return the Chinese for a text; the English where there is none yet."""
        self.asked[english] = None
        return self.texts.get(english) or english

    def faults(self) -> list[str]:
        """Return what is to be added to the file, and what is to be taken out of it, after all has been asked."""
        missing = [f"to translate: {text}" for text in self.asked if not self.texts.get(text)]
        return missing + [f"nobody asks for: {text}" for text in self.texts if text not in self.asked]


def english(text: str) -> str:
    """Return a text as it is."""
    return text
