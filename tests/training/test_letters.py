"""Training on the letters of words: neither micro-batches nor an interruption change what is learned."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from weft.training.loop import Job, train
from weft.training.reports import SaveReport

from .conftest import without_dropout

MakeJob = Callable[..., Job]
LETTERS = ["task.tokenizer={kind: mixed, views: [bigram, letters]}", "training.epochs=2", "training.batch_rows=32"]
ENCODERS = ["cnn", "lstm", "transformer"]


def run(job: Job) -> dict[str, Tensor]:
    list(train(job))
    return {name: value.clone() for name, value in job.model.state_dict().items()}


@pytest.mark.parametrize("encoder", ENCODERS)
def test_one_times_32_is_4_times_8(make_job: MakeJob, encoder: str) -> None:
    sets = [*LETTERS, "training.precision=float64", *without_dropout(encoder)]
    before = dict(make_job(encoder, *sets).model.state_dict())
    whole, parts = run(make_job(encoder, *sets)), run(make_job(encoder, *sets, "training.accumulate=4"))
    table = "encoder.embedding.tables.2.weight"
    assert ((whole[table] - before[table]).abs().amax(1) > 0).float().mean() > 0.9
    assert not whole[table][0].any()
    for name, value in whole.items():
        torch.testing.assert_close(parts[name], value, rtol=0, atol=1e-6)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_resumed_is_uninterrupted_bit_for_bit(make_job: MakeJob, tmp_path: Path, encoder: str) -> None:
    sets = [*LETTERS, "training.checkpoint_every=1", "training.ema=0.9"]
    whole = run(make_job(encoder, *sets))
    for report in train(make_job(encoder, *sets, checkpoints=tmp_path)):
        if isinstance(report, SaveReport) and report.step == 5:
            break
    resumed = make_job(encoder, *sets, checkpoints=tmp_path)
    nn.init.constant_(resumed.model.scores.weight, 7.0)  # ty: ignore
    assert all(torch.equal(value, whole[name]) for name, value in run(resumed).items())
