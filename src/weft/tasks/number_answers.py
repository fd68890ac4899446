"""Answers that are numbers: with intervals, of one model or several, and as lines of a table of answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from weft.data.examples.labelled import LabelledText
from weft.errors import InputError

DIGITS = 6
"""Significant digits of the numbers in a table of answers: float32 has no more."""


@dataclass(frozen=True, slots=True)
class NumberAnswer:
    """The predicted value of each column, and the ends of the interval of each; without intervals, none."""

    values: Mapping[str, float]
    low: Mapping[str, float] | None = None
    high: Mapping[str, float] | None = None

    @property
    def value(self) -> float:
        """The value of the first column: of most models the only one."""
        return next(iter(self.values.values()))


@dataclass(frozen=True, slots=True)
class Found:
    """Predictions of E examples [E, K], and the ends of their intervals, as far as there are any."""

    value_EK: np.ndarray
    low_EK: np.ndarray | None
    high_EK: np.ndarray | None

    def answers(self, names: Sequence[str]) -> list[NumberAnswer]:
        """Return an answer for each example, its numbers by the names of the columns."""
        parts = [part.tolist() for part in (self.value_EK, self.low_EK, self.high_EK) if part is not None]
        return [
            NumberAnswer(*(dict(zip(names, row, strict=True)) for row in rows)) for rows in zip(*parts, strict=True)
        ]


def array_of(answers: Sequence[NumberAnswer], part: str = "values") -> np.ndarray:
    """Return the `values`, or the `low` or `high` ends, of answers [E, K]."""
    return np.array([list(getattr(one, part).values()) for one in answers], dtype=np.float64)


def averaged(answers: Sequence[Sequence[NumberAnswer]], names: Sequence[str]) -> list[NumberAnswer]:
    """Average the values and the ends of several models; intervals are left out where a model has none.

    Raises InputError where the models differ in their columns or in how many texts they answered.
    """
    if not answers or len({len(one) for one in answers}) > 1:
        found = ", ".join(str(len(one)) for one in answers) or "none"
        raise InputError(f"expected answers of one or more models to the same texts, found {found}")
    if any([*one.values] != [*names] for given in answers for one in given):
        raise InputError("the models do not predict the same values")
    if not answers[0]:
        return []
    ends = all(one.low is not None for given in answers for one in given)
    value_EK, low_EK, high_EK = (
        np.mean([array_of(given, part) for given in answers], axis=0) if part == "values" or ends else None
        for part in ("values", "low", "high")
    )
    assert value_EK is not None
    return Found(value_EK, low_EK, high_EK).answers(names)


def record(answer: NumberAnswer, example: LabelledText) -> dict[str, Any]:
    """Return a line of a table of answers: of one column numbers, of several an object of them each."""
    true = {} if example.label is None else dict(zip(answer.values, example.label, strict=True))
    parts = {"value": true, "answer": answer.values, "low": answer.low, "high": answer.high}
    written = {name: _written(part) for name, part in parts.items() if part}
    return {**example.record, **written, **example.origin}


def _written(numbers: Mapping[str, Any]) -> Any:
    rounded = {name: float(f"{float(number):.{DIGITS}g}") for name, number in numbers.items()}
    return rounded if len(rounded) > 1 else next(iter(rounded.values()))


def read_numbers(written: Any) -> tuple[float, ...]:
    """Read what `record` wrote: one number, or an object of several. Raises TypeError or ValueError for others."""
    return tuple(map(float, written.values())) if isinstance(written, Mapping) else (float(written),)
