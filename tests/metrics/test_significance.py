"""Tests of significance: equal to scipy's distributions, to worked examples, and right about chance itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from weft.errors import InputError
from weft.metrics.significance import holm, incomplete_beta, mcnemar, randomization, resampled_t, student_p


def outcomes(only_first: int, only_second: int, both: int = 3) -> tuple[np.ndarray, np.ndarray]:
    first = [True] * only_first + [False] * only_second + [True] * both
    second = [False] * only_first + [True] * only_second + [True] * both
    return np.array(first), np.array(second)


@given(st.floats(0, 1), st.floats(0.5, 5000), st.floats(0.5, 5000))
def test_the_incomplete_beta_is_that_of_scipy(x, a, b):
    assert incomplete_beta(x, a, b) == pytest.approx(special.betainc(a, b, x), rel=1e-8, abs=1e-12)


@given(st.floats(-60, 60), st.integers(1, 300))
def test_students_p_is_that_of_scipy(t, freedom):
    assert student_p(t, freedom=freedom) == pytest.approx(2 * stats.t.sf(abs(t), freedom), rel=1e-8, abs=1e-14)


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=30).filter(lambda one: np.std(one) > 1e-3))
def test_without_overlap_it_is_the_plain_t_test(differences):
    found, plain = resampled_t(np.array(differences), test_share=0), stats.ttest_1samp(differences, 0)
    assert (found.t, found.p) == pytest.approx((plain.statistic, plain.pvalue), rel=1e-7)
    assert (found.low, found.high) == pytest.approx(tuple(plain.confidence_interval()), rel=1e-6, abs=1e-9)


def test_the_correction_is_that_of_the_paper():
    difference_J = np.array([0.02, 0.01, 0.03, 0.00, 0.02, 0.04, -0.01, 0.02, 0.01, 0.03])
    found = resampled_t(difference_J, test_share=1 / 9)  # ten folds
    t = difference_J.mean() / np.sqrt((1 / 10 + 1 / 9) * difference_J.var(ddof=1))
    assert (found.mean, found.t) == pytest.approx((0.017, t))
    assert found.p == pytest.approx(2 * stats.t.sf(t, 9))
    assert found.p > resampled_t(difference_J, test_share=0).p


def test_differences_without_spread():
    assert resampled_t(np.zeros(5), test_share=0.25).p == 1
    assert resampled_t(np.full(5, 0.1), test_share=0.25).p == 0
    with pytest.raises(InputError, match="two paired scores or more, found 1"):
        resampled_t(np.array([0.1]), test_share=0.25)


def test_the_correction_keeps_its_promise_where_a_plain_t_test_does_not():
    """Ten folds that share most of what they learn from: no difference is found more often than one in twenty."""
    draw = np.random.default_rng(0)
    shared = draw.normal(size=(2000, 1)) * np.sqrt(0.1)  # a correlation of n_test / (n_test + n_train)
    difference_RJ = shared + draw.normal(size=(2000, 10)) * np.sqrt(0.9)
    found = [np.mean([resampled_t(one, test_share=share).p < 0.05 for one in difference_RJ]) for share in (1 / 9, 0)]
    assert found[0] < 0.065
    assert found[1] > 0.12


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_exact_is_the_binomial_test(one, other):
    first, second = outcomes(one, other)
    expected = stats.binomtest(one, one + other).pvalue if one + other else 1
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == (one, other)
    assert found.p == pytest.approx(expected, rel=1e-7, abs=1e-14)


@pytest.mark.parametrize(
    ("one", "other", "form", "p"),
    [
        # the two tables of Fagerland, Lydersen and Laake 2013: 1 and 7 children, 6 and 16 patients changed
        (1, 7, "exact", 0.0703),
        (1, 7, "mid-p", 0.0391),
        (1, 7, "corrected", 0.0771),
        (6, 16, "exact", 0.0525),
        (6, 16, "mid-p", 0.0347),
        (6, 16, "corrected", 0.0550),
        (5, 5, "exact", 1.0),
        (5, 5, "mid-p", 1.0),
        (5, 5, "corrected", 1.0),
        (0, 0, "mid-p", 1.0),
    ],
)
def test_mcnemar_on_worked_examples(one, other, form, p):
    assert mcnemar(*outcomes(one, other), form=form).p == pytest.approx(p, abs=5e-5)


def test_mcnemar_wants_answers_to_the_same_texts():
    with pytest.raises(InputError, match="as many answers of both models, found 2 and 3"):
        mcnemar(np.zeros(2), np.zeros(3))


@pytest.mark.parametrize(("one", "other"), [(12, 5), (30, 12), (7, 7), (0, 0), (200, 160)])
def test_of_one_repeat_the_randomization_test_is_mcnemars(one, other):
    first, second = outcomes(one, other)
    exact = mcnemar(first, second).p
    assert randomization(first.astype(float) - second) == pytest.approx(exact, abs=0.012)


def test_more_repeats_of_the_same_answers_make_no_more_certain():
    first, second = outcomes(12, 4)
    once = first.astype(float) - second
    assert randomization(once) == randomization(np.mean([once, once, once], axis=0))


def test_holm_on_a_worked_example():
    # Holm 1979 with four tests: 0.005 * 4, 0.011 * 3, 0.02 * 2, 0.04 * 1, none below the one before
    assert holm([0.011, 0.04, 0.005, 0.02]) == pytest.approx([0.033, 0.04, 0.02, 0.04])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_only_ever_raises_and_keeps_the_order(values):
    adjusted = holm(values)
    assert all(before <= after <= 1 for before, after in zip(values, adjusted, strict=True))
    ranked = sorted(range(len(values)), key=lambda place: values[place])
    assert [adjusted[place] for place in ranked] == sorted(adjusted)
