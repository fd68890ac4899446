"""Reads parquet files with pyarrow (extra `parquet`)."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from weft.data.formats.encodings import open_bytes
from weft.data.formats.line_rows import Values
from weft.errors import InputError, MissingExtra

_BLOCK = 4096
"""Number of rows that are converted to Python values at once."""


def parquet_columns(path: str) -> tuple[str, ...]:
    """List the names of the columns, nested ones too.

    Raises InputError when the file is missing, damaged or without rows, or when two columns have one name.
    """
    with _opened(path) as file:
        names = tuple(file.schema_arrow.names)
        if not file.metadata.num_rows:
            raise InputError("has no rows", where=path)
    twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
    if twice is not None:
        raise InputError(f"two columns are named `{twice}`", where=path, hint="rename or drop one of them")
    return names


def parquet_rows(path: str) -> Iterator[tuple[int, Values]]:
    """Yield the rows, numbered from 1, a block at a time: strings, numbers, booleans, and categories of them.

    Like in JSON lines, truth values are `true` and `false`, and missing or nested values are left out.
    """
    number = 0
    with _opened(path) as file:
        readable = [name for name, kind in zip(*_schema(file), strict=True) if _is_value(kind)]
        for block in file.iter_batches(batch_size=_BLOCK, columns=readable):
            columns = {name: _spelled(block.column(place)) for place, name in enumerate(block.schema.names)}
            for row in range(block.num_rows):
                number += 1
                yield number, {name: value for name, values in columns.items() if (value := values[row]) is not None}


@contextmanager
def _opened(path: str) -> Generator[Any]:
    """Open the file with pyarrow, turning its errors into InputErrors."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtra("pyarrow", extra="parquet") from None
    with open_bytes(path) as bytes_of:
        try:
            with parquet.ParquetFile(bytes_of) as file:
                yield file
        except (pyarrow.ArrowException, OSError) as error:
            reason = (str(error).splitlines() or ["it cannot be read"])[0].rstrip(".")
            hint = "write it again, as with DataFrame.to_parquet"
            raise InputError(
                f"is not a sound parquet file: {reason[:1].lower()}{reason[1:]}", where=path, hint=hint
            ) from None


def _schema(file: Any) -> tuple[list[str], list[Any]]:
    return file.schema_arrow.names, file.schema_arrow.types


def _is_value(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        return _is_value(kind.value_type)
    tests = (types.is_string, types.is_large_string, types.is_string_view, types.is_integer, types.is_boolean)
    return any(test(kind) for test in tests) or types.is_floating(kind) or types.is_decimal(kind)


def _spelled(column: Any) -> list[str | None]:
    """Return the values of a column as a text file would spell them; None for what is missing, NaN included."""
    return [
        value if isinstance(value, str) else None if value is None or value != value else str(value).lower()  # noqa: PLR0124
        for value in column.to_pylist()
    ]
