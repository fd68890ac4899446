"""Encoders with pre-trained weights among ours, and how far training changes them; knows no head (see `model_folder`).

What `config.json` of a model's folder says goes into the settings when training begins, and the weights into the
trained folder, which then needs the model's folder no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import signature
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from torch import nn

from weft.config import Config
from weft.data.batch import Tokens
from weft.errors import ConfigError
from weft.models.base import Encoder, EncoderConfig, Memory
from weft.models.model_folder import PAIRS, READERS, fresh, library, loaded, located, read_architecture

AFTER_PADDING = ("camembert", "mpnet", "roberta", "xlm-roberta")
"""Those whose first position has the number after that of padding."""


class LoraConfig(Config):
    """Low-rank changes beside frozen weights (Hu et al. 2022, section 4.1), by `peft`."""

    rank: int = Field(default=8, ge=1)
    """Of the change of each matrix."""
    alpha: float = Field(default=16, gt=0)
    """The change is scaled by this over the rank."""
    dropout: float = Field(default=0.05, ge=0, lt=1)
    """Of what the change reads."""
    targets: tuple[str, ...] = ()
    """The layers that are changed, by their names in the network; empty: queries and values."""
    save: Literal["merged", "adapter"] = "merged"
    """`merged` adds the changes to the weights and saves all; `adapter` saves the changes alone, a few MB, and the
    trained folder needs that of the model."""


class PretrainedEncoderConfig(EncoderConfig):
    """A pre-trained BERT or one of its kin (Devlin et al. 2019), and how far fine-tuning may change it."""

    kind: Literal["pretrained"] = "pretrained"
    recommended: ClassVar[Mapping[str, Any]] = {
        "epochs": 3,
        "batch_rows": 32,
        "optimizer": {"kind": "adamw", "learning_rate": 5e-5},
    }
    folder: str = ""
    """Of the model, with `config.json`, `model.safetensors` and its tokenizer; `hub:name/of-model` fetches it."""
    architecture: dict[str, Any] | None = None
    """What `config.json` says; None: read when training begins."""
    freeze: Literal["none", "embeddings", "all"] | int = "none"
    """What training leaves as it is; a number: the embeddings and so many of the lowest layers."""
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    """Each layer learns at so much of the rate of the one above it (Clark et al. 2020, appendix B); the head, above
    all, at the rate itself."""
    head_rate: float = Field(default=1.0, gt=0)
    """The rate of the head, whose weights are fresh, over that of the encoder."""
    lora: LoraConfig | None = None
    """Learn low-rank changes instead of the weights; None: the weights."""
    activations: Literal["kept", "recomputed"] = "kept"
    """`recomputed` takes less memory and a third more time (Chen et al. 2016)."""

    @model_validator(mode="after")
    def _settings_go_together(self) -> Self:
        if self.lora is not None and self.freeze != "none":
            raise ValueError("lora freezes all weights of the encoder already: leave freeze out")
        return self

    @property
    def reads_with(self) -> str | None:
        """The folder of its tokenizer."""
        return self.folder

    def ready(self) -> Self:
        """With the content of `config.json`, and what is on the hub fetched. Raises ConfigError for what is refused."""
        if self.architecture is not None:
            return self
        folder = located(self.folder)
        return self.model_copy(
            update={"folder": str(folder), "architecture": read_architecture(folder, kinds=(*READERS, *PAIRS))}
        )

    @property
    def longest(self) -> int | None:
        """The positions that it has learned; None where it knows distances alone."""
        found = self.architecture or {}
        if not found.get("position_biased_input", True) or "max_position_embeddings" not in found:
            return None
        reserved = 1 + found.get("pad_token_id", 1) if found["model_type"] in AFTER_PADDING else 0
        return found["max_position_embeddings"] - reserved

    def build(self, vocab_sizes: tuple[int, ...]) -> PretrainedEncoder:
        """The network with fresh weights; where an adapter alone is saved, with those of the folder."""
        if self.architecture is None:
            what = "a pre-trained encoder is not known to this task: it reads texts by its own tokenizer"
            raise ConfigError(what, where="task.encoder", hint="take another encoder, such as `transformer`")
        network = fresh(self.architecture, head="none")
        if network.config.vocab_size < vocab_sizes[0]:
            what = f"the tokenizer has {vocab_sizes[0]:,} ids, and the model only {network.config.vocab_size:,}"
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
            return [f"weights: {self.folder}, which the trained folder needs: it has what is learned beside them"]
        encoder.take(loaded(Path(self.folder), self.architecture or {}, head="none"))
        if self.lora is not None:
            encoder.adapt(self.lora)
        else:
            encoder.freeze(self.freeze)
        if self.activations == "recomputed":
            encoder.network.activation_checkpointing_enable({"use_reentrant": False})
            if self.lora is not None:
                encoder.network.enable_input_require_grads()
        sizes = [(one.numel(), one.requires_grad) for one in encoder.parameters()]
        trained = sum(size for size, learns in sizes if learns)
        return [f"weights: {self.folder}; of {sum(size for size, _ in sizes):,}, training changes {trained:,}"]


class PretrainedEncoder(Encoder):
    """The states [B, S, D] of the last layer of a network of `transformers`."""

    head_dropout = 0.1

    def __init__(self, network: Any, *, layer_decay: float = 1.0, head_rate: float = 1.0) -> None:
        super().__init__()
        self.layer_decay, self.head_rate = layer_decay, head_rate
        self.adapter: tuple[Any, ...] = ()
        self.saves_adapter = False
        self.take(network)

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

    @property
    def layers(self) -> list[nn.Module]:
        """From the lowest to the highest; none where layers share their weights."""
        count = self.network.config.num_hidden_layers
        lists = (one for one in self.network.modules() if isinstance(one, nn.ModuleList))
        return list(next((one for one in lists if len(one) == count), ()))

    def freeze(self, what: Literal["none", "embeddings", "all"] | int) -> None:
        """Let training leave some weights as they are. Raises ConfigError for more layers than there are."""
        lowest, layers = what if isinstance(what, int) else 0, self.layers
        if lowest > len(layers):
            found = f"there are {len(layers)} layers with weights of their own, found {lowest}"
            raise ConfigError(found, where="task.encoder.freeze", hint="name fewer, or `all`")
        tables = [] if what == "none" else [one for one in self.network.modules() if isinstance(one, nn.Embedding)]
        for module in [self.network] if what == "all" else [*tables, *layers[:lowest]]:
            module.requires_grad_(False)

    def adapt(self, lora: LoraConfig) -> None:
        """Freeze all weights, and learn low-rank changes beside some. Raises ConfigError for targets there are not."""
        peft = library("peft")
        settings = peft.LoraConfig(
            r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=list(lora.targets) or None
        )
        try:
            # in a tuple it is no module of this one: it holds the same weights
            self.adapter = (peft.LoraModel(self.network, settings, "default"),)
        except ValueError as error:
            hint = "name layers of the network, as `query`, or leave it out"
            raise ConfigError(str(error).split(". ")[0], where="task.encoder.lora.targets", hint=hint) from None
        self.saves_adapter = lora.save == "adapter"
        if self.saves_adapter:
            self.register_state_dict_post_hook(_adapter_alone)

    def finish(self) -> None:
        """Add what was learned beside the weights to them, unless that is saved alone."""
        if self.adapter and not self.saves_adapter:
            self.network, self.adapter = self.adapter[0].merge_and_unload(), ()

    def rates(self) -> Iterator[tuple[nn.Parameter, float]]:
        """Each layer at `layer_decay` times the rate of the one above it; the embeddings lowest."""
        if self.layer_decay == 1:
            return
        layers = self.layers
        below = {id(one): len(layers) - place for place, layer in enumerate(layers) for one in layer.parameters()}
        for one in self.network.parameters():
            yield one, self.layer_decay ** below.get(id(one), len(layers) + 1)


def _adapter_alone(_module: nn.Module, named: dict[str, Any], prefix: str, _rest: Any) -> None:
    """Keep of the weights of an encoder those of its adapter."""
    for name in [one for one in named if one.startswith(prefix) and "lora_" not in one]:
        del named[name]
