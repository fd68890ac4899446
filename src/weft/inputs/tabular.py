"""Reads numbers and categories from columns of a table: standardised, embedded, missing values flagged."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
import torch
from pydantic import BeforeValidator, model_validator

from weft.config import read_saved
from weft.data.batch import Tabular
from weft.data.checks.findings import counted
from weft.data.columns import Columns, Share
from weft.data.examples.label_spelling import reads_as_missing
from weft.data.examples.roles import Role, find_roles
from weft.data.examples.valued import SIGNS, parsed
from weft.data.formats.decimal_commas import with_point
from weft.data.sources import Row, Table
from weft.errors import InputError
from weft.files import write_json
from weft.inputs.base import Input, InputConfig
from weft.models.tabular import TabularEncoderConfig, TabularSpec

LARGEST = float(np.finfo(np.float32).max)
"""Largest number that is read: models compute in float32, in which a larger one is infinite."""
FAR = 1e4
"""Number of standard deviations beyond which a number is read as being so far: no row of N lies further than
sqrt(N - 1) from their mean, and what no training row was near to is not to drown out all else."""
RARE = 2
"""Number of training rows that a category needs to be known: one that stood once would be learned by heart."""
_DECIMAL_COMMA = re.compile(rf"[-+]?(?:{SIGNS}\s*)?[\d.]+,\d+\s*{SIGNS}?")
_FILE = "tabular.json"
_FEW = 8


def _named(names: Any) -> Any:
    """Cut `price,age` at its commas, as a row of csv: a name that has one stands in double quotes."""
    if not isinstance(names, str):
        return names
    found = (name.strip() for name in next(csv.reader([names], skipinitialspace=True), ()))
    known = tuple(filter(None, found))
    if not known and names.strip():
        raise ValueError(f"`{names}` names no column: write `price`, or `price,age`")
    return known


def check_columns(*names: str) -> None:
    """Raise ValueError where a column is named twice."""
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(f"the column `{twice[0]}` is named twice, among numbers and categories")


COLUMNS = ("numbers", "categories")
"""Settings, and options, that name columns of numbers and of categories."""
ColumnNames = Annotated[tuple[str, ...], BeforeValidator(_named)]
"""Names of columns: a list, or one text with commas between them, as on the command line."""


class TabularInputConfig(InputConfig):
    """Numbers and categories that stand beside a text, or alone."""

    kind: Literal["tabular"] = "tabular"
    numbers: ColumnNames = ()
    """Columns of numbers, which are standardised by the mean and standard deviation of the training rows."""
    categories: ColumnNames = ()
    """Columns of categories, each value of which gets an embedding."""
    encoder: TabularEncoderConfig = TabularEncoderConfig()
    """Encoder that reads the numbers and categories of a row."""

    @model_validator(mode="after")
    def _has_columns(self) -> Self:
        check_columns(*self.columns_read)
        if not self.columns_read:
            raise ValueError("names no column: set numbers, categories or both")
        return self

    @property
    def columns_read(self) -> tuple[str, ...]:
        """Columns that are read, numbers first."""
        return (*self.numbers, *self.categories)

    def resolved(self, table: Table) -> Self:
        """Return this config. Raises InputError where a column is not in the table."""
        columns = Role("numbers", most=None), Role("categories", most=None)
        named = {"numbers": self.numbers, "categories": self.categories}
        try:
            find_roles(table, [role for role in columns if named[role.name]], named=named)
        except InputError as error:
            add = "add the column: empty fields are read as missing"
            error.hint = f"{error.hint}, or {add}" if error.hint else add
            raise
        return self

    def value_of(self, row: Row) -> dict[str, str]:
        """Read the fields of a row, as they stand there. Raises InputError for a number that is none."""
        found = {name: row.values.get(name, "") for name in self.columns_read}
        for name in self.numbers:
            if name in row.decimal_commas:
                found[name] = with_point(found[name])
            number_of(found[name], name)
        return found

    def absent(self) -> dict[str, str]:
        """Return no value: all are missing."""
        return {}

    def learned(self, examples: Sequence[Any]) -> TabularInput:
        """Learn means and deviations of the numbers, and the categories, from training examples.

        Raises InputError where a column of numbers has no value at all.
        """
        rows = [one.values[self.name] for one in examples]
        mean, deviation = {}, {}
        for name in self.numbers:
            known_N = np.array([value for row in rows if not math.isnan(value := number_of(row.get(name, ""), name))])
            if not len(known_N):
                raise InputError(f"the column `{name}` has no number", hint="leave it out of --numbers")
            constant = known_N.min() == known_N.max()  # whose deviation may be more than 0 by rounding alone
            mean[name] = float(known_N[0] if constant else known_N.mean())
            deviation[name] = 0.0 if constant else float(known_N.std())
        known = {}
        for name in self.categories:
            counts = Counter(value for row in rows if not reads_as_missing(value := row.get(name, "").strip()))
            known[name] = sorted(value for value, count in counts.items() if count >= RARE)
        return TabularInput(self, mean=mean, deviation=deviation, known=known)

    def loaded(self, folder: Path) -> TabularInput:
        """Read what `TabularInput.save` wrote."""
        saved = read_saved(folder / _FILE, _Saved)
        return TabularInput(self, mean=saved.mean, deviation=saved.deviation, known=saved.known)


@dataclass(frozen=True, slots=True)
class _Saved:
    """Content of the file that `TabularInput.save` writes."""

    mean: Mapping[str, float]
    deviation: Mapping[str, float]
    known: Mapping[str, Sequence[str]]


class TabularInput(Input[Mapping[str, str], Tabular]):
    """Mean and deviation of each column of numbers, and the known categories of each of the others.

    The deviation of a constant column is 0. A missing number is read as the mean, and flagged; a missing or unseen
    category has a vector that all such share.
    """

    def __init__(
        self,
        config: TabularInputConfig,
        *,
        mean: Mapping[str, float],
        deviation: Mapping[str, float],
        known: Mapping[str, Sequence[str]],
    ) -> None:
        self.config, self.mean, self.deviation = config, dict(mean), dict(deviation)
        self.known = {name: list(values) for name, values in known.items()}
        self._ids = {name: {value: place for place, value in enumerate(of, 1)} for name, of in self.known.items()}

    def spec(self) -> TabularSpec:
        """Return the numbers of columns of numbers and of categories."""
        return TabularSpec(len(self.mean), tuple(len(values) + 1 for values in self.known.values()))

    def save(self, folder: Path) -> None:
        """Write `tabular.json`."""
        write_json(folder / _FILE, {"mean": self.mean, "deviation": self.deviation, "known": self.known})

    def encode(self, values: Sequence[Mapping[str, str]]) -> Columns:
        """Standardise numbers and look categories up, a row for each example."""
        numbers_RF = np.zeros((len(values), len(self.mean)), dtype=np.float32)
        missing_RF = np.zeros(numbers_RF.shape, dtype=bool)
        for place, name in enumerate(self.mean):
            value_R = np.array([number_of(row.get(name, ""), name) for row in values], dtype=np.float64)
            missing_RF[:, place] = np.isnan(value_R)
            with np.errstate(over="ignore"):  # by a deviation next to nothing: it is far all the same
                scaled_R = (value_R - self.mean[name]) / (self.deviation[name] or 1.0)
            numbers_RF[:, place] = np.nan_to_num(np.clip(scaled_R, -FAR, FAR))
        categories_RG = np.zeros((len(values), len(self.known)), dtype=np.int64)
        missing, unseen = dict(zip(self.mean, missing_RF.sum(0).tolist(), strict=True)), {}
        for place, (name, ids) in enumerate(self._ids.items()):
            fields = [row.get(name, "").strip() for row in values]
            categories_RG[:, place] = [ids.get(field, 0) for field in fields]
            missing[name] = sum(map(reads_as_missing, fields))
            unseen[name] = sum(field not in ids for field in fields) - missing[name]
        fixed = {"numbers": numbers_RF, "missing": missing_RF, "categories": categories_RG}
        counts = {"missing": missing, "unseen": unseen}
        facts = {
            f"{fact} {name}": Share(count, len(values)) for fact, of in counts.items() for name, count in of.items()
        }
        rows_R = np.arange(len(values))
        named = {f"{self.name} {key}": array for key, array in fixed.items()}
        return Columns({}, named, rows_R, np.ones(len(values), dtype=np.int64), facts)

    def collate(self, columns: Columns, rows: np.ndarray) -> Tabular:
        """Gather some rows."""
        return Tabular(
            *(
                torch.from_numpy(columns.fixed[f"{self.name} {key}"][rows])
                for key in ("numbers", "missing", "categories")
            )
        )

    def notes(self, parts: Mapping[str, Columns]) -> list[str]:
        """Describe the columns, and what is missing or unseen in each part."""
        numbers = [
            f"`{name}` {self.mean[name]:,.4g}"
            + (f" ± {spread:,.4g}" if spread else " in all rows: it can tell nothing")
            for name, spread in self.deviation.items()
        ]
        kinds = [f"`{name}` {len(values):,}" for name, values in self.known.items()]
        notes = [f"numbers (mean ± standard deviation): {', '.join(numbers)}"] if numbers else []
        notes += [f"categories (known values): {', '.join(kinds)}"] if kinds else []
        for name, part in parts.items():
            notes += self._gaps(part.facts, f" of {name}")
        return notes

    def gaps(self, values: Sequence[Mapping[str, str]]) -> list[str]:
        """Count the missing and the unseen values of each column."""
        return self._gaps(self.encode(values).facts)

    def _gaps(self, facts: Mapping[str, float], part: str = "") -> list[str]:
        said = {"missing": "missing", "unseen": f"not known from training ({RARE} rows of it at least)"}
        notes = []
        for fact, what in said.items():
            of_each = {name: facts.get(f"{fact} {name}") for name in self.config.columns_read}
            found = {name: share for name, share in of_each.items() if isinstance(share, Share) and share}
            if found:
                rows = counted(int(next(iter(found.values())).whole), "row")
                counts = ", ".join(f"`{name}` {share.part:,}" for name, share in found.items())
                notes.append(f"{what}, of {rows}{part}: {counts}")
        return notes

    def describe(self) -> dict[str, dict[str, Any]]:
        """Return kind, columns, means and deviations, and the first known categories."""
        numbers = {name: {"mean": mean, "standard_deviation": self.deviation[name]} for name, mean in self.mean.items()}
        categories = {name: {"known": len(of), "first": of[:_FEW]} for name, of in self.known.items()}
        described = super().describe()[self.name]
        return {self.name: {**described, "numbers": numbers, "categories": categories}}


def number_of(field: str, column: str) -> float:
    """Read a number, NaN where none is given; a currency sign and commas between thousands may stand in it.

    Raises InputError for a text that is no number, or has a decimal comma.
    """
    if reads_as_missing(field):
        return math.nan
    try:
        found = parsed(field)
    except ValueError:
        hint = f"write it as 3.5, leave the field empty where it is not known, or read `{column}` as --categories"
        if _DECIMAL_COMMA.fullmatch(field.strip()):
            hint += "; where fields stand between semicolons, a column of decimal commas is read as it is"
        raise InputError(f"expected a number, found `{field[:40]}`", hint=hint) from None
    if abs(found) > LARGEST:
        kind = "finite number" if math.isinf(found) else f"number of at most {LARGEST:.1e}"
        raise InputError(f"expected a {kind}, found `{field[:40]}`", hint=f"leave the field of `{column}` empty")
    return found
