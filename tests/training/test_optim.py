"""Optimisers, schedules and clipping, against their formulas and against torch."""

import math

import pytest
import torch
from torch import nn

from weft.training import optim
from weft.training.sparse import RowAdagrad


@pytest.mark.parametrize("warmup", [0.0, 0.1])
def test_schedules_at_their_landmarks(warmup: float) -> None:
    def at(schedule: optim.Schedule, progress: float) -> float:
        return optim.rate(schedule, progress=progress, warmup=warmup)

    middle = warmup + (1 - warmup) / 2
    assert [at("constant", p) for p in (warmup, middle, 1.0)] == [1.0, 1.0, 1.0]
    assert [at("linear", p) for p in (warmup, middle, 1.0)] == pytest.approx([1.0, 0.5, 0.0])
    assert [at("cosine", p) for p in (warmup, middle, 1.0)] == pytest.approx([1.0, 0.5, 0.0])
    assert [at("one-cycle", p) for p in (warmup, 1.0)] == pytest.approx([1.0, 1 / 250_000])
    quarter = warmup + (1 - warmup) / 4
    assert at("cosine", quarter) == pytest.approx((1 + math.cos(math.pi / 4)) / 2)
    if warmup:
        assert at("linear", warmup / 2) == pytest.approx(0.5)


def test_tables_with_sparse_gradients_get_their_own_optimizer() -> None:
    model = nn.Sequential(nn.Embedding(4, 2, sparse=True), nn.Linear(2, 1))
    dense, sparse = optim.build(model, optim.AdamWConfig(learning_rate=0.01), table_rate=0.3)
    assert isinstance(sparse, RowAdagrad)
    assert [one.shape for group in sparse.param_groups for one in group["params"]] == [(4, 2)]
    decays = {tuple(one.shape): group["weight_decay"] for group in dense.param_groups for one in group["params"]}
    assert decays == {(1, 2): 0.01, (1,): 0.0}, "biases do not decay"


@pytest.mark.parametrize(("steps", "rising"), [(100, 0.3), (57, 0.1), (10, 0.5)])
def test_one_cycle_is_the_curve_of_torch(steps: int, rising: float) -> None:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 1.0)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2.0, total_steps=steps, pct_start=rising)
    last = steps - 1
    warmup = (rising * steps - 1) / last  # torch counts the steps of the rise from one
    for step in range(steps):
        ours = 2.0 * optim.rate("one-cycle", progress=step / last, warmup=warmup)
        assert ours == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)
        optimizer.step()
        if step < last:
            scheduler.step()
