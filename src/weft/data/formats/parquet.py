"""Reads parquet and Arrow files with pyarrow (extra `parquet`).

Hugging Face's data sets are such files, parquet on the hub and Arrow where `save_to_disk` writes them; their schema has
the names of labels that are stored as numbers.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, BinaryIO

from weft.data.formats.encodings import open_bytes
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


def parquet_rows(path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows, numbered from 1, a block at a time: strings, numbers, booleans, categories and nests of them.

    Like in JSON lines, truth values are `true` and `false`, and missing values are left out. A label that Hugging Face
    stores as a number is its name, and missing where that number is -1.
    """
    number = 0
    with _opened(path) as file:
        readable = [name for name, kind in zip(*_schema(file), strict=True) if _is_value(kind) or _is_nested(kind)]
        names = _label_names(file.schema_arrow.metadata)
        for block in file.iter_batches(batch_size=_BLOCK, columns=readable):
            columns = {
                name: _spelled(block.column(place), names.get(name)) for place, name in enumerate(block.schema.names)
            }
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
            if path.lower().endswith(".arrow"):
                yield _ArrowFile(bytes_of)
                return
            with parquet.ParquetFile(bytes_of) as file:
                yield file
        except (pyarrow.ArrowException, OSError) as error:
            reason = (str(error).splitlines() or ["it cannot be read"])[0].rstrip(".")
            hint = "write it again, as with DataFrame.to_parquet"
            form = "arrow" if path.lower().endswith(".arrow") else "parquet"
            what = f"is not a sound {form} file: {reason[:1].lower()}{reason[1:]}"
            raise InputError(what, where=path, hint=hint) from None


def _schema(file: Any) -> tuple[list[str], list[Any]]:
    return file.schema_arrow.names, file.schema_arrow.types


def _is_value(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        return _is_value(kind.value_type)
    tests = (types.is_string, types.is_large_string, types.is_string_view, types.is_integer, types.is_boolean)
    return any(test(kind) for test in tests) or types.is_floating(kind) or types.is_decimal(kind)


def _is_nested(kind: Any) -> bool:
    from pyarrow import types

    return any(test(kind) for test in (types.is_list, types.is_large_list, types.is_struct))


def _spelled(column: Any, names: Sequence[str] | None) -> list[Any]:
    """Return the values of a column as a text file would spell them; None for what is missing, NaN included."""
    values = column.to_pylist()
    if names is not None:
        return [names[value] if value is not None and 0 <= value < len(names) else None for value in values]
    return [value if isinstance(value, str) else _as_text(value) for value in values]


def _as_text(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_text(one) for one in value]
    if isinstance(value, dict):
        return {name: _as_text(one) for name, one in value.items()}
    return value if isinstance(value, str) else None if value is None or value != value else str(value).lower()  # noqa: PLR0124


def _label_names(metadata: Mapping[bytes, bytes] | None) -> dict[str, list[str]]:
    """Return the names of the labels of each column, from the description that Hugging Face writes into a schema."""
    try:
        features = json.loads((metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        named = {name: one["names"] for name, one in features.items() if one.get("_type") == "ClassLabel"}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {name: own for name, own in named.items() if isinstance(own, list) and all(isinstance(o, str) for o in own)}


class _ArrowFile:
    """A file of Arrow's stream or file format, with what is used here of a `pyarrow.parquet.ParquetFile`."""

    def __init__(self, file: BinaryIO) -> None:
        from pyarrow import ipc

        self._stream = file.read(6) != b"ARROW1"
        self._ipc, self._file = ipc, file
        self.schema_arrow = self._reader().schema
        self.metadata = SimpleNamespace(num_rows=sum(batch.num_rows for batch in self._batches()))

    def iter_batches(self, *, batch_size: int, columns: Sequence[str]) -> Iterator[Any]:
        """Yield the rows, a number of them at a time, with some of their columns."""
        for batch in self._batches():
            for start in range(0, batch.num_rows, batch_size):
                yield batch.select(list(columns)).slice(start, batch_size)

    def _reader(self) -> Any:
        self._file.seek(0)
        return self._ipc.open_stream(self._file) if self._stream else self._ipc.open_file(self._file)

    def _batches(self) -> Iterator[Any]:
        reader = self._reader()
        yield from reader if self._stream else map(reader.get_batch, range(reader.num_record_batches))
