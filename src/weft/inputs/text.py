"""Encoded texts as batches of a model: rows of ids gathered and padded, or sets of n-grams."""

from __future__ import annotations

import numpy as np
import torch

from weft.data.batch import Ngrams, Tokens
from weft.data.columns import Ragged


def framed_tokens(rows: Ragged, rows_B: np.ndarray) -> Tokens:
    """Some rows of ids with their segments, gathered and padded."""
    ids_BS2, mask_BS = rows.padded(rows_B)
    ids, segments = torch.from_numpy(ids_BS2).long().unbind(2)
    return Tokens(ids, torch.from_numpy(mask_BS), segments_BS=segments)


def tokens_of(text: Ragged, rows: np.ndarray, letters: Ragged | None) -> Tokens:
    """Some rows of ids, gathered and padded; `letters` are the n-grams of words by number, which the last view has."""
    ids_BSW, mask_BS = text.padded(rows)
    spelled = None
    if letters is not None:
        # the words of each row apart: then neither micro-batches nor processes change the parts of a gradient
        size = len(letters.offsets_R1)
        words_U, of_N = np.unique(ids_BSW[..., -1] + size * np.arange(len(rows))[:, None], return_inverse=True)
        ids_BSW[..., -1] = of_N.reshape(mask_BS.shape)
        spelled = ngrams_of(letters, words_U % size)
    ids = torch.from_numpy(ids_BSW).long()
    views = ids[..., 1:] if ids.shape[2] > 1 else None
    return Tokens(ids[..., 0], torch.from_numpy(mask_BS), views, letters=spelled)


def ngrams_of(sets: Ragged, rows: np.ndarray) -> Ngrams:
    """Gather the sets of n-grams of some rows."""
    ids_N, starts_B = sets.flat(rows)
    return Ngrams(torch.from_numpy(ids_N.reshape(-1)).long(), torch.from_numpy(starts_B))
