"""Reads images that a column of a table names: files beside the table or in an archive, made square and of one size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field

from weft.config import read_saved
from weft.data.batch import Pixels
from weft.data.checks.findings import counted
from weft.data.columns import Columns
from weft.data.formats.image_files import Fit, is_image, look_at, pixels_of
from weft.files import write_json
from weft.inputs.base import Input
from weft.inputs.media import SEEN, Media, MediaInputConfig
from weft.models.image_choices import ImageEncoderChoice
from weft.models.resnet import PixelSpec, ResnetEncoderConfig
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
_FILE = "image.json"


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
    """Side in pixels of the square that images are read as; None: the median of the shorter sides of the training
    images, at most 128."""
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
        size = self.size or max(8, min(LARGEST, short))
        colors = self.colors or (1 if all(look.grey for look in looks) else 3)
        config = self.model_copy(update={"size": size, "colors": colors})
        config._read = config._root = ""  # of the table that was read: another one has its own
        return config

    def learned(self, examples: Sequence[Any]) -> ImageInput:
        """Learn mean and deviation of each colour from a sample of the training images."""
        config = self if self.size and self.colors else self.decided(examples, classes=2)
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
        return ImageInput(self, mean=tuple(saved.mean), deviation=tuple(saved.deviation))


@dataclass(frozen=True, slots=True)
class _Saved:
    """Content of the file that `ImageInput.save` writes."""

    mean: Sequence[float]
    deviation: Sequence[float]


class ImageInput(Input[str, Pixels]):
    """Size and colours that images are read in, with mean and standard deviation of each colour in training."""

    def __init__(self, config: ImageInputConfig, *, mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
        self.config, self.mean, self.deviation = config, mean, deviation

    def spec(self) -> PixelSpec:
        """Return side, number of colours, means and deviations."""
        return PixelSpec(self.config.size, self.config.colors, self.mean, self.deviation)

    def save(self, folder: Path) -> None:
        """Write `image.json`."""
        write_json(folder / _FILE, {"mean": self.mean, "deviation": self.deviation})

    def encode(self, values: Sequence[str]) -> Columns:
        """Decode images to bytes, [N, colours, size, size], a row for each example; many of them are kept in a file."""
        config, pile = self.config, Pile()
        pile.add(np.zeros((0, config.colors, config.size, config.size), dtype=np.uint8))
        for start in range(0, len(values), _BLOCK):
            pile.add(np.stack([config.pixels(path) for path in values[start : start + _BLOCK]]))
        rows_R = np.arange(len(values))
        return Columns({}, {self.name: pile.done()}, rows_R, np.ones(len(values), dtype=np.int64))

    def collate(self, columns: Columns, rows: np.ndarray) -> Pixels:
        """Gather the bytes of some rows."""
        return Pixels(torch.from_numpy(taken(columns.fixed[self.name], rows)))

    def notes(self, parts: Mapping[str, Columns]) -> list[str]:
        """Say how images are read, and what is changed of them in training."""
        config = self.config
        rows = sum(len(part) for part in parts.values())
        colors = "grey" if config.colors == 1 else "in colour"
        of_encoder = config.encoder.augmentation.build(colors=config.colors)
        return [
            f"{counted(rows, 'image')}, read {colors} at {config.size} x {config.size} pixels ({config.fit})",
            f"changed at random in training: {of_encoder.described}",
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
