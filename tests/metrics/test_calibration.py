"""Log-loss is scikit-learn's; the calibration error is that of an example worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special
from sklearn import metrics as oracle

from weft.errors import InputError
from weft.metrics.calibration import COLDEST, HOTTEST, calibration_error, log_loss, reliability, temperature, tempered


@given(st.integers(1, 50), st.integers(2, 6), st.integers(0, 1000), st.sampled_from([np.float32, np.float64]))
def test_log_loss(rows, classes, seed, dtype):
    rng = np.random.default_rng(seed)
    probabilities_NC = rng.dirichlet(np.full(classes, 0.1), size=rows).astype(dtype)
    gold_N = rng.integers(0, classes, rows)
    expected = oracle.log_loss(gold_N, y_proba=probabilities_NC, labels=range(classes))
    assert log_loss(probabilities_NC, gold_N) == pytest.approx(expected, rel=1e-4 if dtype == np.float32 else 1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sure_and_wrong_is_clipped_not_infinite(dtype):
    probabilities_NC = np.array([[1, 0], [0, 1]], dtype=dtype)
    expected = oracle.log_loss([1, 1], y_proba=probabilities_NC, labels=[0, 1])
    assert log_loss(probabilities_NC, np.array([1, 1])) == pytest.approx(expected, rel=1e-5)


def test_calibration_error_by_hand():
    # Five bins. (0.6, 0.8]: confidences 0.7, 0.7, 0.8, two of three right. (0.8, 1]: 0.9, 1.0, one of two right.
    top = np.array([0.7, 0.7, 0.8, 0.9, 1.0])
    probabilities_NC = np.stack([top, 1 - top], axis=1)
    gold_N = np.array([0, 1, 0, 0, 1])
    found = reliability(probabilities_NC, gold_N, bins=5)
    np.testing.assert_array_equal(found.count_M, [0, 0, 0, 3, 2])
    np.testing.assert_allclose(found.confidence_M, [np.nan, np.nan, np.nan, 2.2 / 3, 0.95])
    np.testing.assert_allclose(found.accuracy_M, [np.nan, np.nan, np.nan, 2 / 3, 1 / 2])
    by_hand = 3 / 5 * (2.2 / 3 - 2 / 3) + 2 / 5 * (0.95 - 1 / 2)
    assert found.error == pytest.approx(by_hand)
    assert calibration_error(probabilities_NC, gold_N, bins=5) == pytest.approx(by_hand)


def test_an_edge_belongs_to_the_bin_below_it():
    found = reliability(np.array([[0.5, 0.5]]), np.array([0]), bins=2)
    np.testing.assert_array_equal(found.count_M, [1, 0])


def test_right_and_sure_is_calibrated():
    assert calibration_error(np.eye(3), np.arange(3)) == 0


def test_bad_probabilities_are_refused():
    good_NC, gold_N = np.array([[0.4, 0.6]]), np.array([1])
    for probabilities_NC, labels_N in (
        (np.array([[np.nan, 0.6]]), gold_N),
        (np.array([[-3.0, 4.0]]), gold_N),
        (good_NC, np.array([2])),
        (good_NC, np.array([-1])),
        (good_NC, np.array([0, 1])),
        (gold_N, good_NC),
        (good_NC[:0], gold_N[:0]),
    ):
        with pytest.raises(InputError):
            log_loss(probabilities_NC, labels_N)


@pytest.mark.parametrize("true_temperature", [0.4, 1.0, 2.5])
def test_temperature_is_where_a_minimiser_finds_the_least_loss(true_temperature):
    rng = np.random.default_rng(3)
    logits_NC = rng.normal(0, 3, (3000, 4))
    drawn = logits_NC / true_temperature + rng.gumbel(size=logits_NC.shape)  # argmax draws from the softmax
    gold_N = drawn.argmax(1)

    def loss(t: float) -> float:
        return -special.log_softmax(logits_NC / t, axis=1)[np.arange(3000), gold_N].mean()

    expected = optimize.minimize_scalar(loss, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-10}).x
    probabilities_NC = special.softmax(logits_NC, axis=1)
    found = temperature(probabilities_NC, gold_N)
    assert found == pytest.approx(expected, rel=1e-6)
    assert found == pytest.approx(true_temperature, rel=0.1)
    np.testing.assert_allclose(tempered(probabilities_NC, found), special.softmax(logits_NC / found, axis=1), rtol=1e-9)
    assert log_loss(tempered(probabilities_NC, found), gold_N) <= log_loss(probabilities_NC, gold_N)


@pytest.mark.parametrize(("right", "expected"), [(True, COLDEST), (False, HOTTEST)])
def test_a_temperature_has_bounds(right, expected):
    probabilities_NC = np.array([[0.9, 0.1], [0.8, 0.2], [1.0, 0.0]])
    assert temperature(probabilities_NC, np.full(3, 0 if right else 1)) == pytest.approx(expected)


def test_at_temperature_one_probabilities_stay_bit_for_bit():
    probabilities_NC = np.random.default_rng(0).dirichlet(np.ones(5), size=9)
    assert tempered(probabilities_NC, 1.0) is probabilities_NC
    sharp = tempered(np.array([[0.0, 1.0]]), 10.0)  # a probability of 0 has a logarithm too
    assert np.isfinite(sharp).all()
