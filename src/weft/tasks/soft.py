"""Soft labels: the probabilities that a teacher predicted for texts, beside the label or in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from weft.data.columns import Columns
from weft.data.examples.labelled import LabelledText, SoftLabelledText


def with_soft(columns: Columns, examples: Sequence[LabelledText], numbers: Mapping[str, int]) -> Columns:
    """Add columns to examples, all of which a teacher answered: `soft`, float32 [R, C], and `label`, -1 for none.

    The columns of other examples stay as they are.
    """
    taught = [one for one in examples if isinstance(one, SoftLabelledText)]
    if not taught or len(taught) < len(examples):
        return columns
    label_E = np.array([-1 if one.label is None else numbers[str(one.label)] for one in taught], dtype=np.int64)
    soft_EC = np.array([one.soft for one in taught], dtype=np.float32)
    owner_R = columns.owner_R
    return replace(columns, fixed={**columns.fixed, "label": label_E[owner_R], "soft": soft_EC[owner_R]})
