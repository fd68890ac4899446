"""Fields of nested objects, in JSON and parquet, as columns that are named by their dotted path: `data.text`."""

from __future__ import annotations

import ast
import json
from itertools import islice
from typing import Any

from weft.data.examples.column_looks import SAMPLE, sampled
from weft.data.examples.column_names import listed
from weft.data.formats.json_exports import names_of
from weft.data.formats.line_rows import at_path, decoder, nested_paths, scalars
from weft.data.sources import Table
from weft.errors import InputError, typed

IN_LISTS = "what lies in a list has no path: write it into a field of its own (of Label Studio, export csv or JSON-MIN)"
"""The hint at fields that cannot be named."""
_MOST_SHOWN = 3
_LOOKED_AT = 20
"""Rows that are searched for values in nested objects."""


def nested_fields(table: Table) -> list[str]:
    """List the dotted paths to the values in nested objects of the first rows."""
    if not _may_nest(table):
        return []
    first = islice(table.unchecked(), _LOOKED_AT)
    return list(dict.fromkeys(path for row in first for path in nested_paths(row.whole)))


def lists_of_objects(table: Table) -> list[str]:
    """List the fields of the first rows that hold lists of objects or of lists, which no path leads into."""
    if not _may_nest(table):
        return []
    first = [row.whole for row in islice(table.unchecked(), _LOOKED_AT)]
    return list(dict.fromkeys(name for row in first for name, value in row.items() if _is_nested_list(value)))


def in_objects(table: Table) -> str:
    """List the fields of nested objects, which a table does not show among its columns."""
    paths, lists = nested_fields(table), lists_of_objects(table)
    said = f" (fields of objects are named by their path: {listed(paths)})" if paths else ""
    return f"{said}; {listed(lists)}: {IN_LISTS}" if lists else said


def sampled_fields(table: Table) -> dict[str, list[str]]:
    """Return the values of the first rows by column, those in nested objects by their dotted path too."""
    paths = [path for path in nested_fields(table) if path not in table.columns]
    if not paths:
        return sampled(table)
    rows = [
        {**row.values, **scalars({path: at_path(row.whole, path) for path in paths})}
        for row in islice(table.unchecked(), SAMPLE)
    ]
    return {name: [row[name] for row in rows if name in row] for name in (*table.columns, *paths)}


def objects_among(table: Table, *, lists: bool = False) -> set[str]:
    """Return the columns that hold objects, or `lists` of them, in the first rows, whatever their names say."""
    if not _may_nest(table):
        return set()
    first = [row.whole for row in islice(table.unchecked(), _LOOKED_AT)]
    found = {name for row in first for name, value in row.items() if isinstance(value, dict)}
    return found | ({*lists_of_objects(table)} if lists else set())


def decoded(value: Any) -> Any:
    """Return the list that a field holds as JSON or Python writes it, numbers as they are spelled; else the value."""
    if not isinstance(value, str) or not (value.strip().startswith("[") and value.strip().endswith("]")):
        return value
    try:
        found = decoder.decode(value.strip())
    except (ValueError, RecursionError):
        try:
            found = decoder.decode(json.dumps(ast.literal_eval(value.strip())))
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            return value
    return found if isinstance(found, list) else value


def must_hold_one_label(table: Table, column: str) -> None:
    """Raise InputError where a column holds lists or objects in all of the first rows that have it, and no label."""
    first = islice(table.unchecked(), _LOOKED_AT)
    fields = [(row.whole.get(column) or at_path(row.whole, column), row.values.get(column)) for row in first]
    found = [
        value for inner, text in fields if (value := decoded(text or None) if inner is None else inner) is not None
    ]
    if not found or not all(isinstance(value, list | dict) for value in found):
        return
    if not _may_nest(table) and not any(map(_is_nested_list, found)):
        return  # a field of a table, such as `[]`
    paths = [path for path in nested_fields(table) if path.startswith(f"{column}.")] or [f"{column}.NAME"]
    shown = " or ".join(f"--label {typed(path)}" for path in sorted(paths, key=_is_no_name)[:_MOST_SHOWN])
    holds, hint = "objects", f"name a field of them by its path: {shown}"
    if any(isinstance(value, list) for value in found):
        holds = "lists"
        hint = "pass --task multilabel if they are the labels of a text"
        if any(map(_is_nested_list, found)):
            spans = any(one for value in found if isinstance(value, list) for one in value if _is_span(one))
            hint = f"pass --tags {typed(column)} for spans of the texts" if spans else IN_LISTS
    raise InputError(f"`{column}` holds {holds}, expected one label", where=table.path, hint=hint)


def _is_no_name(path: str) -> bool:
    """Return the key by which the path to a name comes before those to the rest of an object."""
    return path.rpartition(".")[2] not in ("name", "label", "title", "value")


def _is_nested_list(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, list | dict) for one in names_of(value))


def _is_span(value: Any) -> bool:
    """Whether a value is a place in a text and its label, as doccano and others write them."""
    named = isinstance(value, dict) and {"start", "end"} <= {*value}
    return named or (isinstance(value, list) and len(value) == 3 and isinstance(value[2], str))


def reach(table: Table, path: str) -> None:
    """Read the values at a dotted path into nested objects as a column of that name, where there are any."""
    if "." not in path or path in table.columns or not _may_nest(table):
        return
    if any(at_path(row.whole, path) is not None for row in islice(table.unchecked(), _LOOKED_AT)):
        for one in (table, *table.parts):
            one.reached, one.columns = (*one.reached, path), (*one.columns, path)


def _may_nest(table: Table) -> bool:
    return table.form in ("jsonl", "parquet", "brat")
