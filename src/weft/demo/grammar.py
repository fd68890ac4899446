"""The grammar of demo reviews: slots of patterns, and the reading of word lists.

A pattern is a sentence of praise, with slots. `{a}` and `{b}` are two parts of the product or of its sale, `{c}` a
part of the product itself; `{+a}` is praise of the first (`sharp` of a screen) and `{-a}` the blame opposite to it
(`blurry`); `{+verdict}` and the like draw from the language's `polar` pairs, `{?general}` does so with either sign,
`{person}` and the like draw from its `neutral` words. Turn every + into - and every - into + and the sentence blames.
So one list of patterns makes both labels, and a word of praise says little about the label: it is as often denied,
hoped for, outgrown or said of the old one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Pairs = tuple[tuple[str, str], ...]  # (praise, blame)


@dataclass(frozen=True, slots=True)
class Language:
    """Words and patterns of the reviews of one language."""

    parts: Mapping[str, Pairs]  # the pairs that suit a part
    products: Mapping[str, tuple[str, ...]]  # the parts that a product has
    shared: tuple[str, ...]  # the parts that the sale of every product has
    polar: Mapping[str, Pairs]  # `general` suits every part
    neutral: Mapping[str, tuple[str, ...]]
    patterns: Mapping[str, tuple[str, ...]]  # each kind of pattern is drawn equally often
    openings: tuple[str, ...]  # openings, asides and closings say nothing of the label
    asides: tuple[str, ...]
    closings: tuple[str, ...]
    endings: tuple[str, ...]
    space: str


def lines(text: str) -> tuple[str, ...]:
    """Read one item a line."""
    return tuple(line.strip() for line in text.strip().splitlines())


def words(text: str) -> tuple[str, ...]:
    """Read items such as `red, white, blue`."""
    return tuple(word.strip() for word in text.split(","))


def table(text: str) -> dict[str, tuple[str, ...]]:
    """Read lines such as `phone: battery, screen, camera`."""
    rows = (line.split(":") for line in lines(text))
    return {key: words(items) for key, items in rows}


def pairs(items: tuple[str, ...]) -> Pairs:
    """Read items such as `sharp / blurry`, praise before blame."""
    halves = (item.split("/") for item in items)
    return tuple((praise.strip(), blame.strip()) for praise, blame in halves)


def parts(text: str) -> dict[str, Pairs]:
    """Read lines such as `screen: sharp/blurry, bright/dim`."""
    return {part: pairs(items) for part, items in table(text).items()}
