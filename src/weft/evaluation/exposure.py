"""Measures exposure bias: the loss after a model's own prefix instead of the true one, by position.

In training a decoder reads true prefixes (teacher forcing), in use its own, which may be unlike any that it was trained
on (Bengio et al. 2015, section 1; Ranzato et al. 2016, section 1). Both losses are of the same reference tokens. Where
the model has generated something else that is right too, the reference need not follow, so the gap measures how fast
the two diverge, and not how much worse the model generates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from weft.data.loader import by_length
from weft.decoding.generate import Terms
from weft.errors import ConfigError
from weft.evaluation.evaluate import BATCH_ROWS, BATCH_TOKENS
from weft.models.base import Decoder, Memory
from weft.tasks.base import Task
from weft.tasks.generation.writer import Writer

Prefix = Literal["true", "own"]
PREFIXES: tuple[Prefix, ...] = get_args(Prefix)


@dataclass(frozen=True, slots=True)
class Exposure:
    """Mean loss in nats of the `count` reference tokens at the positions `first` to `last`, counted from 1."""

    first: int
    last: int
    true: float
    """Loss given true prefixes."""
    own: float
    """Loss given the model's own prefixes, generated greedily."""
    count: int

    @property
    def gap(self) -> float:
        """The additional loss after the model's own prefixes."""
        return self.own - self.true


def exposure(
    task: Task, model: nn.Module, examples: Sequence[Any], *, positions: int, device: torch.device
) -> list[Exposure]:
    """Compute the losses at each position up to `positions`, as far as there are reference tokens.

    The model's own prefix is as long as the true one: it never ends early. The start of a row is true in both. Raises
    ConfigError for a model that generates no text, InputError for examples without a reference.
    """
    if not isinstance(task, Writer):
        raise ConfigError(f"a model of task `{task.config.kind}` generates no text", where="exposure")
    columns = task.encode(examples)
    terms = Terms(task.end, positions, never=(*task.writes_with.never, task.end))
    sums_2T, counts_T = np.zeros((2, positions)), np.zeros(positions, dtype=np.int64)
    with torch.inference_mode():
        for rows in by_length(columns.cost_R, batch_rows=BATCH_ROWS, batch_tokens=BATCH_TOKENS):
            forced = task.forced(model, task.collate(columns, rows).to(device))
            ids_BT, mask_BT = forced.ids_BT[:, : positions + 1], forced.mask_BT[:, :positions]
            counts_T[: mask_BT.shape[1]] += mask_BT.sum(0).cpu().numpy()
            for side, prefix in enumerate(PREFIXES):
                nats_T = _nats(forced.decoder, forced.memory, ids_BT, mask_BT, terms=terms, prefix=prefix)
                sums_2T[side, : len(nats_T)] += nats_T
    means_2T = sums_2T / np.maximum(1, counts_T)
    return [
        Exposure(place, place, float(true), float(own), int(count))
        for place, (true, own, count) in enumerate(zip(*means_2T, counts_T, strict=True), 1)
        if count
    ]


def in_buckets(found: Sequence[Exposure]) -> list[Exposure]:
    """Pool the positions 1, 2, 3 and 4, 5 to 8, 9 to 16 and so on."""
    buckets: dict[int, list[Exposure]] = {}
    for one in found:
        buckets.setdefault((one.last - 1).bit_length(), []).append(one)
    return [together(bucket) for bucket in buckets.values()]


def together(found: Sequence[Exposure]) -> Exposure:
    """Pool one or more: the means over all their tokens."""
    count = sum(one.count for one in found)
    true, own = (sum(getattr(one, side) * one.count for one in found) / count for side in ("true", "own"))
    return Exposure(found[0].first, found[-1].last, true, own, count)


def _nats(
    decoder: Decoder[Any], memory: Memory | None, ids_BT: Tensor, mask_BT: Tensor, *, terms: Terms, prefix: Prefix
) -> np.ndarray:
    """Sum the loss of the reference tokens at each position, float64 [T]."""
    rows, steps = mask_BT.shape
    state = decoder.start(memory, rows=rows, capacity=steps)
    next_B1, sums = ids_BT[:, :1], []
    for step in range(steps):
        states_B1D, state = decoder(next_B1, state)
        logits_BV, gold_B1 = decoder.logits(states_B1D[:, 0]).float(), ids_BT[:, step + 1 : step + 2]
        nats_B = logits_BV.logsumexp(-1) - logits_BV.gather(1, gold_B1)[:, 0]
        sums.append(nats_B.double().masked_fill(~mask_BT[:, step], 0).sum())
        own_B1 = terms.allowed(logits_BV, ids_BT[:, :0]).argmax(-1, keepdim=True)
        next_B1 = gold_B1 if prefix == "true" or not mask_BT[:, step].any() else own_B1
    return torch.stack(sums).cpu().numpy()
