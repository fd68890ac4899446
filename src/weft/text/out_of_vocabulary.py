"""Finds the characters of texts that a tokenizer never saw in training, and names them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from weft.text.normalize import normalize
from weft.text.tokenizers.base import Tokenizer

SHOWN = 8
"""Number of characters that are named in a note."""


def unseen_characters(tokenizer: Tokenizer, texts: Iterable[str]) -> Counter[str]:
    """Count the characters of texts that occur in no piece of a tokenizer; white space is left out.

    A word that is unknown although all its characters are known contributes none.
    """
    known = set("".join((tokenizer.pieces or ())[2:]))
    found = Counter(letter for text in texts for letter in text if not letter.isspace())
    letters = list(found)
    plain = dict(zip(letters, normalize(letters, tokenizer.config.normalize), strict=True))
    strange = [letter for letter in letters if not known.issuperset(plain[letter])]
    # of bytes no character is unknown, though it stands in no piece
    never = set(tokenizer.never)
    strange = [
        letter for letter in strange if not never.isdisjoint(tokenizer.encode([letter]).values_NW[:, 0].tolist())
    ]
    return Counter({letter: found[letter] for letter in strange})


def spelled(unseen: Counter[str], texts: Sequence[str]) -> list[float]:
    """Return the cost of spelling the unseen characters of each text, in nats: 8 bits for each of their bytes."""
    nats = {letter: 8 * math.log(2) * len(letter.encode()) for letter in unseen}
    return [sum(nats.get(letter, 0.0) for letter in text) for text in texts]


def named(unseen: Counter[str]) -> str:
    """Name the most frequent of some characters."""
    shown = ", ".join(f"`{letter}`" for letter, _ in unseen.most_common(SHOWN))
    return f"{shown} and {len(unseen) - SHOWN:,} others" if len(unseen) > SHOWN else shown


def notes_on(unseen: Counter[str]) -> list[str]:
    """Return a note about unseen characters; no note if there are none."""
    if not unseen:
        return []
    what = "1 character was" if len(unseen) == 1 else f"{len(unseen):,} characters were"
    return [f"{what} never seen in training, and mapped to `<unk>`: {named(unseen)}"]
