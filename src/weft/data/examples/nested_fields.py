"""Fields of nested objects, in JSON and parquet, as columns that are named by their dotted path: `data.text`."""

from __future__ import annotations

from itertools import islice

from weft.data.formats.line_rows import at_path, nested_paths
from weft.data.sources import Table

_LOOKED_AT = 20
"""Rows that are searched for values in nested objects."""


def nested_fields(table: Table) -> list[str]:
    """List the dotted paths to the values in nested objects of the first rows."""
    if not _may_nest(table):
        return []
    first = islice(table.unchecked(), _LOOKED_AT)
    return list(dict.fromkeys(path for row in first for path in nested_paths(row.whole)))


def reach(table: Table, path: str) -> None:
    """Read the values at a dotted path into nested objects as a column of that name, where there are any."""
    if "." not in path or path in table.columns or not _may_nest(table):
        return
    if any(at_path(row.whole, path) is not None for row in islice(table.unchecked(), _LOOKED_AT)):
        for one in (table, *table.parts):
            one.reached, one.columns = (*one.reached, path), (*one.columns, path)


def _may_nest(table: Table) -> bool:
    return table.form in ("jsonl", "parquet")
