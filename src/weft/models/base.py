"""Interfaces of the parts of models: encoders and decoders, with their configs, memories and states."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
from torch import Tensor, nn

from weft.config import Config
from weft.data.batch import Source, Tokens
from weft.errors import ConfigError

Precision = Literal["float32", "bfloat16", "float64"]
Pooling = Literal["mean", "max", "last", "attention", "first"]
"""Ways to make one vector of the states of all positions; `first` takes that of the first one, as `[CLS]` of BERT."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Output of an encoder: states [B, S, D], mask [B, S], and what a recurrent one holds at the end, [B, D].

    `ids_BS` are the tokens that were read, where a decoder copies them.
    """

    states_BSD: Tensor
    mask_BS: Tensor
    final_BD: Tensor | None = None
    ids_BS: Tensor | None = None


@dataclass(frozen=True, slots=True)
class InputSpec:
    """Base of the specs: the sizes of what an encoder reads, of which it is built."""


@dataclass(frozen=True, slots=True)
class TokenSpec(InputSpec):
    """Sizes of `Tokens` or `Ngrams`: the number of ids of each view of a position."""

    vocab_sizes: tuple[int, ...]


class Encoder(nn.Module, ABC):
    """Turns a source into a Memory. Subclasses set `width` (D) before they return from `__init__`."""

    width: int
    keeps_positions: ClassVar[bool] = True
    """False where states do not stand for positions of the source: no span head, no attention over them."""
    pooling: ClassVar[Pooling] = "mean"
    """Pooling of the states under a classifier whose settings name none."""
    head_dropout: ClassVar[float] = 0.5
    """Dropout of a head whose settings name none."""
    head_rate: float = 1.0
    """Learning rate of all weights outside of the encoder, over that of the encoder."""

    @abstractmethod
    def forward(self, source: Any) -> Memory:
        """Read a batch."""

    def rates(self) -> Iterable[tuple[nn.Parameter, float]]:
        """Yield each weight that learns at another rate than the optimiser's, with the factor."""
        return ()

    def share_table(self, table: nn.Embedding) -> None:
        """Look tokens up in the table of a decoder from now on."""
        embedding: Any = self.embedding
        embedding.tables[0] = table

    def scale_embedding(self) -> None:
        """Embed at unit variance beside a decoder that does; no matter where nothing is added to the embeddings."""


@runtime_checkable
class NeedsCounts(Protocol):
    """An encoder that counts ids over the training texts of each label, once, before training."""

    def prepare(
        self, ids_N: np.ndarray, ids_of_C: Iterable[np.ndarray], *, rows: int, group_V: np.ndarray | None = None
    ) -> None:
        """Count the ids of all texts, `rows` in number, and of the texts of each label; `group_V` has the group of each
        id, where there are groups.
        """
        ...


