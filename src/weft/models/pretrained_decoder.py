"""Pre-trained decoders: networks of `transformers` behind `Decoder` (see `model_folder`).

One that stands behind an encoder (T5, BART, Marian) comes with it: both are read from one folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from weft.errors import ConfigError
from weft.models.base import Decoder, DecoderConfig, Memory, Precision, Symbols
from weft.models.fine_tuning import FineTuned, FineTuning
from weft.models.model_folder import PAIRS, WRITERS, Head, fresh, loaded
from weft.models.pretrained import PretrainedEncoderConfig


class PretrainedDecoderConfig(FineTuning, DecoderConfig):
    """A pre-trained GPT-2 and its kin, which write alone, or the decoder of a T5, BART, Marian and theirs."""

    kind: Literal["pretrained"] = "pretrained"
    precision: ClassVar[Mapping[str, Precision]] = {"cpu": "bfloat16", "cuda": "bfloat16"}
    serves: ClassVar[tuple[str, ...]] = (*WRITERS, *PAIRS)
    recommended: ClassVar[Mapping[str, Any]] = {
        "epochs": 3,
        "batch_rows": 16,
        "optimizer": {"kind": "adamw", "learning_rate": 5e-5},
    }

    @property
    def head(self) -> Head:
        """Kind of head on its network."""
        return self.head_of(self._said)

    def head_of(self, said: Mapping[str, Any]) -> Head:
        """Return the head that a network of this architecture is read with."""
        return "pair" if said.get("model_type") in PAIRS else "causal"

    @property
    def longest(self) -> int | None:
        """Number of learned positions; None where positions are relative."""
        said = self.architecture or {}
        if "relative_attention_num_buckets" in said:
            return None
        return next((said[name] for name in ("max_position_embeddings", "n_positions") if said.get(name)), None)

    @property
    def symbols(self) -> Symbols:
        """The ids that begin and end its sequences, as in `transformers`. Raises ConfigError where none are named."""
        said = self._said
        end, begin = said.get("eos_token_id"), said.get("decoder_start_token_id", said.get("bos_token_id"))
        if not isinstance(end, int):
            raise ConfigError("config.json does not say with what a text ends", where=self.folder, hint="eos_token_id")
        first = end if begin is None else begin
        forced = said.get("forced_bos_token_id")
        return Symbols((first,) if forced is None else (first, forced), end)

    def matching_encoder(self) -> PretrainedEncoderConfig:
        """Return the config of the encoder in its folder."""
        return PretrainedEncoderConfig(**{name: getattr(self, name) for name in FineTuning.model_fields})

    def build(self, vocab_size: int, *, memory_width: int | None) -> PretrainedDecoder:
        """Build the network with fresh weights; where an adapter alone is saved, with those of the folder.

        Raises ConfigError where it needs an encoder and has none, or the other way round.
        """
        if (self.head == "pair") != (memory_width is not None):
            kind, alone = self._said["model_type"], "writes alone" if memory_width is not None else "needs an encoder"
            hint = "train a language model with it" if memory_width is not None else "take it for task seq2seq"
            raise ConfigError(f"`{kind}` {alone}", where="task.decoder", hint=hint)
        decoder = PretrainedDecoder(fresh(self._said, head=self.head), longest=self.longest)
        if memory_width is not None and memory_width != decoder.width:
            what = f"it reads an encoder of width {decoder.width}, found one of {memory_width}"
            raise ConfigError(what, where="task.encoder", hint="leave task.encoder out: the folder has its own")
        if decoder.head.out_features < vocab_size:
            what = f"the tokenizer has {vocab_size:,} ids, and the model only {decoder.head.out_features:,}"
            raise ConfigError(what, where=self.folder, hint="are both of one model?")
        if self.lora is not None and self.lora.save == "adapter":
            self.start(decoder)
        return decoder

    def start(self, decoder: Decoder[Any]) -> list[str]:
        """Read the weights, and settle which of them training may change.

        Raises ConfigError where the folder is not there any more, or has not all weights.
        """
        assert isinstance(decoder, PretrainedDecoder)
        if decoder.adapter:
            return [decoder.adapted(self.folder)]
        decoder.take(loaded(Path(self.folder), self._said, head=self.head))
        return [decoder.settle(self, folder=self.folder)]

    @property
    def _said(self) -> dict[str, Any]:
        if self.architecture is None:
            raise ConfigError("a pre-trained decoder is not known to this task", where="task.decoder")
        return self.architecture


@dataclass(frozen=True, slots=True)
class Cached:
    """State of a pre-trained decoder: its own cache (None before the first token), and the memory it reads.

    `keeps` is False in training, where nothing is remembered.
    """

    memory: Memory | None
    keeps: bool
    cache: Any = None

    def select(self, rows_N: Tensor) -> Cached:
        """Select the state of some rows; see `State.select`. The cache is moved where it is: a state is used once."""
        if self.cache is not None:
            self.cache.reorder_cache(rows_N)
        return replace(self, memory=_rows(self.memory, rows_N))

    def widen(self, size: int) -> Cached:
        """Repeat each row `size` times; see `State.widen`."""
        if self.cache is not None:
            self.cache.batch_repeat_interleave(size)
        memory = self.memory
        if memory is not None:
            memory = Memory(memory.states_BSD.repeat_interleave(size, 0), memory.mask_BS.repeat_interleave(size, 0))
        return replace(self, memory=memory)


class PretrainedDecoder(FineTuned, Decoder[Cached]):
    """The states [B, T, D] of a decoder of `transformers`, and the scores of its own vocabulary.

    `whole` is its model with the head, of whose encoder, where it has one, nothing is kept.
    """

    def __init__(self, whole: Any, *, longest: int | None = None) -> None:
        super().__init__()
        self.longest = longest
        self.take(whole)

    def take(self, whole: Any) -> None:
        """Write by this model from now on."""
        self.network = whole.get_decoder()
        self.head: nn.Linear = whole.get_output_embeddings()
        self.width = self.head.in_features
        scaled = getattr(whole.config, "scale_decoder_outputs", False)  # T5 scales, where it ties head and embedding
        self.scale: float = whole.config.d_model**-0.5 if scaled else 1.0
        self.bias_1V: Tensor | None
        self.register_buffer("bias_1V", getattr(whole, "final_logits_bias", None))

    @property
    def embedding(self) -> nn.Embedding:
        """The table in which tokens are looked up."""
        return self.network.get_input_embeddings()

    def shares_table_with(self, encoder: Any) -> bool:
        """Whether it and an encoder of `transformers` are halves of one model, with one table for both."""
        mine, theirs = self.network.config, encoder.config
        tables = (one.get_input_embeddings().weight.shape for one in (self.network, encoder))
        one_table = getattr(mine, "share_encoder_decoder_embeddings", True)
        return mine.model_type == theirs.model_type and one_table and len(set(tables)) == 1

    def start(self, memory: Memory | None, *, rows: int, capacity: int = 0, record: bool = False) -> Cached:  # noqa: ARG002
        """Return the state before the first token; no attention is recorded."""
        return Cached(memory, keeps=capacity > 0)

    def forward(self, ids_BT: Tensor, state: Cached) -> tuple[Tensor, Cached]:
        """Go on by T tokens."""
        read = {}
        if state.memory is not None:
            read = {"encoder_hidden_states": state.memory.states_BSD, "encoder_attention_mask": state.memory.mask_BS}
        # given ids, the library warns of padding, which is at the ends alone: nothing that counts sees it
        given = self.network(inputs_embeds=self.embedding(ids_BT), cache=state.cache, use_cache=state.keeps, **read)
        return given.last_hidden_state, replace(state, cache=given.cache if state.keeps else None)

    def logits(self, states: Tensor) -> Tensor:
        """Score the vocabulary, logits [..., V], from states [..., D]."""
        scores = self.head(states * self.scale if self.scale != 1 else states)
        return scores if self.bias_1V is None else scores + self.bias_1V[0]


def _rows(memory: Memory | None, rows_N: Tensor) -> Memory | None:
    return None if memory is None else Memory(memory.states_BSD[rows_N], memory.mask_BS[rows_N])
