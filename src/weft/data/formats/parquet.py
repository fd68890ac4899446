"""Reads parquet and Arrow files with pyarrow (extra `parquet`).

Hugging Face's data sets are such files, parquet on the hub and Arrow where `save_to_disk` writes them; their schema has
the names of labels that are stored as numbers, or else the card of the data set.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, BinaryIO

from weft.data.formats.csv_rows import check_columns
from weft.data.formats.dataset_cards import label_names
from weft.data.formats.encodings import check_unpacked, open_bytes
from weft.errors import InputError, MissingExtra

if TYPE_CHECKING:  # reading needs no numpy
    import numpy as np

_BLOCK = 4096
"""Number of rows that are converted to Python values at once."""
_SMALL = 1 << 22
"""Bytes of a file below which a value that stands in many rows is read once; to find such values takes five times as
long, and a small file may unpack to much more than fits into memory.
"""
_ROW = 8
"""Characters that a row counts for, beside those of its values."""


def parquet_columns(path: str) -> tuple[str, ...]:
    """List the names of the columns, nested ones too.

    Raises InputError when the file is missing, damaged or without rows, or when two columns have one name.
    """
    with _opened(path) as file:
        names = tuple(file.schema_arrow.names)
        if not file.metadata.num_rows:
            raise InputError("has no rows", where=path)
    return check_columns(names, where=path)


def parquet_rows(path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows, numbered from 1, a block at a time: strings, numbers, booleans, categories and nests of them.

    Like in JSON lines, truth values are `true` and `false`, and missing values are left out. A label that Hugging Face
    stores as a number is its name, and missing where that number is -1.
    """
    number = unpacked = 0
    with _opened(path) as file:
        readable = {
            name: kind for name, kind in zip(*_schema(file), strict=True) if _is_value(kind) or _is_nested(kind)
        }
        named = _label_names(file.schema_arrow.metadata)
        names = {
            name: named.get(name, label_names(path).get(name)) for name, kind in readable.items() if _is_whole(kind)
        }
        check_unpacked(path, file.metadata.num_rows * _ROW)
    texts = [name for name, kind in readable.items() if _is_text(kind)] if os.path.getsize(path) < _SMALL else []
    with _opened(path, read_once=texts) as file:
        for block in file.iter_batches(batch_size=_BLOCK, columns=list(readable)):
            columns = {
                name: _spelled(block.column(place), names.get(name)) for place, name in enumerate(block.schema.names)
            }
            for row in range(block.num_rows):
                number += 1
                found = {name: value for name, values in columns.items() if (value := values[row]) is not None}
                unpacked += _ROW + sum(map(_size, found.values()))
                check_unpacked(path, unpacked)
                yield number, found


@contextmanager
def _opened(path: str, *, read_once: Sequence[str] = ()) -> Generator[Any]:
    """Open the file with pyarrow, turning its errors into InputErrors; of some columns equal values are read once."""
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
            with parquet.ParquetFile(bytes_of, read_dictionary=list(read_once)) as file:
                yield file
        except InputError:
            raise
        except (pyarrow.ArrowException, OSError, MemoryError, ValueError, LookupError) as error:
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
    tests = (_is_text, types.is_integer, types.is_boolean, types.is_floating, types.is_decimal)
    return any(test(kind) for test in tests)


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    return types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)


def _is_whole(kind: Any) -> bool:
    from pyarrow import types

    return _is_whole(kind.value_type) if types.is_dictionary(kind) else types.is_integer(kind)


def _is_nested(kind: Any) -> bool:
    from pyarrow import types

    return any(test(kind) for test in (types.is_list, types.is_large_list, types.is_struct))


def _spelled(column: Any, names: Sequence[str] | None) -> list[Any]:
    """Return the values of a column as a text file would spell them; None for what is missing, NaN included."""
    if hasattr(column, "dictionary"):
        once = _spelled(column.dictionary, names)
        return [None if place is None else once[place] for place in column.indices.to_pylist()]
    values = column.to_pylist()
    if names is not None:
        return [names[value] if value is not None and 0 <= value < len(names) else None for value in values]
    return [value if isinstance(value, str) else _as_text(value) for value in values]


def _size(value: Any) -> int:
    """Count the characters of a value, nested ones too."""
    if isinstance(value, str):
        return len(value)
    return _ROW + sum(map(_size, value.values() if isinstance(value, dict) else value or ()))


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


def write_vectors(path: Path, values: Sequence[str], blocks: Iterable[np.ndarray], *, column: str = "text") -> None:
    """Write texts [E], or other strings, with their vectors, some at a time [e, D], into a parquet file: its columns
    are `column` and `vector`.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtra("pyarrow", extra="parquet") from None
    writer, at = None, 0
    try:
        for block in blocks:
            flat = pyarrow.array(block.reshape(-1))
            vectors = pyarrow.FixedSizeListArray.from_arrays(flat, block.shape[1])
            table = pyarrow.table({column: list(values[at : at + len(block)]), "vector": vectors})
            writer = writer or parquet.ParquetWriter(path, table.schema)
            writer.write_table(table)
            at += len(block)
    finally:
        if writer is not None:
            writer.close()
