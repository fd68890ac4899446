"""Scores generated texts without references: diversity, repetition and novelty; not their quality.

Texts are cut into words, and Han into characters; case and punctuation count. All scores are shares, 0 to 1. Letters: R
texts, N pieces end to end, K n-grams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from weft.errors import InputError
from weft.text.segment import Pieces, segment


@dataclass(frozen=True, slots=True)
class Novelty:
    """Share of n-grams that no training text has, and of texts that occur whole in a training text."""

    new_ngrams: float
    copied: float


def distinct(texts: Sequence[str], *, n: int) -> float:
    """Divide distinct n-grams by all n-grams, over all texts together (Li et al. 2016, section 5.2: distinct-n).

    It falls with the number of texts: compare samples of one size. 0 where no text has an n-gram.

    Raises:
        InputError: `n` is below one.

    """
    ngrams_K, _ = _ngrams(segment(texts, "mixed"), n)
    return len(np.unique(ngrams_K)) / max(1, len(ngrams_K))


def repetition(texts: Sequence[str], *, n: int) -> float:
    """Return the share of a text's n-grams that occurred in it before, averaged over the texts that have any.

    Welleck et al. 2020, "Neural text generation with unlikelihood training", section 6.1: seq-rep-n.

    Raises:
        InputError: `n` is below one.

    """
    ngrams_K, text_K = _ngrams(segment(texts, "mixed"), n)
    all_R = np.bincount(text_K, minlength=len(texts))
    distinct_R = np.bincount(np.unique(np.stack([text_K, ngrams_K]), axis=1)[0], minlength=len(texts))
    some_R = all_R > 0
    return float((1 - distinct_R[some_R] / all_R[some_R]).mean()) if some_R.any() else 0.0


def novelty(texts: Sequence[str], training: Sequence[str], *, n: int) -> Novelty:
    """Measure how much of some texts is not memorised: n-grams and whole texts are looked up in the training texts.

    Every occurrence of an n-gram counts. A text is copied where its pieces stand in a row in one training text,
    whatever the spaces between them; one without pieces is not. 0 where no text has an n-gram.

    Raises:
        InputError: `n` is below one, or there is no text.

    """
    if not texts:
        raise InputError("there is no text to look up")
    pieces = segment([*texts, *training], "mixed")
    ngrams_K, text_K = _ngrams(pieces, n)
    ours_K = text_K < len(texts)
    new_K = ~np.isin(ngrams_K[ours_K], ngrams_K[~ours_K])
    rows = _spelled(pieces)
    learned = "\n".join(rows[len(texts) :])
    # a text with a new n-gram is no copy: searching for the others alone saves nearly all of the time
    new_R = np.bincount(text_K[ours_K], weights=new_K, minlength=len(texts))
    copied = sum(row != "\t" and not new and row in learned for row, new in zip(rows, new_R.tolist(), strict=False))
    return Novelty(new_ngrams=float(new_K.mean()) if len(new_K) else 0.0, copied=copied / len(texts))


def _ngrams(pieces: Pieces, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Number the n-grams [K], equal ones alike, and return the text of each [K]."""
    if n < 1:
        raise InputError(f"expected n-grams of at least 1, found {n}")
    text_N = np.repeat(np.arange(len(pieces.lengths_R)), pieces.lengths_R)
    ids = pieces.pieces_N.astype(np.int64)
    for size in range(1, n):
        longer = ids[:-1] * len(pieces.distinct) + pieces.pieces_N[size:]
        ids = np.unique(longer, return_inverse=True)[1]  # numbered anew, so that they never outgrow 64 bits
    whole = text_N[: len(ids)] == text_N[n - 1 :]
    return ids[whole], text_N[: len(ids)][whole]


def _spelled(pieces: Pieces) -> list[str]:
    """Join each text to one string, with a tab on either side of each piece: no piece contains a tab."""
    words = iter(pieces.pieces)
    return ["\t" + "".join(f"{next(words)}\t" for _ in range(length)) for length in pieces.lengths_R.tolist()]
