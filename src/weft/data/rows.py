"""Rows of a table, and those that were left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One record: its values by column, and the line (from 1) of the unpacked file on which it starts.

    Where there are no lines, in parquet, in nested JSON and in a folder of texts, `line` is the number of the row.
    `lists` has the values of JSON lines that are lists of strings, by column (the references of a source, for example);
    `whole` is the object as in the file, nested values included; `decimal_commas` are columns of numbers as `3,5`.
    """

    values: Mapping[str, str]
    line: int
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    decimal_commas: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def values_of(self, column: str) -> tuple[str, ...]:
        """Return the values of the list in a column, or the only one."""
        return self.lists.get(column) or (self.values.get(column, ""),)

    def each_of(self, column: str, aside: Counter[str]) -> Iterator[Row]:
        """Yield a row for each text of the list in a column; that there is none is counted in `aside`."""
        texts = [text for text in self.lists.get(column, ()) if text.strip()]
        if not texts and (column in self.lists or self.whole.get(column) == []):
            aside[f"rows without a text in `{column}`"] += 1
        elif not texts:
            yield self
        lists = {name: found for name, found in self.lists.items() if name != column}
        for text in texts:
            values, whole = ({**found, column: text} for found in (self.values, self.whole))
            yield replace(self, values=values, lists=lists, whole=whole)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out, and the reason; `column` is empty if the row as a whole is at fault, `place` is for
    people.
    """

    file: str
    line: int
    column: str
    what: str
    place: str = field(default="", compare=False)
