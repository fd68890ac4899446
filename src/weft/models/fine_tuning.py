"""Fine-tuning of pre-trained parts: their folder, frozen weights, low-rank adapters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator
from torch import Tensor, nn

from weft.config import Config
from weft.errors import ConfigError, did_you_mean
from weft.models.architecture import architecture_of
from weft.models.base import PartConfig
from weft.models.model_folder import Head, check_size, library, located, read_architecture
from weft.models.weights import own_weights

Freeze = Literal["none", "embeddings", "all"] | int


class LoraConfig(Config):
    """Low-rank adapters beside frozen weights (LoRA, Hu et al. 2022, section 4.1), by `peft`."""

    rank: int = Field(default=8, ge=1)
    """Rank of the change of each matrix."""
    alpha: float = Field(default=16, gt=0)
    """Scale of the change: it is multiplied by alpha over the rank."""
    dropout: float = Field(default=0.05, ge=0, lt=1)
    """Dropout of the input of the change."""
    targets: tuple[str, ...] = ()
    """Names of the layers in the network that get an adapter; empty: every linear layer, which is needed to come near
    the score of training all weights (Dettmers et al. 2023, section 4)."""
    save: Literal["merged", "adapter"] = "merged"
    """Content of the trained folder: `merged` adds the changes to the weights and saves all; `adapter` saves the
    changes alone, a few MB, and the trained folder then needs the folder of the model."""

    def like(self, other: LoraConfig) -> bool:
        """Whether both are changes of the same weights, of one rank and scale."""
        return (self.rank, self.alpha, {*self.targets}) == (other.rank, other.alpha, {*other.targets})


class FineTuning(PartConfig):
    """Settings shared by all pre-trained encoders and decoders."""

    serves: ClassVar[tuple[str, ...]] = ()
    """The `model_type`s that can be such a part."""
    folder: str = ""
    """Folder of the model, with `config.json`, `model.safetensors` and tokenizer; `hub:name/of-model` fetches it."""
    architecture: dict[str, Any] | None = None
    """Content of the model's `config.json`; None: it is read when training begins."""
    freeze: Freeze = "none"
    """Weights that training leaves as they are; a number freezes the embeddings and so many of the lowest layers."""
    lora: LoraConfig | None = None
    """Low-rank adapters (LoRA) that are trained in place of the weights; None: the weights are trained."""
    activations: Literal["kept", "recomputed"] = "kept"
    """Activations between the passes: `kept`, or `recomputed` in the backward pass, which takes less memory and a third
    more time (gradient checkpointing, Chen et al. 2016)."""

    @model_validator(mode="after")
    def _settings_go_together(self) -> Self:
        if self.lora is not None and self.freeze != "none":
            raise ValueError("lora freezes all weights of the network already: leave freeze out")
        return self

    @property
    def advised(self) -> Mapping[str, Any]:
        """Recommended training settings, with ten times the rate for low-rank changes (Biderman et al. 2024)."""
        if self.lora is None:
            return self.recommended
        optimizer = self.recommended["optimizer"]
        return {**self.recommended, "optimizer": {**optimizer, "learning_rate": 10 * optimizer["learning_rate"]}}

    @property
    def reads_with(self) -> str | None:
        """Folder of the tokenizer of this part."""
        return self.folder

    @property
    def base_bytes(self) -> int:
        """Bytes of the weights in the folder, where an adapter alone is saved; 0 where the folder is gone."""
        alone = self.lora is not None and self.lora.save == "adapter"
        return sum(file.stat().st_size for file in Path(self.folder).glob("*.safetensors")) if alone else 0

    def settled(self, part: Any, *, folder: str) -> list[str]:
        """Freeze weights or add adapters; returns notes for the user."""
        return [part.adapted(self.folder) if part.adapter else part.settle(self, folder=folder)]

    def with_saved(self, part: Any, saved: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return the weights of a folder, with an adapter that it saved alone added to those that it was learned for.

        Raises ConfigError where they would have to be another adapter, saved alone.
        """
        old = type(self).model_validate({name: saved[name] for name in type(self).model_fields if name in saved})
        if old.lora is None or old.lora.save == "merged":
            return weights
        if self.lora is not None and self.lora.save == "adapter":
            if self.lora.like(old.lora):
                return weights
            what = (
                f"an adapter of rank {old.lora.rank} is there alone, of which none of rank {self.lora.rank} can be made"
            )
            hint = "leave rank, alpha and targets out, or set lora.save=merged beside the folder, or lora=null"
            raise ConfigError(what, where="lora", hint=hint)
        merged = old.model_copy(update={"lora": old.lora.model_copy(update={"save": "merged"})})
        merged.start(part)
        for name, value in own_weights(part).items():
            if "lora_" in name:
                value.copy_(weights[name])
        part.finish()
        part.requires_grad_(True)  # which the adapter had frozen
        return own_weights(part)

    def start(self, part: Any, /) -> list[str]:
        """Read the weights, and settle which of them training may change."""
        raise NotImplementedError

    @field_validator("architecture")
    @classmethod
    def _describes_a_network(cls, said: dict[str, Any] | None) -> dict[str, Any] | None:
        return None if said is None else architecture_of(said)

    def head_of(self, said: Mapping[str, Any]) -> Head:  # noqa: ARG002
        """Return the head that a network of this architecture is read with."""
        return "none"

    def ready(self) -> Self:
        """Return a copy with the content of `config.json`; fetches what is on the hub.

        Raises ConfigError for what is refused.
        """
        if self.architecture is not None:
            return self
        if not self.folder:
            hint = "write pretrained:./bert-base-chinese, say"
            raise ConfigError("the folder of the model is not named", where="pretrained", hint=hint)
        folder = located(self.folder)
        said = read_architecture(folder, kinds=self.serves)
        check_size(folder, said, head=self.head_of(said))
        return self.model_copy(update={"folder": str(folder), "architecture": said})


class FineTuned(nn.Module):
    """A part whose `network` has pre-trained weights."""

    def __init__(self) -> None:
        super().__init__()
        self.network: Any
        self.adapter: tuple[Any, ...] = ()
        self.saves_adapter = False

    def settle(self, config: FineTuning, *, folder: str) -> str:
        """Freeze weights or add adapters, as the settings ask; returns notes for the user."""
        if config.lora is not None:
            self.adapt(config.lora)
        else:
            self.freeze(config.freeze)
        if config.activations == "recomputed":
            self.network.activation_checkpointing_enable({"use_reentrant": False})
            if config.lora is not None:
                self.network.enable_input_require_grads()
        return f"weights: {folder}; {self.changed}"

    def adapted(self, folder: str) -> str:
        """Say that the adapter alone is saved, and the number of trained weights."""
        return f"weights: {folder}, which must stay where it is: the adapter alone is saved; {self.changed}"

    @property
    def changed(self) -> str:
        """Number of weights that training changes, in words."""
        sizes = [(one.numel(), one.requires_grad) for one in self.parameters()]
        trained = sum(size for size, learns in sizes if learns)
        return f"of {sum(size for size, _ in sizes):,}, training changes {trained:,}"

    @property
    def layers(self) -> list[nn.Module]:
        """Layers from the lowest to the highest; none where layers share their weights."""
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
        self._check_targets(lora.targets)
        settings = peft.LoraConfig(
            r=lora.rank,
            lora_alpha=lora.alpha,
            lora_dropout=lora.dropout,
            target_modules=list(lora.targets) or "all-linear",
            fan_in_fan_out=self.network.config.model_type == "gpt2",  # whose products are stored the other way round
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

    def _check_targets(self, targets: Sequence[str]) -> None:
        """Raise ConfigError for a name that no layer of the network has, with the nearest name."""
        named = [name for name, one in self.network.named_modules() if getattr(one, "weight", None) is not None]
        for target in targets:
            if not any(f".{name}".endswith(f".{target}") for name in named):
                known = {name.rpartition(".")[2] for name in named if not name.rpartition(".")[2].isdecimal()}
                hint = did_you_mean(target, known)
                raise ConfigError(f"no layer is named `{target}`", where="task.encoder.lora.targets", hint=hint)

    def finish(self) -> None:
        """Add what was learned beside the weights to them, unless that is saved alone."""
        if self.adapter and not self.saves_adapter:
            self.network, self.adapter = self.adapter[0].merge_and_unload(), ()


def _adapter_alone(_module: nn.Module, named: dict[str, Any], prefix: str, _rest: Any) -> None:
    """Keep of the weights of an encoder those of its adapter."""
    for name in [one for one in named if one.startswith(prefix) and "lora_" not in one]:
        del named[name]
