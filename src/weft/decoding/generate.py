"""Greedy decoding and sampling over ids: one token after another for many rows, one loop for every decoder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from weft.decoding.rules import NEVER, Rule, apply
from weft.hashing import mix
from weft.models.base import Decoder, State
from weft.text.tokenizers.vocab import PAD, UNKNOWN

FULL = 0.7
"""Finished rows leave the batch when less than this share of it is still written: to leave costs a copy of the rest."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Limits of all outputs: the id that ends one, its largest number of tokens, and rules for its tokens."""

    end: int
    longest: int
    rules: tuple[Rule, ...] = ()
    never: tuple[int, ...] = (PAD, UNKNOWN)
    """Ids that never stand in an output."""

    def allowed(self, logits_NV: Tensor, written_NT: Tensor) -> Tensor:
        """Return scores in float32 or wider, with forbidden ids at -inf."""
        logits_NV = logits_NV.to(torch.promote_types(logits_NV.dtype, torch.float32))
        logits_NV[:, self.never] = NEVER
        return apply(self.rules, logits_NV, written_NT)


@dataclass(frozen=True, slots=True)
class Output:
    """The ids of one output without the one that ends it, and the sum of the log-probabilities of all of them.

    In a beam search these are as its rules leave them. `ended` is False for an output that was cut at the longest.
    """

    ids: list[int]
    log_probability: float
    ended: bool = True


@dataclass(frozen=True, slots=True)
class Chosen:
    """Tokens that some rows, by their numbers at the start, write next; rows that have ended are not among them."""

    rows_N: Tensor
    ids_N: Tensor
    log_probability_N: Tensor


Choose = Callable[[Tensor, Tensor, int], Tensor]
"""Picks the next ids [N] by the scores [N, V] of some rows, by number [N], at a step, from 0."""


def likeliest(logits_NV: Tensor, rows_N: Tensor, step: int) -> Tensor:  # noqa: ARG001
    """Choose the likeliest id of each row (greedy search); of equal scores the lowest id."""
    return logits_NV.argmax(-1)


def drawing(keys_R: np.ndarray, *, seed: int) -> Choose:
    """Sampling, whose draws depend on the key of a row, the seed and the step alone: not on its batch.

    `keys_R` (uint64) are of all rows by number. Each draw is one number in [0, 1), looked up in the running sum.
    """
    seeded = mix(np.array([seed % 2**64], dtype=np.uint64))

    def choose(logits_NV: Tensor, rows_N: Tensor, step: int) -> Tensor:
        mixed = mix(keys_R[rows_N.cpu().numpy()] ^ mix(seeded + np.uint64(step + 1)))
        drawn_N1 = torch.from_numpy((mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53)[:, None]
        sums_NV = logits_NV.double().softmax(-1).cumsum(-1).cpu()
        ids_N1 = torch.searchsorted(sums_NV, drawn_N1 * sums_NV[:, -1:], right=True)
        return ids_N1[:, 0].clamp_max(logits_NV.shape[1] - 1).to(logits_NV.device)

    return choose


def unroll(
    decoder: Decoder[Any],
    state: State,
    ids_BP: Tensor,
    *,
    terms: Terms,
    choose: Choose = likeliest,
    samples: int = 1,
) -> Iterator[Chosen]:
    """Generate all rows to their ends, and yield each step.

    Args:
        decoder: what writes.
        state: where it starts, with room for P + `terms.longest` tokens.
        ids_BP: what each row begins with: the symbol that starts a sequence, and maybe a prompt.
        terms: when an output ends, and what it may hold.
        choose: how a token is picked.
        samples: how often each row is written. What it begins with is read once, and shared; those of a row are
            numbered side by side.

    """
    rows, prompt = len(ids_BP) * samples, ids_BP.shape[1]
    rows_N = torch.arange(rows, device=ids_BP.device)
    live_N = torch.ones(rows, dtype=torch.bool, device=ids_BP.device)
    written_NT = ids_BP.new_zeros(rows, prompt - 1 + terms.longest)
    written_NT[:, : prompt - 1] = ids_BP[:, 1:].repeat_interleave(samples, 0)
    states_NTD, state = decoder(ids_BP, state)
    if samples > 1:
        states_NTD, state = states_NTD[:, -1:].repeat_interleave(samples, 0), state.widen(samples)
    for step in range(terms.longest):
        place = prompt - 1 + step
        logits_NV = decoder.logits(states_NTD[:, -1])
        logs_NV = logits_NV.to(torch.promote_types(logits_NV.dtype, torch.float32)).log_softmax(-1)
        # a rule may tell scores above 0 from those below: it gets log-probabilities, as in a beam search
        scores_NV = logs_NV if terms.rules else logits_NV
        ids_N = choose(terms.allowed(scores_NV, written_NT[:, :place]), rows_N, step)
        log_N = logs_NV.gather(1, ids_N[:, None])[:, 0]
        yield Chosen(rows_N[live_N], ids_N[live_N], log_N[live_N])
        written_NT[:, place] = ids_N
        live_N = live_N & (ids_N != terms.end)
        # the samples of a row share what it began with: they leave together
        going_N = live_N.view(-1, samples).any(1).repeat_interleave(samples)
        count = int(going_N.sum())
        if not count or step + 1 == terms.longest:
            return
        if count < FULL * len(going_N):
            kept_N = going_N.nonzero()[:, 0]
            state = state.select(kept_N)
            rows_N, ids_N, written_NT = rows_N[kept_N], ids_N[kept_N], written_NT[kept_N]
            live_N = live_N[kept_N]
        states_NTD, state = decoder(ids_N[:, None], state)


def collected(steps: Iterator[Chosen], *, rows: int, end: int) -> list[Output]:
    """Generate all rows, and return their outputs."""
    ids: list[list[int]] = [[] for _ in range(rows)]
    log_probability, ended = [0.0] * rows, [False] * rows
    for chosen in steps:
        drawn = zip(chosen.rows_N.tolist(), chosen.ids_N.tolist(), chosen.log_probability_N.tolist(), strict=True)
        for row, number, log in drawn:
            log_probability[row] += log
            if number == end:
                ended[row] = True
            else:
                ids[row].append(number)
    return [Output(*one) for one in zip(ids, log_probability, ended, strict=True)]


def row_keys(ids: Sequence[np.ndarray], *, samples: int = 1) -> np.ndarray:
    """Hash each row to a key for each of its samples, uint64 [rows * samples], those of a row side by side."""
    keys = np.zeros(len(ids) * samples, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for row, held in enumerate(ids):
            places = np.arange(1, len(held) + 1, dtype=np.uint64)
            whole = mix(mix(places) ^ held.astype(np.uint64)).sum(dtype=np.uint64)
            keys[row * samples : (row + 1) * samples] = mix(whole + mix(np.arange(samples, dtype=np.uint64) + 1))
    return keys
