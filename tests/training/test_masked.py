"""Masked pre-training that was interrupted hides the same words as one that was not."""

import json
from pathlib import Path

import pytest

from weft.config import overridden, validated
from weft.demo import reviews
from weft.errors import Interrupted
from weft.experiments.self_training import train
from weft.run import RunConfig

SMALL = ["task.encoder.width=8", "task.encoder.heads=2", "task.encoder.feed_forward=16", "task.encoder.layers=1"]


def test_resumed_is_uninterrupted_bit_for_bit(tmp_path: Path) -> None:
    texts = [{"text": text} for text, _ in reviews.rows(size=60, seed=0)]
    file = tmp_path / "corpus.jsonl"
    file.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in texts), encoding="utf-8")
    sets = [*SMALL, "training.epochs=2", "training.batch_rows=16"]
    settings = {"data": {"train": str(file)}, "task": {"kind": "masked_language_model"}}
    config = validated(RunConfig, overridden(settings, sets))
    list(train(config, tmp_path / "whole"))
    steps = iter(range(100))
    with pytest.raises(Interrupted):
        list(train(config, tmp_path / "parts", stop=lambda: 2 if next(steps) == 5 else 0))
    list(train(config, tmp_path / "parts", resume=True))
    whole, parts = ((tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "parts"))
    assert whole == parts
