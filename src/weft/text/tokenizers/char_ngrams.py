"""Hashes strings, and the character n-grams inside words, to keys for hashed vocabularies."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, PositiveInt

from weft.hashing import mix


def _fewest_first(span: tuple[int, int]) -> tuple[int, int]:
    if span[0] > span[1]:
        raise ValueError(f"letters run from few to many, found `{list(span)}`")
    return span


LetterSpan = Annotated[tuple[PositiveInt, PositiveInt], AfterValidator(_fewest_first)]
"""Shortest and longest length of the character n-grams."""


def key_of(string: str) -> int:
    """Hash a string to 64 bits, equal in every process."""
    return int.from_bytes(hashlib.blake2b(string.encode(), digest_size=8).digest(), "little")


def letter_keys(words: Sequence[str], span: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hash the character n-grams of each word, end to end; count those of each, and the characters of each n-gram.

    A word of one character has none.

    The ends of a word are marked, so that `<un` differs from the `un` of `fun` (Bojanowski et al. 2017, section 3.2),
    and each n-gram of a word counts once. Of single characters (a `span` of 1 to 1) all are there, in their order.
    """
    shortest, longest = span
    key_by, keys, sizes = _Keys(), [], bytearray()
    counts = np.zeros(len(words), dtype=np.int64)
    for row, word in enumerate(words):
        if len(word) > 1:
            marked = f"<{word}>"
            ngrams = (
                marked[start : start + size]
                for size in range(shortest, min(longest, len(marked) - 1) + 1)
                for start in range(len(marked) - size + 1)
            )
            found = list(ngrams if longest == 1 else dict.fromkeys(ngrams))
            keys += map(key_by.__getitem__, found)
            sizes += bytes(map(_length, found))
            counts[row] = len(found)
    return mix(np.array(keys, dtype=np.uint64)), counts, np.frombuffer(sizes, dtype=np.uint8)


def _length(letters: str) -> int:
    return min(len(letters), 255)


class _Keys(dict[str, int]):
    """Keys of character n-grams, each hashed once: words share most of theirs."""

    def __missing__(self, letters: str) -> int:
        key = self[letters] = key_of(f"\0{letters}")
        return key
