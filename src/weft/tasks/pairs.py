"""Two texts an example: how their columns are named, and what a bag is told of them; knows no labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weft.data.columns import Ragged


def columns_of(name: str, columns: Sequence[str]) -> tuple[str, ...]:
    """The column that is meant by `name`, or the two by `first,second`; a column of this very name comes first."""
    if name in columns or "," not in name:
        return (name,)
    cuts = [place for place, letter in enumerate(name) if letter == ","]
    pairs = [(name[:cut].strip(), name[cut + 1 :].strip()) for cut in cuts]
    return next((pair for pair in pairs if set(pair) <= set(columns)), pairs[0])


def shared_and_alone(first: Ragged, second: Ragged, *, size: int) -> Ragged:
    """One set of ids for the sets of both texts of each row: below `size` what is in both, from `size` what in one.

    Which of the two texts comes first makes no difference. Ids ascend within a row, as those of one text do.
    """
    first_N, second_N = (_numbered(one, size=size) for one in (first, second))
    both_N = np.intersect1d(first_N, second_N, assume_unique=True)
    alone_N = np.setxor1d(first_N, second_N, assume_unique=True)
    owner_N = np.concatenate([both_N // size, alone_N // size])
    ids_N = np.concatenate([both_N % size, alone_N % size + size])
    order_N = np.lexsort((ids_N, owner_N))
    lengths_R = np.bincount(owner_N, minlength=len(first.lengths_R))
    return Ragged.of(ids_N[order_N].astype(first.values.dtype)[:, None], lengths_R)


def _numbered(sets: Ragged, *, size: int) -> np.ndarray:
    """Each id of each row as one number, unlike that of any other row."""
    rows_N = np.repeat(np.arange(len(sets.lengths_R)), sets.lengths_R)
    return rows_N * size + sets.values[:, 0]
