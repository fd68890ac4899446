"""Accuracy, precision, recall and F1 are scikit-learn's, on any labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from weft.errors import InputError
from weft.metrics.classification import accuracy, confusion, macro, per_class

CLASSES = 5
LABELS = st.lists(st.tuples(st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1)), min_size=1, max_size=60)


def arrays(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    gold_N, guess_N = np.array(pairs).T
    return gold_N, guess_N


@given(LABELS)
def test_confusion_has_true_labels_as_rows(pairs):
    gold_N, guess_N = arrays(pairs)
    expected = oracle.confusion_matrix(gold_N, guess_N, labels=range(CLASSES))
    np.testing.assert_array_equal(confusion(gold_N, guess_N, CLASSES), expected)


@given(LABELS)
def test_scores_of_each_class(pairs):
    gold_N, guess_N = arrays(pairs)
    found = per_class(confusion(gold_N, guess_N, CLASSES))
    expected = oracle.precision_recall_fscore_support(gold_N, guess_N, labels=range(CLASSES), zero_division=0)
    for ours, theirs in zip((found.precision, found.recall, found.f1, found.support), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


@given(LABELS)
def test_accuracy_and_macro_scores(pairs):
    gold_N, guess_N = arrays(pairs)
    table = confusion(gold_N, guess_N, CLASSES)
    assert accuracy(table) == pytest.approx(oracle.accuracy_score(gold_N, guess_N))
    found = macro(table)
    expected = oracle.precision_recall_fscore_support(gold_N, guess_N, average="macro", zero_division=0)
    assert (found.precision, found.recall, found.f1) == pytest.approx(expected[:3])
    assert found.f1 == pytest.approx(oracle.f1_score(gold_N, guess_N, average="macro", zero_division=0))


def test_small_id_types_do_not_overflow():
    ids_N = np.array([199, 3, 199], dtype=np.uint8)
    table = confusion(ids_N, ids_N, 200)
    assert table[199, 199] == 2
    assert table.sum() == 3


@pytest.mark.parametrize(("gold", "guess"), [([0, 2], [0, 1]), ([0, -1], [0, 1]), ([0, 1], [0, 2]), ([0], [0, 1])])
def test_labels_that_cannot_be_counted_are_refused(gold, guess):
    with pytest.raises(InputError):
        confusion(np.array(gold), np.array(guess), 2)


def test_no_rows_is_an_error():
    empty = confusion(np.array([], dtype=np.int64), np.array([], dtype=np.int64), 3)
    assert empty.shape == (3, 3)
    for score in (accuracy, macro, per_class):
        with pytest.raises(InputError, match="no rows"):
            score(empty)
