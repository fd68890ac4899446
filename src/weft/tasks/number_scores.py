"""Scores of predicted numbers, beside those of predicting the mean, and whether intervals cover what they state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from weft.metrics.bootstrap import mean
from weft.metrics.floors import Floor, beside
from weft.metrics.regression import regression_scores, scores_of_columns
from weft.metrics.systems import intervals
from weft.tasks.results import Scores

MEAN = "the mean of the training values"


def scored(
    names: Sequence[str],
    true_EK: np.ndarray,
    value_EK: np.ndarray,
    *,
    mean_K: np.ndarray,
    ends: tuple[np.ndarray, np.ndarray] | None,
    coverage: float,
) -> Scores:
    """Compute all scores with their intervals.

    Details are those of each column, of predicting the mean and how the model compares, and of the intervals.

    Args:
        names: the columns.
        true_EK: the truth.
        value_EK: the predictions.
        mean_K: the means of the training values.
        ends: the lower and the upper ends of the intervals, where there are any.
        coverage: the share that these are to cover.

    """
    found = regression_scores(true_EK, value_EK)
    floor = regression_scores(true_EK, np.broadcast_to(mean_K, true_EK.shape))
    details: dict[str, Any] = {"values": list(names), **beside(found, {MEAN: Floor.of(floor)})}
    if len(names) > 1:
        details["per_value"] = [
            {"value": name, **{score: asdict(one) for score, one in intervals(own).items()}}
            for name, own in zip(names, scores_of_columns(found, columns=len(names)), strict=True)
        ]
    if ends is not None:
        details["intervals"] = covered(names, true_EK, *ends, coverage=coverage)
    return Scores(intervals(found), details)


def covered(
    names: Sequence[str], true_EK: np.ndarray, low_EK: np.ndarray, high_EK: np.ndarray, *, coverage: float
) -> dict[str, Any]:
    """Compare the share of rows whose truth lies in its interval with the stated one, all and by predicted value.

    Groups are, for each column, fifths of the rows by the middles of their intervals.
    """
    inside_EK = (low_EK <= true_EK) & (true_EK <= high_EK)
    share = mean(inside_EK.mean(1))
    middle_EK = (low_EK + high_EK) / 2
    groups = [
        (name, place, some)
        for place, name in enumerate(names)
        for some in np.array_split(np.argsort(middle_EK[:, place], kind="stable"), 5)
        if len(some)
    ]
    return {
        "stated": coverage,
        "covered": asdict(share),
        "width": float(np.mean(high_EK - low_EK)),
        "groups": [
            {
                "value": name,
                "low": float(low_EK[some, place].min()),
                "middle": float(middle_EK[some, place].mean()),
                "covered": float(inside_EK[some, place].mean()),
                "width": float((high_EK - low_EK)[some, place].mean()),
                "texts": len(some),
            }
            for name, place, some in groups
        ],
    }
