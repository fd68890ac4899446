"""Predicts the numbers of emobank_en, a test set once a seed, beside ridge regression on tf-idf by scikit-learn.

    python bench/regression.py --seeds 3
    python bench/regression.py --encoder bag,cnn,lstm --seeds 3 --set training.epochs=10

The data is read in WEFT_DATA/emobank_en. The penalty of the ridge regression is chosen on the dev set; its n-grams are
of one and two words, sublinear. Of several encoders the predictions are averaged. Differences are paired, with 95%
bootstrap intervals over the test texts.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge

from weft.config import overridden, validated
from weft.data.sources import open_table
from weft.experiments.self_training import train
from weft.metrics.regression import correlations, regression_scores
from weft.metrics.systems import compare, intervals
from weft.run import RunConfig

COLUMNS = ("valence", "arousal", "dominance")
ALPHAS = (0.3, 1.0, 3.0, 10.0, 30.0)


def rows(part: str) -> tuple[list[str], np.ndarray]:
    """The texts and the numbers of a part."""
    read = [row.values for row in open_table(str(file(part)))]
    return [row["text"] for row in read], np.array([[float(row[name]) for name in COLUMNS] for row in read])


def file(part: str) -> Path:
    """The file of a part."""
    return Path(os.environ["WEFT_DATA"]) / "emobank_en" / f"{part}.jsonl.xz"


def ridge() -> np.ndarray:
    """Predict the test set by ridge regression, each column with the penalty that is best on the dev set."""
    (texts, train_NK), (dev, dev_NK), (test, _) = map(rows, ("train", "dev", "test"))
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    known, tried, asked = vectorizer.fit_transform(texts), vectorizer.transform(dev), vectorizer.transform(test)
    found = []
    for column in range(len(COLUMNS)):
        models = [Ridge(alpha=alpha).fit(known, train_NK[:, column]) for alpha in ALPHAS]
        errors = [np.square(model.predict(tried) - dev_NK[:, column]).mean() for model in models]
        found.append(models[int(np.argmin(errors))].predict(asked))
        print(f"ridge, {COLUMNS[column]}: alpha {ALPHAS[int(np.argmin(errors))]:g}")
    return np.stack(found, axis=1)


def predicted(encoder: str, seed: int, overrides: list[str]) -> np.ndarray:
    """Train with a seed, and predict the test set."""
    parts = {part: str(file(part)) for part in ("train", "dev", "test")}
    task = {"kind": "regression", "value": ",".join(COLUMNS), "encoder": encoder}
    config = validated(RunConfig, overridden({"data": parts, "task": task, "seed": seed, "device": "cpu"}, overrides))
    with tempfile.TemporaryDirectory() as place:
        started = time.perf_counter()
        for _ in train(config, Path(place) / "run"):
            pass
        print(f"{encoder}, seed {seed}: {time.perf_counter() - started:.0f} s", flush=True)
        answers = map(json.loads, (Path(place) / "run/answers.jsonl").read_text(encoding="utf-8").splitlines())
        return np.array([list(one["answer"].values()) for one in answers])


def tell(name: str, true_NK: np.ndarray, found_NK: np.ndarray, other_NK: np.ndarray | None = None) -> None:
    """Print the test Pearson of each column, and the difference to the ridge regression where there is one."""
    for column, title in enumerate(COLUMNS):
        own = correlations(true_NK[:, column], found_NK[:, column])
        one = intervals(own)["pearson"]
        said = f"{name}, {title}: Pearson {one.value:.3f} ({one.low:.3f} to {one.high:.3f})"
        if other_NK is not None:
            by = compare(own, correlations(true_NK[:, column], other_NK[:, column]))["pearson"].difference
            said += f", {by.value:+.3f} ({by.low:+.3f} to {by.high:+.3f}) against ridge"
        print(said, flush=True)
    print(f"{name}: R² {regression_scores(true_NK, found_NK)['r2'].value:.3f}", flush=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="auto")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    given = parser.parse_args()
    torch.set_num_threads(1)
    _, true_NK = rows("test")
    floor_NK = ridge()
    tell("ridge on tf-idf", true_NK, floor_NK)
    seeds = range(given.first, given.first + given.seeds)
    encoders = given.encoder.split(",")
    found = [np.mean([predicted(one, seed, given.overrides) for one in encoders], axis=0) for seed in seeds]
    for seed, found_NK in zip(seeds, found, strict=True):
        tell(f"{given.encoder}, seed {seed}", true_NK, found_NK, floor_NK)
    if len(found) > 1:
        tell(f"{given.encoder}, mean of {len(found)} seeds", true_NK, np.mean(found, axis=0), floor_NK)


if __name__ == "__main__":
    main()
