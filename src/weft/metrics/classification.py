"""Accuracy, precision, recall and F1 from confusion matrices of class ids.

Everything here follows from three counts of each class, so a confusion matrix is all that need be kept of a corpus of
any size. Letters: N rows, C classes, R resamples of a bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weft.errors import InputError


@dataclass(frozen=True, slots=True)
class PerClass:
    """Scores of each class, arrays of shape (C,), or (R, C) for resamples; a score with a zero denominator is 0."""

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray


@dataclass(frozen=True, slots=True)
class Macro:
    """Unweighted means over the classes that occur among the true or the predicted labels."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of each class: true rows, predicted rows, and rows that are both; (C,) or (R, C)."""

    hits: np.ndarray
    gold: np.ndarray
    guesses: np.ndarray

    def per_class(self) -> PerClass:
        """Compute precision, recall and F1 of each class."""
        return PerClass(
            precision=_ratio(self.hits, self.guesses),
            recall=_ratio(self.hits, self.gold),
            f1=_ratio(2 * self.hits, self.gold + self.guesses),
            support=self.gold,
        )

    def overall(self) -> dict[str, np.ndarray]:
        """Compute `accuracy` and the three macro scores by name; each has the shape of the leading axes, () or (R,)."""
        each = self.per_class()
        occurs = (self.gold + self.guesses > 0).sum(-1)
        return {
            "accuracy": _ratio(self.hits.sum(-1), self.gold.sum(-1)),
            "macro_precision": _ratio(each.precision.sum(-1), occurs),
            "macro_recall": _ratio(each.recall.sum(-1), occurs),
            "macro_f1": _ratio(each.f1.sum(-1), occurs),
        }


def confusion(gold_N: np.ndarray, guess_N: np.ndarray, classes: int) -> np.ndarray:
    """Count the rows of class i (row, the truth) that were predicted as class j (column): int64 (classes, classes).

    Raises:
        InputError: the two differ in length, or an id is not in 0 .. classes - 1.

    """
    gold_N, guess_N = np.asarray(gold_N), np.asarray(guess_N)
    if gold_N.ndim != 1 or gold_N.shape != guess_N.shape:
        raise InputError(f"expected as many guesses as true labels, found {guess_N.shape} and {gold_N.shape}")
    for ids_N, whose in ((gold_N, "true"), (guess_N, "guessed")):
        if ids_N.size and not (ids_N.min() >= 0 and ids_N.max() < classes):
            raise InputError(
                f"expected {whose} labels in 0 .. {classes - 1}, found {ids_N.min()} .. {ids_N.max()}",
                hint="rows without a known label cannot be scored: leave them out",
            )
    pair_N = gold_N.astype(np.int64) * classes + guess_N.astype(np.int64)
    return np.bincount(pair_N, minlength=classes * classes).reshape(classes, classes)


def tally(confusion_CC: np.ndarray) -> Tally:
    """Count the hits, true rows and predicted rows of each class in a confusion matrix.

    Raises:
        InputError: the matrix counts no row at all, so that no score is defined.

    """
    if not confusion_CC.sum():
        raise InputError("there are no rows to score")
    return Tally(hits=confusion_CC.diagonal(), gold=confusion_CC.sum(1), guesses=confusion_CC.sum(0))


def accuracy(confusion_CC: np.ndarray) -> float:
    """Return the share of rows predicted right; raises InputError when there are none."""
    return float(tally(confusion_CC).overall()["accuracy"])


def per_class(confusion_CC: np.ndarray) -> PerClass:
    """Compute precision, recall, F1 and support of each class, 0 if undefined; raises InputError without rows."""
    return tally(confusion_CC).per_class()


def macro(confusion_CC: np.ndarray) -> Macro:
    """Compute macro precision, recall and F1; raises InputError when there are no rows.

    Macro F1 is the mean of the classes' F1, not the F1 of the means: the former is less kind to a model that trades one
    class for another (Opitz and Burst 2019, "Macro F1 and Macro F1"), and is that of scikit-learn.
    """
    overall = tally(confusion_CC).overall()
    return Macro(
        precision=float(overall["macro_precision"]),
        recall=float(overall["macro_recall"]),
        f1=float(overall["macro_f1"]),
    )


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.zeros(np.shape(above)), where=below > 0)
