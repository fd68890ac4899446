"""Cuts texts into pieces: words, Han characters or single characters.

Words follow the rules of Unicode Standard Annex 29 for scripts that put spaces between words; runs of Han characters,
which have none, are cut by `rjieba` (a dictionary and a hidden Markov model for words not in it). Other scripts without
spaces (`unspaced`) are cut into their characters, or by a segmenter that is named; one that weft trained cuts Han too.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise, repeat
from typing import Literal

import numpy as np
import regex
import rjieba

from weft.store import taken
from weft.text.segmenters import RUNS, Cut, Ends, Package, segmenter
from weft.text.unspaced import CLUSTER, LETTER

Unit = Literal["word", "mixed", "character"]
"""Unit of pieces; `mixed` cuts Han and other scripts without spaces into characters, and all else into words."""


def _pattern(*runs: str, but: str) -> re.Pattern[str]:
    """Return what finds, in order: a number with its separators, a word with its inner apostrophes, a run, else one
    character as a reader sees it (an emoji with its modifiers is one, and so is a flag); words have no letter in `but`.
    """
    word = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--{but}]+(?:['’][[\p{{L}}\p{{M}}]--{but}]+)*"
    return regex.compile("|".join([r"\p{N}+(?:[.,:]\p{N}+)+", word, *runs, r"(?!\s)\X"]), flags=regex.VERSION1)


_PIECE = _pattern(r"\p{Han}+", CLUSTER, but=rf"[\p{{Han}}{LETTER}]")
_WHOLE_RUNS = _pattern(r"\p{Han}+", but=r"\p{Han}")
# The same for ASCII, where the standard library is more than twice as fast; what is most frequent stands first.
_ASCII_PIECE = re.compile(
    r"[A-Za-z_]\w*(?:'[A-Za-z]+)*|\d+(?:[.,:]\d+)+|\d\w*(?:'[A-Za-z]+)*|[^\t-\r ]",
    flags=re.ASCII,
)
_HAN = regex.compile(r"\p{Han}")
_NONE: frozenset[str] = frozenset()
_TEXTS = 8192


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules by which texts are cut; `rules_of` makes them.

    `piece` finds the pieces of a text, Han runs whole. Where words are cut it is `words`, and each of its pieces that
    begins as `run` is cut further by `cut`, or where words end by `ends`, which reads many whole texts at once.
    """

    piece: re.Pattern[str]
    words: re.Pattern[str]
    run: re.Pattern[str]
    cut: Cut
    ends: Ends | None = None

    def opened(self, word: str) -> Sequence[str]:
        """Return the pieces of a word for unit `mixed`: its characters, if its script has no spaces."""
        if self.words is self.piece:
            return word if is_han(word) else (word,)
        return list(_opened(self.piece.findall(word)))


PLAIN = Rules(_PIECE, _PIECE, _HAN, rjieba.cut)
"""Rules without a segmenter or dictionary."""


