"""Row-wise Adagrad and the norm of gradients that hold a few rows, against their formulas and against torch."""

import torch
from torch import nn

from weft.training.sparse import RowAdagrad, SparseGradients, divide_and_clip

ROWS = ([0, 2, 2], [2, 4, 4])
PART = torch.tensor([1.0, -3.0], dtype=torch.float64)


def test_row_adagrad_follows_its_formula() -> None:
    table = nn.Embedding(5, 2, sparse=True).double()
    start = table.weight.detach().clone()
    optimizer = RowAdagrad([table.weight], lr=0.5)
    total = torch.zeros(5, dtype=torch.float64)
    expected = start.clone()
    for rows in ROWS:
        optimizer.zero_grad()
        (table(torch.tensor(rows)) * PART).sum().backward()
        optimizer.step()
        for row in rows:
            total[row] += PART.square().mean()
        for row in rows:
            expected[row] -= 0.5 * PART / (total[row].sqrt() + 1e-10)
    torch.testing.assert_close(table.weight.detach(), expected)
    assert torch.equal(table.weight.detach()[[1, 3]], start[[1, 3]]), "rows that did not occur are not touched"


def test_rows_read_once_are_changed_as_by_a_dense_gradient() -> None:
    sparse, dense = nn.Embedding(6, 3, sparse=True), nn.Embedding(6, 3)
    dense.load_state_dict(sparse.state_dict())
    for table in (sparse, dense):
        optimizer = RowAdagrad([table.weight], lr=0.1)
        for rows in ([1, 5], [0, 5, 2]):
            optimizer.zero_grad()
            table(torch.tensor(rows)).square().sum().backward()
            optimizer.step()
    torch.testing.assert_close(sparse.weight, dense.weight)


def test_micro_batches_change_nothing() -> None:
    whole, parts = nn.Embedding(6, 3, sparse=True).double(), nn.Embedding(6, 3, sparse=True).double()
    parts.load_state_dict(whole.state_dict())
    for table, batches in ((whole, ([1, 5, 5, 1, 2],)), (parts, ([1, 5], [5, 1, 2]))):
        optimizer, parts_of_step = RowAdagrad([table.weight], lr=0.1), SparseGradients([table.weight])
        for rows in batches:
            table(torch.tensor(rows)).square().sum().backward()
            parts_of_step.take()
        parts_of_step.put()
        optimizer.step()
    torch.testing.assert_close(whole.weight, parts.weight)


def test_clipping_is_that_of_torch_where_each_row_is_read_once() -> None:
    table, layer = nn.Embedding(4, 2, sparse=True), nn.Linear(2, 1)
    twin, twin_layer = nn.Embedding(4, 2), nn.Linear(2, 1)
    twin.load_state_dict(table.state_dict())
    twin_layer.load_state_dict(layer.state_dict())
    rows = torch.tensor([0, 1, 3])
    for one, head in ((table, layer), (twin, twin_layer)):
        (100 * head(one(rows))).sum().backward()
    parameters = [table.weight, *layer.parameters()]
    norm = divide_and_clip(parameters, torch.tensor(4.0), largest=0.5)
    twins = [twin.weight, *twin_layer.parameters()]
    for parameter in twins:
        assert parameter.grad is not None
        parameter.grad /= 4
    torch.testing.assert_close(norm, nn.utils.clip_grad_norm_(twins, 0.5))
    for one, other in zip(parameters, twins, strict=True):
        assert one.grad is not None
        assert other.grad is not None
        torch.testing.assert_close(one.grad.to_dense(), other.grad)


def test_each_part_of_a_row_that_is_read_twice_counts() -> None:
    table = nn.Embedding(4, 2, sparse=True)
    table(torch.tensor([1, 1, 3])).sum().backward()
    norm = divide_and_clip([table.weight], torch.tensor(1.0), largest=None)
    torch.testing.assert_close(norm, torch.tensor(6.0).sqrt())
