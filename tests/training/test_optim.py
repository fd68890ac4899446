"""Optimisers, schedules and clipping, against their formulas and against torch."""

import math

import pytest
import torch
from torch import nn

from weft.training import optim


def test_row_adagrad_follows_its_formula() -> None:
    table = nn.Embedding(5, 2, sparse=True).double()
    start = table.weight.detach().clone()
    optimizer = optim.RowAdagrad([table.weight], lr=0.5)
    total = torch.zeros(5, dtype=torch.float64)
    expected = start.clone()
    for rows in ([0, 2, 2], [2, 4, 4]):
        optimizer.zero_grad()
        (table(torch.tensor(rows)) * torch.tensor([[1.0, -3.0]], dtype=torch.float64)).sum().backward()
        optimizer.step()
        grad = torch.zeros(5, 2, dtype=torch.float64)
        for row in rows:
            grad[row] += torch.tensor([1.0, -3.0])
        total += grad.square().mean(1)
        expected -= 0.5 * grad / (total.sqrt() + 1e-10)[:, None]
    torch.testing.assert_close(table.weight.detach(), expected)
    assert torch.equal(table.weight.detach()[[1, 3]], start[[1, 3]]), "rows that did not occur are not touched"


def test_row_adagrad_of_a_sparse_gradient_is_that_of_a_dense_one() -> None:
    sparse, dense = nn.Embedding(6, 3, sparse=True), nn.Embedding(6, 3)
    dense.load_state_dict(sparse.state_dict())
    for table in (sparse, dense):
        optimizer = optim.RowAdagrad([table.weight], lr=0.1)
        for rows in ([1, 1, 5], [0, 5, 2]):
            optimizer.zero_grad()
            table(torch.tensor(rows)).square().sum().backward()
            optimizer.step()
    torch.testing.assert_close(sparse.weight, dense.weight)


@pytest.mark.parametrize("warmup", [0.0, 0.1])
def test_schedules_at_their_landmarks(warmup: float) -> None:
    def at(schedule: optim.Schedule, progress: float) -> float:
        return optim.rate(schedule, progress=progress, warmup=warmup)

    middle = warmup + (1 - warmup) / 2
    assert [at("constant", p) for p in (warmup, middle, 1.0)] == [1.0, 1.0, 1.0]
    assert [at("linear", p) for p in (warmup, middle, 1.0)] == pytest.approx([1.0, 0.5, 0.0])
    assert [at("cosine", p) for p in (warmup, middle, 1.0)] == pytest.approx([1.0, 0.5, 0.0])
    quarter = warmup + (1 - warmup) / 4
    assert at("cosine", quarter) == pytest.approx((1 + math.cos(math.pi / 4)) / 2)
    if warmup:
        assert at("linear", warmup / 2) == pytest.approx(0.5)


def test_clipping_is_that_of_torch_and_counts_sparse_rows_once() -> None:
    table, layer = nn.Embedding(4, 2, sparse=True), nn.Linear(2, 1)
    twin, twin_layer = nn.Embedding(4, 2), nn.Linear(2, 1)
    twin.load_state_dict(table.state_dict())
    twin_layer.load_state_dict(layer.state_dict())
    rows = torch.tensor([1, 1, 3])
    for one, head in ((table, layer), (twin, twin_layer)):
        (100 * head(one(rows))).sum().backward()
    parameters = [table.weight, *layer.parameters()]
    norm = optim.divide_and_clip(parameters, torch.tensor(4.0), largest=0.5)
    twins = [twin.weight, *twin_layer.parameters()]
    for parameter in twins:
        assert parameter.grad is not None
        parameter.grad /= 4
    torch.testing.assert_close(norm, nn.utils.clip_grad_norm_(twins, 0.5))
    for one, other in zip(parameters, twins, strict=True):
        assert one.grad is not None
        assert other.grad is not None
        torch.testing.assert_close(one.grad.to_dense(), other.grad)


def test_tables_with_sparse_gradients_get_their_own_optimizer() -> None:
    model = nn.Sequential(nn.Embedding(4, 2, sparse=True), nn.Linear(2, 1))
    dense, sparse = optim.build(model, optim.AdamWConfig(learning_rate=0.01), table_rate=0.3)
    assert isinstance(sparse, optim.RowAdagrad)
    assert [one.shape for group in sparse.param_groups for one in group["params"]] == [(4, 2)]
    decays = {tuple(one.shape): group["weight_decay"] for group in dense.param_groups for one in group["params"]}
    assert decays == {(1, 2): 0.01, (1,): 0.0}, "biases do not decay"
