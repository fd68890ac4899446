"""Rules that change the scores of the next token: penalties, forbidden ids, lengths, and filters for sampling."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

NEVER = -math.inf


class Rule(Protocol):
    """Changes the scores of the next token of some rows that are being written.

    It keeps nothing from call to call and does not know which row is which: rows leave, and beams change places. What
    it forbids gets -inf. Every row is left something to write: the constraints never forbid the end, except to hold it
    back where there is another token, and the shaping rules, which come after them, keep at least one token.
    """

    def __call__(self, logits_NV: Tensor, ids_NT: Tensor) -> Tensor:
        """Return new scores [N, V]; those handed in stay as they are.

        Args:
            logits_NV: scores in float32 or wider, log-probabilities too, not all of a row -inf.
            ids_NT: what each row has written so far, T may be 0; without the symbol that every sequence starts with.

        """
        ...


@dataclass(frozen=True)
class RepetitionPenalty:
    """A repetition penalty: tokens that stand in the row already become less likely (Keskar et al. 2019, section 4.1).

    Scores above 0 are divided by `strength`. Those below 0 are multiplied by it, which the paper leaves open: divided,
    they would rise.
    """

    strength: float

    def __call__(self, logits_NV: Tensor, ids_NT: Tensor) -> Tensor:
        """Lower the scores of tokens that were written."""
        written_NT = logits_NV.gather(1, ids_NT)
        weaker_NT = torch.where(written_NT > 0, written_NT / self.strength, written_NT * self.strength)
        return logits_NV.scatter(1, ids_NT, weaker_NT)


@dataclass(frozen=True)
class NoRepeat:
    """No n-gram of `size` tokens twice in a row (Paulus et al. 2018, section 2.5)."""

    size: int

    def __call__(self, logits_NV: Tensor, ids_NT: Tensor) -> Tensor:
        """Forbid whatever followed the last `size` - 1 tokens before."""
        if ids_NT.shape[1] < self.size:
            return logits_NV
        grams_NWG = ids_NT.unfold(1, self.size, 1)
        last_NG = ids_NT[:, ids_NT.shape[1] - self.size + 1 :]
        again_NW = (grams_NWG[..., :-1] == last_NG[:, None]).all(-1)
        return _forbid(logits_NV, grams_NWG[..., -1], again_NW)


@dataclass(frozen=True)
class Banned:
    """Runs of ids that are never written: one id never, several not one after the other."""

    words: tuple[tuple[int, ...], ...]

    @cached_property
    def _by_length(self) -> dict[int, Tensor]:
        """Length -> the words of that length [W, length]: they are looked for together."""
        lengths = sorted({len(word) for word in self.words if word})
        return {length: torch.tensor([one for one in self.words if len(one) == length]) for length in lengths}

    def __call__(self, logits_NV: Tensor, ids_NT: Tensor) -> Tensor:
        """Forbid the last id of each word whose others have just been written."""
        rows, steps = ids_NT.shape
        for length, words_WG in self._by_length.items():
            if length <= steps + 1:
                words_WG = words_WG.to(ids_NT.device)
                last_NG = ids_NT[:, steps - length + 1 :]
                begun_NW = (last_NG[:, None] == words_WG[:, :-1]).all(-1)
                logits_NV = _forbid(logits_NV, words_WG[:, -1].expand(rows, -1), begun_NW)
        return logits_NV


@dataclass(frozen=True)
class Lengths:
    """At least `shortest` tokens before the end, and at most `longest`; None: as many as the search allows."""

    end: int
    shortest: int = 0
    longest: int | None = None

    def __call__(self, logits_NV: Tensor, ids_NT: Tensor) -> Tensor:
        """Hold the end back, or leave nothing else."""
        steps = ids_NT.shape[1]
        if steps < self.shortest:
            return hold_back(logits_NV, self.end)
        if self.longest is not None and steps >= self.longest:
            only_NV = torch.full_like(logits_NV, NEVER)
            only_NV[:, self.end] = logits_NV[:, self.end]
            return only_NV
        return logits_NV


@dataclass(frozen=True)
class Temperature:
    """A temperature that divides all scores: below 1 likely tokens become likelier, above 1 all become more alike.

    Ackley et al. 1985.
    """

    value: float

    def __call__(self, logits_NV: Tensor, ids_NT: Tensor) -> Tensor:  # noqa: ARG002
        """Divide the distances from the best score, which a temperature near 0 must not make infinite."""
        return (logits_NV - logits_NV.amax(-1, keepdim=True)) / self.value


@dataclass(frozen=True)
class TopK:
    """The `size` likeliest tokens (Fan et al. 2018); those as likely as the last of them stay too."""

    size: int

    def __call__(self, logits_NV: Tensor, ids_NT: Tensor) -> Tensor:  # noqa: ARG002
        """Forbid what is less likely."""
        last_N1 = logits_NV.topk(min(self.size, logits_NV.shape[1])).values[:, -1:]
        return logits_NV.masked_fill(logits_NV < last_N1, NEVER)


@dataclass(frozen=True)
class TopP:
    """The fewest likeliest tokens that have at least the probability `mass` (Holtzman et al. 2020, section 3.1).

    Those as likely as the last of them stay too.
    """

    mass: float

    def __call__(self, logits_NV: Tensor, ids_NT: Tensor) -> Tensor:  # noqa: ARG002
        """Forbid the tail."""
        last_N1 = -_last(-logits_NV, logits_NV.softmax(-1), mass=self.mass)
        return logits_NV.masked_fill(logits_NV < last_N1, NEVER)


@dataclass(frozen=True)
class MinP:
    """Tokens that have at least the `share` of the probability of the likeliest (Nguyen et al. 2024)."""

    share: float

    def __call__(self, logits_NV: Tensor, ids_NT: Tensor) -> Tensor:  # noqa: ARG002
        """Forbid what is less likely; a ratio of probabilities is a difference of scores."""
        least_N1 = logits_NV.amax(-1, keepdim=True) + math.log(self.share)
        return logits_NV.masked_fill(logits_NV < least_N1, NEVER)


@dataclass(frozen=True)
class Typical:
    """Tokens whose surprise is nearest to the one expected, the entropy, up to the probability `mass`.

    Meister et al. 2023. Those as near as the last of them stay too.
    """

    mass: float

    def __call__(self, logits_NV: Tensor, ids_NT: Tensor) -> Tensor:  # noqa: ARG002
        """Forbid what would surprise much more, or much less."""
        log_p_NV = logits_NV.log_softmax(-1)
        p_NV = log_p_NV.exp()
        entropy_N1 = torch.special.entr(p_NV).sum(-1, keepdim=True)
        distance_NV = (log_p_NV + entropy_N1).abs()
        return logits_NV.masked_fill(distance_NV > _last(distance_NV, p_NV, mass=self.mass), NEVER)


def apply(rules: Iterable[Rule], logits_NV: Tensor, ids_NT: Tensor) -> Tensor:
    """Return the scores [N, V] after all rules, one after the other."""
    for rule in rules:
        logits_NV = rule(logits_NV, ids_NT)
    return logits_NV


def hold_back(logits_NV: Tensor, end: int, *, rows_N: Tensor | None = None) -> Tensor:
    """Forbid the end in some rows, or all, but not where it is the last token left."""
    end_N = logits_NV[:, end]
    held_N = (logits_NV > NEVER).sum(-1) > (end_N > NEVER)
    held_NV = logits_NV.clone()
    held_NV[:, end] = end_N.masked_fill(held_N if rows_N is None else held_N & rows_N, NEVER)
    return held_NV


def _forbid(logits_NV: Tensor, ids_NW: Tensor, mask_NW: Tensor) -> Tensor:
    """Return scores in which the ids under the mask have -inf; by adding, so that no mask is read by the host."""
    return logits_NV.scatter_add(
        1, ids_NW, torch.zeros_like(mask_NW, dtype=logits_NV.dtype).masked_fill(mask_NW, NEVER)
    )


def _last(distance_NV: Tensor, p_NV: Tensor, *, mass: float, near: int = 256) -> Tensor:
    """Return the distance of the last of the nearest tokens that together have the mass, [N, 1].

    The mass nearly always lies in a few tokens, and to sort them all would cost more than all else in a step: more than
    the nearest are looked at only in rows where these have less than it.
    """
    ordered_NK, order_NK = distance_NV.topk(min(near, distance_NV.shape[1]), largest=False)
    before_N1 = (p_NV.gather(-1, order_NK).cumsum(-1) < mass).sum(-1, keepdim=True)
    last_N1 = ordered_NK.gather(-1, before_N1.clamp_max(ordered_NK.shape[1] - 1))
    beyond_N = before_N1[:, 0] == near
    if near < distance_NV.shape[1] and bool(beyond_N.any()):
        last_N1[beyond_N] = _last(distance_NV[beyond_N], p_NV[beyond_N], mass=mass, near=8 * near)
    return last_N1
