"""Losses, to be added over batches, and scores: the results of a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from weft.metrics.bootstrap import Score


@dataclass(frozen=True, slots=True)
class Loss:
    """A sum over rows and its divisor, so that parts of a batch can be added before the division."""

    sum: Tensor
    count: Tensor


@dataclass(frozen=True, slots=True)
class Scores:
    """Named scores with their intervals, and details (a confusion matrix, scores of each class) ready for JSON."""

    values: Mapping[str, Score]
    details: Mapping[str, Any]
