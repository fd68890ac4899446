"""Keys of 64 bits: mixed, and of texts."""

from __future__ import annotations

import hashlib

import numpy as np


def mix(keys_N: np.ndarray) -> np.ndarray:
    """Spread uint64 keys over all 64 bits (the finalizer of SplitMix64: Steele, Lea and Flood 2014, figure 16)."""
    keys_N = (keys_N ^ (keys_N >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys_N = (keys_N ^ (keys_N >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys_N ^ (keys_N >> np.uint64(31))


def number_of_text(text: str) -> int:
    """Return a number for a text, by which equal ones are known."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
