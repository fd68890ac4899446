"""Ridge regression over sparse rows is scikit-learn's, for one column of numbers or several."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from tests.training.test_linear import dense, rows_and_labels
from weft.training.linear import Solution, Solved
from weft.training.ridge import solve


def values(count: int, columns: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).normal(size=(count, columns)) * [1, 100, 0.01][:columns] + 3)


@pytest.mark.parametrize("cost", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("columns", [1, 3])
def test_weights_are_those_of_scikit_learn(cost, columns):
    rows, _ = rows_and_labels()
    value_RK = values(120, columns)
    *states, solution = solve(rows, value_RK, cost=cost)
    assert isinstance(solution, Solution)
    assert states[-1] == Solved(columns, columns)
    theirs = Ridge(alpha=1 / cost, solver="cholesky").fit(dense(rows).numpy(), value_RK.numpy())
    np.testing.assert_allclose(solution.weight_VC, theirs.coef_.reshape(columns, -1).T, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(solution.bias_C, np.atleast_1d(theirs.intercept_), rtol=1e-4)


def test_a_start_near_the_solution_takes_fewer_steps_and_ends_there_too():
    rows, _ = rows_and_labels()
    value_RK = values(120, 2)
    *states, solution = solve(rows, value_RK, cost=1.0)
    *fewer, again = solve(rows, value_RK, cost=1.0, start=solution.dual_RC)
    assert len(fewer) < len(states)
    torch.testing.assert_close(again.weight_VC, solution.weight_VC, rtol=1e-4, atol=1e-6)


def test_equal_numbers_need_no_weights():
    rows, _ = rows_and_labels()
    *_, solution = solve(rows, torch.full((120, 1), 4.0), cost=1.0)
    assert not solution.weight_VC.any()
    assert solution.bias_C == pytest.approx([4.0])
