"""What masked pre-training on texts without labels gains where labels are few: imdb, 1,000 of its reviews labelled.

    WEFT_DATA=/data python bench/pretraining.py runs/few [--encoder lstm] [--epochs 2.5] [--seeds 3] [--threads 1]

Of imdb's train part 1,000 reviews have their labels, 500 of each, and another 1,000 choose weights and settings; all
but the latter are read without labels by `weft pretrain`. Two sides are then trained on the 1,000: from nothing, and
from the pre-trained encoder. Of each the best of three settings is taken, by dev and one seed; one of those from
nothing has the tokenizer, dropout, pooling and rate of the other side. The test part is read at the very end. What
is in the folder is not done again. An hour on a core of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measure import data_file, machine

from weft import bundle
from weft.config import validated
from weft.data.sources import open_table
from weft.experiments.self_training import train
from weft.run import RunConfig

READ = {"max_length": 256, "long": "head-tail"}
RATE: dict[str, Any] = {"optimizer": {"kind": "adamw", "learning_rate": 0.004}}
ATTENTION: dict[str, Any] = {"classifier": {"pooling": "attention"}}
PIECES: dict[str, Any] = {"kind": "bpe", "size": 8000}
SIDES: dict[str, dict[str, dict[str, Any]]] = {
    "from nothing": {
        "max": {"training": {"optimizer": "adamw"}},
        "attention": {"task": ATTENTION},
        "alike": {"task": {"tokenizer": PIECES, "encoder": {"dropout": 0.3}, **ATTENTION}},
    },
    "pre-trained": {
        "fast table": {"task": {"start": "corpus", **ATTENTION}},
        "slow table": {"task": {"start": "corpus", **ATTENTION}, "training": {"table_rate": 0.005}},
        "mean": {"task": {"start": "corpus", "classifier": {"pooling": "mean"}}},
    },
}
"""What is tried of each side. Maxima over states that tell hidden words say little of the text: 60% of dev."""


def data() -> Path:
    """The folder of the reviews."""
    return Path(os.environ.get("WEFT_DATA", "data")) / "imdb"


def make(folder: Path, *, labelled: int) -> None:
    """The files: labelled reviews, reviews to choose by, and texts without labels, drawn by one seed."""
    rows = [dict(row.values) for row in open_table(data_file(data(), "train"))]
    order = np.random.default_rng(0).permutation(len(rows))
    labels = sorted({row["label"] for row in rows})
    of = [[rows[one] for one in order if rows[one]["label"] == label] for label in labels]
    half = labelled // len(labels)
    few, dev = ([row for some in of for row in some[first : first + half]] for first in (0, half))
    held = {row["text"] for row in dev}
    rest = [{"text": rows[one]["text"]} for one in order if rows[one]["text"] not in held]
    folder.mkdir(parents=True, exist_ok=True)
    for name, some in (("few", few), ("dev", dev), ("texts", rest)):
        lines = (json.dumps({key: row[key] for key in ("text", "label") if key in row}) for row in some)
        (folder / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def run(settings: Mapping[str, Any], folder: Path) -> float:
    """Train into a folder, unless it is there and finished; returns the best score of dev."""
    for _ in train(validated(RunConfig, settings), folder, resume=folder.exists()):
        pass
    reports = [json.loads(line) for line in (folder / "reports.jsonl").read_text(encoding="utf-8").splitlines()]
    tests = [one for one in reports if one.get("metric")]
    return next(one["scores"][one["metric"]] for one in reversed(tests) if one["best"])


def tuned(asked: argparse.Namespace, side: str, setting: str, seed: int) -> tuple[float, Path]:
    """Train on the labelled reviews; returns the accuracy on dev, and the folder."""
    folder, more = asked.folder, SIDES[side][setting]
    task = {**READ, **more.get("task", {})}
    if "start" in task:
        task["encoder"] = {"kind": f"pretrained:{folder / task.pop('start')}", "dropout": 0.3}
    else:
        task["encoder"] = {"kind": asked.encoder, **task.get("encoder", {})}
    data = {"train": str(folder / "few.jsonl"), "dev": str(folder / "dev.jsonl")}
    training = {"epochs": 8, "patience": 2, "batch_rows": 16, **RATE, **more.get("training", {})}
    there = folder / f"{setting.replace(' ', '-')}-{seed}"
    found = run({"data": data, "task": task, "training": training, "seed": seed}, there)
    print(f"{side}, {setting}, seed {seed}: {found:.1%} of dev", flush=True)
    return found, there


def main() -> None:
    """Make the files, pre-train, train both sides, and tell their accuracies."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--encoder", default="lstm")
    parser.add_argument("--epochs", type=float, default=2.5, help="of pre-training")
    parser.add_argument("--seeds", type=int, default=3, help="of the trainings on labelled reviews")
    parser.add_argument("--labelled", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    machine(asked.threads)
    if not (asked.folder / "texts.jsonl").exists():
        make(asked.folder, labelled=asked.labelled)
    task = {"kind": "masked_language_model", "encoder": {"kind": asked.encoder, "dropout": 0.1}, "max_length": 128}
    task |= {"tokenizer": PIECES, "share": 0.2, "unit": "row"}
    corpus = {"data": {"train": str(asked.folder / "texts.jsonl"), "dev_share": 0.01}, "task": task}
    loss = run({**corpus, "training": {"epochs": asked.epochs, **RATE}}, asked.folder / "corpus")
    print(f"pre-trained {asked.encoder}: {loss:.3f} nats a hidden piece of dev", flush=True)
    test = list(open_table(data_file(data(), "test")))
    means = {}
    for side, settings in SIDES.items():
        first = {setting: tuned(asked, side, setting, 0)[0] for setting in settings}
        best = max(first, key=lambda setting: first[setting])
        folders = [tuned(asked, side, best, seed)[1] for seed in range(asked.seeds)]
        scores = [_on_test(folder, test) for folder in folders]
        means[side] = statistics.mean(scores)
        print(f"{side} ({best}): {means[side]:.2%} of test, {', '.join(f'{one:.2%}' for one in scores)}", flush=True)
    print(f"gained: {100 * (means['pre-trained'] - means['from nothing']):.1f} points")


def _on_test(folder: Path, rows: list[Any]) -> float:
    model = bundle.load(folder)
    answers = model.answer([row.values["text"] for row in rows])
    return statistics.mean(answer.label == row.values["label"] for answer, row in zip(answers, rows, strict=True))


if __name__ == "__main__":
    main()
