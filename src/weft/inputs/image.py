"""Reads images that a column of a table names: files beside the table or in an archive, made square and of one size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from weft.config import read_saved
from weft.data.batch import Features, Pixels
from weft.data.checks.findings import counted
from weft.data.columns import Columns
from weft.data.formats.image_files import Fit, is_image, look_at, pixels_of
from weft.errors import ConfigError
from weft.files import placed, write_json
from weft.inputs.base import Input
from weft.inputs.media import SEEN, Media, MediaInputConfig
from weft.models.image_choices import ImageEncoderChoice
from weft.models.image_features import FeatureSpec
from weft.models.resnet import PixelSpec, ResnetEncoderConfig
from weft.models.torch_private import cpu_has_bfloat16
from weft.models.weights import own_weights, put_weights
from weft.store import Pile, taken

IMAGE = Media(
    kind="image",
    called="an image",
    names=("image", "images", "photo", "picture", "img", "image_path", "filename", "file_name", "file", "path",
           "图片", "图像", "照片", "图"),
    is_one=is_image,
    check=look_at,
)  # fmt: skip
LARGEST = 128
"""Side of the square, in pixels, that larger images are read as where no size is set."""
_SIDE, _BLOCK = 32, 500
"""Side of the images that are compared by their pixels, and how many are decoded or compared at a time."""
_FILE, _NETWORK = "image.json", "image_network.safetensors"
_AT_ONCE = 8
"""Number of images whose features are computed at a time: more do not fit into the caches of a processor."""


class ImageInputConfig(MediaInputConfig):
    """Images, alone or beside a text."""

    media: ClassVar[Media] = IMAGE
    nearest_called: ClassVar[str] = "the training image with the nearest pixels"
    kind: Literal["image"] = "image"
    column: str | None = None
    """Column of the names of the images; None: guessed from the file, and named in the run."""
    folder: str | None = None
    """Folder, or tar or zip archive, in which the images lie; None: that of the table, or the one archive beside it."""
    size: int | None = Field(default=None, ge=8, le=1024)
    """Side in pixels of the square that images are read as; None: that of a pre-trained encoder, or the median of the
    shorter sides of the training images, at most 128."""
    colors: Literal[1, 3] | None = None
    """Number of colours that are read, 1 for grey; None: 1 where all training images are grey, else 3."""
    fit: Fit = "crop"
    """Way to make images square: `crop` cuts the middle out, `pad` puts black around, `stretch` changes their shape."""
    encoder: ImageEncoderChoice = ResnetEncoderConfig()
    """Encoder that reads the images."""

    def decided(self, examples: Sequence[Any], *, classes: int) -> Self:
        """Return a copy with size and colours decided by a sample of the training images."""
        del classes
        step = max(1, len(examples) // SEEN)
        looks = [look_at(examples[at].values[self.name]) for at in range(0, len(examples), step)]
        short = int(np.median([min(look.width, look.height) for look in looks]))
        encoder = self.encoder.ready()
        known = encoder.pixels
        size = self.size or (known.size if known else max(8, min(LARGEST, short)))
        colors = self.colors or (3 if known or not all(look.grey for look in looks) else 1)
        if known and not encoder.any_size and size != known.size:
            what = f"the model was trained on images of {known.size} pixels, and {size} are asked for"
            raise ConfigError(what, where="task.image.size", hint="leave it out")
        if known and colors != known.colors:
            what = f"`{self.encoder.kind}` was trained on images in {known.colors} colours"
            raise ConfigError(what, where="task.image.colors", hint="leave it out: grey images are read as such too")
        config = self.model_copy(update={"size": size, "colors": colors, "encoder": encoder})
        config._read = config._root = ""  # of the table that was read: another one has its own
        return config

    def learned(self, examples: Sequence[Any]) -> ImageInput:
        """Learn mean and deviation of each colour from a sample of the training images."""
        config = self if self.size and self.colors else self.decided(examples, classes=2)
        config = config.model_copy(update={"encoder": config.encoder.ready()})
        if known := config.encoder.pixels:
            network = config.encoder.backbone(trained=True) if config.encoder.keeps_features else None
            return ImageInput(config, mean=known.mean, deviation=known.deviation, network=network)
        step = max(1, len(examples) // SEEN)
        sample = np.stack([config.pixels(examples[at].values[self.name]) for at in range(0, len(examples), step)])
        mean_C, deviation_C = sample.mean((0, 2, 3)), np.maximum(1.0, sample.std((0, 2, 3)))
        return ImageInput(config, mean=tuple(map(float, mean_C)), deviation=tuple(map(float, deviation_C)))

    def pixels(self, path: str) -> np.ndarray:
        """Decode an image, uint8 [colours, size, size]."""
        assert self.size is not None
        assert self.colors is not None
        return pixels_of(path, size=self.size, colors=self.colors, fit=self.fit)

    def nearest(self, asked: Sequence[str], known: Sequence[str]) -> np.ndarray:
        """Return for each image the place of the known one with the nearest pixels."""
        return nearest_images(asked, known)

    def loaded(self, folder: Path) -> ImageInput:
        """Read what `ImageInput.save` wrote."""
        saved = read_saved(folder / _FILE, _Saved)
        network = None
        if self.encoder.keeps_features:
            network = self.encoder.backbone(trained=False)
            put_weights(network, load_file(folder / _NETWORK))
        return ImageInput(self, mean=tuple(saved.mean), deviation=tuple(saved.deviation), network=network)


@dataclass(frozen=True, slots=True)
class _Saved:
    """Content of the file that `ImageInput.save` writes."""

    mean: Sequence[float]
    deviation: Sequence[float]


class ImageInput(Input[str, Pixels | Features]):
    """Size and colours that images are read in, with mean and standard deviation of each colour in training.

    Where there is a `network`, which never changes, its features of each image are kept in place of the pixels.
    """

    def __init__(
        self,
        config: ImageInputConfig,
        *,
        mean: tuple[float, ...],
        deviation: tuple[float, ...],
        network: nn.Module | None = None,
    ) -> None:
        self.config, self.mean, self.deviation = config, mean, deviation
        self.network = None if network is None else network.eval().requires_grad_(False)

    def spec(self) -> PixelSpec | FeatureSpec:
        """Return side, number of colours, means and deviations; or the sizes of the features that are kept."""
        if self.network is not None:
            known: Any = self.network
            return FeatureSpec(known.positions, known.width)
        return PixelSpec(self.config.size, self.config.colors, self.mean, self.deviation)

    def save(self, folder: Path) -> None:
        """Write `image.json`, and the network of the features, where there is one."""
        write_json(folder / _FILE, {"mean": self.mean, "deviation": self.deviation})
        if self.network is not None:
            with placed(folder / _NETWORK) as part:
                save_file({name: one.contiguous() for name, one in own_weights(self.network).items()}, part)

    def encode(self, values: Sequence[str]) -> Columns:
        """Decode images to bytes, [N, colours, size, size], or to features, float16 [N, S, F]: a row for each example.

        Many of them are kept in a file.
        """
        config, pile, spec = self.config, Pile(), self.spec()
        if isinstance(spec, FeatureSpec):
            pile.add(np.zeros((0, spec.positions, spec.width), dtype=np.float16))
        else:
            pile.add(np.zeros((0, config.colors, config.size, config.size), dtype=np.uint8))
        block = _AT_ONCE if self.network is not None else _BLOCK
        for start in range(0, len(values), block):
            bytes_NCXY = np.stack([config.pixels(path) for path in values[start : start + block]])
            pile.add(bytes_NCXY if self.network is None else self._features(self.network, bytes_NCXY))
        rows_R = np.arange(len(values))
        return Columns({}, {self.name: pile.done()}, rows_R, np.ones(len(values), dtype=np.int64))

    def _features(self, network: nn.Module, bytes_NCXY: np.ndarray) -> np.ndarray:
        """Compute features, float16 [N, S, F], on the CPU; in bfloat16 where it has instructions for that."""
        mean, deviation = (torch.tensor(one)[:, None, None] for one in (self.mean, self.deviation))
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=cpu_has_bfloat16()):
            features: Tensor = network((torch.from_numpy(bytes_NCXY).float() - mean) / deviation)
        return features.to(torch.float16).numpy()

    def collate(self, columns: Columns, rows: np.ndarray) -> Pixels | Features:
        """Gather the bytes, or the features, of some rows."""
        values = torch.from_numpy(taken(columns.fixed[self.name], rows))
        return Pixels(values) if self.network is None else Features(values)

    def notes(self, parts: Mapping[str, Columns]) -> list[str]:
        """Say how images are read, and what is changed of them in training."""
        config = self.config
        rows = sum(len(part) for part in parts.values())
        colors = "grey" if config.colors == 1 else "in colour"
        read = f"{counted(rows, 'image')}, read {colors} at {config.size} x {config.size} pixels ({config.fit})"
        if self.network is not None:
            return [f"{read}; the features of each by `{config.encoder.kind}`, which is frozen, are computed once"]
        return [
            read,
            f"changed at random in training: {config.encoder.augmentation.build(colors=config.colors).described}",
        ]

    def describe(self) -> dict[str, dict[str, Any]]:
        """Return kind and column, and how images are read."""
        config = self.config
        read = {"size": config.size, "colors": config.colors, "fit": config.fit}
        return {self.name: {**super().describe()[self.name], **read}}


def nearest_images(asked: Sequence[str], known: Sequence[str]) -> np.ndarray:
    """Return for each image the place of the most similar known one, by the cosine of their pixels without their mean.

    A floor for what is learned: images of 32 x 32 pixels, none of them moved or turned.
    """
    known_ND = _unit_pixels(known)
    parts = (asked[start : start + _BLOCK] for start in range(0, len(asked), _BLOCK))
    places = [(_unit_pixels(part) @ known_ND.T).argmax(1) for part in parts]
    return np.concatenate(places) if places else np.zeros(0, dtype=np.int64)


def _unit_pixels(paths: Sequence[str]) -> np.ndarray:
    pixels = (pixels_of(path, size=_SIDE, colors=3, fit="crop").ravel() for path in paths)
    found_ND = np.stack([one.astype(np.float32) - one.mean() for one in pixels])
    return found_ND / np.maximum(np.linalg.norm(found_ND, axis=1, keepdims=True), 1e-6)
