"""Characters that a tokenizer never saw in training: which of a text's those are, and how they are told; no task."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from weft.text.normalize import normalize
from weft.text.tokenizers.base import Tokenizer

SHOWN = 8
"""So many characters are named."""


def unseen_letters(tokenizer: Tokenizer, texts: Iterable[str]) -> Counter[str]:
    """The characters of some texts that stand in no piece of a tokenizer, but for white space, and how often each does.

    A word that is unknown though all its letters are known has none.
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
    """What it costs in each text to tell such characters apart, in nats: 8 bits for each of their bytes."""
    nats = {letter: 8 * math.log(2) * len(letter.encode()) for letter in unseen}
    return [sum(nats.get(letter, 0.0) for letter in text) for text in texts]


def named(unseen: Counter[str]) -> str:
    """The most frequent of some characters, in words."""
    shown = ", ".join(f"`{letter}`" for letter, _ in unseen.most_common(SHOWN))
    return f"{shown} and {len(unseen) - SHOWN:,} others" if len(unseen) > SHOWN else shown


def told(unseen: Counter[str]) -> list[str]:
    """What is to be said of such characters; nothing where there are none."""
    if not unseen:
        return []
    what = "1 character was" if len(unseen) == 1 else f"{len(unseen):,} characters were"
    return [f"{what} never seen in training, and mapped to `<unk>`: {named(unseen)}"]
