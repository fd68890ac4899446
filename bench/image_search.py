"""Images found by images without labels: by an autoencoder, beside the pixels and as many principal components.

    WEFT_DATA=/data python bench/image_search.py cifar10_25k [--rows 0] [--queries 0] [--set training.epochs=20]

Each image of the test part is a query for the training images, of which those of its label are right; labels are used
for nothing else. Precision at 10 and mean average precision, with 95% intervals over the queries, and the paired
difference of the autoencoder to both. `--rows` and `--queries` draw so many by seed; 0: all.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
from pathlib import Path

import numpy as np
import torch
from images import rows_of, test_file

from weft.bundle import load
from weft.config import overridden, validated
from weft.data.formats.image_files import pixels_of
from weft.run import RunConfig, trained
from weft.tasks.autoencoding import principal_axes
from weft.training.reports import EvalReport

SIDE, FOUND, BLOCK = 32, 10, 500


def score(name: str, *, seed: int, rows: int, queries: int, overrides: list[str]) -> None:
    """Train on the images, and print how well each way of comparing them finds those of the same label."""
    folder = Path(os.environ["WEFT_DATA"]) / name
    archive = folder / "images.tar.xz"
    known, asked = rows_of(folder / "train.jsonl.xz"), rows_of(test_file(folder))
    draw = random.Random(seed)
    known = draw.sample(known, rows) if rows else known
    asked = draw.sample(asked, queries) if queries else asked
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "train.jsonl"
        file.write_text("".join(f"{json.dumps({'image': row['image']})}\n" for row in known), encoding="utf-8")
        task = {"kind": "autoencoding", "image": {"column": "image", "folder": str(archive)}}
        settings = {"data": {"train": str(file)}, "task": task, "seed": seed, "device": "cpu"}
        for report in trained(validated(RunConfig, overridden(settings, overrides)), Path(place) / "run"):
            if isinstance(report, EvalReport):
                print(f"  {name} {seed}: epoch {report.epoch:.1f}, dev R² {report.scores['r2']:.3f}", flush=True)
        model = load(Path(place) / "run")
    paths = [[f"{archive}/{row['image']}" for row in part] for part in (known, asked)]
    labels = [np.array([row["label"] for row in part]) for part in (known, asked)]
    pixels = [np.stack([pixels_of(path, size=SIDE, colors=3, fit="crop").ravel() for path in part]) for part in paths]
    mean_P, axes_PD = principal_axes(torch.from_numpy(pixels[0]).float(), width=model.task.config.width)
    apart = [torch.from_numpy(part).float() - mean_P for part in pixels]
    ways = {
        "pixels": [part.numpy() for part in apart],
        f"{axes_PD.shape[1]} principal components": [(part @ axes_PD).numpy() for part in apart],
        "autoencoder": [model.embed_images(part) for part in paths],
    }
    found = {way: _precisions(vectors, labels) for way, vectors in ways.items()}
    print(f"{name} seed {seed}: {len(known):,} images, {len(asked):,} queries")
    for way, (at_10_Q, average_Q) in found.items():
        print(f"  {way}: precision at {FOUND} {_interval(at_10_Q)}, mean average precision {_interval(average_Q)}")
    *others, own = found.values()
    for way, other in zip(ways, others, strict=False):
        first, second = (_interval(one - two) for one, two in zip(own, other, strict=True))
        print(f"  the autoencoder less {way}: precision at {FOUND} {first}, mean average precision {second}")


def _precisions(vectors: list[np.ndarray], labels: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return precision at 10 and average precision of each query, [Q], by the cosine."""
    known_ND, asked_QD = (part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-9) for part in vectors)
    at_10, average = [], []
    for start in range(0, len(asked_QD), BLOCK):
        order_QN = np.argsort(-(asked_QD[start : start + BLOCK] @ known_ND.T), axis=1, kind="stable")
        right_QN = labels[0][order_QN] == labels[1][start : start + BLOCK, None]
        at_10.append(right_QN[:, :FOUND].mean(1))
        precision_QN = right_QN.cumsum(1) / np.arange(1, right_QN.shape[1] + 1)
        average.append((precision_QN * right_QN).sum(1) / right_QN.sum(1))
    return np.concatenate(at_10), np.concatenate(average)


def _interval(values_Q: np.ndarray) -> str:
    half = 1.96 * values_Q.std(ddof=1) / len(values_Q) ** 0.5
    mean = values_Q.mean()
    return f"{100 * mean:.1f} ({100 * (mean - half):.1f} to {100 * (mean + half):.1f})"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--queries", type=int, default=0)
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name in given.sets:
        score(name, seed=given.seed, rows=given.rows, queries=given.queries, overrides=given.overrides)


if __name__ == "__main__":
    main()
