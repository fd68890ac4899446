"""Ends of sentences, by punctuation marks alone: full stops before a blank, and the marks of Chinese anywhere."""

from __future__ import annotations

import re

_END = re.compile(r"(?:[。！？!?；;…]|\.(?=[\"”’')）]*(?:\s|$)))+[\"”’')）]*|\n+")


def sentence_ends(text: str) -> list[int]:
    """Return the position after the last mark of each sentence; the last is that of the text, if it is not empty."""
    ends = [one.end() for one in _END.finditer(text)]
    return ends if not text or ends[-1:] == [len(text)] else [*ends, len(text)]
