"""What every model part owes the others: encoders read, heads decide, decoders write. Knows no kind (see `choices`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, Protocol, Self, TypeVar

import numpy as np
from torch import Tensor, nn

from weft.config import Config
from weft.data.batch import Source, Tokens

Pooling = Literal["mean", "max", "last", "attention", "first"]
"""How the states of all positions become one vector; `first` takes that of the first position, as `[CLS]` of BERT."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What an encoder has read: states [B, S, D], mask [B, S], and what a recurrent one holds at the end, [B, D]."""

    states_BSD: Tensor
    mask_BS: Tensor
    final_BD: Tensor | None = None


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What an encoder must know of an input to be built for it; each kind of input has a spec of its own."""


@dataclass(frozen=True, slots=True)
class TokenSpec(InputSpec):
    """The number of ids of each view of a position, the tokens first."""

    vocab_sizes: tuple[int, ...]


class Encoder(nn.Module, ABC):
    """Turns a source into a Memory. Subclasses set `width` (D) before they return from `__init__`."""

    width: int
    keeps_positions: ClassVar[bool] = True
    """False where states do not stand for positions of the source: no span head, no attention over them."""
    pooling: ClassVar[Pooling] = "mean"
    """How a classifier pools the states when it is not told."""
    head_dropout: ClassVar[float] = 0.5
    """The dropout of a head when it is not told."""
    head_rate: float = 1.0
    """How much faster than the encoder learns what stands outside of it."""

    @abstractmethod
    def forward(self, source: Any) -> Memory:
        """Read a batch."""

    def prepare(self, ids_N: np.ndarray, ids_of_C: Iterable[np.ndarray]) -> None:
        """Learn what is no weight, once, before training: from the ids of all texts and those of each label's texts."""

    def rates(self) -> Iterable[tuple[nn.Parameter, float]]:
        """The weights that learn at another rate than the optimiser's, and what that is times it."""
        return ()


class EncoderConfig(Config):
    """Base of the configs of encoders: the settings of one, and how it is built."""

    kind: str
    reads: ClassVar[type] = Tokens
    """The kind of source that it reads, a class of `weft.data.batch`."""
    recommended: ClassVar[Mapping[str, Any]] = {}
    """Training settings that suit this encoder, taken where a user sets none."""

    @property
    def advised(self) -> Mapping[str, Any]:
        """The same, where its own settings make no difference."""
        return self.recommended

    def for_labels(self, choices: int) -> Self:  # noqa: ARG002
        """The same for so many labels that exclude each other: two where each label is a yes or no of its own."""
        return self

    @property
    def reads_with(self) -> str | None:
        """The folder of the only tokenizer whose ids it reads; None: it reads those of any."""
        return None

    def ready(self) -> Self:
        """The same with all that its files say, which is read once, when training begins."""
        return self

    def start(self, encoder: Encoder) -> list[str]:  # noqa: ARG002
        """Start a fresh encoder from what the settings name, when training begins; returns what is to be said of it."""
        return []

    @property
    def longest(self) -> int | None:
        """How many positions it can read at most; None: any number."""
        return None

    def build(self, spec: Any) -> Encoder:
        """Build the encoder for an input of this spec, with fresh weights."""
        raise NotImplementedError


class State(Protocol):
    """What a decoder remembers of the rows that it writes: keys and values so far, or hidden vectors."""

    def select(self, rows_N: Tensor) -> Self:
        """The state of some rows, in this order: beams change places, finished rows leave.

        Where rows stand in groups (see `widen`), they stay in groups of that size, each on the memory of one row.
        """
        ...

    def widen(self, size: int) -> Self:
        """Each row `size` times, side by side: a group that shares what it reads of the memory, which is not copied."""
        ...


S = TypeVar("S", bound=State)


class Decoder(nn.Module, ABC, Generic[S]):
    """Writes: the states from which each next token is told, given those before it and, where there is one, a memory.

    One `forward` serves training (T steps from a fresh state), a prompt, and one token at a time: in pieces it gives
    what it gives as a whole. Subclasses set `width`, the D of the states that `logits` takes, before they return from
    `__init__`.
    """

    width: int
    longest: int | None = None
    """How many tokens a sequence may have, what begins it included; None: any number."""
    parallel: ClassVar[bool] = True
    """True where T steps are taken at once whatever they depend on, False where each follows from the one before."""

    @abstractmethod
    def start(self, memory: Memory | None, *, rows: int, capacity: int = 0, record: bool = False) -> S:
        """The state before the first token.

        Args:
            memory: what an encoder has read for these rows; None for a language model.
            rows: how many rows are written, B.
            capacity: room for so many tokens, written in place: a state is used once. 0: nothing is written in place,
                as training needs it.
            record: keep the attention to the memory, for people to look at.

        """

    @abstractmethod
    def forward(self, ids_BT: Tensor, state: S) -> tuple[Tensor, S]:
        """States [B, T, D] after each of some tokens, and the state that goes on; the state handed in is used up."""

    @abstractmethod
    def logits(self, states: Tensor) -> Tensor:
        """Scores of the whole vocabulary [..., V] of states [..., D]."""


@dataclass(frozen=True, slots=True)
class Symbols:
    """The ids that a sequence begins with, which are not told, and the one that ends it."""

    begin: tuple[int, ...]
    end: int


class DecoderConfig(Config):
    """Base of the configs of decoders: the settings of one, and how it is built."""

    kind: str
    recommended: ClassVar[Mapping[str, Any]] = {}
    """Training settings that suit this decoder, taken where a user sets none."""

    @property
    def advised(self) -> Mapping[str, Any]:
        """The same, where its own settings make no difference."""
        return self.recommended

    @property
    def needs_positions(self) -> bool:
        """Whether it attends to the positions of a memory, which then has to keep them."""
        return True

    @property
    def longest(self) -> int | None:
        """How many tokens a sequence may have, the one that begins it included; None: any number."""
        return None

    @property
    def symbols(self) -> Symbols | None:
        """With what its sequences begin and end; None: with the one id after those of the tokenizer."""
        return None

    @property
    def reads_with(self) -> str | None:
        """The folder of the only tokenizer whose ids it writes; None: it writes those of any."""
        return None

    def ready(self) -> Self:
        """The same with all that its files say, which is read once, when training begins."""
        return self

    def start(self, decoder: Decoder[Any]) -> list[str]:  # noqa: ARG002
        """Start a fresh decoder from what the settings name, when training begins; returns what is to be said of it."""
        return []

    def build(self, vocab_size: int, *, memory_width: int | None) -> Decoder[Any]:
        """The decoder, with fresh weights; `memory_width` is None where it reads no memory."""
        raise NotImplementedError


__all__ = ["Decoder", "DecoderConfig", "Encoder", "EncoderConfig", "Memory", "Pooling", "Source", "State", "Symbols"]
