"""The loop: accumulation changes nothing, a resumed run is the run, and what it tells is true."""

from collections.abc import Callable
from pathlib import Path
from signal import SIGTERM
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from weft.errors import Interrupted, TrainingError
from weft.training import checkpoint, loop
from weft.training.loop import Job, train
from weft.training.reports import DoneReport, EvalReport, Note, SaveReport, StepReport

from .conftest import SMALL, without_dropout

MakeJob = Callable[..., Job]
ENCODERS = sorted(SMALL)
QUICK = ["training.epochs=2", "training.batch_rows=32"]


def weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def run(job: Job) -> dict[str, Tensor]:
    list(train(job))
    return weights(job.model)


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_four_micro_batches_give_the_gradient_of_one_batch(make_job: MakeJob, encoder: str) -> None:
    # one step of plain descent at rate 1 changes the weights by the gradient itself, and tables by its direction
    sets = ["training.epochs=1", "training.batch_rows=160", "training.optimizer.kind=sgd", "training.table_rate=1"]
    sets += ["training.optimizer.learning_rate=1", "training.warmup=0", "training.schedule=constant"]
    sets += ["training.precision=float64", "training.clip=null", *without_dropout(encoder)]
    before = dict(make_job(encoder, *sets).model.named_parameters())
    whole = run(make_job(encoder, *sets))
    parts = run(make_job(encoder, *sets, "training.accumulate=4"))
    for name, start in before.items():
        expected = whole[name] - start
        # a bag's table starts at zero, and so does the gradient of what reads it
        assert expected.norm() > 0 or (encoder, name) == ("bag", "scores.weight"), name
        assert (parts[name] - whole[name]).norm() <= 1e-6 * expected.norm(), name


@pytest.mark.parametrize("encoder", ENCODERS)
def test_one_times_32_is_4_times_8(make_job: MakeJob, encoder: str) -> None:
    sets = [*QUICK, "training.precision=float64", "task.loss.class_weights=balanced", *without_dropout(encoder)]
    whole = run(make_job(encoder, *sets))
    parts = run(make_job(encoder, *sets, "training.accumulate=4"))
    for name, value in whole.items():
        torch.testing.assert_close(parts[name], value, rtol=0, atol=1e-6)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_same_seed_same_weights_bit_for_bit(make_job: MakeJob, encoder: str) -> None:
    one, again = run(make_job(encoder, *QUICK)), run(make_job(encoder, *QUICK))
    assert same(one, again)
    assert not same(one, run(make_job(encoder, *QUICK, seed=1)))


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("killed_after", [1, 5, 7])
def test_resumed_is_uninterrupted_bit_for_bit(
    make_job: MakeJob, tmp_path: Path, encoder: str, killed_after: int
) -> None:
    sets = [*QUICK, "training.checkpoint_every=1", "training.evaluate_every=3", "training.report_every=2"]
    told: list[object] = []
    whole = make_job(encoder, *sets)
    told_whole = [report for report in train(whole) if isinstance(report, StepReport | EvalReport)]
    for report in train(make_job(encoder, *sets, checkpoints=tmp_path)):
        told += [report] if isinstance(report, StepReport | EvalReport) else []
        if isinstance(report, SaveReport) and report.step == killed_after:
            break
    resumed = make_job(encoder, *sets, checkpoints=tmp_path, seed=0)
    nn.init.constant_(resumed.model.scores.weight, 7.0)  # ty: ignore
    told += [report for report in train(resumed) if isinstance(report, StepReport | EvalReport)]
    assert same(weights(resumed.model), weights(whole.model))

    def facts(reports: list) -> list:
        return [(one.step, getattr(one, "loss", None), getattr(one, "scores", None)) for one in reports]

    assert facts(told) == facts(told_whole)


