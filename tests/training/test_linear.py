"""The solver of linear support-vector machines: that of scikit-learn, all classes at once or in turn."""

import numpy as np
import pytest
import torch
from sklearn.svm import LinearSVC
from torch import Tensor

from weft.training import linear
from weft.training.linear import Solution, Solved, SparseRows, solve


def rows_and_labels(*, rows: int = 120, labels: int = 4, seed: int = 0) -> tuple[SparseRows, np.ndarray]:
    """Rows of a few of 80 entries, of which the last 40 stand in one row each at most; two rows are empty."""
    draw = np.random.default_rng(seed)
    label_R = draw.integers(labels, size=rows)
    sets = []
    for row, label in enumerate(label_R.tolist()):
        common = set(draw.integers(0, 40, size=4).tolist()) | {(7 * label) % 40, (11 * label + 3) % 40}
        sets.append(sorted(common | ({40 + row} if row < 40 else set())) if row not in (50, 119) else [])
    lengths = torch.tensor([len(one) for one in sets])
    ids_N = torch.tensor([number for one in sets for number in one])
    value_N = torch.from_numpy(draw.uniform(0.2, 1.0, size=len(ids_N)).astype(np.float32))
    return SparseRows(ids_N, value_N, torch.cat([torch.zeros(1).long(), lengths.cumsum(0)]), 81), label_R


def dense(rows: SparseRows) -> Tensor:
    return torch.zeros(len(rows.starts_R1) - 1, rows.size).index_put_((rows.row_N, rows.ids_N), rows.value_N).double()


def solved(rows: SparseRows, label_R: np.ndarray, *, cost: float) -> Solution:
    truth_RC = torch.from_numpy(label_R)[:, None] == torch.arange(label_R.max() + 1)
    *states, solution = solve(rows, truth_RC, cost=torch.tensor(cost))
    assert isinstance(solution, Solution)
    assert states[-1] == Solved(truth_RC.shape[1], truth_RC.shape[1])
    return solution


@pytest.mark.parametrize("cost", [0.3, 1.0, 10.0])
@pytest.mark.parametrize("at_once", [20_000_000, 200])
def test_the_weights_are_those_of_scikit_learn(cost: float, at_once: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(linear, "_AT_ONCE", at_once)
    monkeypatch.setattr(linear, "_LINE", 16 if at_once > 200 else 1)
    monkeypatch.setattr(linear, "_PRECISE", 1e-4)
    monkeypatch.setattr(linear, "_COARSEST", 1e-6)
    rows, label_R = rows_and_labels()
    found = solved(rows, label_R, cost=cost)
    theirs = LinearSVC(C=cost, tol=1e-9, max_iter=100_000).fit(dense(rows).numpy(), label_R)
    np.testing.assert_allclose(found.weight_VC.numpy(), theirs.coef_.T, atol=2e-4)
    np.testing.assert_allclose(found.bias_C.numpy(), theirs.intercept_, atol=2e-4)


def test_the_usual_precision_gives_the_same_answers():
    rows, label_R = rows_and_labels(rows=400, labels=6, seed=1)
    found = solved(rows, label_R, cost=1.0)
    theirs = LinearSVC(tol=1e-9, max_iter=100_000).fit(dense(rows).numpy(), label_R)
    answers = (dense(rows).float() @ found.weight_VC + found.bias_C).argmax(1).numpy()
    assert (answers == theirs.predict(dense(rows).numpy())).mean() > 0.98


def test_a_class_that_no_row_or_every_row_has():
    rows, label_R = rows_and_labels()
    truth_RC = torch.stack([torch.zeros(len(label_R)), torch.ones(len(label_R))], 1).bool()
    *_, found = solve(rows, truth_RC, cost=torch.tensor(1.0))
    assert isinstance(found, Solution)
    assert found.weight_VC.isfinite().all()
    assert found.bias_C[0] < -0.8 < 0.8 < found.bias_C[1]


def test_entries_of_one_row_alone_everywhere():
    rows = SparseRows(torch.arange(1, 7), torch.ones(6), torch.arange(7), 7)
    *_, found = solve(rows, torch.tensor([[True], [False]]).repeat(3, 1), cost=torch.tensor(1.0))
    assert isinstance(found, Solution)
    assert (found.weight_VC[1:, 0] > 0).tolist() == [True, False] * 3


def test_weights_of_rows_and_a_start_near_the_solution():
    rows, label_R = rows_and_labels()
    truth_RC = torch.from_numpy(label_R)[:, None] == torch.arange(4)
    weight_R1 = torch.where(torch.from_numpy(label_R)[:, None] == 2, 5.0, 0.5)
    *steps, found = solve(rows, truth_RC, cost=weight_R1)
    assert isinstance(found, Solution)
    theirs = LinearSVC(tol=1e-9, max_iter=100_000).fit(dense(rows).numpy(), label_R, weight_R1[:, 0].numpy())
    np.testing.assert_allclose(found.weight_VC.numpy(), theirs.coef_.T, atol=0.03)
    *fewer, again = solve(rows, truth_RC, cost=weight_R1, start=found.dual_RC)
    assert isinstance(again, Solution)
    assert len(fewer) < len(steps)
    torch.testing.assert_close(again.weight_VC, found.weight_VC, atol=0.01, rtol=0)
