"""An exponential moving average of the weights in training, exact for tables with sparse gradients."""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from weft.models.torch_private import listed_rows, move_each_


class Average:
    """The average of every trained weight; update n, from 0, keeps a share min(decay, (1 + n) / (10 + n)) of it.

    The share rises so that the start is soon forgotten: the rule for `num_updates` in the documentation of TensorFlow's
    `ExponentialMovingAverage`.

    Of a table with a sparse gradient a step changes few rows. While the weight w of a row stands still, some updates
    turn its average a into w + (a - w) * (the product of their shares). So a row is caught up just before its weight
    changes and, in a copy, where the average is asked for: exact, at the cost of the rows that change.
    """

    def __init__(self, model: nn.Module, *, decay: float) -> None:
        self.decay = decay
        self.rising = max(0, math.ceil((10 * decay - 1) / (1 - decay)))
        """Number of updates that keep less than `decay`."""
        self.weights = {name: one for name, one in model.named_parameters() if one.requires_grad}
        self.averages = {name: one.detach().clone() for name, one in self.weights.items()}
        embeddings = [one for one in model.modules() if isinstance(one, nn.Embedding | nn.EmbeddingBag)]
        tables = {id(one.weight) for one in embeddings if one.sparse}
        self.seen_R = {
            name: torch.zeros(len(one), dtype=_widest(one.device), device=one.device)
            for name, one in self.weights.items()
            if id(one) in tables
        }
        """Log, for each row of a table, of the product of all shares up to the last update that it has seen."""

    @torch.no_grad()
    def catch_up(self, updates: int) -> None:
        """Bring rows that a step is about to change up to the `updates` so far; call it between backward and the step.

        Which rows of a table that is, its gradient tells. Nothing waits for the device.
        """
        dense = [name for name in self.averages if name not in self.seen_R]
        if updates and dense:
            averages: list[Tensor] = [self.averages[name] for name in dense]
            weights: list[Tensor] = [self.weights[name] for name in dense]
            move_each_(averages, weights, 1 - self._share(updates - 1))
        total = self._log_product(updates)
        for name, seen_R in self.seen_R.items():
            weight, average = self.weights[name], self.averages[name]
            if weight.grad is None:
                continue
            if not weight.grad.is_sparse:
                average.copy_(_kept(weight, average, total - seen_R))
                seen_R.fill_(total)
                continue
            rows_N, _ = listed_rows(weight.grad)  # one that is named twice is written twice, with the same value
            weight_ND, average_ND, seen_N = (one.index_select(0, rows_N) for one in (weight, average, seen_R))
            average.index_copy_(0, rows_N, _kept(weight_ND, average_ND, total - seen_N))
            seen_R.index_fill_(0, rows_N, total)

    @contextmanager
    def in_place(self, updates: int) -> Generator[None]:
        """Inside, the model has the average after so many updates for its weights."""
        trained = {name: weight.data for name, weight in self.weights.items()}
        try:
            for name, weight in self.weights.items():
                weight.data = self._now(name, updates)
            yield
        finally:
            for name, weight in self.weights.items():
                weight.data = trained[name]

    def state(self) -> dict[str, Tensor]:
        """Return the tensors that a resumed run needs, by name."""
        averages = {f"average.{name}": one for name, one in self.averages.items()}
        return averages | {f"seen.{name}": one for name, one in self.seen_R.items()}

    def load(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` gave. Raises KeyError or RuntimeError where it is not that of this model."""
        for name, mine in self.state().items():
            mine.copy_(state[name])

    @torch.no_grad()
    def _now(self, name: str, updates: int) -> Tensor:
        weight, average = self.weights[name].data, self.averages[name]
        if name in self.seen_R:
            return _kept(weight, average, self._log_product(updates) - self.seen_R[name])
        return average.lerp(weight, 1 - self._share(updates - 1) if updates else 0.0)

    def _share(self, update: int) -> float:
        return min(self.decay, (1 + update) / (10 + update))

    def _log_product(self, updates: int) -> float:
        """Return the log of the product of the shares of the first `updates`.

        While they rise, (1 * 2 * 3 ...) / (10 * 11 * 12 ...) cancels to nine factors k / (updates + k).
        """
        rising = min(updates, self.rising)
        return (updates - rising) * math.log(self.decay) - sum(math.log1p(rising / k) for k in range(1, 10))


def _kept(weight_ND: Tensor, average_ND: Tensor, log_share_N: Tensor) -> Tensor:
    """Return averages [N, D] that keep a share of themselves, and for the rest go to weights that stood still."""
    return torch.lerp(weight_ND, average_ND, log_share_N.exp().to(weight_ND.dtype)[:, None])


def _widest(device: torch.device) -> torch.dtype:
    return torch.float32 if device.type == "mps" else torch.float64
