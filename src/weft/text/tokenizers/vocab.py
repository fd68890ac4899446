"""Vocabularies of strings and of hashed keys: the known pieces and their ids.

Both are learned from training texts alone. Id 0 is padding everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from pathlib import Path

import numpy as np
from pydantic import Field
from safetensors.numpy import load_file, save_file

from weft.config import Config, read_saved
from weft.files import placed, write_json

PAD, UNKNOWN = 0, 1
_BLOCK = 1 << 20
SMALL_BITS, LARGE_BITS = 22, 24


def beyond(number: int, copied: Sequence[str]) -> str:
    """Return a copied piece by its number; nothing for a number that no piece has."""
    return copied[number] if number < len(copied) else ""


class VocabularyConfig(Config):
    """Limits that decide which pieces get an id of their own."""

    min_count: int = Field(default=2, ge=1)
    """Least count of a piece in the training texts; rarer ones are unknown."""
    max_size: int = Field(default=200_000, ge=1)
    """Largest number of pieces, the most frequent first."""


class Vocabulary:
    """Strings and their ids, by falling count; 0 is padding, 1 stands for every unknown string."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self.pieces = ["<pad>", "<unknown>", *pieces]
        self._numbers = {piece: number for number, piece in enumerate(self.pieces) if number > UNKNOWN}

    def __len__(self) -> int:
        return len(self.pieces)

    @classmethod
    def learn(cls, pieces: Iterable[str], config: VocabularyConfig) -> Vocabulary:
        """Learn the most frequent of some pieces."""
        return cls.counted(Counter(pieces), config)

    @classmethod
    def counted(cls, counts: Mapping[str, int], config: VocabularyConfig) -> Vocabulary:
        """Build a vocabulary of the most frequent pieces; equal counts go in the order of their characters."""
        kept = sorted((piece for piece, count in counts.items() if count >= config.min_count))
        kept.sort(key=counts.__getitem__, reverse=True)
        return cls(kept[: config.max_size])

    def ids(self, pieces: list[str]) -> np.ndarray:
        """Look up the ids of many pieces, int32 [N]."""
        return np.fromiter(map(self._numbers.get, pieces, repeat(UNKNOWN)), dtype=np.int32, count=len(pieces))

    def save(self, path: Path) -> None:
        """Write a JSON list of the pieces from id 2 on."""
        write_json(path, self.pieces[2:])

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Load the vocabulary that `save` wrote."""
        return cls(read_saved(path, list[str]))


class HashedVocabulary:
    """Maps 64-bit keys (of n-grams, of neighbours) to buckets; only buckets seen in training have an id.

    So the embedding table is as large as the training texts need, and a key is found by one look-up in an array. Two
    keys may share a bucket: of 150,000 keys in 2^22 buckets about 2 in 100 do. More than two million keys get 2^24.
    `group_V` has the group of the key behind each id, uint8 [V], where the keys come in groups; None: they do not.
    """

    def __init__(self, kept: np.ndarray, *, bits: int, group_V: np.ndarray | None = None) -> None:
        self.kept, self.bits, self.group_V = kept.astype(np.uint32), bits, group_V
        self._numbers = np.zeros(1 << bits, dtype=np.int32)
        self._numbers[self.kept] = np.arange(1, len(kept) + 1, dtype=np.int32)

    def __len__(self) -> int:
        return len(self.kept) + 1

    @classmethod
    def learn(
        cls, keys_N: np.ndarray, config: VocabularyConfig, *, times_N: np.ndarray | None = None
    ) -> HashedVocabulary:
        """Keep the buckets of at least `min_count` training keys (uint64 [N]), each counted `times_N` times."""
        bits = _bits(len(keys_N))
        return cls._commonest(np.bincount(_bucket(keys_N, bits), times_N, minlength=1 << bits), config, bits=bits)

    @classmethod
    def learn_parts(cls, parts: Iterable[np.ndarray], config: VocabularyConfig, *, total: int) -> HashedVocabulary:
        """Learn from keys that come part by part, about `total` in all, so that never all are in memory."""
        bits = _bits(total)
        counts = np.zeros(1 << bits, dtype=np.int32)
        for keys_N in parts:
            _count(counts, _bucket(keys_N, bits))
        return cls._commonest(counts, config, bits=bits)

    @classmethod
    def learn_groups(
        cls, parts: Iterable[Sequence[np.ndarray]], config: VocabularyConfig, *, total: int
    ) -> HashedVocabulary:
        """Learn as `learn_parts` from keys that come part by part, and in each part group by group."""
        bits = _bits(total)
        counts, group = np.zeros(1 << bits, dtype=np.int32), np.zeros(1 << bits, dtype=np.uint8)
        for groups in parts:
            for number, keys_N in enumerate(groups):
                buckets = _bucket(keys_N, bits)
                _count(counts, buckets)
                group[buckets] = number
        found = cls._commonest(counts, config, bits=bits)
        found.group_V = np.concatenate([[np.uint8(0)], group[found.kept]])
        return found

    @classmethod
    def _commonest(cls, counts: np.ndarray, config: VocabularyConfig, *, bits: int) -> HashedVocabulary:
        taken = counts >= config.min_count
        if np.count_nonzero(taken) > config.max_size:
            least, most = config.min_count, int(counts.max())
            while (
                least < most
            ):  # the lowest count that not too many buckets exceed; to sort all takes twenty times the memory
                middle = (least + most) // 2
                least, most = (
                    (least, middle) if np.count_nonzero(counts > middle) <= config.max_size else (middle + 1, most)
                )
            taken = counts > least
            spare = config.max_size - np.count_nonzero(taken)
            for start in range(0, len(counts), _BLOCK):  # of equal counts the first buckets
                places = start + np.flatnonzero(counts[start : start + _BLOCK] == least)[:spare]
                taken[places] = True
                spare -= len(places)
        return cls(np.flatnonzero(taken), bits=bits)

    def ids(self, keys_N: np.ndarray) -> np.ndarray:
        """Look up the ids of many keys, int32 [N]; 0 for an unknown key."""
        return self._numbers[_bucket(keys_N, self.bits)]

    def save(self, path: Path) -> None:
        """Write the kept buckets and the bits of their indices, as safetensors."""
        groups = {} if self.group_V is None else {"group": self.group_V}
        with placed(path) as part:
            save_file({"kept": self.kept, "bits": np.array([self.bits]), **groups}, part)

    @classmethod
    def load(cls, path: Path) -> HashedVocabulary:
        """Load the vocabulary that `save` wrote."""
        found = load_file(path)
        bits = int(found["bits"][0])
        if bits not in (SMALL_BITS, LARGE_BITS):
            raise ValueError(f"expected {SMALL_BITS} or {LARGE_BITS} bits, found {bits}")
        return cls(found["kept"], bits=bits, group_V=found.get("group"))


def _count(counts: np.ndarray, buckets: np.ndarray) -> None:
    """Add the number of times that each bucket is listed, in place."""
    if len(buckets) * 8 > len(counts):
        counts += np.bincount(buckets, minlength=len(counts)).astype(np.int32)
    else:
        found, times = np.unique(buckets, return_counts=True)
        counts[found] += times.astype(np.int32)


def _bits(keys: int) -> int:
    return LARGE_BITS if keys > 2_000_000 else SMALL_BITS


def _bucket(keys_N: np.ndarray, bits: int) -> np.ndarray:
    return (keys_N >> np.uint64(64 - bits)).astype(np.int64)
