"""Few labels: self-training beside the labels alone, and rows chosen to be labelled beside rows drawn at random.

    python bench/scarce.py self-training --labels 100,500,1000 --seeds 3 --scored 10000
    python bench/scarce.py label --to 800 --step 100 --seeds 3

The data is read in WEFT_DATA: imdb for self-training, where each seed draws its labelled rows and 20,000 texts whose
labels are not read from the training set; chnsenticorp for the choice of rows. Intervals are 95% bootstrap intervals
over the test texts, of the mean over seeds.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import weft
from weft.config import validated, with_settings
from weft.data.examples.labelled import LabelledText
from weft.data.sources import open_table
from weft.dataset import Examples, held_out
from weft.experiments.labelling import propose
from weft.experiments.teacher_answers import key
from weft.files import read_json
from weft.metrics.bootstrap import Score, mean
from weft.run import fit_in_memory
from weft.run_folder import SCORES, read_answers

UNLABELLED = 20_000


def rows(name: str, part: str) -> list[dict[str, str]]:
    """Read a part of a set."""
    file = Path(os.environ["WEFT_DATA"]) / name / f"{part}.jsonl.xz"
    return [{"text": row.values["text"], "label": row.values["label"]} for row in open_table(str(file))]


def drawn(given: Sequence[Any], count: int, *, seed: int) -> list[Any]:
    """Draw so many of some rows."""
    return [given[at] for at in np.random.default_rng(seed).permutation(len(given))[:count].tolist()]


def write(path: Path, given: Sequence[Any]) -> str:
    """Write rows as JSON lines; returns the path."""
    path.write_text("".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in given), encoding="utf-8")
    return str(path)


def right(folder: Path) -> np.ndarray:
    """Return 1 for each text that a run answers rightly, else 0."""
    return np.array([float(one["label"] == one["answer"]) for one in read_answers(folder)])


def shown(score: Score) -> str:
    """Write a share with its interval, in percent."""
    assert score.low is not None
    assert score.high is not None
    return f"{100 * score.value:.2f} ({100 * score.low:.2f} to {100 * score.high:.2f})"


def self_training(labels: Sequence[int], seeds: int, scored: int, settings: dict[str, Any]) -> None:
    """Print the accuracy of labels alone and of self-training for each number of labels."""
    whole, asked = rows("imdb", "train"), drawn(rows("imdb", "test"), scored, seed=0)
    for count in labels:
        each: dict[str, list[np.ndarray]] = {"labels alone": [], "self-training": [], "kept": []}
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch)
                mixed = drawn(whole, count + UNLABELLED, seed=seed)
                data = weft.DataConfig(
                    train=write(folder / "few.jsonl", mixed[:count]), test=write(folder / "test.jsonl", asked)
                )
                many = write(folder / "many.jsonl", [{"text": one["text"]} for one in mixed[count:]])
                run, given = folder / "run", {"self_training.unlabelled": [many], "seed": seed, **settings}
                for _ in weft.train(data, run, settings=given):
                    pass
                found = read_json(run / SCORES)["self_training"]
                places = {"labels alone": run / "alone", "self-training": run / found["best"]}
                for name, place in places.items():
                    each[name].append(right(place if place.exists() else run))
                each["kept"].append(right(run))
                print(f"{count} labels, seed {seed}: {found['said']}", flush=True)
        for name, tables in each.items():
            print(f"{count} labels, {name}: {shown(mean(np.mean(tables, axis=0)))}")
        gain = np.mean(each["self-training"], axis=0) - np.mean(each["labels alone"], axis=0)
        print(f"{count} labels, difference: {shown(mean(gain))}", flush=True)


def label(to: int, step: int, seeds: int, settings: dict[str, Any]) -> None:
    """Print the accuracy by number of labels, where rows are proposed or drawn at random, from the same first rows."""
    asked = [LabelledText(one["text"], one["label"]) for one in rows("chnsenticorp", "test")]
    scored = {key(one) for one in asked}
    pool = {key(one): one for one in (LabelledText(row["text"], row["label"]) for row in rows("chnsenticorp", "train"))}
    whole = [one for at, one in pool.items() if at not in scored]
    print(f"{len(whole):,} texts to choose from, {len(asked):,} test texts", flush=True)
    found: dict[tuple[str, int], list[np.ndarray]] = {}
    for seed in range(seeds):
        for way in ("random", "weft label"):
            mine = drawn(whole, step, seed=seed)
            while True:
                model = learned(mine, asked, seed, settings)
                right_N = [float(one.label == asked[at].label) for at, one in enumerate(model.answer(asked))]
                found.setdefault((way, len(mine)), []).append(np.array(right_N))
                print(f"seed {seed}, {way}, {len(mine)} labels: {100 * np.mean(right_N):.2f}", flush=True)
                if len(mine) >= to:
                    break
                if way == "random":
                    mine = drawn(whole, len(mine) + step, seed=seed)
                    continue
                texts = [LabelledText(one.text) for one in whole]
                chosen = propose(texts, step, model=model, seed=seed, known={key(one) for one in mine})
                mine = [*mine, *(pool[key(one.example)] for one in chosen.proposals)]
    for count in range(step, to + 1, step):
        random, proposed = (np.mean(found[way, count], axis=0) for way in ("random", "weft label"))
        print(f"{count} labels: random {shown(mean(random))}, proposed {shown(mean(proposed))}", end="; ")
        print(f"difference {shown(mean(proposed - random))}", flush=True)


def learned(mine: Sequence[Any], asked: Sequence[Any], seed: int, settings: dict[str, Any]) -> Any:
    """Train on labelled texts, a tenth of which is held out to choose settings by and then learned too."""
    given = {"data": {"train": "few.jsonl"}, "seed": seed, "task": {"text": "text", "label": "label"}}
    config = validated(weft.RunConfig, with_settings(given, settings))
    train, dev = held_out(mine, config.data, config.task, seed)
    return fit_in_memory(config, Examples(config.task, train, dev, asked, []))


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["self-training", "label"])
    parser.add_argument("--labels", default="100,500,1000")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--scored", type=int, default=25_000, help="test texts, drawn by seed 0")
    parser.add_argument("--to", type=int, default=800)
    parser.add_argument("--step", type=int, default=100)
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE")
    given = parser.parse_args()
    torch.set_num_threads(1)
    settings = dict(one.split("=", 1) for one in given.set)
    if given.what == "self-training":
        self_training([int(one) for one in given.labels.split(",")], given.seeds, given.scored, settings)
    else:
        label(given.to, given.step, given.seeds, settings)


if __name__ == "__main__":
    main()
