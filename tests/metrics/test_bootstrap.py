"""Intervals hold their value, shrink with the rows, repeat with the seed, and are those of the plain row bootstrap."""

import time

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as oracle

from weft.errors import InputError
from weft.metrics import bootstrap
from weft.metrics.bootstrap import class_scores, scores
from weft.metrics.calibration import calibration_error, log_loss
from weft.metrics.classification import confusion

NAMES = ["accuracy", "macro_precision", "macro_recall", "macro_f1", "log_loss", "calibration_error"]


def made(rows: int, *, classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that are often right, and the truth."""
    rng = np.random.default_rng(seed)
    gold_N = rng.integers(0, classes, rows)
    logits_NC = rng.normal(size=(rows, classes))
    logits_NC[np.arange(rows), gold_N] += 1.5
    exp_NC = np.exp(2 * logits_NC)
    return exp_NC / exp_NC.sum(1, keepdims=True), gold_N


@pytest.mark.parametrize(("rows", "classes"), [(1, 2), (1, 5), (9, 2), (10, 2), (40, 3), (500, 7), (12_345, 3)])
def test_intervals_hold_the_values_that_the_plain_functions_give(rows, classes):
    probabilities_NC, gold_N = made(rows, classes=classes)
    found = scores(probabilities_NC, gold_N, resamples=200)
    guess_N = probabilities_NC.argmax(1)
    assert list(found) == NAMES
    if rows < 10:  # too few for an interval
        assert {(score.low, score.high) for score in found.values()} == {(None, None)}
    else:
        assert all(score.low <= score.value <= score.high for score in found.values())
    expected = oracle.precision_recall_fscore_support(gold_N, guess_N, average="macro", zero_division=0)
    values = [(gold_N == guess_N).mean(), *expected[:3]]
    values += [log_loss(probabilities_NC, gold_N), calibration_error(probabilities_NC, gold_N)]
    assert [found[name].value for name in NAMES] == pytest.approx(values)


def test_a_mean_of_fewer_than_ten_values_has_no_interval():
    assert bootstrap.mean(np.arange(9.0)) == bootstrap.Score(4.0)
    found = bootstrap.mean(np.arange(10.0))
    assert found.low < found.value < found.high


def test_intervals_shrink_with_the_square_root_of_the_rows():
    few, many = (scores(*made(rows)) for rows in (400, 6400))
    for name in NAMES[:5]:
        ratio = (few[name].high - few[name].low) / (many[name].high - many[name].low)
        assert 3 < ratio < 5.5, name


def test_the_seed_decides():
    rows = made(300)
    assert scores(*rows, seed=1) == scores(*rows, seed=1)
    assert scores(*rows, seed=1) != scores(*rows, seed=2)


def rates(gold_N: np.ndarray, guess_N: np.ndarray, classes: int) -> np.ndarray:
    """Precision, recall and F1 of each class: scikit-learn's, which takes a millisecond, too long for every draw."""
    each_C = np.arange(classes)
    gold_NC, guess_NC = gold_N[:, None] == each_C, guess_N[:, None] == each_C
    hits_C, golds_C, guesses_C = (gold_NC & guess_NC).sum(0), gold_NC.sum(0), guess_NC.sum(0)
    wholes_3C = np.stack([guesses_C, golds_C, (golds_C + guesses_C) / 2])
    return hits_C / np.maximum(wholes_3C, 0.5)  # where there is nothing to divide by, nothing was hit


def test_the_rates_of_the_draws_are_scikit_learns():
    for rows in (3, 12, 600):
        probabilities_NC, gold_N = made(rows)
        guess_N = probabilities_NC.argmax(1)
        expected = oracle.precision_recall_fscore_support(gold_N, guess_N, labels=range(3), zero_division=0)
        assert rates(gold_N, guess_N, 3) == pytest.approx(np.stack(expected[:3]))


def plain(probabilities_NC: np.ndarray, gold_N: np.ndarray, resamples: int) -> np.ndarray:
    """The bootstrap as the book has it: draw rows, score, repeat. One row of intervals for each name."""
    rng = np.random.default_rng(7)
    guess_N = probabilities_NC.argmax(1)
    draws = []
    for _ in range(resamples):
        rows = rng.integers(0, len(gold_N), len(gold_N))
        macro = rates(gold_N[rows], guess_N[rows], probabilities_NC.shape[1]).mean(1)
        loss, error = (score(probabilities_NC[rows], gold_N[rows]) for score in (log_loss, calibration_error))
        draws.append([(gold_N == guess_N)[rows].mean(), *macro, loss, error])
    return np.quantile(draws, [0.025, 0.975], axis=0).T


@pytest.mark.parametrize("groups", [10_000, 150])
def test_the_same_as_drawing_rows(monkeypatch, groups):
    monkeypatch.setattr(bootstrap, "GROUPS", groups)  # 150: 600 rows in groups, as a large corpus would be
    probabilities_NC, gold_N = made(600)
    found = scores(probabilities_NC, gold_N)
    for name, (low, high) in zip(NAMES, plain(probabilities_NC, gold_N, 1000), strict=True):
        tolerance = 0.12 * (high - low)
        assert (found[name].low, found[name].high) == pytest.approx((low, high), abs=tolerance), name


def test_chunks_do_not_change_the_draws(monkeypatch):
    rows = made(200)
    whole = scores(*rows)
    monkeypatch.setattr(bootstrap, "AT_ONCE", 700)
    for name, score in scores(*rows).items():
        assert (score.low, score.high) == pytest.approx((whole[name].low, whole[name].high))


def test_each_class_has_its_interval():
    probabilities_NC, gold_N = made(500)
    gold_N[gold_N == 2] = 1  # class 2 is guessed but never true
    guess_N = probabilities_NC.argmax(1)
    found = class_scores(confusion(gold_N, guess_N, 4))
    expected = oracle.precision_recall_fscore_support(gold_N, guess_N, labels=range(4), zero_division=0)
    for label, each in enumerate(found):
        values = (each.precision.value, each.recall.value, each.f1.value, each.support)
        assert values == pytest.approx([column[label] for column in expected])
        if each.support:
            assert all(score.low <= score.value <= score.high for score in (each.precision, each.recall, each.f1))
    assert found[0].f1.low < found[0].f1.value < found[0].f1.high
    assert found[3].f1 == bootstrap.Score(0.0)


def test_a_class_of_fewer_than_ten_rows_has_no_interval():
    few, many = class_scores(np.diag([9, 10]))
    assert few == bootstrap.ClassScores(*[bootstrap.Score(1.0)] * 3, 9)
    low = stats.binomtest(10, 10).proportion_ci(method="exact").low  # Clopper and Pearson
    assert (many.recall.value, many.recall.high, many.support) == (1.0, 1.0, 10)
    assert [one.low for one in (many.precision, many.recall, many.f1)] == pytest.approx([low] * 3)
    (_, never) = class_scores(np.array([[5, 5], [0, 0]]))
    assert never.precision == bootstrap.Score(0.0)


def test_a_class_is_drawn_with_all_the_others():
    gold_N, guess_N = np.repeat([0, 0, 1, 1], [8, 2, 3, 54]), np.repeat([0, 1, 0, 1], [8, 2, 3, 54])
    rng, draws = np.random.default_rng(7), []
    for _ in range(2000):
        rows = rng.integers(0, len(gold_N), len(gold_N))
        draws.append(rates(gold_N[rows], guess_N[rows], 2)[:, 0])
    few = class_scores(confusion(gold_N, guess_N, 2), resamples=2000)[0]
    expected = np.quantile(draws, [0.025, 0.975], axis=0).T
    for score, (low, high) in zip((few.precision, few.recall, few.f1), expected, strict=True):
        assert (score.low, score.high) == pytest.approx((low, high), abs=0.04)


def test_no_resamples_is_an_error():
    with pytest.raises(InputError):
        scores(*made(10), resamples=0)


def test_a_million_rows_take_seconds():
    rows = made(1_000_000)
    started = time.process_time()
    scores(*rows)
    assert time.process_time() - started < 15
