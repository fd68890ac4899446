"""Small jobs in English and Chinese for the tests of training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from weft.config import overridden, validated
from weft.data.examples.source_target import SourceTarget
from weft.demo import reviews, translations
from weft.run import RunConfig, suited
from weft.tasks.classification import LabelledText
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
    examples = [LabelledText(text, label) for text, label in reviews.rows(size=160, seed=3)]
    return _job(config, examples, dev=examples[:40], checkpoints=checkpoints, **more)


PAIRED = {
    "transformer": [
        "task.decoder.width=8",
        "task.decoder.heads=2",
        "task.decoder.feed_forward=16",
        "task.decoder.layers=1",
    ],
    "gpt": ["task.decoder.width=8", "task.decoder.heads=2", "task.decoder.feed_forward=16", "task.decoder.layers=1"],
    "lstm": ["task.decoder.width=8", "task.decoder.hidden=8"],
    "gru": ["task.decoder.width=8", "task.decoder.hidden=8"],
}
READING = ["task.encoder.kind=gru", "task.encoder.width=8", "task.encoder.hidden=4", "task.encoder.dropout=0"]
LEARNING = ["training.optimizer={kind: adamw, learning_rate: 0.02}", "training.batch_tokens=null", "training.ema=null"]


def small_pairs_job(decoder: str, *sets: str, checkpoints: Path | None = None, seed: int = 0, **more: Any) -> Job:
    """A job on 40 pairs in English and Chinese; `sets` are settings as on the command line."""
    base = {"kind": "seq2seq", "tokenizer": {"kind": "bpe", "size": 90}, "max_target": 12}
    settings = {"data": {"train": "-"}, "task": {**base, "decoder": decoder}, "seed": seed}
    config = suited(validated(RunConfig, overridden(settings, [*PAIRED[decoder], *READING, *LEARNING, *sets])))
    examples = [SourceTarget(one.english, (one.chinese,)) for one in translations.demo_pairs(40, seed=3)]
    return _job(config, examples, dev=examples[:8], checkpoints=checkpoints, **more)


def _job(config: RunConfig, examples: list[Any], *, dev: list[Any], **more: Any) -> Job:
    task: Any = config.task.learn(examples)
    torch.manual_seed(config.seed)
    model = task.build_model()
    precision = "float64" if config.training.precision == "float64" else "float32"
    return Job(
        task=task,
        model=model.double() if precision == "float64" else model,
        columns=task.encode(examples),
        dev_columns=task.encode(dev),
        dev_examples=dev,
        config=config.training,
        seed=config.seed,
        device=torch.device("cpu"),
        precision=precision,
        **more,
    )


@pytest.fixture
def make_job() -> Callable[..., Job]:
    """`small_job`."""
    return small_job
