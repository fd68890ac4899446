"""Averages the answers of several models to the same texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from weft.data.checks.findings import listed
from weft.errors import InputError


def mean_probabilities(answers: Sequence[Sequence[Any]], labels: Sequence[str]) -> np.ndarray:
    """Average over models the probabilities in their answers, [E, C], in the order of the labels.

    Raises InputError where the models differ in their labels or in how many texts they answered.
    """
    if not answers or len({len(one) for one in answers}) > 1:
        found = ", ".join(str(len(one)) for one in answers) or "none"
        raise InputError(f"expected answers of one or more models to the same texts, found {found}")
    for given in (given for one in answers for given in one):
        if given.probabilities.keys() != {*labels}:
            other = sorted(given.probabilities.keys() ^ {*labels})
            shown = listed([f"`{label}`" for label in other])
            raise InputError(f"the models do not have the same labels: only one of them has {shown}")
    sums_EC = np.zeros((len(answers[0]), len(labels)))
    for one in answers:
        if one:
            sums_EC += [[given.probabilities[label] for label in labels] for given in one]
    return sums_EC / len(answers)
