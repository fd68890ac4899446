"""Reads sounds that a column of a table names: files beside the table or in an archive, of one rate and one channel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field

from weft.config import read_saved
from weft.data.batch import Waves
from weft.data.checks.findings import counted
from weft.data.checks.sounds import SILENT
from weft.data.columns import Columns, Ragged, Share
from weft.data.formats.sound_files import is_sound, listen_to, samples_of
from weft.files import write_json
from weft.inputs.base import Input
from weft.inputs.media import SEEN, Media, MediaInputConfig
from weft.models.log_mel import FULL, WINDOW, LogMel, SoundSpec, frames_in, most_bands
from weft.models.sound_choices import SoundEncoderChoice
from weft.models.sound_cnn import SoundCnnEncoderConfig
from weft.store import Pile

SOUND = Media(
    kind="sound",
    called="a sound",
    names=("sound", "sounds", "audio", "clip", "wav", "recording", "speech", "voice", "audio_path", "filename",
           "file_name", "file", "path", "声音", "音频", "录音", "语音"),
    is_one=is_sound,
    check=listen_to,
)  # fmt: skip
HIGHEST = 16_000
"""Samples a second that sounds of a higher rate are read at where no rate is set: speech has little above 8 kHz."""
BANDS = 64
"""Number of bands where none is set, if the rate has frequencies enough."""
_COMPARED_RATE, _COMPARED_BANDS, _BLOCK = 8000, 40, 1000
"""Rate and bands by which sounds are compared, and how many are compared at a time."""
_FILE = "sound.json"


class SoundInputConfig(MediaInputConfig):
    """Sounds, alone or beside a text."""

    media: ClassVar[Media] = SOUND
    nearest_called: ClassVar[str] = "the training sound with the nearest mean spectrum"
    kind: Literal["sound"] = "sound"
    column: str | None = None
    """Column of the names of the sounds; None: guessed from the file, and named in the run."""
    folder: str | None = None
    """Folder, or tar or zip archive, in which the sounds lie; None: that of the table, or the one archive beside it."""
    rate: int | None = Field(default=None, ge=1000, le=48_000)
    """Samples a second that sounds are read at; None: the highest rate of the training sounds, at most 16000."""
    seconds: float = Field(default=30.0, gt=0, le=1200)
    """Length in seconds beyond which the rest of a sound is not read; 30 is longer than most sentences and alerts."""
    bands: int | None = Field(default=None, ge=2, le=512)
    """Number of log-mel bands; None: 64, or fewer where the rate is so low that some would be empty."""
    encoder: SoundEncoderChoice = SoundCnnEncoderConfig()
    """Encoder that reads the sounds."""

    def decided(self, examples: Sequence[Any], *, classes: int) -> Self:
        """Return a copy with rate and bands decided by a sample of the training sounds."""
        del classes
        step = max(1, len(examples) // SEEN)
        rates = [listen_to(examples[at].values[self.name]).rate for at in range(0, len(examples), step)]
        rate = self.rate or min(HIGHEST, max(rates))
        config = self.model_copy(update={"rate": rate, "bands": self.bands or min(BANDS, most_bands(rate))})
        config._read = config._root = ""  # of the table that was read: another one has its own
        return config

    def learned(self, examples: Sequence[Any]) -> SoundInput:
        """Learn mean and deviation of each band from a sample of the training sounds; at least that of all bands."""
        config = self if self.rate and self.bands else self.decided(examples, classes=2)
        step = max(1, len(examples) // SEEN)
        paths = [examples[at].values[self.name] for at in range(0, len(examples), step)]
        bands_FN = np.concatenate([config.log_mel(path) for path in paths], 1)
        mean_F, deviation_F = bands_FN.mean(1), bands_FN.std(1)
        deviation_F = np.maximum(deviation_F, max(1.0, deviation_F.mean()))  # little noise is much in a silent band
        return SoundInput(config, mean=tuple(map(float, mean_F)), deviation=tuple(map(float, deviation_F)))

    def samples(self, path: str) -> np.ndarray:
        """Decode a sound, int16 [N]."""
        assert self.rate is not None
        return samples_of(path, rate=self.rate, seconds=self.seconds)

    def log_mel(self, path: str) -> np.ndarray:
        """Compute the log-mel bands of a sound, float32 [F, S]."""
        assert self.rate is not None
        assert self.bands is not None
        return _log_mel(self.samples(path), LogMel(rate=self.rate, bands=self.bands))

    def nearest(self, asked: Sequence[str], known: Sequence[str]) -> np.ndarray:
        """Return for each sound the place of the known one with the nearest mean spectrum."""
        return nearest_sounds(asked, known)

    def without_content(self, paths: Iterable[str]) -> Counter[str]:
        """Count the sounds in which nothing is heard, and those too short for a single window of the bands."""
        heard = [listen_to(path) for path in paths]
        short = sum(one.seconds < WINDOW for one in heard)
        silent = sum(one.peak < SILENT and one.seconds >= WINDOW for one in heard)
        windows = f"sound of less than {1000 * WINDOW:.0f} ms"
        return Counter({"sound in which nothing is heard": silent, windows: short})

    def loaded(self, folder: Path) -> SoundInput:
        """Read what `SoundInput.save` wrote."""
        saved = read_saved(folder / _FILE, _Saved)
        return SoundInput(self, mean=tuple(saved.mean), deviation=tuple(saved.deviation))


@dataclass(frozen=True, slots=True)
class _Saved:
    """Content of the file that `SoundInput.save` writes."""

    mean: Sequence[float]
    deviation: Sequence[float]


class SoundInput(Input[str, Waves]):
    """Rate and bands that sounds are read in, with mean and standard deviation of each band in training."""

    def __init__(self, config: SoundInputConfig, *, mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
        self.config, self.mean, self.deviation = config, mean, deviation

    def spec(self) -> SoundSpec:
        """Return rate, number of bands, means and deviations."""
        return SoundSpec(self.config.rate, self.config.bands, self.mean, self.deviation)

    def save(self, folder: Path) -> None:
        """Write `sound.json`."""
        write_json(folder / _FILE, {"mean": self.mean, "deviation": self.deviation})

    def encode(self, values: Sequence[str]) -> Columns:
        """Decode sounds to samples of 16 bits, a row for each example; many of them are kept in a file.

        A row costs as many tokens as it has frames of 10 ms.
        """
        config, pile = self.config, Pile()
        pile.add(np.zeros(0, dtype=np.int16))
        lengths_R, long = np.zeros(len(values), dtype=np.int64), 0
        for row, path in enumerate(values):
            samples_N = config.samples(path)
            pile.add(samples_N)
            lengths_R[row] = len(samples_N)
            long += listen_to(path).seconds > config.seconds
        cost_R = np.array([frames_in(length, rate=config.rate) for length in lengths_R.tolist()], dtype=np.int64)
        facts = {"long": Share(long, len(values))}
        return Columns({self.name: Ragged.of(pile.done(), lengths_R)}, {}, np.arange(len(values)), cost_R, facts)

    def collate(self, columns: Columns, rows: np.ndarray) -> Waves:
        """Gather and pad the samples of some rows."""
        samples = columns.ragged[self.name]
        lengths_B = torch.from_numpy(samples.lengths_of(rows))
        return Waves(torch.from_numpy(samples.padded(rows)[0]), lengths_B)

    def notes(self, parts: Mapping[str, Columns]) -> list[str]:
        """Say how sounds are read, what is cut, and what is changed of them in training."""
        config = self.config
        rows = sum(len(part) for part in parts.values())
        seconds = [part.ragged[self.name].lengths_R / config.rate for part in parts.values()]
        length_R = np.concatenate([*seconds, np.zeros(0)])
        said = f"{counted(rows, 'sound')} of {length_R.sum() / 60:,.1f} minutes, read at {config.rate:,} Hz"
        cut = sum(fact.part for part in parts.values() if isinstance(fact := part.facts.get("long"), Share))
        beyond = (
            f"{counted(int(cut), 'sound')} of more than {config.seconds:g} s: the rest is not read (task.sound.seconds)"
        )
        return [
            f"{said} in {config.bands} bands",
            *([beyond] if cut else []),
            f"changed at random in training: {config.encoder.augmentation.build().described}",
        ]

    def describe(self) -> dict[str, dict[str, Any]]:
        """Return kind and column, and how sounds are read."""
        config = self.config
        read = {"rate": config.rate, "bands": config.bands, "seconds": config.seconds}
        return {self.name: {**super().describe()[self.name], **read}}


def nearest_sounds(asked: Sequence[str], known: Sequence[str]) -> np.ndarray:
    """Return for each sound the place of the known one whose mean and deviation of 40 log-mel bands are nearest.

    A floor for what is learned: each is standardised over the known sounds, and compared by the square of the
    difference; what comes before and what after is not heard.
    """
    if not len(asked):
        return np.zeros(0, dtype=np.int64)
    known_ND = _spectra(known)
    mean_D, deviation_D = known_ND.mean(0), np.maximum(known_ND.std(0), 1e-6)
    known_ND = (known_ND - mean_D) / deviation_D
    square_N = (known_ND**2).sum(1)
    asked_ND = (_spectra(asked) - mean_D) / deviation_D
    parts = (asked_ND[start : start + _BLOCK] for start in range(0, len(asked_ND), _BLOCK))
    return np.concatenate([(square_N - 2 * part @ known_ND.T).argmin(1) for part in parts])


def _spectra(paths: Sequence[str]) -> np.ndarray:
    """Return mean and deviation over time of the bands of each sound, float32 [N, 2 * bands]."""
    log_mel = LogMel(rate=_COMPARED_RATE, bands=_COMPARED_BANDS)
    bands = (_log_mel(samples_of(path, rate=_COMPARED_RATE, seconds=30), log_mel) for path in paths)
    return np.stack([np.concatenate([one.mean(1), one.std(1)]) for one in bands])


def _log_mel(samples_N: np.ndarray, log_mel: LogMel) -> np.ndarray:
    with torch.inference_mode():
        return log_mel(torch.from_numpy(samples_N)[None].float() / FULL)[0].numpy()
