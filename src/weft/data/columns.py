"""An encoded corpus as flat arrays, and the gathering of its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np

from weft.store import Pile, Rows, taken

Long = Literal["head", "head-tail", "windows"]
"""Part of a text that is read beyond the maximum length: its first part, its first and last halves, or all of it, in
windows."""


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of unequal length, end to end: values [N, ...], and where each of R rows starts and ends, int64 [R + 1].

    The values may be in a file (see `weft.store`): what reads many of them takes rows by `flat`.
    """

    values: np.ndarray
    offsets_R1: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, lengths_R: np.ndarray) -> Ragged:
        """Build rows from values and the length of each row."""
        offsets_R1 = np.zeros(len(lengths_R) + 1, dtype=np.int64)
        np.cumsum(lengths_R, out=offsets_R1[1:])
        return cls(values, offsets_R1)

    @property
    def lengths_R(self) -> np.ndarray:
        """Length of each row, [R]."""
        return np.diff(self.offsets_R1)

    def lengths_of(self, rows_B: np.ndarray) -> np.ndarray:
        """Return the length of each of some rows, [B]."""
        return self.offsets_R1[rows_B + 1] - self.offsets_R1[rows_B]

    def flat(self, rows_B: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the values of some rows end to end, and where each row starts in them, [B]."""
        lengths_B = self.lengths_of(rows_B)
        starts_B = np.cumsum(lengths_B) - lengths_B
        places = np.arange(int(lengths_B.sum())) + np.repeat(self.offsets_R1[rows_B] - starts_B, lengths_B)
        return taken(self.values, places), starts_B

    def padded(self, rows_B: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pad some rows to one array [B, S, ...], zero beyond each row's end, with its mask [B, S], True where real.

        S is the longest of these rows, at least 1.
        """
        lengths_B = self.lengths_of(rows_B)
        steps_S = np.arange(max(1, int(lengths_B.max(initial=0))))
        mask_BS = steps_S < lengths_B[:, None]
        values = np.zeros((*mask_BS.shape, *self.values.shape[1:]), dtype=self.values.dtype)
        values[mask_BS] = self.flat(rows_B)[0]
        return values, mask_BS


class Share(float):
    """A share with its part and its whole, so that shares of parts of a corpus can be pooled; 0 if whole is 0."""

    part: float
    whole: float

    def __new__(cls, part: float, whole: float) -> Self:
        """Build a share from the two numbers."""
        share = super().__new__(cls, part / max(1, whole))
        share.part, share.whole = part, whole
        return share

    @classmethod
    def but(cls, part: float, whole: float) -> Self:
        """Build the share of all but a part; 1 if whole is 0."""
        return cls(whole - part, whole) if whole else cls(1, 1)


@dataclass(frozen=True, slots=True)
class Columns:
    """The encoded rows of a corpus.

    `owner_R` gives the example of each row (a long text read in windows has several), `cost_R` the tokens that a row
    costs, by which batches are made.
    """

    ragged: Mapping[str, Ragged]
    fixed: Mapping[str, np.ndarray]
    owner_R: np.ndarray
    cost_R: np.ndarray
    facts: Mapping[str, float] = field(default_factory=dict)
    """Counts made while encoding, for notes to the user: unknown pieces, long texts; a `Share` each."""
    letters: Mapping[str, Ragged] = field(default_factory=dict)
    """Character n-grams of the distinct words of some of `ragged`, by its name, a row for each word; the last column of
    the values there indexes these rows. Row 0 is empty."""
    shape_R: np.ndarray | None = None
    """Sort key for batching rows with two lengths (source, target); None: sort by `cost_R`."""

    def __len__(self) -> int:
        return len(self.owner_R)


def encode_rows(encode: Callable[[Sequence[Any]], Columns], examples: Sequence[Any]) -> Columns:
    """Encode examples to columns; if these are in a file (`weft.store`), part by part, with large arrays in files too.

    The result equals that of encoding at once, except that words with character n-grams are numbered anew in each part.
    """
    if not isinstance(examples, Rows):
        return encode(examples)
    piles: dict[tuple[str, str], Pile] = defaultdict(Pile)
    facts: dict[str, Share] = {}
    words: dict[str, int] = defaultdict(int)
    first = 0
    for part in examples.parts():
        one = encode(part)
        for key, values in _arrays(one, first, words).items():
            piles[key].add(values)
        for name, fact in one.facts.items():
            # what is no share counts by the cost of the rows
            fact = fact if isinstance(fact, Share) else Share(fact * (cost := float(one.cost_R.sum())), cost)
            before = facts.get(name, Share(0, 0))
            facts[name] = Share(before.part + fact.part, before.whole + fact.whole)
        words.update({name: words[name] + len(letters.lengths_R) - 1 for name, letters in one.letters.items()})
        first += len(part)
    whole = {key: pile.done() for key, pile in piles.items()}
    rows = len(whole["rows", "owner"])  # what only some parts have (labels, targets) is left out

    def ragged(of: str) -> dict[str, Ragged]:
        return {
            name: Ragged.of(values, whole[f"{of} lengths", name])
            for (kind, name), values in whole.items()
            if kind == of and (kind == "letters" or len(whole[f"{of} lengths", name]) == rows)
        }

    return Columns(
        ragged("ragged"),
        {name: values for (kind, name), values in whole.items() if kind == "fixed" and len(values) == rows},
        whole["rows", "owner"],
        whole["rows", "cost"],
        facts,
        ragged("letters"),
        whole.get(("rows", "shape")),
    )


def _arrays(part: Columns, first: int, words: Mapping[str, int]) -> dict[tuple[str, str], np.ndarray]:
    """Return the arrays of a part of a corpus, its examples numbered from `first`, its words after those of `words`."""
    found = {("rows", "owner"): (part.owner_R + first).astype(np.int32), ("rows", "cost"): part.cost_R.astype(np.int32)}
    if part.shape_R is not None:
        found["rows", "shape"] = part.shape_R
    for name, values in part.fixed.items():
        found["fixed", name] = values
    for name, rows in part.ragged.items():
        found["ragged", name], found["ragged lengths", name] = rows.values, rows.lengths_R
    for name, letters in part.letters.items():
        values = part.ragged[name].values.copy()
        values[:, -1] += np.where(values[:, -1] > 0, words[name], 0).astype(values.dtype)
        found["ragged", name] = values
        once = 1 if first else 0  # word 0, which has no n-grams, is stored once
        found["letters", name], found["letters lengths", name] = letters.values, letters.lengths_R[once:]
    return found


@dataclass(frozen=True, slots=True)
class Fitted:
    """Rows no longer than a maximum, the example of each, and the amount of text beyond the maximum."""

    rows: Ragged
    owner_R: np.ndarray
    long_texts: int
    unread: int
    """Number of tokens that are in no row."""


def fit(whole: Ragged, *, max_length: int, long: Long) -> Fitted:
    """Cut longer rows into rows of at most `max_length`.

    Windows overlap by a quarter, and the last one ends where the text ends, so that each token is read with context.
    """
    lengths_E = whole.lengths_R
    examples_E = np.arange(len(lengths_E))
    is_long_E = lengths_E > max_length
    if not is_long_E.any():
        return Fitted(whole, examples_E, 0, 0)
    count = int(is_long_E.sum())
    starts_E = whole.offsets_R1[:-1]
    if long == "windows":
        stride = max(1, max_length - max_length // 4)
        rows_E = np.where(is_long_E, -(-(lengths_E - max_length) // stride) + 1, 1)
        owner_R = np.repeat(examples_E, rows_E)
        nth_R = np.arange(len(owner_R)) - np.repeat(np.cumsum(rows_E) - rows_E, rows_E)
        last_R = np.maximum(lengths_E[owner_R] - max_length, 0)
        starts_R = starts_E[owner_R] + np.minimum(nth_R * stride, last_R)
        taken_R = np.minimum(lengths_E[owner_R], max_length)
        return Fitted(_take(whole, starts_R, taken_R), owner_R, count, 0)
    unread = int((lengths_E[is_long_E] - max_length).sum())
    if long == "head":
        return Fitted(_take(whole, starts_E, np.minimum(lengths_E, max_length)), examples_E, count, unread)
    tail = max_length // 2
    head_E = np.where(is_long_E, max_length - tail, lengths_E)
    tail_E = np.where(is_long_E, tail, 0)
    starts = np.stack([starts_E, whole.offsets_R1[1:] - tail_E], axis=1).ravel()
    halves = _take(whole, starts, np.stack([head_E, tail_E], axis=1).ravel())
    return Fitted(Ragged.of(halves.values, head_E + tail_E), examples_E, count, unread)


def ended(rows: Ragged, end: int) -> Ragged:
    """Append an end symbol to each row; further views of it are 0."""
    lengths_R = rows.lengths_R
    values = np.zeros((len(rows.values) + len(lengths_R), *rows.values.shape[1:]), dtype=rows.values.dtype)
    ends_R = rows.offsets_R1[1:] + np.arange(len(lengths_R))
    kept = np.ones(len(values), dtype=bool)
    kept[ends_R] = False
    values[kept] = rows.values
    values[ends_R, 0] = end
    return Ragged.of(values, lengths_R + 1)


def begun(rows: Ragged, end: int) -> Ragged:
    """Put a begin symbol before each row."""
    lengths_R = rows.lengths_R
    values = np.full((len(rows.values) + len(lengths_R), 1), end, dtype=rows.values.dtype)
    kept = np.ones(len(values), dtype=bool)
    kept[rows.offsets_R1[:-1] + np.arange(len(lengths_R))] = False
    values[kept] = rows.values[:, :1]
    return Ragged.of(values, lengths_R + 1)


def windows(whole: Ragged, *, size: int) -> Fitted:
    """Cut rows into windows of `size` + 1 values or fewer that overlap by one: all values but the first are predicted.

    A text of a single value makes a row too.
    """
    lengths_E = whole.lengths_R
    rows_E = np.maximum(1, -(-(lengths_E - 1) // size))
    owner_R = np.repeat(np.arange(len(lengths_E)), rows_E)
    starts_R = size * (np.arange(len(owner_R)) - np.repeat(np.cumsum(rows_E) - rows_E, rows_E))
    taken_R = np.minimum(lengths_E[owner_R] - starts_R, size + 1)
    rows = _take(whole, whole.offsets_R1[:-1][owner_R] + starts_R, taken_R)
    return Fitted(rows, owner_R, int((rows_E > 1).sum()), 0)


def _take(whole: Ragged, starts_R: np.ndarray, lengths_R: np.ndarray) -> Ragged:
    offsets_R = np.cumsum(lengths_R) - lengths_R
    places = np.arange(int(lengths_R.sum())) + np.repeat(starts_R - offsets_R, lengths_R)
    return Ragged.of(whole.values[places], lengths_R)
