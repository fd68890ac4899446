"""Marks the differences of two texts, by words or Han characters, as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Literal

import regex
from markupsafe import Markup, escape

from weft.text.unspaced import CLUSTER, NO_SPACES

LONGEST = 800
"""Number of letters of a text that are shown and compared; the time to compare grows with their square."""
_APART = rf"[\p{{Han}}{NO_SPACES}]"
_PIECE = regex.compile(
    rf"{CLUSTER}|{_APART}|[[\p{{L}}\p{{M}}\p{{N}}]--{_APART}]+|\s+|.", flags=regex.VERSION1 | regex.DOTALL
)

Mark = Literal["missing", "wrong"]


def differing(expected: str, found: str) -> tuple[Markup, Markup]:
    """Escape both texts, with words (or characters, in a script without spaces) marked that the other lacks there.

    What differs is `<mark class="missing">` in what was expected, and `<mark class="wrong">` in what was found.
    """
    ones, others = _PIECE.findall(cut(expected)), _PIECE.findall(cut(found))
    missing, wrong = [], []
    for kind, start, end, other_start, other_end in SequenceMatcher(None, ones, others, autojunk=False).get_opcodes():
        missing.append(_marked(ones[start:end], "missing" if kind != "equal" else None))
        wrong.append(_marked(others[other_start:other_end], "wrong" if kind != "equal" else None))
    return Markup("").join(missing), Markup("").join(wrong)


def cut(text: str, *, longest: int = LONGEST) -> str:
    """Cut a text to a length that can be read, and name the number of letters cut."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text) - longest:,} more letters)"


def _marked(pieces: Sequence[str], mark: Mark | None) -> Markup:
    text = escape("".join(pieces))
    if not mark or not text.strip():  # a space too many is no word that differs
        return text
    return Markup('<mark class="{}">{}</mark>').format(mark, text)
