"""Scores of numbers and of ordered classes are those of scikit-learn and SciPy, of one column or several."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from sklearn import metrics as oracle

from weft.errors import InputError
from weft.metrics.bootstrap import resampled_counts
from weft.metrics.regression import (
    correlations,
    ordinal_scores,
    ranked,
    regression_scores,
    scores_of_columns,
)
from weft.metrics.systems import compare, intervals

TIED = arrays(np.float64, st.tuples(st.integers(3, 40), st.just(2)), elements=st.integers(-4, 4).map(float))
SPREAD = arrays(
    np.float64, st.tuples(st.integers(3, 40), st.just(2)), elements=st.integers(-(10**8), 10**8).map(lambda n: n / 100)
)


def values(scores):
    return {name: one.value for name, one in scores.items()}


@given(st.one_of(TIED, SPREAD))
def test_scores_of_one_column_are_those_of_other_libraries(pairs):
    true_N, found_N = pairs.T
    found = values(regression_scores(true_N, found_N))
    assert found["rmse"] == pytest.approx(oracle.root_mean_squared_error(true_N, found_N))
    assert found["mae"] == pytest.approx(oracle.mean_absolute_error(true_N, found_N))
    assert found["r2"] == pytest.approx(oracle.r2_score(true_N, found_N), rel=1e-6)
    for name, theirs in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr)):
        constant = len({*true_N}) == 1 or len({*found_N}) == 1
        assert found[name] == pytest.approx(0 if constant else theirs(true_N, found_N).statistic, abs=1e-6)


@given(TIED)
def test_ranks_share_the_mean_of_ties(values_NK):
    np.testing.assert_array_equal(ranked(values_NK), stats.rankdata(values_NK, axis=0))


def test_several_columns_are_averaged_and_stand_alone_too():
    rng = np.random.default_rng(0)
    true_NK = rng.normal(size=(50, 3)) * [1, 10, 1000]
    found_NK = true_NK + rng.normal(size=(50, 3)) * [1, 5, 3000]
    found = regression_scores(true_NK, found_NK)
    assert found["rmse"].value == pytest.approx(oracle.root_mean_squared_error(true_NK, found_NK))
    assert found["r2"].value == pytest.approx(oracle.r2_score(true_NK, found_NK))
    each = scores_of_columns(found, columns=3)
    for column, own in enumerate(each):
        alone = values(regression_scores(true_NK[:, column], found_NK[:, column]))
        assert values(own) == pytest.approx(alone)
    assert found["spearman"].value == pytest.approx(np.mean([own["spearman"].value for own in each]))


@given(arrays(np.int64, st.tuples(st.integers(2, 40), st.just(2)), elements=st.integers(0, 4)))
def test_quadratic_kappa_is_that_of_scikit_learn(pairs):
    true_N, found_N = pairs.T
    found = values(ordinal_scores(true_N, found_N))
    if len({*true_N, *found_N}) > 1:
        theirs = oracle.cohen_kappa_score(true_N, found_N, labels=range(5), weights="quadratic")
        assert found["quadratic_kappa"] == pytest.approx(theirs, abs=1e-9)
    else:
        assert found["quadratic_kappa"] == 0
    assert found["mae"] == pytest.approx(np.abs(true_N - found_N).mean())


def test_a_resample_of_sums_is_a_score_of_the_resampled_rows():
    rng = np.random.default_rng(1)
    true_N = rng.normal(size=30) + 5
    found_N = true_N + rng.normal(size=30)
    draws = next(resampled_counts(np.ones(30, dtype=np.int64), 5, 0))
    ours = regression_scores(true_N, found_N)
    for count_N in draws:
        some = np.repeat(np.arange(30), count_N)
        alone = values(regression_scores(true_N[some], found_N[some]))
        for name in ("rmse", "mae", "r2", "pearson"):
            assert ours[name].formula(count_N @ ours[name].statistics_NF) == pytest.approx(alone[name])
    found = intervals(ours)
    assert all(one.low < one.value < one.high for one in found.values())


def test_better_predictions_are_told_from_worse_ones():
    rng = np.random.default_rng(2)
    true_N = rng.normal(size=200)
    noise_N = rng.normal(size=200)
    near, far = (regression_scores(true_N, true_N + size * noise_N) for size in (0.3, 1.0))
    found = compare(near, far, trials=1000)
    assert found["rmse"].difference.high < 0 < found["pearson"].difference.low
    assert found["rmse"].ahead == found["pearson"].ahead == 1


def test_what_has_no_score_is_refused():
    with pytest.raises(InputError, match="no rows"):
        regression_scores(np.array([]), np.array([]))
    with pytest.raises(InputError, match=r"\(2,\) and \(1,\)|\(1,\) and \(2,\)"):
        regression_scores(np.array([1.0, 2]), np.array([1.0]))
    with pytest.raises(InputError, match="finite"):
        correlations(np.array([1.0, np.nan]), np.array([1.0, 2.0]))
