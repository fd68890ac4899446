"""Conformal intervals cover the share of new rows that they state, whatever the model predicts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.metrics.conformal import fewest_rows, margins


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
def test_intervals_cover_the_stated_share_of_new_rows(coverage):
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(400):
        true_N1 = rng.exponential(size=(41, 1))
        found_N1 = np.ones((41, 1))  # a model that knows nothing
        margin = margins(true_N1[:40], found_N1[:40], found_N1[:40], coverage=coverage)[0]
        covered.append(abs(true_N1[40, 0] - 1) <= margin)
    exact = np.ceil(41 * coverage) / 41
    assert np.mean(covered) == pytest.approx(exact, abs=3 * (exact * (1 - exact) / 400) ** 0.5)


def test_a_margin_is_the_quantile_of_the_errors_and_shrinks_wide_intervals():
    true_N1 = np.arange(9.0)[:, None]
    zero_N1 = np.zeros((9, 1))
    assert margins(true_N1, zero_N1, zero_N1, coverage=0.8) == [7]
    assert margins(true_N1, zero_N1, zero_N1 + 20, coverage=0.8) == [-1]


@given(st.floats(0.05, 0.99))
def test_too_few_rows_have_no_margin(coverage):
    rows = fewest_rows(coverage)
    some = np.zeros((rows, 2))
    assert margins(some, some, some, coverage=coverage) is not None
    assert margins(some[:-1], some[:-1], some[:-1], coverage=coverage) is None
