"""Puts spaces between pieces that were cut apart, so that the text can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import regex

from weft.text.unspaced import NO_SPACES


def _pattern(wide: str) -> re.Pattern[str]:
    """Return what matches the last character of a piece and the first of the next between which no space stands."""
    wide = rf"[{wide}[\u3001-\uffef&&\p{{P}}]]"
    return regex.compile(
        rf"[\p{{Ps}}\p{{Pi}}{_BINDS}#$£€¥].|.[\p{{Pe}}\p{{Pf}}{_BINDS},.;:!?%…]"
        rf"|{wide}[{wide}\p{{N}}\p{{P}}\ufffd]|[{wide}\p{{N}}\p{{P}}\ufffd]{wide}"
        r"|.[\u3001-\uffef&&\p{P}]|[\u3001-\uffef&&\p{P}].",
        flags=regex.DOTALL | regex.VERSION1,
    )


_BINDS = r"\p{Pd}/@\\"
_TIGHT = _pattern(rf"\p{{Han}}{NO_SPACES}\u3099\u309a")
_TIGHT_WHOLE = _pattern(r"\p{Han}\p{Hiragana}\p{Katakana}")
_QUOTES = frozenset("\"'`")


def spaced(pieces: Iterable[str], *, whole_runs: bool = False) -> Iterator[str]:
    """Yield each piece, with a space before it where a reader expects one.

    None stands between characters of Han or another script without spaces, before closing or after opening marks;
    quotes that look alike open and close in turn. The spaces of the original text are lost, so this is a guess:
    `well-known` and `a - b` are joined alike. With `whole_runs`, a run of Thai and its like is a piece, as a word is.
    """
    last, opened = "", set[str]()
    for piece in pieces:
        closes = piece in opened
        before = " " if last and not closes and not _tight(last, piece[0], whole_runs) else ""
        opens = piece in _QUOTES and not closes
        if piece in _QUOTES:
            opened ^= {piece}
        last = "(" if opens else piece[-1]
        yield before + piece


@lru_cache(maxsize=65536)
def _tight(left: str, right: str, whole_runs: bool) -> bool:
    return (_TIGHT_WHOLE if whole_runs else _TIGHT).fullmatch(left + right) is not None
