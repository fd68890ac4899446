"""Reads the labels of a row that may have several: lists, fields with a separator, and columns of yes and no."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from weft.data.examples.column_looks import are_numbers, sampled
from weft.data.examples.label_evidence import Rank, label_candidates
from weft.data.formats.value_looks import like_labels
from weft.data.sources import Row, Table
from weft.errors import InputError

_YES, _NO = ("1", "1.0", "true", "yes", "x", "是"), ("0", "0.0", "false", "no", "", "否")
"""Spellings in columns of yes and no, in lower case."""
_MARKS = ({"0", "1"}, {"0.0", "1.0"}, {"false", "true"})
"""The values by which a column is known to be one of yes and no."""
_SAMPLE = 1000


def labels_in(row: Row, columns: Sequence[str], separator: str | None) -> tuple[str, ...]:
    """Return the labels of a row, each once: of several columns the names of those that say yes.

    Raises InputError where there is no field, or a column of yes and no says neither.
    """
    if len(columns) > 1:
        return tuple(name for name in columns if _says_yes(row, name))
    (column,) = columns
    found = row.lists.get(column)
    if found is None and row.whole.get(column) == []:
        found = ()
    text = row.values.get(column)
    if found is None and text is not None:
        found = as_list(text)
        if found is None:
            found = text.split(separator) if separator else [text]
    if found is None:
        hint = "write labels as one string with a separator, or as a list; an empty one has none"
        raise InputError("labels are absent or nested", hint=hint)
    return tuple(dict.fromkeys(label for part in found if (label := part.strip())))


def as_list(text: str) -> list[str] | None:
    """Return the labels in a field that holds a list as JSON or Python writes it; None: it holds none."""
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return None
    plain = isinstance(found, list) and all(isinstance(one, str | int | float) for one in found)
    return list(map(str, found)) if plain else None


def has_lists(table: Table, column: str) -> bool:
    """Whether a column holds lists of labels: of JSON and fastText one, of a table all fields that hold something."""
    fields = False
    for row in _sample(table):
        if column in row.lists or row.whole.get(column) == []:
            return True
        if text := row.values.get(column, "").strip():
            if as_list(text) is None:
                return False
            fields = True
    return fields


def columns_of_lists(table: Table) -> tuple[str, ...]:
    """Return the columns whose fields hold lists, as `['a', 'b']`, of few different labels that come again.

    Those of numbers, such as counts of votes, are left out where a column of one label a row stands there.
    """
    rows = list(_sample(table))
    columns = {
        name: [row.lists[name] if name in row.lists else row.values.get(name, "") for row in rows]
        for name in table.columns
    }
    found = {name: _labels_of(fields) for name, fields in columns.items()}
    words = tuple(name for name, labels in found.items() if like_labels(labels) and not are_numbers(labels))
    if words or any(one.rank < Rank.BESIDE for one in label_candidates(table.columns, sampled(table))):
        return words
    return tuple(name for name, labels in found.items() if like_labels(labels))


def columns_separated(table: Table, separator: str) -> tuple[str, ...]:
    """Return the only column with fields that hold a separator between few different labels; none, or several: none."""
    columns = {name: [row.values.get(name, "") for row in _sample(table)] for name in table.columns}
    parts = {
        name: [label.strip() for field in fields for label in field.split(separator) if label.strip()]
        for name, fields in columns.items()
        if any(separator in field for field in fields)
    }
    found = tuple(name for name, labels in parts.items() if like_labels(labels))
    return found if len(found) == 1 else ()


def _labels_of(fields: Sequence[str | Sequence[str]]) -> list[str]:
    """Return the labels in fields that all hold lists; else none."""
    found = [as_list(field) if isinstance(field, str) else field for field in fields if field]
    return [] if None in found else [label for one in found if one for label in one]


def yes_and_no(table: Table) -> tuple[str, ...]:
    """Return the columns that say yes or no of each row, where there are two or more; else none."""
    marks: dict[str, set[str]] = {name: set() for name in table.columns}
    for row in _sample(table):
        for name in [*marks]:
            marks[name].add(row.values.get(name, "").strip().lower())
            if not any(marks[name] <= known for known in _MARKS):
                del marks[name]
    found = tuple(name for name, seen in marks.items() if seen)
    return found if len(found) > 1 and _differ(marks[name] for name in found) else ()


def _differ(seen: Iterable[set[str]]) -> bool:
    return any(len(one) > 1 for one in seen)


def _says_yes(row: Row, name: str) -> bool:
    said = row.values.get(name, "").strip().lower()
    if said in _YES:
        return True
    if said not in _NO:
        hint = "write 1 or 0, or name one column that has the labels"
        raise InputError(f"`{name}` is `{row.values[name]}`, expected yes or no", hint=hint)
    return False


def _sample(table: Table) -> Iterator[Row]:
    return islice(table.unchecked(), _SAMPLE)
