"""The aims that a linear bag is solved for: labels, by support-vector machines, and numbers, by ridge regression."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from weft.training import linear, ridge
from weft.training.linear import Solution, Solved, SparseRows

_SCALES = torch.logspace(-0.5, 1.5, 81)
"""Factors on the scores of labels that are tried, from 0.3 to 32."""


@dataclass(frozen=True, slots=True)
class Aim(ABC):
    """An aim of weights that are solved for: how good their scores are on each row, and how the head scales them."""

    costs: ClassVar[tuple[float, ...]]
    """Costs that are tried where none is set, the first choice first."""
    usual_scale: ClassVar[float]
    """Factor on the scores that most sets are near."""
    measured: ClassVar[str]
    """Name of what settings are chosen by."""

    exclusive: bool
    """Whether of several decisions on a row one holds."""

    @abstractmethod
    def solve(
        self, rows: SparseRows, truth_RC: Tensor, *, cost: float, weights_RC: Tensor, start: Tensor | None
    ) -> Iterator[Solved | Solution]:
        """Solve for weights; yields the progress, then the solution."""

    @abstractmethod
    def merit(self, scores_RC: Tensor, truth_RC: Tensor) -> Tensor:
        """Return how good the scores of each row are, [R]."""

    @abstractmethod
    def scale(self, scores_RC: Tensor, truth_RC: Tensor) -> float:
        """Return the factor on the scores under which the truth is most probable."""

    @abstractmethod
    def shown(self, merit: float) -> str:
        """Write a mean merit for a note."""


@dataclass(frozen=True, slots=True)
class Labels(Aim):
    """Decisions on labels: all of a row, or one alone that holds of several."""

    exclusive: bool
    costs: ClassVar[tuple[float, ...]] = (1.0, 3.0, 0.3)
    usual_scale: ClassVar[float] = 3.0
    measured: ClassVar[str] = "right"

    def solve(
        self, rows: SparseRows, truth_RC: Tensor, *, cost: float, weights_RC: Tensor, start: Tensor | None
    ) -> Iterator[Solved | Solution]:
        """Solve a support-vector machine for each label."""
        return linear.solve(rows, truth_RC, cost=cost * weights_RC, start=start)

    def merit(self, scores_RC: Tensor, truth_RC: Tensor) -> Tensor:
        """Return the share of the decisions on each row that are right, [R]."""
        if self.exclusive and truth_RC.shape[1] > 1:
            return truth_RC.gather(1, scores_RC.argmax(1, keepdim=True))[:, 0].float()
        return ((scores_RC > 0) == truth_RC).float().mean(1)

    def scale(self, scores_RC: Tensor, truth_RC: Tensor) -> float:
        """Return the factor on the scores under which the truth is most probable, near 3 where few rows tell.

        It has a log-normal prior, which keeps a dev set of a few rows, all of them right, from making every answer
        certain.
        """
        losses = ((_SCALES / self.usual_scale).log().square()).tolist()
        for place, scale in enumerate(_SCALES):
            if self.exclusive and truth_RC.shape[1] > 1:
                logits_RC, label_R = scale * scores_RC, truth_RC.long().argmax(1)
                losses[place] += float(functional.cross_entropy(logits_RC, label_R, reduction="sum"))
            else:
                truth = truth_RC.float()
                loss = functional.binary_cross_entropy_with_logits(scale * scores_RC, truth, reduction="sum")
                losses[place] += float(loss)
        return float(_SCALES[int(np.argmin(losses))])

    def shown(self, merit: float) -> str:
        """Write a share of right decisions."""
        return f"{merit:.1%}"


@dataclass(frozen=True, slots=True)
class Values(Aim):
    """Standardised numbers, whose squared error counts."""

    exclusive: bool = False
    costs: ClassVar[tuple[float, ...]] = (1.0, 0.3, 0.1, 3.0, 10.0)
    usual_scale: ClassVar[float] = 1.0
    measured: ClassVar[str] = "mean squared error, standardised"

    def solve(
        self, rows: SparseRows, truth_RC: Tensor, *, cost: float, weights_RC: Tensor, start: Tensor | None
    ) -> Iterator[Solved | Solution]:
        """Solve a ridge regression for each column; no row has a weight of its own."""
        del weights_RC
        return ridge.solve(rows, truth_RC, cost=cost, start=start)

    def merit(self, scores_RC: Tensor, truth_RC: Tensor) -> Tensor:
        """Return minus the mean squared error of each row, [R]."""
        return -(scores_RC - truth_RC).square().mean(1)

    def scale(self, scores_RC: Tensor, truth_RC: Tensor) -> float:
        """Return 1: scores are numbers as they are."""
        del scores_RC, truth_RC
        return self.usual_scale

    def shown(self, merit: float) -> str:
        """Write a mean squared error."""
        return f"{-merit:.3f}"


AIMS: Mapping[str, Aim] = {"label": Labels(exclusive=True), "labels": Labels(exclusive=False), "number": Values()}
"""Aims by the form of answers."""
