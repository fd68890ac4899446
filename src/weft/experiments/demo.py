"""The demonstration: several encoders, each a run, on the reviews that the package makes; then one page of them all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from weft.config import validated
from weft.data import demo
from weft.errors import RunFolderError
from weft.files import read_json
from weft.report.page import comparison_page
from weft.run import RunConfig, train
from weft.training.reports import Note, Report

ENCODERS = ("bag", "cnn", "lstm", "transformer")
TRAIN_ROWS, TEST_ROWS, TEST_SEED = 4000, 1000, 1
EPOCHS = 12
"""More than the default: there are few rows, and each is soon read."""
NOTE = (
    "The data is synthetic: short product reviews in English and Chinese, made by weft itself so that the order of"
    " words decides. It shows that everything works, and nothing about how the models would read your texts."
)


def run_demo(folder: Path, *, seed: int, stop: Callable[[], int]) -> Iterator[Report]:
    """Write the data, train a run for each encoder, and make `folder/page.html`.

    Raises RunFolderError when the folder holds anything already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunFolderError("exists already", where=str(folder), hint="remove it, or name another --output")
    yield Note(NOTE)
    train_file, test_file = folder / "reviews.csv", folder / "test.csv"
    demo.write(train_file, size=TRAIN_ROWS, seed=seed)
    demo.write(test_file, size=TEST_ROWS, seed=seed + TEST_SEED)
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
        yield from train(config, folder / encoder, stop=stop)
    comparison_page(
        [folder / encoder for encoder in ENCODERS], folder / "page.html", title="Four readers", notes=[NOTE]
    )


def results(folder: Path) -> dict[str, dict[str, Any]]:
    """The scores of each encoder's run."""
    return {encoder: read_json(folder / encoder / "scores.json") for encoder in ENCODERS}


def mistaken(folder: Path, *, by: str, not_by: str) -> list[dict[str, Any]]:
    """Test texts that one encoder reads wrong and another right, in their order."""
    one, other = (_answers(folder / encoder) for encoder in (by, not_by))
    pairs = zip(one, other, strict=True)
    return [first for first, second in pairs if first["answer"] != first["label"] == second["answer"]]


def _answers(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
