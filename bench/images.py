"""Images with labels: train on a set by the defaults, look once a seed at its test part, beside the nearest pixels.

    WEFT_DATA=/data python bench/images.py mnist_22k cifar10_25k [--seeds 1] [--rows 0] [--set training.epochs=10]

A set is a folder with `train.jsonl.xz`, `test.jsonl.xz` (or `dev.jsonl.xz`) and the images in `images.tar.xz`. A
twentieth of the training rows chooses the weights. `--rows` draws so many training rows by seed; 0: all.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import random
import shutil
import tempfile
from pathlib import Path

import torch
from watched import watched

from weft.config import overridden, validated
from weft.run import RunConfig


def rows_of(file: Path) -> list[dict[str, str]]:
    """The rows of a packed file of JSON lines."""
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_file(folder: Path) -> Path:
    """The file of the rows that are scored."""
    return next(folder / f"{part}.jsonl.xz" for part in ("test", "dev") if (folder / f"{part}.jsonl.xz").exists())


def score(name: str, seed: int, rows: int, overrides: list[str]) -> None:
    """Train with a seed and print the score of the test part beside that of the nearest neighbour."""
    folder = Path(os.environ["WEFT_DATA"]) / name
    with tempfile.TemporaryDirectory() as place:
        known = rows_of(folder / "train.jsonl.xz")
        if rows:
            known = random.Random(seed).sample(known, rows)
        file = Path(place) / "train.jsonl"
        file.write_text("".join(f"{json.dumps(row)}\n" for row in known), encoding="utf-8")
        shutil.copy(test_file(folder), Path(place) / "test.jsonl.xz")
        archive = folder / "images.tar.xz"
        data = {"train": str(file), "test": str(Path(place) / "test.jsonl.xz"), "dev_share": 0.05}
        task = {"image": {"column": "image", "folder": str(archive)}}
        settings = {"data": data, "task": task, "seed": seed, "device": "cpu"}
        config = validated(RunConfig, overridden(settings, overrides))
        run = watched(config, called=f"{name} {seed}")
    result, minutes = run.result, (run.seconds / 60, run.cpu_seconds / 60)
    found = result["scores"]["accuracy"]
    low, high = 100 * found["low"], 100 * found["high"]
    floors = ", ".join(f"{name} {100 * one['accuracy']:.2f}" for name, one in result["details"]["floors"].items())
    said = f"accuracy {100 * found['value']:.2f} ({low:.2f} to {high:.2f}); {floors}"
    print(f"{name} seed {seed}, {len(known):,} rows: {said}; {minutes[0]:.0f} min, {minutes[1]:.0f} of the processor")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name in given.sets:
        for seed in range(given.seeds):
            score(name, seed, given.rows, given.overrides)


if __name__ == "__main__":
    main()
