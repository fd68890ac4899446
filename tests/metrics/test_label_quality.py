"""Confident learning: a worked example by hand, an exact count of what a perfect model finds, and its invariances."""

import numpy as np
import pytest

from weft.metrics.label_quality import confident_joint, estimated_joint, label_issues

# Labelled 0: mean probability of 0 is 0.65; labelled 1: mean probability of 1 is 0.6. These are the thresholds.
PROBABILITIES_NC = np.array(
    [[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7], [0.5, 0.5], [0.7, 0.3]],
)
LABELS_N = np.array([0, 0, 0, 0, 1, 1, 1, 1])


def test_a_worked_example():
    # row 6 reaches neither threshold; row 3 is labelled 0 and confidently 1, row 7 the other way round
    assert confident_joint(PROBABILITIES_NC, LABELS_N).tolist() == [[3, 1], [1, 2]]
    assert estimated_joint(PROBABILITIES_NC, LABELS_N) == pytest.approx(np.array([[3, 1], [4 / 3, 8 / 3]]))
    found = label_issues(PROBABILITIES_NC, LABELS_N)
    assert found.rows_K.tolist() == [3, 7]  # one row of each label; worst first
    assert found.seem_K.tolist() == [1, 0]
    assert found.margin_K == pytest.approx([-0.6, -0.4])
    assert label_issues(PROBABILITIES_NC, LABELS_N, margin=0.5).rows_K.tolist() == [3]


@pytest.mark.parametrize("rule", ["class", "noise-rate", "both"])
@pytest.mark.parametrize("classes", [2, 3, 7])
def test_a_sure_and_right_model_finds_just_the_turned_labels(rule, classes):
    draw = np.random.default_rng(classes)
    true_N = draw.integers(classes, size=600)
    turned_N = draw.random(600) < 0.08
    labels_N = np.where(turned_N, (true_N + 1 + draw.integers(classes - 1, size=600)) % classes, true_N)
    probabilities_NC = np.full((600, classes), 0.05 / (classes - 1))
    probabilities_NC[np.arange(600), true_N] = 0.95
    found = label_issues(probabilities_NC, labels_N, rule=rule)
    assert sorted(found.rows_K.tolist()) == np.flatnonzero(turned_N).tolist()
    assert np.array_equal(found.seem_K, true_N[found.rows_K])


def test_the_order_of_rows_and_classes_does_not_matter():
    draw = np.random.default_rng(0)
    probabilities_NC = draw.dirichlet([1, 1, 1], size=200)
    labels_N = draw.integers(3, size=200)
    found = set(label_issues(probabilities_NC, labels_N).rows_K.tolist())
    rows, classes = draw.permutation(200), np.array([2, 0, 1])
    moved = label_issues(probabilities_NC[rows][:, classes], np.argsort(classes)[labels_N[rows]])
    assert {int(rows[row]) for row in moved.rows_K} == found
    assert (moved.margin_K < 0).all()
    assert (np.diff(moved.margin_K) >= 0).all()


def test_a_class_without_rows_and_a_label_without_confidence():
    probabilities_NC = np.array([[0.6, 0.4, 0.0], [0.7, 0.3, 0.0], [0.8, 0.2, 0.0]])
    labels_N = np.array([0, 0, 1])
    assert estimated_joint(probabilities_NC, labels_N).sum(1) == pytest.approx([2, 1, 0], abs=1e-6)
    assert label_issues(probabilities_NC, labels_N).rows_K.tolist() == [2]
