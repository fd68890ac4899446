"""Multi-head attention: self-attention, causal attention with a key-value cache, cross-attention; rotary positions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from weft.models.base import Memory
from weft.models.dropout import dropped

Turning = Literal["none", "rotary"]
"""Rotation of queries and keys by their positions."""


def check_heads(width: int, heads: int, *, turning: Turning = "none") -> None:
    """Raise ValueError where heads cannot share a width, or where positions cannot turn their vectors."""
    if width % heads:
        raise ValueError(f"width {width} cannot be shared by {heads} heads")
    if turning == "rotary" and width // heads % 2:
        raise ValueError(f"rotary positions turn pairs, and {width // heads} entries a head are odd")


class SelfAttention(nn.Module):
    """Scaled dot-product attention in several heads (Vaswani et al. 2017, section 3.2), written out for export."""

    def __init__(self, width: int, heads: int, *, dropout: float, turning: Turning = "none") -> None:
        super().__init__()
        self.heads, self.dropout, self.turning = heads, dropout, turning
        self.project = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)

    def forward(self, states_BSD: Tensor, mask_BS: Tensor) -> Tensor:
        """Compute new states [B, S, D]; no position attends to padding. A row must have at least one real position."""
        q, k, v = split(self.project(states_BSD), 3, heads=self.heads)
        if self.turning == "rotary":
            turn = RotaryAngles.at(q.shape[2], q.shape[3], device=q.device)
            q, k = apply_rotary(q, turn), apply_rotary(k, turn)
        read = attend(q, k, v, mask_BS[:, None, None], dropout=self.dropout if self.training else 0.0)
        return self.join(read.transpose(1, 2).flatten(2))


@dataclass(frozen=True, slots=True)
class KeyValues:
    """Keys and values [B, H, C, K]: of the positions so far, with room for more behind them, or of a memory."""

    keys_BHCK: Tensor
    values_BHCK: Tensor

    @classmethod
    def empty(cls, like: Tensor, *, rows: int, heads: int, places: int) -> KeyValues:
        """Make room for so many places; `like` [..., D] has the width of all heads together."""
        shape = (rows, heads, places, like.shape[-1] // heads)
        return cls(like.new_empty(shape), like.new_empty(shape))

    def at(self, rows_N: Tensor, *, written: int, places: int) -> KeyValues:
        """Return keys and values of some rows: the first `written` places, in room for `places`."""
        moved = []
        for old in (self.keys_BHCK, self.values_BHCK):
            new = old.new_empty(len(rows_N), old.shape[1], places, old.shape[3])
            new[:, :, :written] = old[:, :, :written].index_select(0, rows_N)
            moved.append(new)
        return KeyValues(*moved)


class CausalAttention(nn.Module):
    """Attention of each position to itself and to those before it, which may lie in the past."""

    def __init__(self, width: int, heads: int, *, dropout: float, bias: Literal["yes", "no"] = "yes") -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.project = nn.Linear(width, 3 * width, bias=bias == "yes")
        self.join = nn.Linear(width, width, bias=bias == "yes")

    def forward(
        self,
        states_BTD: Tensor,
        past: KeyValues | None,
        *,
        turn: RotaryAngles | None,
        mask: Tensor | None,
        place: int | None = None,
    ) -> tuple[Tensor, KeyValues]:
        """Compute new states [B, T, D], and the past with these T positions in it.

        Args:
            states_BTD: the states; where B is a multiple of the rows of the past, they stand in groups, T is 1, and the
                rows of a group share their past.
            past: what came before.
            turn: by what the queries and keys of the new positions are turned, if they are.
            mask: which places of the past, with the new ones, each state sees; None: all.
            place: where in the past the new ones are written, in place; None: they are joined, so that gradients flow.

        """
        rows, steps, width = states_BTD.shape
        q, k, v = split(self.project(states_BTD), 3, heads=self.heads)
        if turn is not None:
            q, k = apply_rotary(q, turn), apply_rotary(k, turn)
        if place is None:
            if past is not None:
                k, v = torch.cat([past.keys_BHCK, k], 2), torch.cat([past.values_BHCK, v], 2)
            past = KeyValues(k, v)
        else:
            assert past is not None
            groups = len(past.keys_BHCK)
            if rows != groups:
                q, k, v = (one.view(groups, -1, *one.shape[1:]).squeeze(3).transpose(1, 2) for one in (q, k, v))
            end = place + k.shape[2]
            past.keys_BHCK[:, :, place:end], past.values_BHCK[:, :, place:end] = k, v
            k, v = past.keys_BHCK[:, :, :end], past.values_BHCK[:, :, :end]
        read = attend(q, k, v, mask, dropout=self.dropout if self.training else 0.0)
        return self.join(read.transpose(1, 2).reshape(rows, steps, width)), past


class CrossAttention(nn.Module):
    """Cross-attention of a decoder to a memory, whose keys and values are made once."""

    def __init__(self, width: int, heads: int, *, memory_width: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.ask = nn.Linear(width, width)
        self.project = nn.Linear(memory_width, 2 * width)
        self.join = nn.Linear(width, width)

    def read(self, memory: Memory) -> KeyValues:
        """Compute keys and values of a memory."""
        # heads side by side in memory: else each product with them, at every step, would first copy them so
        keys, values = split(self.project(memory.states_BSD), 2, heads=self.heads)
        return KeyValues(keys.contiguous(), values.contiguous())

    def forward(self, states_NTD: Tensor, read: KeyValues, mask_BS: Tensor | None) -> Tensor:
        """Compute new states [N, T, D]; where N is a multiple of B, groups of rows share one row of the memory."""
        rows, steps, width = states_NTD.shape
        groups = len(read.keys_BHCK)
        (q,) = split(self.ask(states_NTD).view(groups, -1, width), 1, heads=self.heads)
        mask = None if mask_BS is None else mask_BS[:, None, None]
        out = attend(q, read.keys_BHCK, read.values_BHCK, mask, dropout=self.dropout if self.training else 0.0)
        return self.join(out.transpose(1, 2).reshape(rows, steps, width))

    def with_weights(self, states_NTD: Tensor, read: KeyValues, mask_BS: Tensor | None) -> tuple[Tensor, Tensor]:
        """Compute new states [N, T, D], and the attention to each position, its mean over heads [N, T, S]."""
        rows, steps, width = states_NTD.shape
        (q,) = split(self.ask(states_NTD).view(len(read.keys_BHCK), -1, width), 1, heads=self.heads)
        weights = _scores(q, read.keys_BHCK, None if mask_BS is None else mask_BS[:, None, None]).softmax(-1)
        out = dropped(weights, self.dropout if self.training else 0.0) @ read.values_BHCK
        joined = self.join(out.transpose(1, 2).reshape(rows, steps, width))
        return joined, weights.mean(1).view(rows, steps, -1)


def split(joined_BTX: Tensor, parts: int, *, heads: int) -> tuple[Tensor, ...]:
    """Split vectors of several parts and heads end to end [B, T, parts * H * K], part by part [B, H, T, K]."""
    rows, steps, width = joined_BTX.shape
    return joined_BTX.view(rows, steps, parts, heads, width // parts // heads).permute(2, 0, 3, 1, 4).unbind(0)


def attend(q_BHTK: Tensor, k_BHSK: Tensor, v_BHSK: Tensor, mask: Tensor | None, *, dropout: float) -> Tensor:
    """Attend to values by queries and keys, [B, H, T, K]; the mask, if any, is of a shape that spreads to [B, H, T, S].

    On CPU the scores are plain matrix products: at the lengths of sentences the fused kernel's backward pass is the
    slower one. On other devices the fused kernel serves.
    """
    if q_BHTK.device.type != "cpu":
        return functional.scaled_dot_product_attention(q_BHTK, k_BHSK, v_BHSK, mask, dropout)
    return dropped(_scores(q_BHTK, k_BHSK, mask).softmax(-1), dropout) @ v_BHSK


def _scores(q_BHTK: Tensor, k_BHSK: Tensor, mask: Tensor | None) -> Tensor:
    scores_BHTS = (q_BHTK * q_BHTK.shape[3] ** -0.5) @ k_BHSK.transpose(2, 3)
    return scores_BHTS if mask is None else scores_BHTS.masked_fill(~mask, -torch.inf)


def causal(steps: int, places: int, *, device: torch.device) -> Tensor:
    """Build the causal mask of the last `steps` of so many places: each sees those up to its own, bool [T, S]."""
    place_T = torch.arange(places - steps, places, device=device)
    return torch.arange(places, device=device) <= place_T[:, None]


@dataclass(frozen=True, slots=True)
class RotaryAngles:
    """Factors on each entry of a vector and on its partner at some positions: cosines and sines [S, K]."""

    cos: Tensor
    sin: Tensor

    @classmethod
    def at(cls, steps: int, width: int, *, device: torch.device, first: int = 0) -> RotaryAngles:
        """Return the factors of so many positions from `first` on, for vectors of an even width."""
        angles_SK = angles(steps, width, device=device, first=first)
        cos, sin = angles_SK.cos(), angles_SK.sin()
        return cls(torch.cat([cos, cos], 1), torch.cat([-sin, sin], 1))


def apply_rotary(vectors: Tensor, turn: RotaryAngles | None = None) -> Tensor:
    """Rotate queries or keys [..., S, K]: each pair of entries is turned by its place times the pair's rate.

    The product of a query and a key then depends on their contents and their distance alone (Su et al. 2021,
    section 3.2.2). Partners are an entry of the first half and one of the second, as in Llama's published weights:
    halves are read in one go, neighbours would not be. K must be even. Places are counted from 0 where no `turn` says
    otherwise.
    """
    turn = turn or RotaryAngles.at(*vectors.shape[-2:], device=vectors.device)
    cos, sin = turn.cos.to(vectors.dtype), turn.sin.to(vectors.dtype)
    first, second = vectors.chunk(2, -1)
    return vectors * cos + torch.cat([second, first], -1) * sin


def angles(steps: int, width: int, *, device: torch.device, first: int = 0) -> Tensor:
    """Return the angle of each place from `first` on for each pair, [S, D / 2]; rates fall from 1 to 1 / 10,000."""
    place_S = torch.arange(first, first + steps, device=device, dtype=torch.float32)
    rates = torch.exp(torch.arange(0, width, 2, device=device) * (-math.log(10_000) / width))
    return place_S[:, None] * rates
