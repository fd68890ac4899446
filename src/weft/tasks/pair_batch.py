"""Sources and their targets as a batch: gathered, padded, begun; knows no model and no loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from weft.data.batch import Moves, Tokens
from weft.data.columns import Columns
from weft.tasks.sides import Sides


@dataclass(frozen=True, slots=True)
class PairBatch(Moves):
    """Sources of B rows and, where known, their targets from what begins them to the end, with what of them is told.

    The targets are [B, P + T], P ids that begin them and T others; their mask is [B, P + T - 1], for the ids from the
    second on: True at those that the decoder has to tell.
    """

    source: Tokens
    target_BT: Tensor | None
    mask_BT: Tensor | None
    keys: Sequence[np.ndarray]
    """The ids of each source, by which its draws are seeded."""


def pair_batch(sides: Sides, columns: Columns, rows: np.ndarray, *, begin: tuple[int, ...]) -> PairBatch:
    """The batch of some rows, whose targets begin with some ids."""
    tokens, source = sides.tokens(columns, rows), columns.ragged["source"]
    keys = [source.values[source.offsets_R1[row] : source.offsets_R1[row + 1], 0] for row in rows]
    if "target" not in columns.ragged:
        return PairBatch(tokens, None, None, keys)
    ids_BTW, mask_BT = columns.ragged["target"].padded(rows)
    target_BT = torch.from_numpy(ids_BTW[..., 0]).long()
    begun_BT = torch.cat([torch.tensor(begin).expand(len(rows), -1), target_BT], 1)
    told_BT = np.pad(mask_BT, ((0, 0), (len(begin) - 1, 0)))
    return PairBatch(tokens, begun_BT, torch.from_numpy(told_BT), keys)
