"""Small jobs in English and Chinese for the tests of training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from weft.config import overridden, validated
from weft.data import demo
from weft.run import RunConfig, suited
from weft.tasks.classification import Classification, Labelled
from weft.training.loop import Job

SMALL = {
    "bag": ["task.encoder.width=8"],
    "cnn": ["task.encoder.width=8", "task.encoder.maps=8", "task.encoder.dropout=0.2"],
    "rnn": ["task.encoder.width=8", "task.encoder.hidden=8"],
    "lstm": ["task.encoder.width=8", "task.encoder.hidden=8"],
    "gru": ["task.encoder.width=8", "task.encoder.hidden=8"],
    "transformer": ["task.encoder.width=8", "task.encoder.heads=2", "task.encoder.feed_forward=16"],
}
NO_DROPOUT = ["task.classifier.dropout=0", "task.encoder.dropout=0", "task.encoder.view_dropout=0"]


def without_dropout(encoder: str) -> list[str]:
    """The settings that switch every dropout of an encoder off."""
    return NO_DROPOUT[:1] if encoder == "bag" else NO_DROPOUT


def small_job(encoder: str, *sets: str, checkpoints: Path | None = None, seed: int = 0, **more: Any) -> Job:
    """A job on 160 reviews, half of them Chinese; `sets` are settings as on the command line."""
    settings = {"data": {"train": "-"}, "task": {"encoder": encoder}, "seed": seed}
    config = suited(validated(RunConfig, overridden(settings, [*SMALL[encoder], *sets])))
    examples = [Labelled(text, label) for text, label in demo.rows(size=160, seed=3)]
    task: Classification = config.task.learn(examples)
    torch.manual_seed(seed)
    model = task.build_model()
    precision = "float64" if config.training.precision == "float64" else "float32"
    return Job(
        task=task,
        model=model.double() if precision == "float64" else model,
        columns=task.encode(examples),
        dev_columns=task.encode(examples[:40]),
        dev_examples=examples[:40],
        config=config.training,
        seed=seed,
        device=torch.device("cpu"),
        precision=precision,
        checkpoints=checkpoints,
        **more,
    )


@pytest.fixture
def make_job() -> Callable[..., Job]:
    """`small_job`."""
    return small_job
