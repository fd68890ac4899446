"""Locates each token in the raw text, by its first and last character."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np
import regex

from weft.errors import ConfigError
from weft.text.normalize import NormalizeConfig, normalize
from weft.text.tokenizers.base import Encoded, Tokenizer
from weft.text.tokenizers.words import PieceTokenizer


@dataclass(frozen=True, slots=True)
class Located:
    """Ids of R texts, and the start and end of each of their N tokens in its raw text, in characters, [N, 2].

    Starts and ends never fall within a text. A token of nothing but white space has no characters: its start and end
    are equal. Tokens that spell one character together, byte by byte, all have that character.
    """

    encoded: Encoded
    spans_N2: np.ndarray


def locate(tokenizer: Tokenizer, texts: Sequence[str]) -> Located:
    """Encode texts and find their tokens in them.

    Raises ConfigError for a tokenizer whose tokens have no order, or that leaves words out.
    """
    if isinstance(tokenizer, PieceTokenizer):
        rows = _of_pieces(tokenizer, texts)
    elif (engine := getattr(tokenizer, "engine", None)) is not None:
        normal = aligned(texts, tokenizer.config.normalize)
        rows = (_raw(spans_N2, engine.encode(text, add_special_tokens=False).offsets) for text, spans_N2 in normal)
    else:
        hint = "leave task.tokenizer out, or take `mixed`, `word`, `char`, `bpe`, `wordpiece`, `unigram` or `bytes`"
        raise ConfigError("its tokens have no places in a text", where="task.tokenizer", hint=hint)
    found = [_trimmed(text, spans_N2) for text, spans_N2 in zip(texts, rows, strict=True)]
    return Located(tokenizer.encode(texts), np.concatenate([np.zeros((0, 2), dtype=np.int64), *found]))


def aligned(texts: Sequence[str], config: NormalizeConfig) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each text normalized, and for each of its characters the span of raw characters that it comes from, [N, 2].

    Each grapheme (what a reader sees as one character) is normalized by itself, which nearly always equals normalizing
    the whole text. Where it does not, the parts that differ are matched as a whole.
    """
    alone = config.model_copy(update={"space": "keep", "script": "keep"})
    clusters = [list(text) if text.isascii() else regex.findall(r"\X", text) for text in texts]
    distinct = list(set().union(*clusters))
    plain_by = dict(zip(distinct, normalize(distinct, alone), strict=True))
    for plain, row in zip(normalize(texts, config), clusters, strict=True):
        letters: list[str] = []
        spans: list[tuple[int, int]] = []
        start = 0
        for cluster in row:
            end = start + len(cluster)
            for letter in plain_by[cluster]:
                spaced = config.space == "one" and letter.isspace()
                if not spaced or (letters and letters[-1] != " "):
                    letters.append(" " if spaced else letter)
                    spans.append((start, end))
            start = end
        if config.space == "one" and letters[-1:] == [" "]:
            letters.pop()
            spans.pop()
        spans_N2 = np.array(spans, dtype=np.int64).reshape(-1, 2)
        yield plain, spans_N2 if len(plain) == len(letters) else _matched("".join(letters), plain, spans_N2)


def _matched(letters: str, plain: str, spans_N2: np.ndarray) -> np.ndarray:
    """Carry the spans of `letters` over to a `plain` text that differs from them."""
    found_N2 = np.zeros((len(plain), 2), dtype=np.int64)
    if len(spans_N2):
        for tag, first, last, start, end in SequenceMatcher(None, letters, plain, autojunk=False).get_opcodes():
            least = min(first, len(spans_N2) - 1)
            whole = spans_N2[least, 0], spans_N2[max(last - 1, least), 1]
            found_N2[start:end] = spans_N2[first:last] if tag == "equal" else whole
    return found_N2


def _of_pieces(tokenizer: PieceTokenizer, texts: Sequence[str]) -> Iterator[np.ndarray]:
    if tokenizer.cutter.stop_words:
        hint = "leave task.tokenizer.stop_words out"
        raise ConfigError("words that are left out have no place in a text", where="task.tokenizer", hint=hint)
    cut = tokenizer.cutter.cut(texts)
    ends = [0, *np.cumsum(cut.lengths_R).tolist()]
    for (plain, spans_N2), (first, last) in zip(
        aligned(texts, tokenizer.config.normalize), pairwise(ends), strict=True
    ):
        places, at = [], 0
        for number in cut.pieces_N[first:last].tolist():
            piece = cut.distinct[number]
            start = plain.index(piece, at)
            at = start + len(piece)
            places.append((start, at))
        yield _raw(spans_N2, places)


def _raw(spans_N2: np.ndarray, places: Sequence[tuple[int, int]]) -> np.ndarray:
    """Convert places in a normalized text to places in the raw one; an empty place gets the characters after it."""
    places_N2 = np.array(places, dtype=np.int64).reshape(-1, 2)
    if not len(spans_N2) or not len(places_N2):
        return np.zeros((len(places_N2), 2), dtype=np.int64)
    first_N = np.minimum(places_N2[:, 0], len(spans_N2) - 1)
    last_N = np.maximum(places_N2[:, 1] - 1, first_N)
    return np.stack([spans_N2[first_N, 0], spans_N2[last_N, 1]], 1)


def _trimmed(text: str, spans_N2: np.ndarray) -> np.ndarray:
    """Shrink spans to leave out white space at both ends."""
    for row, (start, end) in enumerate(spans_N2.tolist()):
        part = text[start:end]
        if part != part.strip():
            first = start + len(part) - len(part.lstrip())
            spans_N2[row] = first, first + len(part.strip())
    return spans_N2
