"""Reads sounds, from files and from archives, as arrays of samples: WAV, FLAC, OGG, MP3 and AIFF.

Whatever its form, a sound has one channel, the mean of those in its file, and 16 bits a sample.
"""

from __future__ import annotations

import base64
import io
import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from weft.data.formats.media_files import bytes_of
from weft.errors import InputError, MissingExtra

SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff")
"""Endings of the names of sounds, lower case."""
MOST_SECONDS = 1200
"""Length of the longest sound that is read: a few kilobytes can unpack to hours."""
RATES = (1000, 768_000)
"""The lowest and the highest number of samples a second."""
FULL = 32768
"""Sample of the largest amplitude; the largest positive one is one less."""
CLIPPED = 0.999
"""Amplitude, of 1 at most, from which on a sample may have been cut off."""

PLAYED_RATE = 16_000
"""Samples a second of a sound on a page."""
_BLOCK = 1 << 16
_LOST = 2500
"""Samples by which the length that a file announces may be wrong: two frames of MP3."""
_ANNOUNCED = re.compile(r"(?:data|SSND) : (\d+) \(should be (\d+)\)")
_UNKNOWN = 0x7FFF0000
"""Length from which on a WAV was written by a program that could not know it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Samples a second, channels and length of a sound, its largest amplitude, of 1, and the share that is clipped."""

    rate: int
    channels: int
    seconds: float
    peak: float
    clipped: float


def is_sound(name: str | os.PathLike[str]) -> bool:
    """Whether a file is named like a sound."""
    return os.path.splitext(os.fspath(name))[1].lower() in SUFFIXES


@lru_cache(maxsize=1 << 17)
def listen_to(path: str) -> Heard:
    """Decode a sound and return its length and loudness.

    Raises InputError for what is missing, no sound, damaged, without samples or too long.
    """
    decoded = _decoded(path)
    loud_N = np.abs(decoded.samples_N)
    clipped = float((loud_N >= CLIPPED).mean())
    return Heard(decoded.rate, decoded.channels, len(loud_N) / decoded.rate, float(loud_N.max()), clipped)


def samples_of(path: str, *, rate: int, seconds: float | None = None) -> np.ndarray:
    """Decode a sound at so many samples a second, int16 [N], its first seconds where a number of them is given.

    Raises InputError as `listen_to`.
    """
    decoded = _decoded(path)
    samples_N = decoded.samples_N
    if seconds is not None:
        samples_N = samples_N[: max(1, round(seconds * decoded.rate))]
    if decoded.rate != rate:
        samples_N = _libraries().soxr.resample(samples_N, decoded.rate, rate)
    return np.clip(np.rint(samples_N * FULL), -FULL, FULL - 1).astype(np.int16)


def save_sound(path: Path, samples_N: np.ndarray, *, rate: int) -> None:
    """Write samples, int16 [N], as a sound, in the form that its name tells."""
    _libraries().soundfile.write(path, samples_N, rate)


def playable(path: str, *, seconds: float = 5.0) -> str:
    """Return the first seconds of a sound for a page, as a `data:` address; empty where it cannot be read any more."""
    try:
        samples_N = samples_of(path, rate=PLAYED_RATE, seconds=seconds)
    except InputError:
        return ""
    library, content = _libraries().soundfile, io.BytesIO()
    kind, form = ("mpeg", "MP3") if "MP3" in library.available_formats() else ("wav", "WAV")
    library.write(content, samples_N, PLAYED_RATE, format=form)
    return f"data:audio/{kind};base64,{base64.b64encode(content.getvalue()).decode()}"


@dataclass(frozen=True, slots=True)
class _Decoded:
    """Samples of one channel, float32 [N], at most about 1; how many a second, and of how many channels."""

    samples_N: np.ndarray
    rate: int
    channels: int


def _decoded(path: str) -> _Decoded:
    with _opened(path) as file:
        rate, announced = int(file.samplerate), int(file.frames)
        if not RATES[0] <= rate <= RATES[1]:
            what = f"has {rate:,} samples a second, expected {RATES[0]:,} to {RATES[1]:,}"
            raise InputError(what, where=path, hint="its header is damaged: make it again")
        most = MOST_SECONDS * rate
        blocks, read = [], 0
        while announced <= most and read <= most and len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
            blocks.append(block.mean(1) if block.shape[1] > 1 else block[:, 0])
            read += len(block)
        if announced > most or read > most:
            what = f"is {max(announced, read) / rate:,.0f} seconds long, expected at most {MOST_SECONDS:,}"
            raise InputError(
                what, where=path, hint="cut it into parts: ffmpeg -i FILE -f segment -segment_time 30 %d.wav"
            )
        _check_whole(file, read, announced, path)
        if not read:
            raise InputError("has no samples", where=path, hint="record it again, or leave it out")
        samples_N = np.concatenate(blocks)
        if not np.isfinite(samples_N).all():
            raise InputError("has samples that are no numbers", where=path, hint="make it again")
        return _Decoded(samples_N, rate, int(file.channels))


def _check_whole(file: Any, read: int, announced: int, path: str) -> None:
    """Raise InputError where a sound ends before the end that its header announces."""
    found = _ANNOUNCED.search(file.extra_info)
    missing = max(0, announced - read - (_LOST if file.format == "MP3" else 0))
    if missing or (found and int(found[2]) < int(found[1]) < _UNKNOWN):
        whole = announced if missing or not found else round(read * int(found[1]) / max(1, int(found[2])))
        what = f"is cut short: {read / file.samplerate:.2f} of {whole / file.samplerate:.2f} seconds are there"
        raise InputError(what, where=path, hint="copy it again, or leave it out")


@contextmanager
def _opened(path: str) -> Generator[Any]:
    """Open a sound that is decoded within the block. Raises InputError where that fails."""
    library = _libraries().soundfile
    content = bytes_of(path, expected="a sound")
    try:
        with library.SoundFile(_Content(content)) as file:
            yield file
    except library.LibsndfileError as error:
        said = str(error.error_string).strip().rstrip(".")
        if "not recognised" in said:
            what, hint = "is no sound, expected WAV, FLAC, OGG, MP3 or AIFF", "convert it: ffmpeg -i FILE new.wav"
        elif "SF_INFO" in said:
            what, hint = "has 0 samples a second in its header", "its header is damaged: make it again"
        else:
            what, hint = f"is a damaged sound: {said[:80]}", "copy or make it again"
        raise InputError(what, where=path, hint=hint) from None


class _Content(io.BytesIO):
    """The bytes of a file, in which a decoder may look before the start, as it does in damaged ones."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move to a place, to the start at the least."""
        base = {0: 0, 1: self.tell(), 2: len(self.getbuffer())}[whence]
        return super().seek(max(0, base + offset))


class _Libraries:
    """Soundfile, which decodes, and soxr, which changes the rate."""

    def __init__(self) -> None:
        try:
            import soundfile
            import soxr
        except (ImportError, OSError):  # an OSError is a libsndfile that is not there
            raise MissingExtra("soundfile and soxr", extra="media") from None
        self.soundfile: Any = soundfile
        self.soxr: Any = soxr


@lru_cache(maxsize=1)
def _libraries() -> _Libraries:
    return _Libraries()
