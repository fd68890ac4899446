"""Plays rows of tones, each with its highest tone, the names of all in order, and a question on them."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from weft.data.formats.sound_files import save_sound
from weft.files import written

HEADER = ("sound", "highest", "transcript", "question", "answer")
TONES = {"low": ("低", 300), "middle": ("中", 700), "high": ("高", 1500)}
"""Names of the tones from low to high, in English and Chinese, and their frequencies in hertz."""
ASKED = {
    "first": ("What is the first tone?", "第一个音是什么？"),
    "last": ("What is the last tone?", "最后一个音是什么？"),
}
RATE = 8000
"""Samples a second."""


@dataclass(frozen=True, slots=True)
class Played:
    """Samples of a row of tones, int16 [N], its highest tone, the names of all, a question on it and the answer."""

    samples_N: np.ndarray
    highest: str
    transcript: str
    question: str
    answer: str


def rows(*, size: int = 600, seed: int = 0) -> list[Played]:
    """Play two to four tones a row: half of them on a flute, named in English, half on a reed, named in Chinese."""
    draw = random.Random(seed)
    played = []
    for number in range(size):
        tones, asked = draw.choices([*TONES], k=draw.randint(2, 4)), draw.choice([*ASKED])
        chinese = number % 2
        names = [TONES[tone][0] if chinese else tone for tone in tones]
        highest = max(tones, key=[*TONES].index)
        samples_N = _play([TONES[tone][1] for tone in tones], reed=bool(chinese), seed=draw.randrange(1 << 32))
        answer = names[0] if asked == "first" else names[-1]
        played.append(Played(samples_N, highest, ("" if chinese else " ").join(names), ASKED[asked][chinese], answer))
    return played


def write(folder: Path, *, size: int = 600, seed: int = 0) -> None:
    """Write the sounds of `rows` into a folder, and `tones.csv` with a row for each, under `HEADER`."""
    (folder / "sounds").mkdir(parents=True, exist_ok=True)
    with written(folder / "tones.csv") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(HEADER)
        for number, one in enumerate(rows(size=size, seed=seed)):
            name = f"sounds/{number:04}.wav"
            save_sound(folder / name, one.samples_N, rate=RATE)
            table.writerow([name, one.highest, one.transcript, one.question, one.answer])


def _play(hertz: list[int], *, reed: bool, seed: int) -> np.ndarray:
    """Play tones of any length and loudness, a little out of tune, with pauses and noise, int16 [N].

    A reed has the odd overtones that a flute lacks.
    """
    draw = np.random.default_rng(seed)
    parts = []
    for one in hertz:
        steps = np.arange(round(draw.uniform(0.08, 0.16) * RATE)) / RATE
        swell = np.sin(np.pi * np.arange(len(steps)) / len(steps)) ** 0.5
        turns = 2 * np.pi * one * draw.uniform(0.92, 1.08) * steps
        wave = np.sin(turns) + reed * (0.6 * np.sin(3 * turns) + 0.3 * np.sin(5 * turns))
        parts += [draw.uniform(0.1, 0.4) * swell * wave, np.zeros(round(draw.uniform(0.04, 0.08) * RATE))]
    whole_N = np.concatenate(parts)
    return ((whole_N + draw.normal(0, 0.005, len(whole_N))) * 32767).astype(np.int16)
