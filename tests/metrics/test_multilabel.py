"""Scores of texts with several labels are scikit-learn's; thresholds are the best; intervals hold their value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from weft.errors import InputError
from weft.metrics.multilabel import log_losses, quick_scores, scores, thresholds, without_loss


def tables(rows: int, labels: int, seed: int, *, levels: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and truth; some labels are on no row. With `levels`, many probabilities are equal."""
    rng = np.random.default_rng(seed)
    truth_NC = rng.random((rows, labels)) < rng.choice([0.0, 0.1, 0.5], labels)
    probabilities_NC = np.clip(rng.random((rows, labels)) * 0.8 + 0.2 * truth_NC, 0, 1)
    return (np.round(probabilities_NC * levels) / levels if levels else probabilities_NC), truth_NC


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(2, 6), st.integers(0, 1000))  # of one column scikit-learn makes two classes
def test_scores_are_scikit_learns(rows, labels, seed):
    probabilities_NC, truth_NC = tables(rows, labels, seed)
    guess_NC = probabilities_NC >= 0.5
    precision, recall, f1, _ = oracle.precision_recall_fscore_support(
        truth_NC, guess_NC, average="micro", zero_division=0
    )
    occurs_C = (truth_NC | guess_NC).any(0)
    each_C = oracle.f1_score(truth_NC, guess_NC, average=None, zero_division=0)
    expected = {
        "micro_f1": f1,
        "macro_f1": np.atleast_1d(each_C)[occurs_C].mean() if occurs_C.any() else 0,
        "micro_precision": precision,
        "micro_recall": recall,
        "exact_match": oracle.accuracy_score(truth_NC, guess_NC),
        "hamming_loss": oracle.hamming_loss(truth_NC, guess_NC),
    }
    assert quick_scores(guess_NC, truth_NC) == pytest.approx(expected)


def test_macro_f1_is_scikit_learns_where_every_label_occurs():
    rng = np.random.default_rng(0)
    truth_NC, guess_NC = rng.random((2, 50, 4)) < 0.4
    expected = oracle.f1_score(truth_NC, guess_NC, average="macro")
    assert quick_scores(guess_NC, truth_NC)["macro_f1"] == pytest.approx(expected)


def test_log_losses_are_scikit_learns():
    probabilities_NC, truth_NC = tables(60, 3, 1)
    probabilities_NC[0], truth_NC[0] = [0, 1, 0], [True, False, True]  # sure and wrong
    expected = np.mean([oracle.log_loss(truth_NC[:, c], probabilities_NC[:, c], labels=[0, 1]) for c in range(3)])
    assert log_losses(probabilities_NC, truth_NC).mean() == pytest.approx(expected)


def f1_score(truth_N: np.ndarray, guess_N: np.ndarray) -> float:
    """The F1 of one label with a true row; scikit-learn takes a millisecond for each of thousands of cuts."""
    return 2 * (truth_N & guess_N).sum() / (truth_N.sum() + guess_N.sum())


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(0, 1000), st.sampled_from([0, 4]))
def test_no_threshold_is_better(rows, seed, levels):
    probabilities_NC, truth_NC = tables(rows, 4, seed, levels=levels)
    found_C = thresholds(probabilities_NC, truth_NC)
    for probability_N, truth_N, found in zip(probabilities_NC.T, truth_NC.T, found_C, strict=True):
        if not truth_N.any():
            assert found == 0.5
            continue
        cuts = [*np.unique(probability_N), 0.5]
        f1 = {cut: f1_score(truth_N, probability_N >= cut) for cut in cuts}
        reached = f1_score(truth_N, probability_N >= found)
        assert reached == pytest.approx(oracle.f1_score(truth_N, probability_N >= found, zero_division=0))
        assert reached == max(f1.values())
        assert found == 0.5 or f1[0.5] < reached
        assert 0 <= found <= 1


