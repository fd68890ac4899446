"""Compares pairs of real data by the command line's own settings; and exact search beside faiss in the same run.

    python bench/search.py stsb_en stsb_zh --seeds 3
    python bench/search.py stsb_en --set task.encoder=pretrained:./MiniLM --set training.epochs=2
    python bench/search.py --pace --queries 100

The data is read in WEFT_DATA, a folder for each set with `train.jsonl.xz`, `dev.jsonl.xz` and `test.jsonl.xz`.
"""

from __future__ import annotations

import argparse
import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from measure import Side, alternate
from watched import watched

from weft.config import overridden, validated
from weft.evaluation.search import nearest
from weft.run import RunConfig

SETS = ("stsb_en", "stsb_zh")
WIDTH = 384


def score(name: str, seed: int, overrides: list[str]) -> None:
    """Train on a set with a seed, choose by dev, and print dev and test scores beside those of tf-idf."""
    folder = Path(os.environ["WEFT_DATA"]) / name
    parts = {part: str(folder / f"{part}.jsonl.xz") for part in ("train", "dev", "test")}
    task = {"kind": "similarity", "text": ["text_a", "text_b"], "value": "score"}
    config = validated(RunConfig, overridden({"data": parts, "task": task, "seed": seed, "device": "cpu"}, overrides))
    run = watched(config, called=f"{name} {seed}")
    result = run.result
    scores = " ".join(
        f"{key} {100 * one['value']:.2f} ({100 * one['low']:.2f} to {100 * one['high']:.2f})"
        for key, one in result["scores"].items()
    )
    floor, values = next(iter(result["details"]["floors"].items()))
    lead = result["details"]["against"][floor]["difference"]
    speed = result["speed"]["texts_per_second"]
    print(
        f"{name} seed {seed}: dev {100 * run.best:.2f}; test {scores}; {floor} {100 * values['spearman']:.2f}, lead"
        f" {100 * lead['value']:.2f} ({100 * lead['low']:.2f} to {100 * lead['high']:.2f}); {run.seconds:.0f} s,"
        f" {speed:.0f} pairs/s, {result['size_bytes'] / 1e6:.1f} MB",
        flush=True,
    )


def pace(*, rows: int, queries: int, top: int, runs: int) -> None:
    """Search the same vectors by both, one thread each; they have to find the same."""
    draw = np.random.default_rng(0)
    vectors_ND = draw.standard_normal((rows, WIDTH), dtype=np.float32)
    for start in range(0, rows, 1 << 14):  # in place: a million vectors take 1.5 GB
        block = vectors_ND[start : start + (1 << 14)]
        block /= np.linalg.norm(block, axis=1, keepdims=True)
    asked_QD = vectors_ND[draw.integers(rows, size=queries)] + 0.02 * draw.standard_normal(
        (queries, WIDTH), dtype=np.float32
    )
    sides = {"weft": Side(lambda: nearest(asked_QD, vectors_ND, top=top))}
    if find_spec("faiss"):
        import faiss

        faiss.omp_set_num_threads(1)

        def peer():  # the search of IndexFlatIP, without its copy of the vectors
            return faiss.knn(asked_QD, vectors_ND, top, metric=faiss.METRIC_INNER_PRODUCT)

        sides["faiss"] = Side(peer)
        scores_QK, places_QK = peer()
        found = nearest(asked_QD, vectors_ND, top=top)
        assert (found.places_QK == places_QK).mean() > 0.999, (found.places_QK != places_QK).sum()
        np.testing.assert_allclose(found.scores_QK, scores_QK, atol=1e-5)
        print(f"{(found.places_QK == places_QK).mean():.2%} of {places_QK.size:,} places are the same")
    taken = alternate(sides, runs=runs)
    for side, each in taken.items():
        print(f"{side}: {each.middle('wall'):.2f} s, {each.middle('cpu'):.2f} CPU s for {queries} queries of {rows:,}")
    if len(taken) > 1:
        ratios = sorted(np.array(taken["faiss"].cpu) / np.array(taken["weft"].cpu))
        spread = f"median of {runs}; {ratios[0]:.2f} to {ratios[-1]:.2f}"
        print(f"weft takes the CPU time of faiss over {np.median(ratios):.2f} ({spread})")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", choices=[*SETS, []])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    parser.add_argument("--pace", action="store_true")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--top", type=int, default=10)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.pace:
        pace(rows=given.rows, queries=given.queries, top=given.top, runs=given.runs)
    for name in given.sets:
        for seed in range(given.first, given.first + given.seeds):
            score(name, seed, given.overrides)


if __name__ == "__main__":
    main()
