"""Short sounds for tests, made once a process."""

import atexit
import tempfile
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from weft.data.formats.sound_files import save_sound

RATE = 8000


@cache
def _folder() -> Path:
    """A folder that is gone with the process."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    return Path(folder.name)


def tone(name: str, *, seconds: float) -> np.ndarray:
    """A tone with some noise, the same for the same name, int16 [N]."""
    draw = np.random.default_rng(zlib.crc32(name.encode()))
    steps = np.arange(round(seconds * RATE)) / RATE
    wave = 0.3 * np.sin(2 * np.pi * draw.uniform(200, 3000) * steps) + draw.normal(0, 0.02, len(steps))
    return (wave * 32767).astype(np.int16)


def played(names: Sequence[str]) -> list[str]:
    """Write a sound for each name, of unequal lengths, the same for the same name; returns their paths."""
    paths = []
    for name in names:
        number = zlib.crc32(name.encode())
        path = _folder() / f"{'' if name.isascii() else '声音' * 20}{number}.wav"
        if not path.exists():
            save_sound(path, tone(name, seconds=0.05 + 0.02 * (number % 5)), rate=RATE)
        paths.append(str(path))
    return paths
