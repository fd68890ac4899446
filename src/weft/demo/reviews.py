"""Makes demo reviews, short texts in which word order decides the label.

The reviews are drawn from a small grammar (`weft.demo.grammar`), half of them English and half Chinese. A bag of words
learns little from them, for almost every word occurs as often in praise as in blame: a model has to use the word order.
"""

from __future__ import annotations

import csv
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from weft.demo.chinese_reviews import CHINESE
from weft.demo.english_reviews import ENGLISH
from weft.demo.grammar import Language
from weft.files import written

LABELS = ("positive", "negative")

_SLOT = re.compile(r"\{([+?-]?)(\w+)\}")
_EMOJI = "📦🔋🚚🛒📱🔧🏠📷"


def rows(*, size: int = 4000, seed: int = 0) -> list[tuple[str, str]]:
    """Draw `size` reviews as (text, label), shuffled; languages, and labels within each, are equally many.

    The same size and seed give the same rows on every platform: `random.Random` promises its sequence.
    """
    rng = random.Random(seed)
    drawn: list[tuple[str, str]] = []
    for place in range(size):
        label = LABELS[place // 2 % 2]
        drawn.append((_review((ENGLISH, CHINESE)[place % 2], label, rng), label))
    rng.shuffle(drawn)
    return drawn


def write(path: Path, *, size: int = 4000, seed: int = 0) -> None:
    """Write the reviews of `rows` as csv with the header `text,label`."""
    with written(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("text", "label"))
        writer.writerows(rows(size=size, seed=seed))


@dataclass(slots=True)
class Filler:
    """Fills the slots of patterns with words that agree within one review: one product, and one pair a kind."""

    language: Language
    rng: random.Random
    label: str
    product: str
    parts: dict[str, str]
    pairs: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def draw(cls, language: Language, label: str, rng: random.Random) -> Filler:
        """Draw the product that the review is about."""
        product = rng.choice(list(language.products))
        own = language.products[product]
        first, second = rng.sample([*own, *language.shared], 2)
        return cls(language, rng, label, product, {"a": first, "b": second, "c": rng.choice(own)})

    def fill(self, pattern: str) -> str:
        """Replace each slot of a pattern; the slots are described in `weft.demo.grammar`."""
        return _SLOT.sub(lambda slot: self._word(sign=slot[1], kind=slot[2]), pattern)

    def _word(self, *, sign: str, kind: str) -> str:
        if sign == "?":
            return self.rng.choice(self.rng.choice(self.language.polar[kind]))
        if sign:
            praise = (sign == "+") == (self.label == "positive")
            return self._pair(kind)[0 if praise else 1]
        if kind == "product":
            return self.product
        return self.parts[kind] if kind in self.parts else self.rng.choice(self.language.neutral[kind])

    def _pair(self, kind: str) -> tuple[str, str]:
        if kind not in self.pairs:
            suits_all = kind in self.parts and self.rng.random() < 0.4
            choices = self.language.parts[self.parts[kind]] if kind in self.parts else self.language.polar[kind]
            self.pairs[kind] = self.rng.choice(self.language.polar["general"] if suits_all else choices)
        return self.pairs[kind]


def _review(language: Language, label: str, rng: random.Random) -> str:
    filler = Filler.draw(language, label, rng)
    kind = rng.choice(list(language.patterns))
    core = rng.choice(language.patterns[kind])
    patterns = [core]
    if rng.random() < 0.6:
        patterns.insert(0, rng.choice(language.openings))
    if rng.random() < 0.15:
        patterns.insert(rng.randrange(len(patterns)), rng.choice(language.asides))
    if "{+verdict}" not in core and "{+question}" not in core and rng.random() < 0.3:
        patterns.append(rng.choice(("{+verdict}", "{+question}")))
    if rng.random() < 0.45:
        patterns.append(rng.choice(language.closings))
    sentences = [_sentence(filler.fill(pattern), language, rng) for pattern in patterns]
    return _style(language.space.join(sentences), rng)


def _sentence(text: str, language: Language, rng: random.Random) -> str:
    ending = "" if text.endswith(("?", "？")) else rng.choice(language.endings)
    return text[0].upper() + text[1:] + ending


def _style(text: str, rng: random.Random) -> str:
    """Rewrite the text as people type: some in small letters, some in capitals, some with an emoji."""
    dice = rng.random()
    if dice < 0.08:
        text = text.lower()
    elif dice < 0.11:
        text = text.upper()
    return f"{text} {rng.choice(_EMOJI)}" if rng.random() < 0.08 else text
