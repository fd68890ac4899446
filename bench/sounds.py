"""Sounds: train on a set by the defaults, and look once a seed at its test part, beside simple methods.

    WEFT_DATA=/data python bench/sounds.py fsdd fsdd_qa cmn_words [--seeds 1] [--without theo] [--set PATH=VALUE]

`fsdd` are spoken digits; `--without` tests on one speaker, who is left out of training. `fsdd_qa` asks a question on
each in English (`--chinese`: in Chinese), and `cmn_words` writes words of Mandarin, none of which training has, in
pinyin without tones: the word error rate is that of syllables.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from watched import watched

from weft.config import overridden, validated
from weft.run import RunConfig

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Measured:
    """The rows of the parts of a set, the settings of its task, and the score that is shown."""

    parts: Mapping[str, Rows]
    task: Mapping[str, Any]
    shown: str


def rows_of(file: Path) -> Rows:
    """The rows of a packed file of JSON lines."""
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def measured(name: str, given: argparse.Namespace) -> Measured:
    """A set by its name."""
    folder = Path(os.environ["WEFT_DATA"])
    recordings = str(folder / "fsdd/recordings.tar.xz")
    if name == "fsdd":
        rows = [{**row, "label": str(row["label"])} for row in rows_of(folder / "fsdd/index.jsonl.xz")]
        tested = [(row["speaker"] == given.without) if given.without else row["split"] == "test" for row in rows]
        parts = {
            part: [row for row, out in zip(rows, tested, strict=True) if out == (part == "test")] for part in PARTS
        }
        return Measured(parts, {"label": "label", "sound": {"column": "file", "folder": recordings}}, "accuracy")
    parts = {part: rows_of(folder / name / f"{part}.jsonl.xz") for part in PARTS}
    if name == "fsdd_qa":
        of = "_zh" if given.chinese else ""
        sound = {"column": "audio", "folder": recordings}
        return Measured(parts, {"text": f"question{of}", "label": f"answer{of}", "sound": sound}, "accuracy")
    parts |= {"dev": rows_of(folder / name / "dev.jsonl.xz")}
    sound = {"column": "audio", "folder": str(folder / name / "audio.tar.xz")}
    return Measured(parts, {"kind": "transcription", "target": "pinyin", "sound": sound}, "wer")


PARTS = ("train", "test")


def score(name: str, seed: int, given: argparse.Namespace) -> None:
    """Train with a seed, and print the score of the test part beside those of simple methods."""
    one = measured(name, given)
    with tempfile.TemporaryDirectory() as place:
        files = {part: str(Path(place) / f"{part}.jsonl") for part in one.parts}
        for part, rows in one.parts.items():
            Path(files[part]).write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        settings = {"data": files, "task": dict(one.task), "seed": seed, "device": "cpu"}
        config = validated(RunConfig, overridden(settings, given.overrides))
        run = watched(config, called=f"{name} {seed}")
    result, minutes = run.result, run.cpu_seconds / 60
    found = result["scores"][one.shown]
    floors = ", ".join(f"{floor} {values[one.shown]:.4f}" for floor, values in result["details"]["floors"].items())
    said = f"{one.shown} {found['value']:.4f} ({found['low']:.4f} to {found['high']:.4f}); {floors}"
    print(f"{name} seed {seed}, {len(one.parts['train']):,} rows: {said}; {minutes:.0f} min of the processor")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", choices=["fsdd", "fsdd_qa", "cmn_words"])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--without", default="")
    parser.add_argument("--chinese", action="store_true")
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name in given.sets:
        for seed in range(given.seeds):
            score(name, seed, given)


if __name__ == "__main__":
    main()
