"""Images with texts, by features of a frozen network: found by each other, or described; scored once on the test part.

    WEFT_DATA=/data python bench/image_texts.py retrieval flickr8k_enzh en zh [--set training.epochs=12]
    WEFT_DATA=/data python bench/image_texts.py captioning flickr8k_enzh en zh
    python bench/image_texts.py score runs/captions

A set is a folder with `train.jsonl.xz`, `val.jsonl.xz`, whose columns name an image and hold lists of texts, and
the images in `images.tar.xz`. A twentieth of the training rows chooses the weights. `score` reads the answers of a
run: BLEU of one to four words, of Chinese those that jieba cuts, with the closest reference length and no smoothing
(Papineni et al. 2002), as papers on captions give it: without marks, and once more with them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import rjieba
import torch

from weft.config import overridden, validated
from weft.experiments.self_training import train
from weft.files import read_json
from weft.metrics.systems import CorpusScore, intervals
from weft.run import RunConfig
from weft.text.segment import han_share
from weft.training.reports import EvalReport

ENCODER = {"retrieval": {"kind": "efficientnet", "grid": 1}, "captioning": {"kind": "efficientnet"}}


def words(text: str, *, marks: bool) -> list[str]:
    """The words of a text, lower case, with its marks or without."""
    pieces = rjieba.cut(text.lower()) if han_share([text]) > 0.3 else re.findall(r"[\w'-]+|[^\w\s]", text.lower())
    return [one for one in pieces if any(map(str.isalnum, one)) or (marks and one.strip())]


def statistics(answer: list[str], references: list[list[str]]) -> list[int]:
    """Matches and number of n-grams of one to four words, the length of the answer and of the closest reference."""
    found = []
    for size in range(1, 5):
        grams = [Counter(zip(*(one[at:] for at in range(size)), strict=False)) for one in (answer, *references)]
        most = Counter()
        for one in grams[1:]:
            most |= one
        found += [sum((grams[0] & most).values()), sum(grams[0].values())]
    closest = min((abs(len(one) - len(answer)), len(one)) for one in references)[1]
    return [*found, len(answer), closest]


def bleu(most: int, sums: np.ndarray) -> np.ndarray:
    """BLEU of one to `most` words from sums of statistics [..., 10]."""
    shares = [np.log(np.maximum(sums[..., 2 * at], 1e-9) / sums[..., 2 * at + 1]) for at in range(most)]
    return 100 * np.exp(np.mean(shares, axis=0) + np.minimum(0, 1 - sums[..., 9] / sums[..., 8]))


def score(folder: Path) -> None:
    """Print BLEU-1 to BLEU-4 of the answers of a run."""
    rows = [json.loads(line) for line in (folder / "answers.jsonl").open(encoding="utf-8")]
    for marks in (False, True):
        texts = [(row["answer"], *row["references"]) for row in rows]
        cut = [[words(text, marks=marks) for text in each] for each in texts]
        counts_NF = np.array([statistics(answer, references) for answer, *references in cut], float)
        scores = {f"BLEU-{most}": CorpusScore("words", counts_NF, partial(bleu, most)) for most in range(1, 5)}
        for name, one in intervals(scores).items():
            how = "with marks" if marks else "without marks"
            print(f"{folder}: {name} {one.value:.1f} ({one.low:.1f} to {one.high:.1f}), {how}")


def learn(kind: str, name: str, column: str, overrides: list[str]) -> None:
    """Train one model and print its scores on the test part."""
    folder = Path(os.environ["WEFT_DATA"]) / name
    with tempfile.TemporaryDirectory() as place:
        data = {"train": str(folder / "train.jsonl.xz"), "test": str(folder / "val.jsonl.xz"), "dev_share": 0.05}
        image = {"column": "image", "folder": str(folder / "images.tar.xz"), "encoder": ENCODER[kind]}
        texts = {"text" if kind == "retrieval" else "target": column}
        settings = {"data": data, "task": {"kind": kind, "image": image, **texts}, "device": "cpu"}
        config = validated(RunConfig, overridden(settings, overrides))
        started, cpu = time.perf_counter(), time.process_time()
        for report in train(config, Path(place) / "run"):
            if isinstance(report, EvalReport):
                dev = ", ".join(f"{score} {value:.4g}" for score, value in list(report.scores.items())[:3])
                print(f"  {kind} {column}: epoch {report.epoch:.0f}, dev {dev}", flush=True)
        minutes = (time.perf_counter() - started) / 60, (time.process_time() - cpu) / 60
        result = read_json(Path(place) / "run/scores.json")
        for title, one in result["scores"].items():
            print(f"{kind} {column}: {title} {one['value']:.4g} ({one['low']:.4g} to {one['high']:.4g})")
        print(f"{kind} {column}: floors {json.dumps(result['details']['floors'], ensure_ascii=False)}")
        print(f"{kind} {column}: {minutes[0]:.0f} min, {minutes[1]:.0f} of the processor")
        if kind == "captioning":
            score(Path(place) / "run")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=[*ENCODER, "score"])
    parser.add_argument("name")
    parser.add_argument("columns", nargs="*")
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.kind == "score":
        score(Path(given.name))
    for column in given.columns:
        learn(given.kind, given.name, column, given.overrides)


if __name__ == "__main__":
    main()