def test_resuming_a_run_that_lost_patience_ends_at_once(make_job: MakeJob, tmp_path: Path) -> None:
    sets = ["training.epochs=50", "training.patience=1", "training.checkpoint_every=1", "training.evaluate_every=1"]
    first = make_job("bag", *sets, checkpoints=tmp_path)
    steps = next(report.step for report in train(first) if isinstance(report, DoneReport))
    assert steps < 50 * 5
    again = make_job("bag", *sets, checkpoints=tmp_path)
    assert next(report.step for report in train(again) if isinstance(report, DoneReport)) == steps
    assert same(weights(first.model), weights(again.model))


def test_the_end_of_patience_is_said(make_job: MakeJob) -> None:
    sets = ["training.epochs=50", "training.patience=2", "training.evaluate_every=1"]
    notes = [report.text for report in train(make_job("bag", *sets)) if isinstance(report, Note)]
    assert notes == ["stopped early: no better accuracy in 2 evaluations (training.patience)"]


def test_the_best_weights_are_kept(make_job: MakeJob) -> None:
    job = make_job("bag", "training.epochs=6", "training.patience=null")
    reports = list(train(job))
    evaluations = [report for report in reports if isinstance(report, EvalReport)]
    best = max(evaluations, key=lambda one: (one.scores["accuracy"], -one.scores["log_loss"]))
    assert reports[-1] == DoneReport(evaluations[-1].step, best.step, reports[-1].seconds)
    assert [one.step for one in evaluations if one.best][-1] == best.step


def test_a_score_of_which_less_is_better_is_minimised(make_job: MakeJob) -> None:
    job = make_job("bag", "training.epochs=4", "training.metric=log_loss")
    evaluations = [report for report in train(job) if isinstance(report, EvalReport)]
    lowest = min(evaluations, key=lambda one: one.scores["log_loss"])
    assert [one.step for one in evaluations if one.best][-1] == lowest.step


def test_a_signal_ends_in_a_checkpoint(make_job: MakeJob, tmp_path: Path) -> None:
    asked = iter([0, 0, SIGTERM])
    job = make_job("cnn", *QUICK, checkpoints=tmp_path, stop=lambda: next(asked))
    with pytest.raises(Interrupted) as caught:
        list(train(job))
    assert caught.value.exit_code == 143
    found = checkpoint.latest(tmp_path)
    assert found is not None
    assert checkpoint.step_of(found) == 3


def test_a_loss_that_is_not_finite_names_step_and_examples(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job("cnn", *QUICK, "training.checkpoint_every=1", checkpoints=tmp_path)
    reports = train(job)
    while not isinstance(next(reports), SaveReport):
        pass
    with torch.no_grad():
        job.model.scores.bias.fill_(torch.nan)  # ty: ignore
    with pytest.raises(TrainingError, match=r"not finite in step 2 \(epoch 1\); its batch held training examples \d+"):
        list(reports)
    found = checkpoint.latest(tmp_path)
    assert found is not None
    assert checkpoint.step_of(found) == 1, "no checkpoint of broken weights"


def test_the_time_of_training_is_foretold_once_after_some_steps_where_it_is_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter(range(0, 100_000, 60))  # a minute a step
    monkeypatch.setattr(loop.time, "perf_counter", lambda: float(next(clock)))
    made: Any = SimpleNamespace(config=SimpleNamespace(epochs=10))
    pace = loop._Pace(made)
    said = []
    for step in range(1, 60):
        pace.count(np.arange(4))
        if found := pace.foretold(step / 20):
            said.append((step, found))
    ((step, found),) = said
    assert step == loop.FORETOLD_AFTER < 60
    assert "hours" in found or "minutes" in found
    assert "training.epochs=5" in found


def test_a_short_training_is_not_foretold() -> None:
    made: Any = SimpleNamespace(config=SimpleNamespace(epochs=1))
    pace = loop._Pace(made)
    for step in range(1, 60):
        pace.count(np.arange(4))
        assert not pace.foretold(step / 60)
