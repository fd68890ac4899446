"""Margins by which intervals of predictions cover a stated share of the truth, fitted on rows held out.

Split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018, section 2.2): whatever the model, and wherever
rows are exchangeable, an interval whose ends are moved out by such a margin covers the truth of a new row with the
stated probability at least. Letters: N rows, K columns.
"""

from __future__ import annotations

import math

import numpy as np


def fewest_rows(coverage: float) -> int:
    """Return the number of held-out rows from which on a margin for a share of rows is finite."""
    return math.ceil(coverage / (1 - coverage) - 1e-9)


def margins(true_NK: np.ndarray, low_NK: np.ndarray, high_NK: np.ndarray, *, coverage: float) -> np.ndarray | None:
    """Return how far the ends of intervals are to be moved out, [K], so that they cover a share of rows; None: too few.

    It is the ceil((N + 1) * coverage)-th smallest distance of the truth from its interval, negative inside of it
    (Romano et al. 2019, "Conformalized quantile regression", equations 6 and 7). With both ends at one prediction, it
    is a quantile of the absolute errors.

    Args:
        true_NK: the truth of rows that training did not see.
        low_NK: the lower ends.
        high_NK: the upper ends.
        coverage: the share of rows to be covered, between 0 and 1.

    """
    count = len(true_NK)
    rank = math.ceil((count + 1) * coverage - 1e-9)
    if rank > count:
        return None
    outside_NK = np.maximum(low_NK - true_NK, true_NK - high_NK)
    return np.sort(outside_NK, axis=0)[rank - 1]
