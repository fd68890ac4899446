"""Cutting a text into pieces: words, Han characters, single characters; knows no vocabulary.

Words follow the rules of Unicode Standard Annex 29 for scripts that put spaces between words; runs of Han
characters, which have none, are cut by `rjieba` (a dictionary and a hidden Markov model for what is not in it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import regex
import rjieba

Unit = Literal["word", "mixed", "character"]
"""`mixed` cuts Han runs into characters and all else into words."""

# In order: a number with its separators, a word with its inner apostrophes, a Han run, and else one
# character as a reader sees it (an emoji with its modifiers is one, and so is a flag).
_PIECE = regex.compile(
    r"\p{N}+(?:[.,:]\p{N}+)+"
    r"|[[\p{L}\p{M}\p{N}_]--\p{Han}]+(?:['’][[\p{L}\p{M}]--\p{Han}]+)*"
    r"|\p{Han}+"
    r"|(?!\s)\X",
    flags=regex.VERSION1,
)
_HAN = regex.compile(r"\p{Han}")


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces of many texts, end to end.

    `covering` has, for each piece, the word that it stands in; None where it was not asked for.
    """

    pieces: list[str]
    lengths: list[int]
    covering: list[str] | None = None


def segment(texts: Sequence[str], unit: Unit, *, covering: bool = False) -> Pieces:
    """Cut texts (normalized before) into pieces of one unit; with `covering`, the word around each piece too."""
    if unit == "character":
        cut = [list(text) for text in texts]
        words = [_spread(text) for text in texts] if covering else None
    elif unit == "word":
        cut = [split_words(text) for text in texts]
        words = cut if covering else None
    elif covering:
        by_word = [split_words(text) for text in texts]
        cut = [[piece for word in row for piece in (word if is_han(word) else (word,))] for row in by_word]
        words = [[word for word in row for _ in (word if is_han(word) else (word,))] for row in by_word]
    else:
        cut = [_split_mixed(text) for text in texts]
        words = None
    return Pieces(
        list(chain.from_iterable(cut)),
        [len(row) for row in cut],
        list(chain.from_iterable(words)) if words is not None else None,
    )


def split_words(text: str) -> list[str]:
    """Words, numbers and punctuation marks of one text; Han runs cut by dictionary."""
    found = _PIECE.findall(text)
    if text.isascii():
        return found
    words: list[str] = []
    for piece in found:
        if len(piece) > 1 and is_han(piece):
            words.extend(rjieba.cut(piece))
        else:
            words.append(piece)
    return words


def is_han(piece: str) -> bool:
    """Whether a piece that `split_words` gave is of Han characters."""
    return piece[0] >= "\u2e80" and _HAN.match(piece) is not None


def han_share(texts: Sequence[str]) -> float:
    """The share of Han characters among the letters of the texts, 0 to 1."""
    letters = sum(len(regex.findall(r"\p{L}", text)) for text in texts)
    return sum(len(_HAN.findall(text)) for text in texts) / max(1, letters)


def _split_mixed(text: str) -> list[str]:
    found = _PIECE.findall(text)
    if text.isascii():
        return found
    return [part for piece in found for part in (piece if is_han(piece) else (piece,))]


def _spread(text: str) -> list[str]:
    """For each character of a text the word that covers it, or itself between words."""
    covering: list[str] = []
    for word in split_words(text):
        gap = text.index(word, len(covering)) - len(covering)
        covering += [" "] * gap + [word] * len(word)
    return covering + [" "] * (len(text) - len(covering))
