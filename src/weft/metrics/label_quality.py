"""Finds labels that are likely wrong, from probabilities of a model that did not see them.

Confident learning (Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels",
section 3): a row is counted as truly of class j when the model gives j at least the probability that it gives j, on
average, to the rows labelled j. The counts off the diagonal estimate the number of wrong labels of each kind; which
rows they are follows from how far the given label's probability lies under another's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Rule = Literal["class", "noise-rate", "both"]
"""Selection of rows for each kind of error: the least likely of each given label (`class`), those that lie farthest
under the other label for each pair of labels (`noise-rate`), or those that both rules select."""


@dataclass(frozen=True, slots=True)
class LabelIssues:
    """The rows whose labels are likely wrong, worst first: K row numbers, their likely classes, and margins.

    The margin is the probability of the given label less that of the likeliest other one, -1 to 1: the normalised
    margin of section 3.2.
    """

    rows_K: np.ndarray
    seem_K: np.ndarray
    margin_K: np.ndarray
    joint_CC: np.ndarray
    """Estimated number of rows for each given label (row) and true label (column)."""


def confident_joint(probabilities_NC: np.ndarray, labels_N: np.ndarray) -> np.ndarray:
    """Count the rows labelled i (row) that are confidently of class j (column), int64 [C, C]; section 3.1, equation 1.

    Of several classes over their thresholds the likeliest is taken; a row over none is not counted.
    """
    rows, classes = probabilities_NC.shape
    own_N = probabilities_NC[np.arange(rows), labels_N]
    count_C = np.bincount(labels_N, minlength=classes)
    # a class that no row is labelled as has no threshold that could be reached
    threshold_C = np.where(count_C, np.bincount(labels_N, own_N, classes) / np.maximum(count_C, 1), np.inf)
    above_NC = np.where(probabilities_NC >= threshold_C, probabilities_NC, -1.0)
    counted_N = above_NC.max(1) >= 0
    joint_CC = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(joint_CC, (labels_N[counted_N], above_NC.argmax(1)[counted_N]), 1)
    return joint_CC


def estimated_joint(probabilities_NC: np.ndarray, labels_N: np.ndarray) -> np.ndarray:
    """Scale the confident joint so that each row sums to the rows of that label, [C, C]; equation 3 of section 3.1."""
    classes = probabilities_NC.shape[1]
    joint_CC = confident_joint(probabilities_NC, labels_N).astype(np.float64)
    np.fill_diagonal(joint_CC, np.maximum(joint_CC.diagonal(), 1e-9))  # a label of which no row is sure
    count_C = np.bincount(labels_N, minlength=classes)
    return joint_CC / joint_CC.sum(1, keepdims=True) * count_C[:, None]


def label_issues(
    probabilities_NC: np.ndarray, labels_N: np.ndarray, *, rule: Rule = "both", margin: float = 0.0
) -> LabelIssues:
    """Find the labels that are likely wrong.

    Args:
        probabilities_NC: the probability of each class, from a model that did not see the row's label.
        labels_N: the given labels, 0 to C - 1.
        rule: the selection of rows (section 3.2).
        margin: the least distance of a selected row's label under another one, 0 to 1.

    """
    rows_N = np.arange(len(labels_N))
    joint_CC = estimated_joint(probabilities_NC, labels_N)
    own_N = probabilities_NC[rows_N, labels_N]
    others_NC = probabilities_NC.copy()
    others_NC[rows_N, labels_N] = -1.0
    seem_N, margin_N = others_NC.argmax(1), own_N - others_NC.max(1)
    taken_N = np.ones(len(labels_N), dtype=bool)
    if rule != "noise-rate":
        taken_N &= _by_class(own_N, labels_N, joint_CC)
    if rule != "class":
        taken_N &= _by_noise_rate(probabilities_NC, own_N, labels_N, joint_CC)
    # a row that the model itself gives its label is no issue, whatever the counts say
    found_K = np.flatnonzero(taken_N & (margin_N < 0) & (margin_N <= -margin))
    found_K = found_K[np.argsort(margin_N[found_K], kind="stable")]
    return LabelIssues(found_K, seem_N[found_K], margin_N[found_K], joint_CC)


def _by_class(own_N: np.ndarray, labels_N: np.ndarray, joint_CC: np.ndarray) -> np.ndarray:
    """Select as many rows of each label as it has errors, those least likely of it: "prune by class"."""
    taken_N = np.zeros(len(labels_N), dtype=bool)
    wrong_C = np.rint(joint_CC.sum(1) - joint_CC.diagonal()).astype(np.int64)
    for label, wrong in enumerate(wrong_C.tolist()):
        of_it = np.flatnonzero(labels_N == label)
        taken_N[of_it[np.argsort(own_N[of_it], kind="stable")[:wrong]]] = True
    return taken_N


def _by_noise_rate(
    probabilities_NC: np.ndarray, own_N: np.ndarray, labels_N: np.ndarray, joint_CC: np.ndarray
) -> np.ndarray:
    """Select as many rows of each pair of labels as it has errors, farthest under the other: "prune by noise rate"."""
    taken_N = np.zeros(len(labels_N), dtype=bool)
    for label, other in np.argwhere(np.rint(joint_CC) >= 1).tolist():
        if label != other:
            of_it = np.flatnonzero(labels_N == label)
            under = own_N[of_it] - probabilities_NC[of_it, other]
            wrong = int(np.rint(joint_CC[label, other]))
            taken_N[of_it[np.argsort(under, kind="stable")[:wrong]]] = True
    return taken_N
