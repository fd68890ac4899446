"""Teacher forcing and scheduled sampling: a decoder reads true tokens while it learns, or some of its own."""

from __future__ import annotations

import math
from typing import Any, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from weft.config import Config
from weft.models.base import Decoder, State

Schedule = Literal["constant", "linear", "exponential", "inverse-sigmoid"]


class TeacherForcing(Config):
    """Settings of the share of true tokens that a decoder reads in training; the others are its own guesses."""

    gold: float = Field(default=1.0, ge=0, le=1)
    """Share of true tokens among those that the decoder reads in training: 1 is teacher forcing, 0 its own guesses.
    A schedule starts at 1 and ends at this share."""
    schedule: Schedule = "constant"
    """Fall of the share of true tokens (Bengio et al. 2015, section 2.4); `constant` is `gold` from the start."""
    steps: int = Field(default=2_000, ge=1)
    """Optimiser steps of the fall: after so many the share would be 0 in a `linear` fall, and 1/e in an `exponential`
    one; in `inverse-sigmoid`, k / (k + exp(step / k)), it is the k."""

    @model_validator(mode="after")
    def _falls_somewhere(self) -> Self:
        if self.schedule != "constant" and self.gold == 1:
            raise ValueError(f"a {self.schedule} fall ends at gold, which is 1: say where it is to end, as gold 0.5")
        return self

    def at(self, step: int) -> float:
        """Return the share of true tokens in a step, counted from 0."""
        if self.schedule == "constant":
            return self.gold
        if self.schedule == "linear":
            share = 1 - step / self.steps
        elif self.schedule == "exponential":
            share = math.exp(-step / self.steps)
        else:
            share = 1 / (1 + math.exp(min(700.0, step / self.steps)) / self.steps)
        return max(self.gold, share)


def feed(decoder: Decoder[Any], state: State, ids_BT: Tensor, *, gold: float) -> Tensor:
    """Compute the states [B, T, D] after each token of prefixes in which each token is true with probability `gold`.

    The first token is always true; the others that are not are the decoder's own likeliest ones. Recurrent decoders go
    step by step, each guess after what was fed before it (Bengio et al. 2015, section 2.4). Transformers take two
    parallel passes: the guesses of the first, after true prefixes, are mixed into what the second reads (Mihaylova and
    Martins 2019, section 3; Duckworth et al. 2019, with one pass). No gradient flows through the guesses. Draws from
    torch's global generator.
    """
    if gold >= 1:
        return decoder(ids_BT, state)[0]
    true_BT = torch.rand(ids_BT.shape, device=ids_BT.device) < gold
    true_BT[:, 0] = True
    if decoder.parallel:
        with torch.no_grad():
            guess_BT = decoder.logits(decoder(ids_BT, state)[0]).argmax(-1)
        mixed_BT = ids_BT.clone()
        mixed_BT[:, 1:] = torch.where(true_BT[:, 1:], ids_BT[:, 1:], guess_BT[:, :-1])
        return decoder(mixed_BT, state)[0]
    states, next_B1 = [], ids_BT[:, :1]
    for step in range(ids_BT.shape[1]):
        states_B1D, state = decoder(next_B1, state)
        states.append(states_B1D)
        if step + 1 < ids_BT.shape[1]:
            with torch.no_grad():
                guess_B1 = decoder.logits(states_B1D).argmax(-1)
            next_B1 = torch.where(true_BT[:, step + 1 : step + 2], ids_BT[:, step + 1 : step + 2], guess_B1)
    return torch.cat(states, 1)
