"""Small images for tests, drawn once a process."""

import atexit
import tempfile
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image


@cache
def _folder() -> Path:
    """A folder that is gone with the process."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    return Path(folder.name)


def drawn(names: Sequence[str], *, size: int = 8) -> list[str]:
    """Draw an image in colours for each name, the same for the same name; returns their paths."""
    paths = []
    for name in names:
        number = zlib.crc32(name.encode())
        path = _folder() / f"{'' if name.isascii() else '图像' * 20}{number}-{size}.png"
        if not path.exists():
            draw = np.random.default_rng(number)
            Image.fromarray(draw.integers(0, 256, (size, size, 3), dtype=np.uint8)).save(path)
        paths.append(str(path))
    return paths
