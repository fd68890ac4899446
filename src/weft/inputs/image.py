"""Reads images that a column of a table names: files beside the table or in an archive, made square and of one size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import torch
from pydantic import Field, PrivateAttr, model_validator

from weft.config import read_saved
from weft.data.batch import Pixels
from weft.data.checks.findings import counted
from weft.data.columns import Columns
from weft.data.examples.column_names import TEXT_NAMES, by_name
from weft.data.examples.roles import Role, find_roles
from weft.data.formats.archives import is_archive, members
from weft.data.formats.class_folders import IMAGE as COLUMN
from weft.data.formats.image_files import Fit, can_be_read, is_image, look_at, pixels_of
from weft.data.formats.value_looks import like_texts
from weft.data.sources import Row, Table
from weft.errors import InputError
from weft.files import write_json
from weft.inputs.base import Input, InputConfig
from weft.models.image_choices import ImageEncoderChoice
from weft.models.resnet import PixelSpec, ResnetEncoderConfig
from weft.store import Pile, taken

IMAGE_NAMES = ("image", "images", "photo", "picture", "img", "image_path", "filename", "file_name", "file", "path",
               "图片", "图像", "照片", "图")  # fmt: skip
"""Usual names of columns of images."""
LARGEST = 128
"""Side of the square, in pixels, that larger images are read as where no size is set."""
_LOOKED_AT = 20
"""Number of rows by which a column is taken for one of names of images."""
_SEEN = 300
"""Number of training images whose sizes and colours are looked at."""
_SIDE, _BLOCK = 32, 500
"""Side of the images that are compared by their pixels, and how many are decoded or compared at a time."""
_FILE = "image.json"


class ImageInputConfig(InputConfig):
    """Images, alone or beside a text."""

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
    _root: str = PrivateAttr("")
    _read: str = PrivateAttr("")

    @model_validator(mode="before")
    @classmethod
    def _bare_column(cls, settings: Any) -> Any:
        return {"column": settings} if isinstance(settings, str) else settings

    @property
    def name(self) -> str:
        """Key of the values of this input: its column."""
        return self.column or self.kind

    @property
    def columns_read(self) -> tuple[str, ...]:
        """The column of the names of the images."""
        return (self.column,) if self.column else ()

    def resolved(self, table: Table) -> Self:
        """Return a copy whose column is found in a table, and which knows where the images of that table lie.

        Raises InputError where the column is not there.
        """
        role = Role("image", IMAGE_NAMES, setting="image")
        named = COLUMN if is_folder_of_images(table) else self.column
        (column,) = find_roles(table, [role], named={"image": named})["image"]
        config = self.model_copy(update={"column": self.column or column})
        config._read, config._root = column, self.folder or _folder_of(table, column)
        return config

    def value_of(self, row: Row) -> str:
        """Return the path of the image of a row. Raises InputError where there is none that can be read."""
        name = row.values.get(self._read or self.name, "").strip()
        if not name:
            raise InputError(f"{self.name} is empty", hint="each row needs an image")
        if "://" in name:
            raise InputError(f"`{name[:60]}` is an address, expected a file", hint="download the images first")
        path = str(Path(self._root) / name) if self._root else name
        try:
            look_at(path)
        except InputError as error:
            raise InputError(f"`{path}` {error.what}", hint=error.hint or _hint(self)) from None
        return path

    def decided(self, examples: Sequence[Any], *, classes: int) -> Self:
        """Return a copy with size and colours decided by a sample of the training images."""
        del classes
        step = max(1, len(examples) // _SEEN)
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
        step = max(1, len(examples) // _SEEN)
        sample = np.stack([config.pixels(examples[at].values[self.name]) for at in range(0, len(examples), step)])
        mean_C, deviation_C = sample.mean((0, 2, 3)), np.maximum(1.0, sample.std((0, 2, 3)))
        return ImageInput(config, mean=tuple(map(float, mean_C)), deviation=tuple(map(float, deviation_C)))

    def pixels(self, path: str) -> np.ndarray:
        """Decode an image, uint8 [colours, size, size]."""
        assert self.size is not None
        assert self.colors is not None
        return pixels_of(path, size=self.size, colors=self.colors, fit=self.fit)

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


def _folder_of(table: Table, column: str) -> str:
    """Return where the images that a table names lie: beside it, or in the one archive beside it."""
    first = table.parts[0] if table.parts else table
    if first.form == "folder" or first.source == "-":
        return ""  # a folder names its files from where we stand
    root = Path(first.source).parent
    name = next((name for row in table.unchecked() if (name := row.values.get(column, "").strip())), "")
    if not name or "://" in name or (root / name).exists():
        return str(root)
    archives = [one for one in sorted(root.iterdir()) if is_archive(one.name) and one.is_file()]
    holding = [str(one) for one in archives if name in members(str(one)).names]
    return holding[0] if holding else str(root)


def _hint(config: ImageInputConfig) -> str:
    return f"name the folder of the images: --set task.image.folder=FOLDER (looked in {config._root or '.'})"


def is_folder_of_images(table: Table) -> bool:
    """Whether a table is one of files of images, with or without a folder for each label."""
    return table.form == "folder" and table.columns[0] == COLUMN


def column_of_images(table: Table) -> str:
    """Return the column of images of a table without texts, by its name and first values; empty where there is none.

    Addresses in the web are none, and neither are names of files that are not there.
    """
    texts = by_name(table, TEXT_NAMES, but=())
    named = [] if texts else [name for name in table.columns if name.casefold() in IMAGE_NAMES]
    rows = [row.values for row in islice(table.unchecked(), _LOOKED_AT)] if named else []
    for name in named:
        files = [row.get(name, "").strip() for row in rows]
        others = [[row.get(one, "") for row in rows] for one in table.columns if one != name]
        if files and all(map(is_image, files)) and not any("://" in file for file in files):
            there = is_folder_of_images(table) or can_be_read(str(Path(_folder_of(table, name)) / files[0]))
            return name if there and not any(map(like_texts, others)) else ""
    return ""
