"""Where spaces stand between pieces that were cut apart, so that a text can be read; knows no ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import regex

_WIDE = r"\p{Han}\p{Hiragana}\p{Katakana}\u3000-\u303f\uff00-\uff65"
# The last character of a piece and the first of the next between which no space stands.
_TIGHT = regex.compile(
    r"[\p{Ps}\p{Pi}\p{Pd}/@#$£€¥\\]."  # after what opens or binds
    r"|.[\p{Pe}\p{Pf}\p{Pd},.;:!?%/@…\\]"  # before what closes or binds
    rf"|[{_WIDE}\p{{N}}\p{{P}}\ufffd][{_WIDE}]"  # between Han characters, their marks, and digits
    rf"|[{_WIDE}][\p{{N}}\p{{P}}\ufffd]"
    r"|[、。〈-】，．：；！？（）].|.[、。〈-】，．：；！？（）]",
    flags=regex.DOTALL,
)
_QUOTES = frozenset("\"'`")


def spaced(pieces: Iterable[str]) -> Iterator[str]:
    """Each piece, with a space before it where a reader expects one; quotes that look alike open and close in turn."""
    last, opened = "", set[str]()
    for piece in pieces:
        before = " " if last and not _tight(last, piece[0]) else ""
        last = piece[-1]
        if piece in _QUOTES:
            if piece in opened:
                before = ""
            else:
                last = "("  # as after what opens
            opened ^= {piece}
        yield before + piece


@lru_cache(maxsize=65536)
def _tight(left: str, right: str) -> bool:
    return _TIGHT.fullmatch(left + right) is not None
