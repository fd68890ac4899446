"""Checks the numbers that are to be predicted: their spread in each part, outliers, and few different ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from weft.data.checks.findings import Finding, Part, Row, in_digits

FAR = 10
"""Standard deviations from the mean of train from which on a number is an outlier."""
BETWEEN = ", "
"""Separator between the numbers of a row."""
_QUANTILES = (0, 0.05, 0.5, 0.95, 1)


def written(numbers: Sequence[float]) -> str:
    """Write the numbers of a row as its label, which `values` reads."""
    return BETWEEN.join(f"{number:.12g}" for number in numbers)


def outliers(values_N: np.ndarray, mean: float, deviation: float) -> np.ndarray:
    """Return whether numbers lie far from a mean, bool [N]."""
    return np.abs(values_N - mean) > FAR * deviation


def values(parts: Sequence[Part], names: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding on the numbers of each column, whose names are given; the first part is the training set."""
    arrays = [np.array([str(label).split(BETWEEN) for label in part.labels], dtype=np.float64) for part in parts]
    for place, name in enumerate(names):
        columns = [array_NK[:, place] for array_NK in arrays]
        yield _column(name, parts, columns)


def _column(name: str, parts: Sequence[Part], columns: Sequence[np.ndarray]) -> Finding:
    mean, deviation = float(columns[0].mean()), float(columns[0].std())
    table = [("split", "rows", "different", "mean", "deviation", "least", "5%", "median", "95%", "greatest")]
    for part, values_N in zip(parts, columns, strict=True):
        numbers = [values_N.mean(), values_N.std(), *np.quantile(values_N, _QUANTILES)]
        shown = (f"{number:.4g}" for number in numbers)
        table.append((part.name, f"{len(values_N):,}", f"{len(np.unique(values_N)):,}", *shown))
    key, title = f"values-{name}", f"Values of {name}"
    spread = f"train has a mean of {in_digits(mean, 4)} and a standard deviation of {in_digits(deviation, 4)}"
    if not deviation:
        fix = "name another column with `--value`, or add rows with other values"
        return Finding(key, title, "error", f"all values of train are {mean:g}", 1, fix, table=table)
    rows: list[Row] = []
    for part, values_N in zip(parts, columns, strict=True):
        rows += [part.row(row) for row in np.flatnonzero(outliers(values_N, mean, deviation)).tolist()]
    if not rows:
        return Finding(key, title, "fine", spread, table=table)
    said = f"{spread}; {len(rows):,} of all lie more than {FAR} standard deviations from this mean"
    fix = "check their unit and their decimal point; `--set task.loss.kind=huber` minds outliers less in training"
    return Finding(key, title, "warning", said, len(rows), fix, rows, table)
