"""Ranks answers by the certainty of a model: the surest of each class, and how near each is to another class.

Letters: N texts, C classes, K texts that are taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Surest:
    """Texts that are taken, ascending [K], their classes [K], and the threshold of each class, a probability [C].

    The threshold is the lowest probability of its class among the texts that are taken for it; 1 where none is.
    """

    rows_K: np.ndarray
    class_K: np.ndarray
    threshold_C: np.ndarray


def surest(log_probabilities_NC: np.ndarray, counts_C: np.ndarray, *, share: float) -> Surest:
    """Take a share of texts as examples of classes, each of which gets as much of it as its share of the labels.

    Texts are ranked for each class by the log-odds of it against the best other one, so that the thresholds of the
    classes differ: one threshold for all would take almost all texts of the class that a model of few labels prefers
    (as in FlexMatch, Zhang et al. 2021; class-balanced self-training, Zou et al. 2018). A text that ranks high enough
    for several classes is taken for the likeliest; equal ones are taken in their order.

    Args:
        log_probabilities_NC: logarithms of the probabilities of all classes.
        counts_C: labelled texts of each class.
        share: of the texts that is taken, above 0 and up to 1.

    """
    size, classes = log_probabilities_NC.shape
    odds_NC = np.stack([_odds(log_probabilities_NC, number) for number in range(classes)], axis=1)
    quota_C = np.maximum(1, np.floor(share * size * counts_C / counts_C.sum() + 1e-9).astype(int)) * (counts_C > 0)
    taken_NC = np.zeros((size, classes), dtype=bool)
    for number, quota in enumerate(quota_C.tolist()):
        taken_NC[np.argsort(-odds_NC[:, number], kind="stable")[:quota], number] = True
    rows_K = np.flatnonzero(taken_NC.any(1))
    class_K = np.where(taken_NC, odds_NC, -np.inf)[rows_K].argmax(1)
    probability_K = np.exp(log_probabilities_NC[rows_K, class_K])
    threshold_C = [probability_K[class_K == number].min(initial=1.0) for number in range(classes)]
    return Surest(rows_K, class_K, np.array(threshold_C))


def uncertainty(probabilities_NC: np.ndarray) -> np.ndarray:
    """Return one minus the margin of the likeliest class over the second, from 0 (sure) to 1 (torn), [N].

    Margin sampling: Scheffer, Decomain and Wrobel 2001, "Active hidden Markov models for information extraction".
    """
    second_N, first_N = np.sort(probabilities_NC, axis=1)[:, -2:].T
    return 1 - (first_N - second_N)


def _odds(log_probabilities_NC: np.ndarray, number: int) -> np.ndarray:
    """Return the log-odds of a class against the best other one, [N]."""
    return log_probabilities_NC[:, number] - np.delete(log_probabilities_NC, number, axis=1).max(1)