class PartConfig(Config):
    """Base of the configs of encoders and decoders, with what training and tasks need of either."""

    kind: str
    recommended: ClassVar[Mapping[str, Any]] = {}
    """Training settings that suit this part, taken where a user sets none."""
    precision: ClassVar[Mapping[str, Precision]] = {"cuda": "bfloat16"}
    """The precision in which this part trains fastest, by type of device; float32 on a device that is not named."""
    bfloat16_on_any_cpu: ClassVar[bool] = True
    """False where torch trains this part in bfloat16 only on a CPU with instructions for it."""

    @property
    def advised(self) -> Mapping[str, Any]:
        """Training settings that suit this part with its own settings."""
        return self.recommended

    @property
    def longest(self) -> int | None:
        """Largest number of tokens that this part can take, begin and end included; None: any number."""
        return None

    @property
    def reads_with(self) -> str | None:
        """Folder of the only tokenizer whose ids this part knows; None: it takes those of any."""
        return None

    @property
    def base_bytes(self) -> int:
        """Bytes of weights that a trained folder leaves where they were, and needs."""
        return 0

    def settled(self, part: Any, *, folder: str) -> list[str]:  # noqa: ARG002
        """Freeze weights or add others beside them, as the settings ask, once weights are taken from a folder.

        Returns notes for the user.
        """
        return []

    def with_saved(self, part: Any, saved: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:  # noqa: ARG002
        """Return weights by name as a folder's settings of this part say that they are; all, where it saved all."""
        return weights

    def ready(self) -> Self:
        """Return a copy with the content of the files that it names, which is read once, when training begins."""
        return self


class EncoderConfig(PartConfig):
    """Base of the configs of encoders: the settings of one, and how it is built."""

    reads: ClassVar[type] = Tokens
    """Type of the source that the encoder reads: `Tokens` or `Ngrams`."""
    reads_jointly: ClassVar[bool] = False
    """Whether question and passage are read best in one row, by attention of each position to all."""

    def for_labels(self, choices: int) -> Self:  # noqa: ARG002
        """Return a copy for so many labels that exclude each other: two where each label is a yes or no of its own."""
        return self

    def deciding_alone(self, scores: int, *, texts: int = 1) -> Self:  # noqa: ARG002
        """Return a copy for a model with nothing beside it, a plain loss, so many scores, and one text or two a row."""
        return self

    @property
    def solved(self) -> bool:
        """Whether training solves for the weights of the whole model, which are linear, instead of taking steps."""
        return False

    def start(self, encoder: Encoder) -> list[str]:  # noqa: ARG002
        """Load the weights that the settings name into a fresh encoder before training; returns notes for the user."""
        return []

    def build(self, spec: Any) -> Encoder:
        """Build the encoder, with fresh weights, for sources of these sizes (an `InputSpec`)."""
        raise NotImplementedError


class State(Protocol):
    """State of a decoder between steps, for each row: keys and values so far, or hidden vectors."""

    def select(self, rows_N: Tensor) -> Self:
        """Return the state of some rows, in this order: beams change places, finished rows leave.

        Where rows stand in groups (see `widen`), they stay in groups of that size, each on the memory of one row.
        """
        ...

    def widen(self, size: int) -> Self:
        """Repeat each row `size` times, side by side: a group that shares its row of the memory without a copy."""
        ...


S = TypeVar("S", bound=State)


class Decoder(nn.Module, ABC, Generic[S]):
    """Computes the states from which each next token is predicted, given those before it and a memory, if there is one.

    One `forward` serves training (T steps from a fresh state), a prompt, and one token at a time: in pieces it gives
    what it gives as a whole. Subclasses set `width`, the D of the states that `logits` takes, before they return from
    `__init__`; where tokens are copied, states are wider by what that needs.
    """

    width: int
    scale: float = 1.0
    """Factor on the embeddings; an encoder beside a decoder that scales has to scale too."""
    longest: int | None = None
    """Largest number of tokens of a sequence, those that begin it included; None: any number."""
    scores_by_embedding: ClassVar[bool] = False
    """True where `logits` asks a method `scores`, which multiplies by the table `embedding` and adds `bias_V`."""
    parallel: ClassVar[bool] = True
    """True where T steps are taken at once whatever they depend on, False where each follows from the one before."""

    @abstractmethod
    def start(self, memory: Memory | None, *, rows: int, capacity: int = 0, record: bool = False) -> S:
        """Return the state before the first token.

        Args:
            memory: what an encoder has read for these rows; None for a language model.
            rows: how many rows are written, B.
            capacity: room for so many tokens, written in place: a state is used once. 0: nothing is written in place,
                as training needs it.
            record: keep the attention to the memory, for people to look at.

        """

    @abstractmethod
    def forward(self, ids_BT: Tensor, state: S) -> tuple[Tensor, S]:
        """Return states [B, T, D] after each of some tokens, and the next state; the one handed in is used up."""

    @abstractmethod
    def logits(self, states: Tensor) -> Tensor:
        """Score the whole vocabulary, logits [..., V], from states [..., D]."""


@dataclass(frozen=True, slots=True)
class Symbols:
    """The ids that begin a sequence, which are not predicted, and the one that ends it."""

    begin: tuple[int, ...]
    end: int


class DecoderConfig(PartConfig):
    """Base of the configs of decoders: the settings of one, and how it is built."""

    smaller: ClassVar[Mapping[str, Any]] = {}
    """Settings of its smaller size, for simple texts, or for many on a CPU; empty: it has one size."""

    @property
    def needs_positions(self) -> bool:
        """Whether it attends to the positions of a memory, which then has to keep them."""
        return True

    @property
    def slots(self) -> int:
        """Number of ids beyond the vocabulary and its end, for pieces that are copied from a source."""
        return 0

    @property
    def symbols(self) -> Symbols | None:
        """The ids that begin and end its sequences; None: both are the one id after those of the tokenizer."""
        return None

    def matching_encoder(self) -> EncoderConfig:
        """Return the config of the encoder that suits this decoder, taken where none is named.

        Raises ConfigError where there is none.
        """
        what = f"no encoder is known that suits the decoder `{self.kind}`"
        raise ConfigError(what, where="task.encoder", hint="name one, such as `transformer` or `lstm`")

    def start(self, decoder: Decoder[Any]) -> list[str]:  # noqa: ARG002
        """Load the weights that the settings name into a fresh decoder before training; returns notes for the user."""
        return []

    def build(self, vocab_size: int, *, memory_width: int | None) -> Decoder[Any]:
        """Build the decoder, with fresh weights; `memory_width` is None where it reads no memory."""
        raise NotImplementedError


__all__ = [
    "Decoder",
    "DecoderConfig",
    "Encoder",
    "EncoderConfig",
    "InputSpec",
    "Memory",
    "NeedsCounts",
    "PartConfig",
    "Pooling",
    "Precision",
    "Source",
    "State",
    "Symbols",
    "TokenSpec",
]