@pytest.mark.parametrize(
    ("probabilities", "truth", "expected"),
    [
        ([0.9, 0.2, 0.1], [1, 0, 0], 0.5),
        ([0.9, 0.8, 0.1], [1, 0, 0], 0.85),
        ([0.4, 0.2, 0.1], [1, 1, 0], 0.15),
        ([0.4, 0.2], [1, 1], 0.1),
        ([0.3, 0.3, 0.1], [1, 0, 0], 0.2),
        ([0.9, 0.1], [0, 0], 0.5),
        ([0.5, 0.4], [1, 0], 0.5),
    ],
)
def test_thresholds_by_hand(probabilities, truth, expected):
    found = thresholds(np.array(probabilities)[:, None], np.array(truth, dtype=bool)[:, None])
    assert found.tolist() == pytest.approx([expected])


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(0, 1000), st.sampled_from([0, 4]))
def test_thresholds_never_lower_the_micro_f1_of_all(rows, seed, levels):
    probabilities_NC, truth_NC = tables(rows, 4, seed, levels=levels)
    own_C = thresholds(probabilities_NC, truth_NC)
    kept_C = without_loss(own_C, probabilities_NC, truth_NC)
    assert ((kept_C == own_C) | (kept_C == 0.5)).all()
    micro = [quick_scores(probabilities_NC >= cut, truth_NC)["micro_f1"] for cut in (0.5, kept_C)]
    assert micro[1] >= micro[0] - 1e-12


def test_a_label_that_is_not_told_apart_keeps_the_middle():
    good_N, bad_N = np.array([0.9, 0.8, 0.2, 0.1]), np.array([0.3, 0.3, 0.3, 0.3])
    probabilities_NC = np.stack([good_N, bad_N], axis=1)
    truth_NC = np.array([[1, 1], [1, 0], [0, 0], [0, 0]], dtype=bool)
    own_C = thresholds(probabilities_NC, truth_NC)
    assert own_C[1] < 0.5  # predicted for every row
    assert without_loss(own_C, probabilities_NC, truth_NC).tolist() == [0.5, 0.5]


def test_intervals_hold_their_values_and_narrow_with_rows():
    wide = {}
    for rows in (40, 4000):
        probabilities_NC, truth_NC = tables(rows, 3, 5)
        truth_NC[:, 0] |= np.arange(rows) % 3 == 0
        guess_NC = probabilities_NC >= 0.5
        found = scores(guess_NC, truth_NC, loss_N=log_losses(probabilities_NC, truth_NC), resamples=300)
        assert {name: one.value for name, one in found.overall.items() if name != "log_loss"} == pytest.approx(
            quick_scores(guess_NC, truth_NC)
        )
        assert all(one.low <= one.value <= one.high for one in found.overall.values())
        wide[rows] = {name: one.high - one.low for name, one in found.overall.items()}
        precision, recall, f1, support = oracle.precision_recall_fscore_support(truth_NC, guess_NC, zero_division=0)
        assert [one.support for one in found.labels] == support.tolist()
        for mine, theirs in (("precision", precision), ("recall", recall), ("f1", f1)):
            assert [getattr(one, mine).value for one in found.labels] == pytest.approx(theirs.tolist())
    assert all(wide[4000][name] < wide[40][name] / 4 for name in wide[40])


def test_intervals_are_those_of_rows_drawn_one_by_one():
    probabilities_NC, truth_NC = tables(200, 3, 9)
    truth_NC[:, 0] |= np.arange(200) % 3 == 0
    guess_NC = probabilities_NC >= 0.5
    found = scores(guess_NC, truth_NC, loss_N=log_losses(probabilities_NC, truth_NC), resamples=4000).overall
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(2000):
        rows = rng.integers(0, 200, 200)
        drawn.append(quick_scores(guess_NC[rows], truth_NC[rows]))
    for name in drawn[0]:
        expected = np.quantile([one[name] for one in drawn], [0.025, 0.975])
        assert [found[name].low, found[name].high] == pytest.approx(expected.tolist(), abs=0.015)


def test_tables_that_do_not_agree_are_refused():
    with pytest.raises(InputError, match="expected a row of answers for each row of truth"):
        quick_scores(np.zeros((3, 2), dtype=bool), np.zeros((2, 2), dtype=bool))
    with pytest.raises(InputError, match="there are no rows to score"):
        quick_scores(np.zeros((0, 2), dtype=bool), np.zeros((0, 2), dtype=bool))
