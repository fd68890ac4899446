"""Exact search: the vectors with the largest products with those of queries, block by block; and indexes on disk.

Letters: Q queries, N vectors that are searched, D width, K found for each query.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from weft.errors import InputError
from weft.files import placed

BLOCK = 1 << 14
"""Number of vectors that are compared with all queries at once: their scores stay in the caches of a processor."""
QUERIES = 256
"""Number of queries that are searched at once."""


@dataclass(frozen=True, slots=True)
class Found:
    """Places and scores of the best vectors for each query, the best first, each [Q, K]."""

    places_QK: np.ndarray
    scores_QK: np.ndarray


def nearest(queries_QD: np.ndarray, vectors_ND: np.ndarray, *, top: int) -> Found:
    """Find the `top` vectors with the largest products for each query, exactly; of equal ones the first.

    Vectors may be in a file: they are read once for every 256 queries, a block at a time.
    """
    top = min(top, len(vectors_ND))
    places_QK = np.empty((len(queries_QD), top), dtype=np.int64)
    scores_QK = np.empty((len(queries_QD), top), dtype=np.float32)
    for start in range(0, len(queries_QD), QUERIES):
        here = slice(start, start + QUERIES)
        places_QK[here], scores_QK[here] = _nearest(torch.from_numpy(queries_QD[here]), vectors_ND, top=top)
    return Found(places_QK, scores_QK)


def _nearest(queries_QD: torch.Tensor, vectors_ND: np.ndarray, *, top: int) -> tuple[np.ndarray, np.ndarray]:
    best_QK = torch.full((len(queries_QD), top), -torch.inf)
    places_QK = torch.full((len(queries_QD), top), len(vectors_ND), dtype=torch.int64)
    for start in range(0, len(vectors_ND), BLOCK):
        block = np.ascontiguousarray(vectors_ND[start : start + BLOCK], dtype=np.float32)
        scores_Qn = queries_QD @ torch.from_numpy(block).T
        # most blocks have few vectors better than the worst of the best so far: the others are not sorted
        rows_M, columns_M = torch.nonzero(scores_Qn > best_QK[:, -1:], as_tuple=True)
        if not len(rows_M):
            continue
        if len(rows_M) > len(queries_QD) * top:
            own_Qk, at_Qk = scores_Qn.topk(min(top, len(block)), dim=1)
            merged, places = torch.cat([best_QK, own_Qk], 1), torch.cat([places_QK, at_Qk + start], 1)
        else:
            count_Q = torch.bincount(rows_M, minlength=len(queries_QD))
            merged = torch.full((len(queries_QD), top + int(count_Q.max())), -torch.inf)
            places = torch.full(merged.shape, len(vectors_ND), dtype=torch.int64)
            merged[:, :top], places[:, :top] = best_QK, places_QK
            nth_M = torch.arange(len(rows_M)) - (count_Q.cumsum(0) - count_Q)[rows_M] + top
            merged[rows_M, nth_M], places[rows_M, nth_M] = scores_Qn[rows_M, columns_M], columns_M + start
        order = merged.argsort(dim=1, descending=True, stable=True)[:, :top]
        best_QK, places_QK = merged.gather(1, order), places.gather(1, order)
    return places_QK.numpy(), best_QK.numpy()


@dataclass(frozen=True, slots=True)
class Index:
    """The vectors of the texts of a file, with what tells the model and the texts that they are of."""

    vectors_ND: np.ndarray
    model: str
    texts: str

    def save(self, path: Path) -> None:
        """Write a safetensors file."""
        with placed(path) as part:
            save_file({"vectors": self.vectors_ND}, part, metadata={"model": self.model, "texts": self.texts})

    @classmethod
    def load(cls, path: Path, *, model: str, texts: str) -> Index:
        """Read what `save` wrote. Raises InputError for one that is damaged, of another model or of other texts."""
        again = "remove it, or name another with --index: it is made anew"
        try:
            with safe_open(path, "numpy") as file:
                known, vectors_ND = file.metadata() or {}, file.get_tensor("vectors")
        except (SafetensorError, OSError) as error:
            reason = (str(error).splitlines() or ["it cannot be read"])[0]
            raise InputError(
                f"is no index of weft: {reason[:1].lower()}{reason[1:]}", where=str(path), hint=again
            ) from None
        if known.get("model") != model:
            raise InputError(
                "is the index of another model, whose vectors cannot be compared", where=str(path), hint=again
            )
        if known.get("texts") != texts:
            raise InputError(
                "is the index of other texts: the file, or its column, has changed", where=str(path), hint=again
            )
        return cls(vectors_ND, model, texts)


def fingerprint(texts: Iterable[str]) -> str:
    """Return what tells these texts, in this order, from others."""
    digest = hashlib.blake2b(digest_size=16)
    for text in texts:
        coded = text.encode("utf-8", "surrogatepass")
        digest.update(len(coded).to_bytes(8, "little") + coded)
    return digest.hexdigest()
