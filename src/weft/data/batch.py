"""Frozen batches of tensors, which models read. Says their shapes, not how they are filled.

The letters that name the axes of every tensor and array in weft, as suffixes (`ids_BS`, `logits_BC`)::

    B  rows of a batch            T  target steps         S  source steps       D  width
    H  heads                      K  width of a head      V  vocabulary         C  classes
    L  layers                     W  views of a position  N  any number         R  rows of a corpus
    E  examples of a corpus       U  distinct words         F  columns of numbers, bands of a sound

Masks are True at what is real.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor


class Moves:
    """A frozen dataclass of tensors (or None) that moves to a device as one."""

    __slots__ = ()

    def to(self, device: torch.device) -> Self:
        """Return a copy of this batch on another device."""
        if device.type == "cpu":
            return self
        moved = {}
        for field in fields(self):  # ty: ignore[invalid-argument-type]
            value = getattr(self, field.name)
            if isinstance(value, Tensor | Moves):
                moved[field.name] = value.to(device)
        return replace(self, **moved)  # ty: ignore[invalid-argument-type]


def of_rows(batch: Any, rows_N: Tensor) -> Any:
    """Take some rows of a frozen dataclass of tensors that all have a row for each of the batch, and of those in it."""
    taken = {}
    for field in fields(batch):
        value = getattr(batch, field.name)
        if isinstance(value, Tensor):
            taken[field.name] = value[rows_N]
        elif is_dataclass(value):
            taken[field.name] = of_rows(value, rows_N)
    return replace(batch, **taken)


@dataclass(frozen=True, slots=True)
class Ngrams(Moves):
    """Sets without order, end to end: ids [N], and where each row starts in them [B]."""

    ids_N: Tensor
    starts_B: Tensor


@dataclass(frozen=True, slots=True)
class Tokens(Moves):
    """Positions in order: ids [B, S], their mask [B, S], and optionally further views of each position [B, S, W].

    If `letters` is given, the last column of `views_BSW` indexes its rows; each row holds the character n-grams of one
    distinct word.
    """

    ids_BS: Tensor
    mask_BS: Tensor
    views_BSW: Tensor | None = None
    segments_BS: Tensor | None = None
    letters: Ngrams | None = None

    @property
    def lengths_B(self) -> Tensor:
        """Number of real positions in each row, [B]."""
        return self.mask_BS.sum(1)


@dataclass(frozen=True, slots=True)
class Tabular(Moves):
    """Rows of a table: standardised numbers [B, F], which of them are missing [B, F], ids of categories [B, G].

    A missing number is 0; category 0 of each column stands for a missing or unseen one.
    """

    numbers_BF: Tensor
    missing_BF: Tensor
    categories_BG: Tensor


@dataclass(frozen=True, slots=True)
class Pixels(Moves):
    """Images of one size: bytes [B, C, X, Y] of C colours, X rows of pixels and Y columns."""

    bytes_BCXY: Tensor


@dataclass(frozen=True, slots=True)
class Waves(Moves):
    """Sounds of one channel: samples of 16 bits [B, N], zero beyond the end of each, and the number of each row [B]."""

    samples_BN: Tensor
    lengths_B: Tensor


@dataclass(frozen=True, slots=True)
class Features(Moves):
    """Outputs of a frozen network for each image: values [B, S, F] at S positions."""

    values_BSF: Tensor


@dataclass(frozen=True, slots=True)
class Several(Moves):
    """Sources of the same B rows, one for each of several inputs, and the names of the inputs."""

    names: tuple[str, ...]
    sources: tuple[Moves, ...]

    @property
    def by_name(self) -> dict[str, Moves]:
        """Sources by the name of their input."""
        return dict(zip(self.names, self.sources, strict=True))

    def to(self, device: torch.device) -> Several:
        """Return a copy on another device."""
        return Several(self.names, tuple(one.to(device) for one in self.sources))


Source = Tokens | Ngrams | Tabular | Pixels | Features | Waves
