"""Cuts a raw text into the tokens that get tags, with their places: characters, or words as treebanks cut them."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Literal

import regex
import rjieba

from weft.text.unspaced import CLUSTER, LETTER

TokenUnit = Literal["character", "mixed", "word"]
"""Unit of tokens: characters as a reader sees them; Han characters and words; or words, those of Han by dictionary."""

_CLITIC = r"['’](?:s|m|d|ll|re|ve)(?![\p{L}\p{N}])"
_WORD_LETTER = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--[\p{{Han}}{LETTER}]]"
# In order: a run of Han; a character of another script without spaces; an abbreviation; numbers, dates and times; the
# word before n't; n't; a clitic; a word, whose parts may be joined by hyphens, points, apostrophes or &; marks that
# repeat; else one character as a reader sees it.
_WORD = regex.compile(
    r"\p{Han}+"
    rf"|{CLUSTER}"
    r"|(?:\p{Lu}\.){2,}"
    r"|\p{N}+(?:[-.,:/]\p{N}+)+"
    rf"|{_WORD_LETTER}+(?=n['’]t(?![\p{{L}}\p{{N}}]))"
    r"|n['’]t(?![\p{L}\p{N}])"
    rf"|{_CLITIC}"
    rf"|{_WORD_LETTER}+(?:(?!{_CLITIC})[-.&'’@/]{_WORD_LETTER}+)*"
    r"|\.{2,}|-{2,}"
    r"|(?!\s)\X",
    flags=regex.VERSION1 | regex.IGNORECASE,
)
_LETTER = regex.compile(rf"{CLUSTER}|(?!\s)\X", flags=regex.VERSION1)
_HAN = regex.compile(r"\p{Han}")
_HAN_RUN = regex.compile(r"\p{Han}+")


def token_places(text: str, unit: TokenUnit) -> list[tuple[int, int]]:
    """Return start and end of each token of a text, in characters; white space is in none.

    English contractions are cut as the Penn Treebank cuts them (`do n't`, `Obama 's`).
    """
    if unit == "character":
        return [match.span() for match in _LETTER.finditer(text)]
    places: list[tuple[int, int]] = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        if end - start == 1 or not _HAN.match(text, start):
            places.append((start, end))
        else:
            pieces = [*match[0]] if unit == "mixed" else rjieba.cut(match[0])
            places += pairwise(accumulate(map(len, pieces), initial=start))
    return places


def words_around(text: str) -> tuple[list[str], list[str]]:
    """Return for each character of a text the word around it, and its place in that word with the word's class.

    Han words and their parts of speech are those of a dictionary (`S-v` for `去`, `B-ns` and `E-ns` for `上海`); other
    words have no class. Between words stands a blank.
    """
    words, classes = [" "] * len(text), [" "] * len(text)
    for start, end in token_places(text, "mixed"):
        words[start:end] = [text[start:end]] * (end - start)
        classes[start:end] = _placed(end - start, "x")
    for run in _HAN_RUN.finditer(text):
        start = run.start()
        for word, kind in rjieba.tag(run[0]):
            end = start + len(word)
            words[start:end], classes[start:end] = [word] * len(word), _placed(len(word), kind)
            start = end
    return words, classes


def _placed(length: int, kind: str) -> list[str]:
    """Write the place of each character of a word, B, M, E or S, and the class of the word."""
    places = "S" if length == 1 else f"B{'M' * (length - 2)}E"
    return [f"{place}-{kind}" for place in places]
