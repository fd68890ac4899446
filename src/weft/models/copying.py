"""Copying: the probability of the next token is shared between a vocabulary and the tokens of the source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from weft.errors import ConfigError
from weft.models.base import Decoder, DecoderConfig, Memory

Copying = Literal["auto", "yes", "no"]
Network = TypeVar("Network", bound=Decoder[Any])
_ABSENT = -60.0
"""Score of a token that only copying can write, over which no other is lower."""


class CopyingSettings(DecoderConfig):
    """Settings shared by the decoders that can copy tokens of their source."""

    copying: Copying = "auto"
    """Copying of source tokens by attention, mixed with the vocabulary's probabilities (See et al. 2017, section 2.2):
    `yes`, `no`, or `auto`, which copies where many rare words of the targets stand in their sources."""
    copied_unknown: int = Field(default=32, ge=0)
    """Largest number of distinct pieces of a source that the vocabulary lacks and that can be copied all the same."""

    @property
    def slots(self) -> int:
        """Number of ids beyond the vocabulary: of unknown pieces of a source, which have other meanings in each row."""
        return self.copied_unknown if self.copying == "yes" else 0

    def with_copier(self, decoder: Network, vocab_size: int, *, memory_width: int | None) -> Network:
        """Return the decoder, with the output layer that copies where copying is on.

        Raises ConfigError where copying is asked for and there is no attention to a source.
        """
        if self.copying != "yes":
            return decoder
        if memory_width is None or not self.needs_positions:
            what = "there is no attention to a source from which tokens could be copied"
            hint = "leave it out; pairs of source and target under a decoder with attention can copy"
            raise ConfigError(what, where="task.decoder.copying", hint=hint)
        decoder.copier = Copier(decoder.width, memory_width=memory_width, first_copied=vocab_size - self.slots)
        return decoder


@dataclass(frozen=True, slots=True)
class Copied:
    """Tokens of B sources that can be copied: their ids [B, S], and the first place of the same id in each row."""

    ids_BS: Tensor
    first_BS: Tensor

    @classmethod
    def of(cls, memory: Memory) -> Copied:
        """Find the places of the tokens of a memory, which has their ids."""
        assert memory.ids_BS is not None
        ids_BS = memory.ids_BS
        return cls(ids_BS, (ids_BS[:, :, None] == ids_BS[:, None]).byte().argmax(2))

    def select(self, rows_N: Tensor) -> Copied:
        """Select some rows, in this order."""
        return Copied(self.ids_BS.index_select(0, rows_N), self.first_BS.index_select(0, rows_N))


class Copier(nn.Module):
    """A pointer-generator network's output layer (See et al. 2017, section 2.2).

    The next token is w with probability p P(w) + (1 - p) A(w), of which P is the softmax over the vocabulary, A the
    attention to all places of the source where w stands, and p is computed from the state, which holds what was
    attended to. Tokens from `first_copied` on can be copied and not generated.

    What a decoder with a copier returns as states is wider than its own: behind D entries stand the attention to each
    distinct token of the source, and the ids of these, [..., D + 2S]. So states remain all that `logits` needs, whoever
    picks some of them, and in whatever order.

    The decoder reads each place of the source together with the one before it: to go on with a name, it has to find
    what follows the piece that it wrote last, which the encoder would have to learn otherwise.
    """

    def __init__(self, width: int, *, memory_width: int, first_copied: int) -> None:
        super().__init__()
        self.width, self.first_copied = width, first_copied
        self.gate = nn.Linear(width, 1)
        self.before = nn.Linear(memory_width, memory_width, bias=False)

    def read(self, memory: Memory) -> Memory:
        """Return a memory whose states [B, S, D] know of the places before them."""
        shifted_BSD = functional.pad(memory.states_BSD, (0, 0, 1, 0))[:, :-1]
        return replace(memory, states_BSD=memory.states_BSD + self.before(shifted_BSD))

    def joined(self, states_NTD: Tensor, attention_NTS: Tensor, copied: Copied) -> Tensor:
        """Return states with the attention to each distinct token and its id, [N, T, D + 2S]."""
        wide = torch.promote_types(states_NTD.dtype, torch.float32)  # ids below 2 ** 24 are whole numbers in it
        size = len(states_NTD) // len(copied.ids_BS)
        ids_NS, first_NS = (
            one if size == 1 else one.repeat_interleave(size, 0) for one in (copied.ids_BS, copied.first_BS)
        )
        attention_NTS = attention_NTS.to(wide)
        first_NTS, ids_NTS = (one[:, None].expand_as(attention_NTS) for one in (first_NS, ids_NS))
        distinct_NTS = torch.zeros_like(attention_NTS).scatter_add(2, first_NTS, attention_NTS)
        return torch.cat([states_NTD.to(wide), distinct_NTS, ids_NTS.to(wide)], 2)

    def forward(self, joined: Tensor, scores: Callable[[Tensor], Tensor]) -> Tensor:
        """Compute the log-probabilities [..., V] of generating or copying each token.

        Args:
            joined: what the method `joined` returned, or some of it, [..., D + 2S].
            scores: scores the vocabulary, [..., V], from states [..., D].

        """
        places = (joined.shape[-1] - self.width) // 2
        states, attention, ids = joined.split([self.width, places, places], -1)
        scores_V, gate = scores(states), self.gate(states)
        wide = torch.promote_types(scores_V.dtype, torch.float32)
        scores_V, gate, attention, ids = scores_V.to(wide), gate.to(wide), attention.to(wide), ids.long()
        if scores_V.shape[-1] > self.first_copied:
            beyond_V = torch.arange(scores_V.shape[-1], device=scores_V.device) >= self.first_copied
            scores_V = scores_V.masked_fill(beyond_V, _ABSENT)
        logs = scores_V.log_softmax(-1) + functional.logsigmoid(gate)
        copied = attention.clamp_min(torch.finfo(wide).tiny).log() + functional.logsigmoid(-gate)
        # log(a + b) = log a + softplus(log b - log a), and further places of a token have nothing to add
        more = functional.softplus(copied - logs.gather(-1, ids)).masked_fill(attention <= 0, 0)
        return logs.scatter_add(-1, ids, more)
