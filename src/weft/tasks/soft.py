"""Texts that a teacher has answered: what it said, beside the label or in its place; knows no teacher and no loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from weft.data.columns import Columns
from weft.data.examples.labelled import LabelledText, SoftLabelledText


def with_soft(columns: Columns, examples: Sequence[LabelledText], numbers: Mapping[str, int]) -> Columns:
    """The columns of examples that a teacher answered, all of them: `soft`, float32 [R, C], and `label`, -1 for none.

    Of other examples the columns as they are.
    """
    taught = [one for one in examples if isinstance(one, SoftLabelledText)]
    if not taught or len(taught) < len(examples):
        return columns
    label_E = np.array([-1 if one.label is None else numbers[str(one.label)] for one in taught], dtype=np.int64)
    soft_EC = np.array([one.soft for one in taught], dtype=np.float32)
    owner_R = columns.owner_R
    return replace(columns, fixed={**columns.fixed, "label": label_E[owner_R], "soft": soft_EC[owner_R]})
