"""Training on pairs: accumulation and processes change nothing, and a resumed run is the run."""

from collections.abc import Iterable, Iterator
from itertools import pairwise, takewhile
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests.kinds import DECODERS
from weft.training.loop import Job, train
from weft.training.reports import EvalReport, Note, Report, SaveReport, StepReport

from .conftest import PAIRED, small_pairs_job

KINDS = [kind.model_fields["kind"].default for kind in DECODERS]
VOCABULARIES = ["shared", "separate"]
each_model = pytest.mark.parametrize(
    ("decoder", "vocabulary"), [(decoder, vocabulary) for decoder in KINDS for vocabulary in VOCABULARIES]
)


def weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def run(job: Job) -> dict[str, Tensor]:
    list(train(job))
    return weights(job.model)


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_all_decoders_are_here() -> None:
    assert set(PAIRED) == set(KINDS)


@each_model
def test_four_micro_batches_give_the_gradient_of_one_batch(decoder: str, vocabulary: str) -> None:
    # one step of plain descent at rate 1 changes the weights by the gradient itself
    sets = ["training.epochs=1", "training.batch_rows=40", "training.optimizer.kind=sgd", "training.warmup=0"]
    sets += ["training.optimizer.learning_rate=1", "training.schedule=constant", "training.precision=float64"]
    sets += ["training.clip=null", f"task.vocabulary={vocabulary}", "task.encoder.dropout=0", "task.decoder.dropout=0"]
    before = dict(small_pairs_job(decoder, *sets).model.named_parameters())
    whole = run(small_pairs_job(decoder, *sets))
    parts = run(small_pairs_job(decoder, *sets, "training.accumulate=4"))
    for name, start in before.items():
        expected = whole[name] - start
        assert expected.norm() > 0, name
        assert (parts[name] - whole[name]).norm() <= 1e-6 * expected.norm(), name


@each_model
def test_resumed_is_uninterrupted_bit_for_bit(tmp_path: Path, decoder: str, vocabulary: str) -> None:
    sets = ["training.epochs=2", "training.batch_rows=16", "training.checkpoint_every=1", "training.evaluate_every=2"]
    sets += ["training.report_every=1", f"task.vocabulary={vocabulary}", "task.encoder.dropout=0.2", "training.ema=0.9"]
    sets += [
        "task.teacher_forcing={gold: 0.3, schedule: linear, steps: 8}",
        "task.r_drop=1",
        "task.decoder.dropout=0.2",
    ]
    told: list[object] = []
    whole = small_pairs_job(decoder, *sets)
    told_whole = [report for report in train(whole) if isinstance(report, StepReport | EvalReport)]
    for report in train(small_pairs_job(decoder, *sets, checkpoints=tmp_path)):
        told += [report] if isinstance(report, StepReport | EvalReport) else []
        if isinstance(report, SaveReport) and report.step == 3:
            break
    resumed = small_pairs_job(decoder, *sets, checkpoints=tmp_path)
    for weight in resumed.model.parameters():
        nn.init.constant_(weight, 7.0)
    told += [report for report in train(resumed) if isinstance(report, StepReport | EvalReport)]
    assert same(weights(resumed.model), weights(whole.model))

    def facts(reports: list) -> list:
        return [(one.step, getattr(one, "loss", None), getattr(one, "scores", None)) for one in reports]

    assert facts(told) == facts(told_whole)
    assert len(told_whole) == 9, "six steps and three evaluations"


@pytest.mark.parametrize("decoder", KINDS)
def test_same_seed_same_weights_and_the_loss_falls(decoder: str) -> None:
    sets = ["training.epochs=6", "training.batch_rows=16", "training.report_every=3", "training.metric=log_loss"]
    reports = list(train(first := small_pairs_job(decoder, *sets)))
    assert same(weights(first.model), run(small_pairs_job(decoder, *sets)))
    assert not same(weights(first.model), run(small_pairs_job(decoder, *sets, seed=1)))
    losses = [report.loss for report in reports if isinstance(report, StepReport)]
    assert losses[-1] < 0.95 * losses[0]
    scores = [report.scores for report in reports if isinstance(report, EvalReport)]
    assert all(set(one) == {"bleu", "chrf", "log_loss", "perplexity"} for one in scores)
    assert all(later["log_loss"] < earlier["log_loss"] for earlier, later in pairwise(scores))


def test_of_equal_scores_the_lower_loss_is_better(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """BLEU is 0 for long where there is little to learn from, and such a model goes on learning all the same."""
    sets = ["training.batch_rows=40", "training.epochs=9", "training.patience=3", "training.checkpoint_every=1"]
    losses = [5.0, 4.0, 4.5, 4.2, 3.0, 3.0, 3.2, 3.1, 2.0]

    def told(job: Job, *, first: int) -> Iterator[Report]:
        left = iter(losses[first:])
        monkeypatch.setattr(type(job.task), "quick_scores", lambda *_: {"bleu": 0.0, "log_loss": next(left)})
        return train(job)

    def is_best(reports: Iterable[Report]) -> list[bool]:
        return [one.best for one in reports if isinstance(one, EvalReport)]

    whole = list(told(small_pairs_job("gru", *sets), first=0))
    assert is_best(whole) == [True, True, False, False, True, False, False, False], "and patience ends it"
    killed = list(
        takewhile(
            lambda one: one.kind != "save" or one.step < 4,
            told(small_pairs_job("gru", *sets, checkpoints=tmp_path), first=0),
        )
    )
    again = list(told(small_pairs_job("gru", *sets, checkpoints=tmp_path), first=3))
    assert is_best([*killed, *again]) == is_best(whole)
    assert again[-1].best_step == 5


def test_batches_are_as_small_as_the_data_asks_for_and_it_is_said() -> None:
    reports = list(train(small_pairs_job("gru", "training.epochs=1", "training.report_every=1")))
    assert [one.text for one in reports if isinstance(one, Note)] == ["batches of at most 8 rows (training.batch_rows)"]
    assert len([one for one in reports if isinstance(one, StepReport)]) == 5