def rules_of(
    *, han: Cut = rjieba.cut, named: Package | None = None, ends: Ends | None = None, whole_runs: bool = False
) -> Rules:
    """Return the rules with another way to cut Han, with a segmenter of a package, or with the `ends` of a trained one.

    `whole_runs` takes a run of another script without spaces for one word, as weft once did: models that were trained
    so are used so. Raises MissingExtra if the segmenter is not installed.
    """
    if whole_runs:
        return Rules(_WHOLE_RUNS, _WHOLE_RUNS, _HAN, han)
    if ends is not None:
        run = rf"(?:\p{{Han}}|{CLUSTER})"
        words = _pattern(f"{run}+", but=rf"[\p{{Han}}{LETTER}]")
        return Rules(_PIECE, words, regex.compile(run, flags=regex.VERSION1), han, ends)
    if named is None:
        return Rules(_PIECE, _PIECE, _HAN, han)
    cut, letter = segmenter(named), RUNS[named]
    words = _pattern(rf"(?:(?={letter})(?:{CLUSTER}|\p{{Han}}))+", r"\p{Han}+", CLUSTER, but=rf"[\p{{Han}}{LETTER}]")
    reads = regex.compile(letter, flags=regex.VERSION1)
    run = regex.compile(rf"{letter}|\p{{Han}}", flags=regex.VERSION1)
    return Rules(_PIECE, words, run, lambda text: cut(text) if reads.match(text) else han(text))


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of R texts, end to end, as indices [N] into the `distinct` strings, and the length of each text [R].

    `words_N` has the word around each piece, `classes_N` its place in that word with the word's class; None if they
    were not requested.
    """

    distinct: list[str]
    pieces_N: np.ndarray
    lengths_R: np.ndarray
    words_N: np.ndarray | None = None
    classes_N: np.ndarray | None = None

    def parts(self) -> Iterator[Pieces]:
        """Yield the pieces of some thousand texts at a time, in memory."""
        start = 0
        for row in range(0, len(self.lengths_R), _TEXTS):
            lengths_R = self.lengths_R[row : row + _TEXTS]
            some = slice(start, start + int(lengths_R.sum()))
            further = (None if one is None else taken(one, some) for one in (self.words_N, self.classes_N))
            yield Pieces(self.distinct, taken(self.pieces_N, some), lengths_R, *further)
            start = some.stop

    def some(self, at: slice, lengths_R: np.ndarray) -> Pieces:
        """Return the pieces of some texts, in memory, with the distinct strings of these alone."""
        both = [taken(one, at) for one in (self.pieces_N, self.words_N) if one is not None]
        used_D, of_N = np.unique(np.concatenate(both), return_inverse=True)
        pieces_N, *words_N = np.split(of_N.astype(np.int32), len(both))
        return Pieces([self.distinct[number] for number in used_D.tolist()], pieces_N, lengths_R, *words_N)

    @property
    def pieces(self) -> list[str]:
        """The pieces as strings."""
        return [self.distinct[number] for number in self.pieces_N.tolist()]

    @property
    def words(self) -> list[str]:
        """The word around each piece; empty if it was not requested."""
        return [] if self.words_N is None else [self.distinct[number] for number in self.words_N.tolist()]


def segment(
    texts: Sequence[str],
    unit: Unit,
    *,
    covering: bool = False,
    without: AbstractSet[str] = _NONE,
    rules: Rules = PLAIN,
    numbers: Numbers | None = None,
) -> Pieces:
    """Cut normalized texts into pieces of one unit; with `covering`, add the word around each piece.

    Words in `without` are left out, with all their characters, wherever the text is cut into them: the `的` in `目的`
    stays. The characters of unit `character` all stay. `numbers` are those of texts that were cut before.
    """
    numbers = Numbers() if numbers is None else numbers
    pieces, lengths, words = array("i"), array("q"), array("i")
    by_words = covering or without or unit == "word"
    for text, row in zip(texts, split_texts(texts, rules) if by_words else repeat(()), strict=False):
        start = len(pieces)
        if unit == "character":
            pieces.extend(map(numbers.__getitem__, text))
            if covering:
                words.extend(map(numbers.__getitem__, _spread(text, row)))
        elif not by_words:
            pieces.extend(map(numbers.__getitem__, _split_mixed(text, rules)))
        else:
            row = [word for word in row if word not in without] if without else row
            if unit == "word":
                pieces.extend(map(numbers.__getitem__, row))
            else:
                opened = list(map(rules.opened, row))
                pieces.extend(numbers[piece] for one in opened for piece in one)
                if covering:
                    words.extend(numbers[word] for word, one in zip(row, opened, strict=True) for _ in one)
        lengths.append(len(pieces) - start)
    pieces_N = np.array(pieces, dtype=np.int32)
    words_N = pieces_N if unit == "word" else np.array(words, dtype=np.int32)
    return Pieces(list(numbers), pieces_N, np.array(lengths, dtype=np.int64), words_N if covering else None)


def split_words(text: str, rules: Rules = PLAIN) -> list[str]:
    """Cut one text into words, numbers and punctuation marks; Han runs by dictionary, other runs as the rules say."""
    if text.isascii():
        return _ASCII_PIECE.findall(text)
    if rules.ends is not None:
        return next(split_texts([text], rules))
    words: list[str] = []
    for piece in rules.words.findall(text):
        if len(piece) > 1 and piece[0] >= "\u0e00" and rules.run.match(piece):
            words.extend(rules.cut(piece))
        else:
            words.append(piece)
    return words


def split_texts(texts: Sequence[str], rules: Rules = PLAIN) -> Iterator[list[str]]:
    """Yield the words of each text, as `split_words` cuts it; a trained segmenter reads all of them at once."""
    if rules.ends is None:
        yield from (split_words(text, rules) for text in texts)
        return
    read = [not text.isascii() and rules.run.search(text) is not None for text in texts]
    found = iter(rules.ends([text for text, one in zip(texts, read, strict=True) if one]))
    for text, one in zip(texts, read, strict=True):
        yield _ended(text, next(found), rules) if one else split_words(text)


def _ended(text: str, ends: Sequence[int], rules: Rules) -> list[str]:
    """Return the words of a text whose runs of scripts without spaces are cut at `ends`, in characters."""
    words: list[str] = []
    for piece in rules.words.finditer(text):
        start, end = piece.span()
        inside = ends[bisect_right(ends, start) : bisect_left(ends, end)] if rules.run.match(piece[0]) else ()
        words += [text[first:last] for first, last in pairwise([start, *inside, end])]
    return words


def is_han(piece: str) -> bool:
    """Whether a piece returned by `split_words` is of Han characters."""
    return piece[0] >= "\u2e80" and _HAN.match(piece) is not None


def han_share(texts: Sequence[str]) -> float:
    """Return the share of Han characters among the letters of the texts, 0 to 1."""
    letters = sum(len(regex.findall(r"\p{L}", text)) for text in texts)
    return sum(len(_HAN.findall(text)) for text in texts) / max(1, letters)


def sampled(texts: Sequence[str], *, about: int = 1000) -> Sequence[str]:
    """Return about so many of the texts, evenly spaced; fewer than twice as many."""
    return texts[:: max(1, len(texts) // about)]


class Numbers(dict[str, int]):
    """Numbers strings in the order in which they are first looked up."""

    def __missing__(self, piece: str) -> int:
        number = self[piece] = len(self)
        return number


def _split_mixed(text: str, rules: Rules) -> Iterable[str]:
    return _ASCII_PIECE.findall(text) if text.isascii() else _opened(rules.piece.findall(text))


def _opened(words: Iterable[str]) -> Iterator[str]:
    return (piece for word in words for piece in (word if is_han(word) else (word,)))


def _spread(text: str, words: Iterable[str]) -> list[str]:
    """Return the word that covers each character of a text; between words, a space."""
    covering: list[str] = []
    for word in words:
        gap = text.index(word, len(covering)) - len(covering)
        covering += [" "] * gap + [word] * len(word)
    return covering + [" "] * (len(text) - len(covering))
