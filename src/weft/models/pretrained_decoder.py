"""A pre-trained decoder among ours: a network of `transformers` behind `Decoder`; knows no search, imports no library.

The network comes from `pretrained`, which alone imports `transformers`; here it is any module that takes ids, a cache
and, where it attends to a source, the states and the mask of an encoder.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from weft.models.base import Decoder, Memory


@dataclass(frozen=True, slots=True)
class Cached:
    """What a pre-trained decoder remembers: its own cache (None before the first token), and the memory it reads.

    `keeps` is False in training, where nothing is remembered.
    """

    memory: Memory | None
    keeps: bool
    cache: Any = None

    def select(self, rows_N: Tensor) -> Cached:
        """The state of some rows; see `State.select`. The cache is moved where it is: a state is used once."""
        if self.cache is not None:
            self.cache.reorder_cache(rows_N)
        return replace(self, memory=_rows(self.memory, rows_N))

    def widen(self, size: int) -> Cached:
        """Each row `size` times; see `State.widen`."""
        if self.cache is not None:
            self.cache.batch_repeat_interleave(size)
        memory = self.memory
        if memory is not None:
            memory = Memory(memory.states_BSD.repeat_interleave(size, 0), memory.mask_BS.repeat_interleave(size, 0))
        return replace(self, memory=memory)


class PretrainedDecoder(Decoder[Cached]):
    """The states [B, T, D] of a pre-trained decoder, and the scores of its own vocabulary.

    Args:
        network: the layers, without the head.
        head: from states to scores.
        bias: added to the scores, [1, V]; None: nothing.
        scale: of the states before the head.

    """

    def __init__(self, network: nn.Module, head: nn.Linear, *, bias: Tensor | None = None, scale: float = 1.0) -> None:
        super().__init__()
        self.network, self.head, self.scale, self.width = network, head, scale, head.in_features
        self.bias_1V: Tensor | None
        self.register_buffer("bias_1V", bias)

    @property
    def embedding(self) -> nn.Module:
        """The table in which tokens are looked up."""
        return self.network.get_input_embeddings()  # ty: ignore[not-callable]

    def start(self, memory: Memory | None, *, rows: int, capacity: int = 0, record: bool = False) -> Cached:  # noqa: ARG002
        """The state before the first token; no attention is recorded."""
        return Cached(memory, keeps=capacity > 0)

    def forward(self, ids_BT: Tensor, state: Cached) -> tuple[Tensor, Cached]:
        """Go on by T tokens."""
        read = {}
        if state.memory is not None:
            read = {"encoder_hidden_states": state.memory.states_BSD, "encoder_attention_mask": state.memory.mask_BS}
        given = self.network(input_ids=ids_BT, cache=state.cache, use_cache=state.keeps, **read)
        return given.last_hidden_state, replace(state, cache=given.cache if state.keeps else None)

    def logits(self, states: Tensor) -> Tensor:
        """Scores [..., V] of states [..., D]."""
        scores = self.head(states * self.scale if self.scale != 1 else states)
        return scores if self.bias_1V is None else scores + self.bias_1V[0]


def _rows(memory: Memory | None, rows_N: Tensor) -> Memory | None:
    return None if memory is None else Memory(memory.states_BSD[rows_N], memory.mask_BS[rows_N])
