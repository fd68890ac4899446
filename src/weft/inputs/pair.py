"""Pairs of texts as ids: as one set of n-grams, or as rows with special ids around one text or two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weft.data.columns import Fitted, Long, Ragged, fit
from weft.text.tokenizers.base import Frame

LEVELS = 10
"""Levels of each share of common n-grams."""


def shared_and_alone(first: Ragged, second: Ragged, *, size: int) -> Ragged:
    """Merge both sets of ids of each row: below `size` stands what is in both, from `size` on what is in one.

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


def with_overlap(sets: Ragged, first: Ragged, second: Ragged, *, groups: np.ndarray, start: int) -> Ragged:
    """Add to merged sets of ids how many of the ids of both texts are the same, as ids from `start` on.

    In each group of ids the overlap is the share of common ones in the shorter text and in both together (Jaccard
    1901). A share has an id for each tenth that it exceeds, so that weights of these make any rising curve of it.

    Args:
        sets: the ids of both texts, merged, below `start`.
        first: ids of the first text of each row.
        second: those of the second text.
        groups: group of each id, [V].
        start: number of ids that come before.

    """
    count = int(groups.max()) + 1
    keys = [_numbered(one, size=len(groups)) for one in (first, second)]
    sizes = [
        np.bincount(key_N // len(groups) * count + groups[key_N % len(groups)], minlength=len(sets.lengths_R) * count)
        for key_N in (*keys, np.intersect1d(*keys, assume_unique=True))
    ]
    one_RG, other_RG, both_RG = (size.reshape(-1, count) for size in sizes)
    of_shorter = both_RG / np.maximum(np.minimum(one_RG, other_RG), 1)
    of_all = both_RG / np.maximum(one_RG + other_RG - both_RG, 1)
    exceeds = np.stack([of_shorter, of_all], -1)[..., None] > np.arange(LEVELS) / LEVELS
    row_N, level_N = np.nonzero(exceeds.reshape(len(one_RG), -1))
    owner_N = np.concatenate([np.repeat(np.arange(len(sets.lengths_R)), sets.lengths_R), row_N])
    ids_N = np.concatenate([sets.values[:, 0], (start + level_N).astype(sets.values.dtype)])
    order_N = np.argsort(owner_N, kind="stable")
    return Ragged.of(ids_N[order_N][:, None], np.bincount(owner_N, minlength=len(sets.lengths_R)))


def framed(texts: Sequence[Ragged], frame: Frame, *, max_length: int, long: Long) -> Fitted:
    """Lay out each text, or each two, in a row between the special ids of a model; at most `max_length` in all.

    The values are [N, 2]: the id, and 0 or, from the second text on, 1. Of two texts the longer one is cut first.
    """
    space = max_length - frame.room(len(texts))
    if len(texts) == 1:
        cut = fit(texts[0], max_length=space, long=long)
        parts: list[Ragged | tuple[int, ...]] = [frame.before, cut.rows, frame.after]
        return Fitted(joined(parts, segments=(0, 0, 0)), cut.owner_R, cut.long_texts, cut.unread)
    lengths_2E = np.stack([one.lengths_R for one in texts])
    other_2E = np.maximum(space - lengths_2E[::-1], [[space - space // 2], [space // 2]])
    kept_2E = np.minimum(lengths_2E, other_2E)
    first, second = (_shortened(one, kept_E, long=long) for one, kept_E in zip(texts, kept_2E, strict=True))
    parts = [frame.before, first, frame.between, second, frame.after]
    unread_E = (lengths_2E - kept_2E).sum(0)
    rows = joined(parts, segments=(0, 0, 0, 1, 1))
    return Fitted(rows, np.arange(len(unread_E)), int((unread_E > 0).sum()), int(unread_E.sum()))


def joined(parts: Sequence[Ragged | tuple[int, ...]], *, segments: Sequence[int]) -> Ragged:
    """Join rows of ids end to end, with the same special ids in each; values are [N, 2], id and segment of its part."""
    rows = next(len(one.lengths_R) for one in parts if isinstance(one, Ragged))
    whole = [one if isinstance(one, Ragged) else _repeated(one, rows=rows) for one in parts]
    lengths_RP = np.stack([one.lengths_R for one in whole], axis=1)
    starts_RP = (np.cumsum(lengths_RP) - lengths_RP.ravel()).reshape(lengths_RP.shape)
    values_N2 = np.empty((int(lengths_RP.sum()), 2), dtype=np.int32)
    for one, starts_R, segment in zip(whole, starts_RP.T, segments, strict=True):
        places_N = np.arange(len(one.values)) + np.repeat(starts_R - one.offsets_R1[:-1], one.lengths_R)
        values_N2[places_N, 0], values_N2[places_N, 1] = one.values[:, 0], segment
    return Ragged.of(values_N2, lengths_RP.sum(1))


def _repeated(ids: tuple[int, ...], *, rows: int) -> Ragged:
    values_N1 = np.tile(np.array(ids, dtype=np.int32), rows)[:, None]
    return Ragged.of(values_N1, np.full(rows, len(ids)))


def _shortened(whole: Ragged, kept_R: np.ndarray, *, long: Long) -> Ragged:
    """Return the first so many ids of each row or, where both ends are kept, the first and the last halves of them."""
    lengths_R = whole.lengths_R
    tail_R = np.where((kept_R < lengths_R) & (long == "head-tail"), kept_R // 2, 0)
    place_N = np.arange(len(whole.values)) - np.repeat(whole.offsets_R1[:-1], lengths_R)
    head_N = place_N < np.repeat(kept_R - tail_R, lengths_R)
    return Ragged.of(whole.values[head_N | (place_N >= np.repeat(lengths_R - tail_R, lengths_R))], kept_R)


def _numbered(sets: Ragged, *, size: int) -> np.ndarray:
    """Number each id of each row, unlike those of any other row."""
    rows_N = np.repeat(np.arange(len(sets.lengths_R)), sets.lengths_R)
    return rows_N * size + sets.values[:, 0]
