"""Encoded texts and batches of several tasks: what all share, and what each has added under its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from weft.data.batch import Moves
from weft.data.columns import Columns

PARTS = ("ragged", "fixed", "facts")
"""Fields of columns that tasks add to."""


@dataclass(frozen=True, slots=True)
class JointBatch(Moves):
    """The source of B rows, and the batch of each task without it; the rows whose answers are known.

    The rows [N] are None where all are.
    """

    source: Any
    of: tuple[Any, ...]
    known: tuple[Tensor | None, ...]
    rows: int

    def to(self, device: torch.device) -> JointBatch:
        """Return a copy on another device."""
        known = (None if one is None else one.to(device) for one in self.known)
        return replace(
            self, source=self.source.to(device), of=tuple(one.to(device) for one in self.of), known=tuple(known)
        )


def named(columns: Columns, task: str, *, but: Columns) -> Columns:
    """Return what a task has added to columns, under its name."""
    parts = {}
    for part in PARTS:
        before = getattr(but, part)
        parts[part] = {f"{task}: {key}": value for key, value in getattr(columns, part).items() if key not in before}
    return replace(columns, **parts)


def together(found: Sequence[Columns]) -> Columns:
    """Join columns of the same rows."""
    parts = {part: {key: value for one in found for key, value in getattr(one, part).items()} for part in PARTS}
    return replace(found[0], **parts)


def own(columns: Columns, task: str) -> Columns:
    """Return columns as a task knows them: what it has added under the names that it gave."""
    start, parts = f"{task}: ", {}
    for part in PARTS:
        parts[part] = {key.removeprefix(start): value for key, value in getattr(columns, part).items()}
    return replace(columns, **parts)


def where_known(columns: Columns) -> Columns:
    """Return the columns of one task without the rows whose answer is not known, as far as they have one value each."""
    known_R = columns.fixed.get("known")
    if known_R is None:
        return columns
    fixed = {name: values[known_R] for name, values in columns.fixed.items()}
    return replace(columns, fixed=fixed, owner_R=columns.owner_R[known_R])
