"""Puts spaces between pieces that were cut apart, so that the text can be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import regex

_WIDE = r"[\p{Han}\p{Hiragana}\p{Katakana}[\u3001-\uffef&&\p{P}]]"
_BINDS = r"\p{Pd}/@\\"
# The last character of a piece and the first of the next between which no space stands.
_TIGHT = regex.compile(
    rf"[\p{{Ps}}\p{{Pi}}{_BINDS}#$£€¥].|.[\p{{Pe}}\p{{Pf}}{_BINDS},.;:!?%…]"
    rf"|{_WIDE}[{_WIDE}\p{{N}}\p{{P}}\ufffd]|[{_WIDE}\p{{N}}\p{{P}}\ufffd]{_WIDE}"
    r"|.[\u3001-\uffef&&\p{P}]|[\u3001-\uffef&&\p{P}].",
    flags=regex.DOTALL | regex.VERSION1,
)
_QUOTES = frozenset("\"'`")


def spaced(pieces: Iterable[str]) -> Iterator[str]:
    """Yield each piece, with a space before it where a reader expects one.

    None stands between Han characters, before closing or after opening marks; quotes that look alike open and close in
    turn. The spaces of the original text are lost, so this is a guess: `well-known` and `a - b` are joined alike.
    """
    last, opened = "", set[str]()
    for piece in pieces:
        closes = piece in opened
        before = " " if last and not closes and not _tight(last, piece[0]) else ""
        opens = piece in _QUOTES and not closes
        if piece in _QUOTES:
            opened ^= {piece}
        last = "(" if opens else piece[-1]
        yield before + piece


@lru_cache(maxsize=65536)
def _tight(left: str, right: str) -> bool:
    return _TIGHT.fullmatch(left + right) is not None
