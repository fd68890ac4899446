"""Reads tables of predictions as arrays, pools those of folds, and averages those of models.

Letters: N texts, C classes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from weft.errors import InputError

LEAST = 5e-7
"""Probability that counts in a log loss for a 0 in a table: tables have six digits, so it may be as much as this."""


@dataclass(frozen=True, slots=True)
class Table:
    """The predictions of one run: the texts (line, text, label), the true label, the probability of every label."""

    keys: list[tuple[int, str, str]]
    labels: list[str]
    gold_N: np.ndarray
    probabilities_NC: np.ndarray

    @property
    def right_N(self) -> np.ndarray:
        """Whether each text is predicted right, bool [N]."""
        return self.probabilities_NC.argmax(1) == self.gold_N


def read_table(path: Path) -> Table:
    """Read an `answers.jsonl`. Raises InputError for a line without texts or columns, label or probabilities."""
    keys, rows, gold = [], [], []
    labels: list[str] = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                record = json.loads(line)
                label, probabilities = record["label"], record["probabilities"]
                labels = labels or list(probabilities)
                gold.append(labels.index(label))
                rows.append([float(probabilities[name]) for name in labels])
                read = record["text" if "text" in record else "columns"]
                keys.append((record.get("line", 0), str(read), label))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                what = "expected a text, its label, and the probability of every label"
                raise InputError(what, where=f"{path}:{number}") from None
    if not keys:
        raise InputError("there are no answers", where=str(path))
    return Table(keys, labels, np.array(gold), np.clip(np.array(rows, dtype=np.float64), LEAST, 1))


def average(tables: Sequence[Table]) -> Table:
    """Average the probabilities of several models. Raises InputError if their texts or labels are not the same."""
    first = tables[0]
    if any(one.keys != first.keys or one.labels != first.labels for one in tables):
        raise InputError("the models did not answer the same texts in one order, or not with the same labels")
    mean_NC = np.mean([one.probabilities_NC for one in tables], axis=0)
    return Table(first.keys, first.labels, first.gold_N, mean_NC)


def pooled(folds: Sequence[Table]) -> Table:
    """Join several folds to one table, by the lines of their common file, so that repeats can be compared."""
    keys = [key for table in folds for key in table.keys]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return Table(
        [keys[place] for place in order],
        folds[0].labels,
        np.concatenate([table.gold_N for table in folds])[order],
        np.concatenate([table.probabilities_NC for table in folds])[order],
    )
