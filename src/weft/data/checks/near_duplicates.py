"""Finds texts that are nearly the same, by MinHash of their shingles; needs the extra `near`.

MinHash (Broder 1997, "On the resemblance and containment of documents"): the share of equal smallest hashes of two sets
estimates their resemblance, the size of their intersection over the size of their union. The hashes are taken by numpy
over all texts at once; `datasketch` finds the pairs that collide (locality-sensitive hashing).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from weft.data.checks.duplicates import digests
from weft.data.checks.findings import Finding, Part, counted
from weft.data.checks.scripts import text_blocks
from weft.errors import MissingExtra
from weft.hashing import mix

RESEMBLANCE = 0.8
"""Least resemblance of texts that are called nearly the same."""
HASHES = 64
NARROW, WIDE = 5, 3
"""Number of characters of a shingle, ignoring case and blanks: 3 in a text of mainly wide characters, such as Han, each
of which carries as much as several letters; else 5."""
_FEWEST_SHINGLES = 8
"""Least number of shingles; shorter texts share most of theirs by chance, since a single character makes all the
difference."""
_BLOCK = 1 << 18
"""Number of shingles that are hashed at once: they fit into a processor's cache."""
_WIDE_FROM = 0x2E80
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Near:
    """A text, an earlier one that it nearly repeats, both by number, and their resemblance."""

    row: int
    earlier: int
    resemblance: float


def near_pairs(texts: Sequence[str]) -> list[Near]:
    """Find the texts that nearly repeat an earlier one, each with the nearest such; equal texts are not among them.

    Raises MissingExtra without `datasketch`.
    """
    index = _lsh()
    seen: set[bytes] = set()
    found: list[Near] = []
    signatures: dict[int, np.ndarray] = {}
    for first, block in text_blocks(texts, _BLOCK):
        shingled = _shingles(block)
        signatures_NH = _signatures(shingled, len(block))
        enough_N = np.bincount(shingled.owner_S, minlength=len(block)) >= _FEWEST_SHINGLES
        for row, digest in enumerate(digests(block, "alike")):
            if digest in seen or not enough_N[row]:
                continue
            seen.add(digest)
            signature, number = signatures_NH[row], first + row
            one = _Sketch(signature)
            known = index.query(one)
            if known:
                shares = (np.stack([signatures[other] for other in known]) == signature).mean(1)
                best = int(shares.argmax())
                exact = _resemblance(texts[number], texts[known[best]])
                if exact >= RESEMBLANCE:
                    found.append(Near(number, known[best], exact))
                    continue  # the index holds one text of each family, which keeps its answers short
            signatures[number] = signature
            index.insert(number, one, check_duplication=False)
    return found


def near_duplicates(parts: Sequence[Part]) -> Finding:
    """Find texts that nearly repeat an earlier one, of their own part or of one before it."""
    title = "Near-duplicates"
    texts = [text for part in parts for text in part.texts]
    starts = np.cumsum([0, *map(len, parts)])
    try:
        found = near_pairs(texts)
    except MissingExtra as error:
        return Finding("near", title, "fine", f"not checked: {error.what}", fix=f"`{error.hint}`, then inspect again")
    if not found:
        return Finding("near", title, "fine", f"no two texts are similar by {RESEMBLANCE:.0%} or more")
    rows, across = [], 0
    for one in found:
        part, earlier = (int(np.searchsorted(starts, number, "right")) - 1 for number in (one.row, one.earlier))
        across += part != earlier
        place = parts[earlier].place(one.earlier - int(starts[earlier]))
        rows.append(parts[part].row(one.row - int(starts[part]), note=f"{one.resemblance:.0%} like {place}"))
    said = f"{counted(len(rows), 'text')} {'is' if len(rows) == 1 else 'are'} similar to an earlier one by"
    said += f" {RESEMBLANCE:.0%} or more" + (f", {across:,} of them across splits" if across else "")
    fix = "keep one of each group, and none of test in train: scores on near-copies of training texts are too good"
    return Finding("near", title, "warning", said, len(rows), fix, rows)


@dataclass(frozen=True, slots=True)
class _Shingled:
    """The hash of each shingle and the number of its text, uint64 and int64 [S]."""

    hash_S: np.ndarray
    owner_S: np.ndarray


def _shingles(texts: Sequence[str]) -> _Shingled:
    plain = [" ".join(text.split()).casefold() for text in texts]
    lengths_N = np.fromiter(map(len, plain), dtype=np.int64, count=len(plain))
    codes = np.frombuffer("".join(plain).encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    owner = np.repeat(np.arange(len(plain)), lengths_N)
    wide_N = 2 * np.bincount(owner[codes >= _WIDE_FROM], minlength=len(plain)) > lengths_N
    hashes, owners = [], []
    for size, takes_N in ((NARROW, ~wide_N), (WIDE, wide_N)):
        count = max(0, len(codes) - size + 1)
        rolled = np.zeros(count, dtype=np.uint64)
        for place in range(size):
            rolled = rolled * _MULTIPLIER + codes[place : place + count]
        first, last = owner[:count], owner[size - 1 : size - 1 + count]
        whole = (first == last) & takes_N[first]
        hashes.append(mix(rolled[whole]))
        owners.append(first[whole])
    order = np.argsort(np.concatenate(owners), kind="stable")
    return _Shingled(np.concatenate(hashes)[order], np.concatenate(owners)[order])


def _signatures(shingled: _Shingled, texts: int) -> np.ndarray:
    """Return the smallest value of each of `HASHES` hashes over the shingles of each text, uint64 [N, H]."""
    signatures_NH = np.full((texts, HASHES), np.iinfo(np.uint64).max, dtype=np.uint64)
    if not len(shingled.hash_S):
        return signatures_NH
    draw = np.random.default_rng(0)
    odd_H = draw.integers(0, 1 << 63, HASHES, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    starts = np.flatnonzero(np.diff(shingled.owner_S, prepend=-1))
    owners = shingled.owner_S[starts]
    for number, odd in enumerate(odd_H):
        # the upper half of a product with an odd number is a hash of its own (Dietzfelbinger et al. 1997)
        values = (shingled.hash_S * odd) >> np.uint64(32)
        signatures_NH[owners, number] = np.minimum.reduceat(values, starts)
    return signatures_NH


def _resemblance(one: str, other: str) -> float:
    sets = [np.unique(_shingles([text]).hash_S) for text in (one, other)]
    shared = len(np.intersect1d(*sets, assume_unique=True))
    return shared / max(1, len(sets[0]) + len(sets[1]) - shared)


@dataclass(frozen=True, slots=True)
class _Sketch:
    """The part of a MinHash that an index of datasketch needs: its values, and their number."""

    hashvalues: np.ndarray

    def __len__(self) -> int:
        return len(self.hashvalues)


def _lsh() -> Any:
    try:
        from datasketch import MinHashLSH
    except ImportError:
        raise MissingExtra("datasketch", extra="near") from None
    return MinHashLSH(threshold=RESEMBLANCE, num_perm=HASHES)
