"""The demonstration: several encoders on reviews and a translator, each a run on data that weft makes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from weft.config import validated
from weft.demo import reviews, translations
from weft.files import read_json
from weft.report.pages.run import comparison_page
from weft.run import RunConfig, trained
from weft.run_folder import ANSWERS, PAGE, SCORES, check_free
from weft.training.reports import Note, Report

ENCODERS = ("bag", "cnn", "lstm", "transformer")
TRAIN_ROWS, TEST_ROWS, TEST_SEED = 4000, 1000, 1
EPOCHS = 12
"""Number of epochs, more than the default: there are few rows, and each is soon learned."""
NOTE = (
    "The data is synthetic: short product reviews in English and Chinese, made by weft itself so that the order of"
    " words decides. It shows that everything works, not how well the models would do on your texts."
)
TRANSLATOR = "translator"
PAIRS, TEST_PAIRS = 6000, 500
TRANSLATOR_TASK = {
    "kind": "seq2seq",
    "source": "en",
    "target": "zh",
    "decoder": {"kind": "transformer", "width": 128, "layers": 2, "feed_forward": 256, "dropout": 0.1},
}


def run_demo(folder: Path, *, seed: int, stop: Callable[[], int]) -> Iterator[Report]:
    """Write the data, train a run for each encoder, and make `folder/page.html`.

    Raises RunFolderError when the folder holds anything already.
    """
    check_free(folder, hint="remove it, or name another folder (--output)")
    yield Note(NOTE)
    train_file, test_file = folder / "reviews.csv", folder / "test.csv"
    reviews.write(train_file, size=TRAIN_ROWS, seed=seed)
    reviews.write(test_file, size=TEST_ROWS, seed=seed + TEST_SEED)
    for encoder in ENCODERS:
        yield Note(f"\n{encoder}")
        config = validated(
            RunConfig,
            {
                "data": {"train": str(train_file), "test": str(test_file)},
                "task": {"encoder": encoder, "text": "text", "label": "label"},
                "training": {"epochs": EPOCHS, "patience": 4},
                "seed": seed,
            },
        )
        yield from trained(config, folder / encoder, stop=stop)
    comparison_page([folder / encoder for encoder in ENCODERS], folder / PAGE, title="Four classifiers", notes=[NOTE])
    yield from _translator(folder, seed=seed, stop=stop)


def _translator(folder: Path, *, seed: int, stop: Callable[[], int]) -> Iterator[Report]:
    """Train a translator of dates, times and numbers from English into Chinese; most test sentences are unseen."""
    yield Note(f"\n{TRANSLATOR}: dates and numbers, from English into Chinese")
    train_file, test_file = folder / "pairs.jsonl", folder / "pairs_test.jsonl"
    made = translations.demo_pairs(PAIRS + TEST_PAIRS, seed=seed)
    translations.write(train_file, made[:PAIRS])
    translations.write(test_file, made[PAIRS:])
    config = validated(
        RunConfig,
        {
            "data": {"train": str(train_file), "test": str(test_file)},
            "task": TRANSLATOR_TASK,
            "training": {"epochs": EPOCHS, "batch_rows": 64},
            "seed": seed,
        },
    )
    yield from trained(config, folder / TRANSLATOR, stop=stop)


def results(folder: Path) -> dict[str, dict[str, Any]]:
    """Read the scores of each encoder's run."""
    return {encoder: read_json(folder / encoder / SCORES) for encoder in ENCODERS}


def translated(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Read the scores of the translator, and its outputs for the test set."""
    return read_json(folder / TRANSLATOR / SCORES), _answers(folder / TRANSLATOR)


def mistaken(folder: Path, *, by: str, not_by: str) -> list[dict[str, Any]]:
    """Return test texts that one encoder predicts wrong and another right, in their order."""
    one, other = (_answers(folder / encoder) for encoder in (by, not_by))
    pairs = zip(one, other, strict=True)
    return [first for first, second in pairs if first["answer"] != first["label"] == second["answer"]]


def _answers(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / ANSWERS).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
