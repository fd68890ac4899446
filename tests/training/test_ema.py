"""The moving average of weights is the naive one, whatever a step touches, and a resumed run goes on with it."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from weft.training.ema import Average
from weft.training.loop import Job, train
from weft.training.reports import EvalReport, Note, SaveReport, StepReport

MakeJob = Callable[..., Job]


def weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def naive(path: list[dict[str, Tensor]], *, decay: float) -> dict[str, Tensor]:
    """The average of weights after each of some updates, the first being those before any; everything every time."""
    average = {name: value.clone() for name, value in path[0].items()}
    for update, after in enumerate(path[1:]):
        share = min(decay, (1 + update) / (10 + update))
        average = {name: share * value + (1 - share) * after[name] for name, value in average.items()}
    return average


@pytest.mark.parametrize("decay", [0.05, 0.3, 0.9, 0.995, 0.9999])
def test_the_product_of_shares_is_their_product(decay: float) -> None:
    average, total = Average(nn.Linear(1, 1), decay=decay), 0.0
    for update in range(3000):
        assert average._log_product(update) == pytest.approx(total, rel=1e-12, abs=1e-12)
        total += math.log(min(decay, (1 + update) / (10 + update)))


@pytest.mark.parametrize("layout", ["sparse", "dense"])
def test_rows_are_caught_up_however_seldom_they_are_touched(layout: str) -> None:
    table = nn.Embedding(6, 2, sparse=True).double()
    average, path = Average(table, decay=0.8), [weights(table)]
    for update, rows in enumerate([[0, 1, 1], [1], [], [2, 2, 1], [4], [4], [0], [1], [], [], [1, 5]]):
        table.zero_grad()
        if rows:
            (table(torch.tensor(rows)) * torch.randn(len(rows), 2, dtype=torch.float64)).sum().backward()
        average.catch_up(update)
        if table.weight.grad is not None:
            table.weight.grad = table.weight.grad if layout == "sparse" else table.weight.grad.to_dense()
            with torch.no_grad():
                table.weight -= table.weight.grad.to_dense()
        path.append(weights(table))
        with average.in_place(update + 1):
            torch.testing.assert_close(weights(table), naive(path, decay=0.8), rtol=0, atol=1e-14)
        assert torch.equal(table.weight, path[-1]["weight"]), "training goes on from its own weights"


@pytest.mark.parametrize("encoder", ["bag", "cnn", "transformer"])
@pytest.mark.parametrize("accumulate", [1, 3])
def test_what_a_run_keeps_is_the_naive_average(make_job: MakeJob, encoder: str, accumulate: int) -> None:
    sets = ["training.batch_rows=8", "training.precision=float64", "training.report_every=1"]
    job = make_job(encoder, *sets, "training.epochs=1", "training.ema=0.5", f"training.accumulate={accumulate}")
    path = [weights(job.model)]
    path += [weights(job.model) for report in train(job) if isinstance(report, StepReport)]
    assert len(path) == 21
    torch.testing.assert_close(weights(job.model), naive(path, decay=0.5), rtol=0, atol=1e-12)
    assert not torch.equal(job.model.scores.weight, path[-1]["scores.weight"])  # ty: ignore


@pytest.mark.parametrize("encoder", ["bag", "cnn"])
def test_the_average_changes_nothing_of_training(make_job: MakeJob, encoder: str) -> None:
    sets = ["training.epochs=2", "training.report_every=1", "training.evaluate_every=2"]
    plain, averaged = make_job(encoder, *sets), make_job(encoder, *sets, "training.ema=0.9")
    for one, other in zip(train(plain), train(averaged), strict=False):
        if isinstance(one, StepReport) and isinstance(other, StepReport):
            assert one.loss == other.loss


@pytest.mark.parametrize("encoder", ["bag", "cnn"])
@pytest.mark.parametrize("killed_after", [1, 5, 7])
def test_resumed_is_uninterrupted_bit_for_bit(
    make_job: MakeJob, tmp_path: Path, encoder: str, killed_after: int
) -> None:
    sets = ["training.epochs=2", "training.checkpoint_every=1", "training.evaluate_every=3", "training.ema=0.9"]
    whole = make_job(encoder, *sets)
    scores = [report.scores for report in train(whole) if isinstance(report, EvalReport)]
    for report in train(make_job(encoder, *sets, checkpoints=tmp_path)):
        if isinstance(report, SaveReport) and report.step == killed_after:
            break
    resumed = make_job(encoder, *sets, checkpoints=tmp_path)
    nn.init.constant_(resumed.model.scores.weight, 7.0)  # ty: ignore
    told = list(train(resumed))
    assert isinstance(told[0], Note)
    assert [report.scores for report in told if isinstance(report, EvalReport)] == scores[killed_after // 3 :]
    kept, expected = weights(resumed.model), weights(whole.model)
    assert all(torch.equal(kept[name], value) for name, value in expected.items())
