"""Pre-trained encoders, networks of `transformers` behind `Encoder`, and their learning rates (see `model_folder`).

What `config.json` of a model's folder says goes into the settings when training begins, and the weights into the
trained folder, which then needs the model's folder no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import signature
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import nn

from weft.data.batch import Tokens
from weft.errors import ConfigError
from weft.models.base import Encoder, EncoderConfig, Memory, Precision, TokenSpec
from weft.models.fine_tuning import FineTuned, FineTuning
from weft.models.model_folder import PAIRS, READERS, Head, fresh, loaded

AFTER_PADDING = ("camembert", "mpnet", "roberta", "xlm-roberta")
"""The `model_type`s whose first position has the number after that of padding."""


class PretrainedEncoderConfig(FineTuning, EncoderConfig):
    """A pre-trained BERT or one of its kin (Devlin et al. 2019), and how far fine-tuning may change it."""

    kind: Literal["pretrained"] = "pretrained"
    precision: ClassVar[Mapping[str, Precision]] = {"cpu": "bfloat16", "cuda": "bfloat16"}
    reads_jointly: ClassVar[bool] = True
    serves: ClassVar[tuple[str, ...]] = (*READERS, *PAIRS)
    recommended: ClassVar[Mapping[str, Any]] = {
        "epochs": 3,
        "batch_rows": 32,
        "optimizer": {"kind": "adamw", "learning_rate": 5e-5},
    }
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    """Factor from the learning rate of each layer to that of the layer below it (Clark et al. 2020, appendix B); the
    head, above all layers, learns at the rate itself."""
    head_rate: float = Field(default=1.0, gt=0)
    """Factor on the learning rate for the head, whose weights are fresh, over that of the encoder."""

    @property
    def longest(self) -> int | None:
        """Number of learned positions; None where positions are relative."""
        found = self.architecture or {}
        if not found.get("position_biased_input", True) or found.get("max_position_embeddings") is None:
            return None
        pad = found.get("pad_token_id")
        reserved = 1 + (1 if pad is None else pad) if found.get("model_type") in AFTER_PADDING else 0
        return found["max_position_embeddings"] - reserved

    def build(self, spec: TokenSpec) -> PretrainedEncoder:
        """Build the network with fresh weights; where an adapter alone is saved, with those of the folder."""
        if self.architecture is None:
            what = "a pre-trained encoder is not known to this task: it reads texts by its own tokenizer"
            raise ConfigError(what, where="task.encoder", hint="take another encoder, such as `transformer`")
        network = fresh(self.architecture, head=self._head)
        if network.config.vocab_size < spec.vocab_sizes[0]:
            what = f"the tokenizer has {spec.vocab_sizes[0]:,} ids, and the model only {network.config.vocab_size:,}"
            raise ConfigError(what, where=self.folder, hint="are both of one model?")
        encoder = PretrainedEncoder(network, layer_decay=self.layer_decay, head_rate=self.head_rate)
        if self.lora is not None and self.lora.save == "adapter":
            self.start(encoder)
        return encoder

    def start(self, encoder: Encoder) -> list[str]:
        """Read the weights, and settle which of them training may change.

        Raises ConfigError where the folder is not there any more, or has not all weights.
        """
        assert isinstance(encoder, PretrainedEncoder)
        if encoder.adapter:
            return [encoder.adapted(self.folder)]
        encoder.take(loaded(Path(self.folder), self.architecture or {}, head=self._head))
        return [encoder.settle(self, folder=self.folder)]

    def head_of(self, said: Mapping[str, Any]) -> Head:
        """Return the head of the whole of a pair, which knows what its folder leaves out; of an encoder alone none."""
        return "pair" if said.get("model_type") in PAIRS else "none"

    @property
    def _head(self) -> Head:
        return self.head_of(self.architecture or {})


class PretrainedEncoder(FineTuned, Encoder):
    """The states [B, S, D] of the last layer of a network of `transformers`."""

    head_dropout = 0.1

    def __init__(self, network: Any, *, layer_decay: float = 1.0, head_rate: float = 1.0) -> None:
        super().__init__()
        self.layer_decay, self.head_rate = layer_decay, head_rate
        self.take(network)

    def share_table(self, table: nn.Embedding) -> None:
        """Look tokens up in the table of a decoder from now on."""
        self.network.get_input_embeddings().weight = table.weight

    def take(self, network: Any) -> None:
        """Read by this network from now on, or by its encoder where it has a decoder too."""
        if network.config.is_encoder_decoder:
            network = network.get_encoder()
        if getattr(network, "pooler", None) is not None:
            network.pooler = None  # what it gives is not read, and weights without a gradient are no use
        self.network, self.width = network, network.config.hidden_size
        self.padding = network.config.pad_token_id or 0
        known = signature(network.forward).parameters
        self.reads_segments = "token_type_ids" in known and network.config.type_vocab_size > 1

    def forward(self, source: Tokens) -> Memory:
        """Read a batch; of two texts the segments are read where the network knows them."""
        ids_BS = source.ids_BS.masked_fill(~source.mask_BS, self.padding)
        # a row without tokens attends to its first padding: a finite state, and no head reads it
        mask_BS = source.mask_BS.clone()
        mask_BS[:, 0] = True
        more = {"token_type_ids": source.segments_BS} if self.reads_segments else {}
        read = self.network(input_ids=ids_BS, attention_mask=mask_BS.long(), **more)
        return Memory(read.last_hidden_state, source.mask_BS)

    def rates(self) -> Iterator[tuple[nn.Parameter, float]]:
        """Yield each layer with `layer_decay` times the rate of the one above it; the embeddings lowest."""
        if self.layer_decay == 1:
            return
        layers = self.layers
        below = {id(one): len(layers) - place for place, layer in enumerate(layers) for one in layer.parameters()}
        for one in self.network.parameters():
            yield one, self.layer_decay ** below.get(id(one), len(layers) + 1)
