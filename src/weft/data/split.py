"""Splits rows into training and validation rows, by label and without the same text in both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from weft.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers of training and validation rows, ascending."""

    train: np.ndarray
    dev: np.ndarray


def split(labels: Sequence[str], texts: Iterable[str], *, share: float, seed: int) -> Split:
    """Set aside a share of the rows of each label; equal seeds give equal splits.

    Rows of one text, ignoring case and blanks, stay together. Each label keeps a row in train, and has one in dev when
    its share rounds to one and it has two texts to divide. Raises ConfigError when the share is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise ConfigError(f"`{share}` is not a share", where="data.dev_share", hint="give a number between 0 and 1")
    draw = np.random.default_rng(seed)
    counts = Counter(labels)
    sides = _Sides(counts, _wanted(counts, share, draw))
    groups = _groups(texts)
    shuffled = draw.permutation(len(groups))
    by_size = shuffled[np.argsort(groups.sizes[shuffled], kind="stable")]
    in_dev = np.zeros(len(labels), dtype=bool)
    # Small groups first where a target cannot be met exactly: they miss it by least.
    for fits, candidates in ((sides.within, shuffled), (sides.nearer, by_size), (sides.missing, by_size)):
        for number in candidates:
            if sides.met:
                break
            rows = groups.rows(number)
            tally = Counter([labels[row] for row in rows])
            if not in_dev[rows[0]] and fits(tally):
                sides.take(tally)
                in_dev[rows] = True
    return Split(np.flatnonzero(~in_dev), np.flatnonzero(in_dev))


def folds(labels: Sequence[str], texts: Iterable[str], *, count: int, seed: int) -> list[Split]:
    """Split the rows into `count` folds, each of which is `dev` once; every fold has its share of each label.

    Rows of one text, ignoring case and blanks, stay in one fold. The largest groups are assigned first, each to the
    fold with the fewest rows of its label, so that labels are spread as evenly as the groups allow. Raises ConfigError
    when there are fewer than two folds, or fewer different texts than folds.
    """
    groups = _groups(texts)
    if not 2 <= count <= len(groups):
        what = f"`{count}` folds cannot be made of {len(groups):,} different texts"
        raise ConfigError(what, where="folds", hint=f"give a number from 2 to {len(groups)}")
    draw = np.random.default_rng(seed)
    shuffled = draw.permutation(len(groups))
    rows_of: dict[str, np.ndarray] = {label: np.zeros(count, dtype=np.int64) for label in dict.fromkeys(labels)}
    total = np.zeros(count, dtype=np.int64)
    fold_R = np.zeros(len(labels), dtype=np.int64)
    for number in shuffled[np.argsort(-groups.sizes[shuffled], kind="stable")]:
        rows = groups.rows(number)
        tally = Counter([labels[row] for row in rows])
        commonest = max(tally, key=tally.__getitem__)
        fold = int(np.lexsort((total, rows_of[commonest]))[0])
        fold_R[rows] = fold
        total[fold] += len(rows)
        for label, added in tally.items():
            rows_of[label][fold] += added
    return [Split(np.flatnonzero(fold_R != fold), np.flatnonzero(fold_R == fold)) for fold in range(count)]


class _Sides:
    """Rows that dev has and needs of each label, with the tests of whether one more text should join it."""

    def __init__(self, counts: Mapping[str, int], wanted: Mapping[str, int]) -> None:
        self._counts, self._wanted = counts, wanted
        self._taken: Counter[str] = Counter()
        self._unmet = {label for label, rows in wanted.items() if rows}

    @property
    def met(self) -> bool:
        return not self._unmet

    def take(self, tally: Mapping[str, int]) -> None:
        self._taken.update(tally)
        self._unmet -= {label for label in tally if self._taken[label] >= self._wanted[label]}

    def within(self, tally: Mapping[str, int]) -> bool:
        """Whether no label gets more rows than it needs."""
        return all(self._taken[label] + rows <= self._wanted[label] for label, rows in tally.items())

    def nearer(self, tally: Mapping[str, int]) -> bool:
        """Whether the labels, taken together, come nearer to what they need, and each keeps a row in train."""
        off = sum(abs(self._wanted[label] - self._taken[label]) for label in tally)
        off_then = sum(abs(self._wanted[label] - self._taken[label] - rows) for label, rows in tally.items())
        return off_then < off and self._leaves_train(tally)

    def missing(self, tally: Mapping[str, int]) -> bool:
        """Whether a label that needs rows and has none would get some, and each keeps a row in train."""
        return any(self._wanted[label] and not self._taken[label] for label in tally) and self._leaves_train(tally)

    def _leaves_train(self, tally: Mapping[str, int]) -> bool:
        return all(self._taken[label] + rows < self._counts[label] for label, rows in tally.items())


@dataclass(frozen=True, slots=True)
class _Groups:
    """Rows in groups: the rows of each group end to end, [N]; where each group starts, and its size."""

    rows_N: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray

    def __len__(self) -> int:
        return len(self.sizes)

    def rows(self, number: int) -> list[int]:
        start = self.starts[number]
        return self.rows_N[start : start + self.sizes[number]].tolist()


def _groups(texts: Iterable[str]) -> _Groups:
    """Group the rows of each different text, in order of first appearance, by a digest of 8 bytes; no text is copied.

    Two texts of a million share a digest by chance once in 30 million times; they would stay together.
    """
    digests_N = np.fromiter(map(_digest, texts), dtype=np.uint64)
    first, group_N, sizes = np.unique(digests_N, return_index=True, return_inverse=True, return_counts=True)[1:]
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    rows_N = np.argsort(rank[group_N], kind="stable")
    return _Groups(rows_N, np.cumsum(sizes[order]) - sizes[order], sizes[order])


def _digest(text: str) -> int:
    plain = " ".join(text.split()).casefold().encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(plain, digest_size=8).digest())


def _wanted(counts: Mapping[str, int], share: float, draw: np.random.Generator) -> dict[str, int]:
    """Return the number of rows that dev needs of each label: its share, rounded, but never all of them.

    Many small labels, each rounded down, would leave dev short: those nearest to one row more get it, at random among
    equals.
    """
    wanted = {label: min(int(share * rows + 0.5), rows - 1) for label, rows in counts.items()}
    short = round(share * sum(counts.values())) - sum(wanted.values())
    labels = list(counts)
    lots = [labels[number] for number in draw.permutation(len(labels))]
    below = [label for label in lots if wanted[label] < min(share * counts[label], counts[label] - 1)]
    below.sort(key=lambda label: wanted[label] - share * counts[label])
    for label in below[: max(short, 0)]:
        wanted[label] += 1
    return wanted
