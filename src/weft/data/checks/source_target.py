"""Cleans parallel data: finds pairs that teach nothing or mislead.

Two texts are the same when they are equal except for white space at their ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from weft.data.checks.findings import counted
from weft.data.checks.scripts import CLASSES, class_counts
from weft.errors import ConfigError, InputError

Care = Literal["keep", "drop"]
"""Treatment of the pairs that a rule finds; they are reported in both cases."""
Rule = Literal["empty", "copies", "duplicates", "ratio", "overlap"]

LETTERS = {"Han": 3.5, "Kana": 1.5, "Hangul": 2.5}
"""Letters of an alphabet that carry about as much as one character of a script; any other character counts 1.

In image captions by people, 3.6 characters of English stand for one of Chinese. It need not be exact, as lengths are
compared with the median of the corpus: it matters for texts that mix scripts, such as Chinese with Latin names."""

_SLACK = 10
"""Letters added to both lengths, two words or so, as short texts differ freely: `Yes` is `Oui, bien sûr`."""
_NOTHING = re.compile("[\\s\\x00-\\x1f\\x7f-\\x9f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]*")


@dataclass(frozen=True, slots=True)
class Noted:
    """The rows, from 0, that a rule found, their treatment, and a sentence about it for the user."""

    rule: Rule
    rows_N: np.ndarray
    care: Care
    said: str


@dataclass(frozen=True, slots=True)
class Fanout:
    """Numbers of targets of the distinct sources: references of one source, or its translations by several people."""

    sources: int
    most: int
    mean: float

    @property
    def said(self) -> str:
        """A sentence for the user if many pairs share their source with another; else empty."""
        if self.mean <= 1.5:
            return ""
        return f"{counted(self.sources, 'distinct source')}, one with {self.most:,} targets, {self.mean:.1f} on average"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The rows that stay, from 0 and in order, with their sources and targets, and the result of each rule.

    A row is dropped by one rule, the first in `noted` that finds it.
    """

    kept_N: np.ndarray
    noted: tuple[Noted, ...]
    pairs: Sequence[tuple[str, str]] = field(repr=False)

    @property
    def fanout(self) -> Fanout:
        """Numbers of targets of each source among the pairs that stay."""
        return fan_out(self.pairs)

    @property
    def said(self) -> list[str]:
        """A sentence for each rule that found something."""
        return [one.said for one in self.noted if len(one.rows_N)]


def clean_pairs(
    sources: Sequence[str],
    targets: Sequence[str],
    *,
    longest_ratio: float | None,
    duplicates: Care,
    copies: Care = "keep",
) -> Cleaned:
    """Find pairs with an empty source or target, untranslated copies, repeated pairs, and pairs of unlike lengths.

    Pairs with an empty text are always dropped. Of duplicates, the same source with the same target, the first stays. A
    pair is dropped for its lengths when one is over `longest_ratio` times the length expected from the other by the
    median of the corpus, so that 3.0 is as strict for Chinese as for German; None leaves lengths alone. Ratios alone,
    without the median, are the filter of Moses (Koehn et al. 2007, clean-corpus-n). Raises InputError when there are
    not as many sources as targets, ConfigError for a ratio that is not over 1.
    """
    if len(sources) != len(targets):
        what = f"{counted(len(sources), 'source')} and {counted(len(targets), 'target')}, expected as many"
        raise InputError(what, hint="give each source one target; repeat a source that has several")
    if longest_ratio is not None and not longest_ratio > 1:
        hint = "take 3.0, say, or none to leave lengths alone"
        raise ConfigError(f"is {longest_ratio}, expected over 1", where="longest_ratio", hint=hint)
    first, second = list(map(str.strip, sources)), list(map(str.strip, targets))
    keys = list(zip(first, second, strict=True))
    noted: list[Noted] = []
    kept_N = np.arange(len(keys))

    def note(rule: Rule, rows_N: np.ndarray, care: Care, found: str) -> None:
        nonlocal kept_N
        fate = "dropped" if care == "drop" else "kept"
        noted.append(Noted(rule, rows_N, care, f"{len(rows_N):,} of {counted(len(keys), 'pair')} {found}: {fate}"))
        kept_N = np.setdiff1d(kept_N, rows_N, assume_unique=True) if care == "drop" else kept_N

    note(
        "empty",
        _where(not (_says(one) and _says(other)) for one, other in keys),
        "drop",
        "with an empty source or target",
    )
    same_N = _where(one == other for one, other in keys)
    note("copies", np.intersect1d(same_N, kept_N), copies, "with a target equal to its source (untranslated)")
    note("duplicates", _repeated(keys, kept_N), duplicates, "that repeat an earlier pair")
    if longest_ratio is not None:
        told = f"with a length ratio over {longest_ratio:g} times the usual one"
        note("ratio", kept_N[_stretch(first, second, kept_N) > longest_ratio], "drop", told)
    return Cleaned(kept_N, tuple(noted), [keys[row] for row in kept_N.tolist()])


def fan_out(pairs: Sequence[tuple[str, str]]) -> Fanout:
    """Count the distinct targets of each source among (source, target) pairs."""
    targets: dict[str, set[str]] = {}
    for source, target in pairs:
        targets.setdefault(source.strip(), set()).add(target.strip())
    sizes = [len(own) for own in targets.values()]
    return Fanout(len(sizes), max(sizes, default=0), sum(sizes) / len(sizes) if sizes else 0.0)


def overlap(train: Sequence[str], held_out: Sequence[str], *, name: str) -> Noted:
    """Find the rows of a held-out part whose sources occur in train too; `name` is the user's name for the part.

    They stay, as published test sets are scored whole: but a model that has memorised them scores better on them.
    """
    known = set(map(str.strip, train))
    rows_N = _where(source.strip() in known for source in held_out)
    said = f"{len(rows_N):,} of {counted(len(held_out), 'source')} of {name} also in train: kept"
    return Noted("overlap", rows_N, "keep", said)


def letters(texts: Sequence[str]) -> np.ndarray:
    """Measure the length of each text in letters of an alphabet, by `LETTERS`: float64 [N]."""
    return class_counts(texts) @ np.array([LETTERS.get(name, 1.0) for name in CLASSES])


def _stretch(first: Sequence[str], second: Sequence[str], rows_N: np.ndarray) -> np.ndarray:
    """Return each pair's deviation from the median proportion of lengths, as a factor of at least 1, in either
    direction.
    """
    if not len(rows_N):
        return np.zeros(0)
    one_N, other_N = (letters([texts[row] for row in rows_N.tolist()]) for texts in (first, second))
    usual = np.exp(np.median(np.log(other_N / one_N)) / 2)
    ratio_N = (other_N / usual + _SLACK) / (one_N * usual + _SLACK)
    return np.maximum(ratio_N, 1 / ratio_N)


def _repeated(keys: Sequence[tuple[str, str]], rows_N: np.ndarray) -> np.ndarray:
    seen: set[tuple[str, str]] = set()
    again: list[int] = []
    for row in rows_N.tolist():
        if keys[row] in seen:
            again.append(row)
        seen.add(keys[row])
    return np.array(again, dtype=np.int64)


def _where(found: Iterable[bool]) -> np.ndarray:
    return np.flatnonzero(np.fromiter(found, dtype=bool))


def _says(text: str) -> bool:
    """Whether a text has a visible character."""
    return _NOTHING.fullmatch(text) is None
