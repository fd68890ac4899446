"""Reads images, from files and from archives, as arrays of bytes: PNG, JPEG, WebP, GIF, BMP, TIFF and PPM.

Whatever its form, an image is grey or has three colours of 8 bits: 16 bits are cut to 8, a palette is looked up, what
is transparent lies on white, a photograph is turned upright as its EXIF tag says, and of a GIF the first frame is
read.
"""

from __future__ import annotations

import base64
import io
import os
import struct
import warnings
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from weft.data.formats.media_files import bytes_of
from weft.errors import InputError, MissingExtra

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm")
"""Endings of the names of images, lower case."""
MOST_PIXELS = 100_000_000
"""Largest number of pixels of an image: a few kilobytes can unpack to gigabytes."""
Fit = Literal["crop", "pad", "stretch"]
"""Way to make an image square: the middle is cut out, black is put around it, or its sides are made equally long."""

_READ = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
_GREY = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F")
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, struct.error, zlib.error)
"""Exceptions that Pillow raises for damaged files."""


@dataclass(frozen=True, slots=True)
class Look:
    """Width and height of an image in pixels, upright, and whether it is grey."""

    width: int
    height: int
    grey: bool


def is_image(name: str | os.PathLike[str]) -> bool:
    """Whether a file is named like an image."""
    return os.path.splitext(os.fspath(name))[1].lower() in SUFFIXES


@lru_cache(maxsize=1 << 17)
def look_at(path: str) -> Look:
    """Decode an image and return its size. Raises InputError for what is missing, no image, damaged or too large.

    A JPEG is decoded small, which finds all damage at a third of the cost.
    """
    with _opened(path) as image:
        grey, turned = image.mode in _GREY, image.getexif().get(0x0112, 1) >= 5
        width, height = image.size
        image.draft("RGB" if image.mode in ("RGB", "YCbCr") else image.mode, (1, 1))
        image.load()
    return Look(height, width, grey) if turned else Look(width, height, grey)


def pixels_of(path: str, *, size: int, colors: Literal[1, 3], fit: Fit) -> np.ndarray:
    """Decode an image to a square of bytes, uint8 [colors, size, size]. Raises InputError as `look_at`."""
    pillow = _pillow()
    with _opened(path) as image:
        image.draft("RGB" if image.mode in ("RGB", "YCbCr") else image.mode, (2 * size, 2 * size))
        plain = _eight_bit(pillow.ImageOps.exif_transpose(image)).convert("L" if colors == 1 else "RGB")
        square = (size, size)
        if plain.size != square:
            how = pillow.Image.Resampling.BILINEAR
            if fit == "crop":
                plain = pillow.ImageOps.fit(plain, square, how)
            elif fit == "pad":
                plain = pillow.ImageOps.pad(plain, square, how)
            else:
                plain = plain.resize(square, how)
        array = np.asarray(plain)
    return array[None] if colors == 1 else np.ascontiguousarray(array.transpose(2, 0, 1))


def thumbnail(path: str, *, side: int = 96) -> str:
    """Return a small copy of an image for a page, as a `data:` address; empty where it cannot be read any more."""
    pillow = _pillow()
    small = io.BytesIO()
    try:
        with _opened(path) as image:
            upright = _eight_bit(pillow.ImageOps.exif_transpose(image)).convert("RGB")
            upright.thumbnail((side, side))
            upright.save(small, "JPEG", quality=80)
    except InputError:
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(small.getvalue()).decode()}"


def save_image(path: Path, pixels_XYC: np.ndarray) -> None:
    """Write bytes [X, Y, 3] as an image, in the form that its name tells."""
    _pillow().Image.fromarray(pixels_XYC).save(path)


def small_grey(path: str, *, side: int) -> np.ndarray:
    """Return the brightness of so many cells across and down, uint8 [side, side]. Raises InputError as `look_at`."""
    pillow = _pillow()
    with _opened(path) as image:
        image.draft("L", (2 * side, 2 * side))
        grey = _eight_bit(pillow.ImageOps.exif_transpose(image)).convert("L")
        return np.asarray(grey.resize((side, side), pillow.Image.Resampling.BOX))


def _eight_bit(image: Any) -> Any:
    """Return an image of 8 bits a colour, without transparency: it lies on white."""
    pillow = _pillow()
    if image.mode in ("I", "I;16", "I;16B", "I;16L", "F"):
        values = np.asarray(image).astype(np.float64)
        top = values.max(initial=0)
        scale = 255.0 if image.mode == "F" and top <= 1 else 1.0 if top <= 255 else 255 / 65535
        return pillow.Image.fromarray(np.clip(values * scale, 0, 255).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = pillow.Image.new("RGBA", image.size, "white")
        return pillow.Image.alpha_composite(ground, image)
    return image


@contextmanager
def _opened(path: str) -> Generator[Any]:
    """Open an image whose content is decoded within the block. Raises InputError where that fails."""
    pillow = _pillow()
    content = bytes_of(path, expected="an image")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes, which are checked here, and of odd metadata
            with pillow.Image.open(io.BytesIO(content), formats=_READ) as image:
                if image.width * image.height > MOST_PIXELS:
                    what = f"has {image.width:,} x {image.height:,} pixels, expected at most {MOST_PIXELS:,}"
                    raise InputError(what, where=path, hint="make it smaller")
                yield image
    except InputError:
        raise
    except pillow.UnidentifiedImageError:
        kinds = ", ".join(_READ[:-1])
        what = f"is no image, expected {kinds} or {_READ[-1]}"
        raise InputError(what, where=path, hint="is it text, or a page of a failed download? look with: file") from None
    except pillow.Image.DecompressionBombError:
        what = f"has more pixels than can be meant, expected at most {MOST_PIXELS:,}"
        raise InputError(what, where=path, hint="make it smaller") from None
    except _UNREADABLE as error:
        raise InputError(f"is a damaged image: {str(error)[:80]}", where=path, hint="copy or make it again") from None


class _Pillow:
    """The parts of Pillow that are used."""

    def __init__(self) -> None:
        try:
            from PIL import Image, ImageOps, UnidentifiedImageError
        except ImportError:
            raise MissingExtra("pillow", extra="media") from None
        self.Image: Any = Image
        self.ImageOps: Any = ImageOps
        self.UnidentifiedImageError: Any = UnidentifiedImageError


@lru_cache(maxsize=1)
def _pillow() -> _Pillow:
    return _Pillow()
