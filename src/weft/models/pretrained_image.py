"""Frozen encoders of images from folders of `transformers`: ViT, DINOv2, and those of CLIP and SigLIP."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import torch
from pydantic import field_validator
from torch import Tensor, nn

from weft.errors import ConfigError
from weft.files import parsed, small_text
from weft.models.architecture import architecture_of
from weft.models.base import Encoder, InputSpec
from weft.models.image_features import FeatureEncoderConfig, FeatureSpec, KeptFeaturesEncoder
from weft.models.model_folder import VIEWERS, check_size, fresh, loaded, located, read_architecture
from weft.models.resnet import PixelSpec

CLIP_MEAN, CLIP_DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Means and deviations of colours, of 0 to 1, that CLIP was trained with."""
_USUAL = {
    "clip_vision_model": (CLIP_MEAN, CLIP_DEVIATION),
    "dinov2": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
"""Means and deviations of kinds whose folder does not say them; of others all are 0.5."""
Colours = tuple[float, float, float]
_NAMES = ("image_mean", "image_std")


class PretrainedImageEncoderConfig(FeatureEncoderConfig):
    """A pre-trained ViT, DINOv2, or the image encoder of CLIP or SigLIP (Dosovitskiy et al. 2021; Radford et al. 2021),
    from a folder of `transformers`; it stays frozen, and its features of an image are computed once and kept.
    """

    kind: Literal["pretrained"] = "pretrained"
    any_size: ClassVar[bool] = False
    recommended: ClassVar[Mapping[str, Any]] = FeatureEncoderConfig.recommended
    folder: str = ""
    """Folder of the model, with `config.json` and `model.safetensors`; `hub:name/of-model` fetches it."""
    keep: Literal["all", "first", "mean"] = "all"
    """States of an image that are kept: `all`, for decoders that look at positions; `first`, that of the class token,
    which stands for the whole image in ViT, DINOv2 and CLIP; or the `mean`."""
    architecture: dict[str, Any] | None = None
    """Content of the model's `config.json`; None: it is read when training begins."""
    mean: Colours | None = None
    """Mean of each colour, of 0 to 1, that is taken off; None: as `preprocessor_config.json` says."""
    deviation: Colours | None = None
    """Deviation of each colour, of 0 to 1, that is divided by; None: as `preprocessor_config.json` says."""

    @field_validator("architecture")
    @classmethod
    def _describes_a_network(cls, said: dict[str, Any] | None) -> dict[str, Any] | None:
        return None if said is None else architecture_of(said)

    @property
    def keeps_features(self) -> bool:
        """Whether features are computed once and kept: they are."""
        return True

    @property
    def pixels(self) -> PixelSpec | None:
        """The images that the weights were trained on; None: the folder has not been read."""
        if self.architecture is None or self.mean is None or self.deviation is None:
            return None
        mean, deviation = (tuple(255 * one for one in each) for each in (self.mean, self.deviation))
        return PixelSpec(int(self.architecture.get("image_size", 224)), 3, mean, deviation)

    def ready(self) -> Self:
        """Return a copy with what `config.json` and `preprocessor_config.json` say; fetches what is on the hub.

        Raises ConfigError for what is refused.
        """
        if self.architecture is not None:
            return self
        if not self.folder:
            hint = "write --set task.image.encoder='{kind: pretrained, folder: ./clip}', say"
            raise ConfigError("the folder of the model is not named", where="task.image.encoder.folder", hint=hint)
        folder = located(self.folder)
        said = read_architecture(folder, kinds=VIEWERS)
        check_size(folder, said, head="none")
        mean, deviation = _colours(folder, said["model_type"])
        colours = {"mean": self.mean or mean, "deviation": self.deviation or deviation}
        return self.model_copy(update={"folder": str(folder), "architecture": said, **colours})

    def backbone(self, *, trained: bool) -> VisionNetwork:
        """Build the network, with the weights of the folder where it is to be `trained`, else with fresh ones."""
        said = self.architecture or {}
        network = loaded(Path(self.folder), said, head="none") if trained else fresh(said, head="none")
        return VisionNetwork(network, keep=self.keep)

    def build(self, spec: InputSpec) -> Encoder:
        """Build the encoder of kept features, with fresh weights."""
        assert isinstance(spec, FeatureSpec)
        return KeptFeaturesEncoder(spec, width=self.width, dropout=self.dropout)


class VisionNetwork(nn.Module):
    """Standardised images [B, 3, X, Y] to the states [B, S, D] of the last layer of a network of `transformers`."""

    def __init__(self, network: Any, *, keep: Literal["all", "first", "mean"]) -> None:
        super().__init__()
        self.network, self.keep, said = network, keep, network.config
        self.width: int = said.hidden_size
        patches = (said.image_size // said.patch_size) ** 2
        self.positions = patches + (said.model_type != "siglip_vision_model") if keep == "all" else 1

    def forward(self, images_BCXY: Tensor) -> Tensor:
        """Compute the states that are kept."""
        states_BSD: Tensor = self.network(pixel_values=images_BCXY).last_hidden_state
        if self.keep == "all":
            return states_BSD
        return states_BSD[:, :1] if self.keep == "first" else states_BSD.mean(1, keepdim=True)


def _colours(folder: Path, kind: str) -> tuple[Colours, Colours]:
    """Read means and deviations of the colours. Raises ConfigError where the file holds none."""
    path = folder / "preprocessor_config.json"
    usual = _USUAL.get(kind, ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)))
    if not path.is_file():
        return usual
    try:
        said = dict(parsed(small_text(path)))
        read = [[float(one) for one in said.get(name, known)] for name, known in zip(_NAMES, usual, strict=True)]
    except (OSError, ValueError, TypeError):
        read = []
    if [len(one) for one in read] != [3, 3] or not all(torch.tensor(read[1]) > 0):
        hint = "copy the folder again, or set task.image.encoder.mean and .deviation"
        raise ConfigError("has no mean and deviation of three colours", where=str(path), hint=hint)
    return (read[0][0], read[0][1], read[0][2]), (read[1][0], read[1][1], read[1][2])
