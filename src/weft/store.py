"""Keeps rows and arrays that are too large for memory in temporary files, and reads them on demand.

A file has no name and is gone with the last object that reads it. Pages that were read are handed back at once: they
stay in the cache of the system, which needs no memory of this process. The files are made in `TMPDIR` if it is set.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice
from typing import IO, Any, TypeVar

import numpy as np
from pydantic import TypeAdapter

from weft.errors import InputError

BEYOND = 1 << 24
"""Size in bytes from which rows (as JSON) or an array are kept in a file."""
_EVERY = 64
"""Interval of the rows that are measured to estimate the size of all."""
_PART_ROWS, _PART_BYTES = 8192, 1 << 20
"""Limits of one read."""

V = TypeVar("V")


class Rows(Sequence[Any]):
    """Rows in a file, each decoded on demand; slices and selections of them read the same file."""

    def __init__(self, lines: _Lines, numbers: range | np.ndarray) -> None:
        self._lines, self._numbers = lines, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return Rows(self._lines, self._numbers[at])
        return self._lines.read(np.array([self._numbers[at]]))[0]

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(self.parts())

    def parts(self) -> Iterator[list[Any]]:
        """Yield all rows in order, some at a time."""
        for start in range(0, len(self), _PART_ROWS):
            numbers = np.asarray(self._numbers[start : start + _PART_ROWS])
            sizes = np.cumsum(self._lines.sizes(numbers))
            for some in np.split(numbers, np.flatnonzero(np.diff(sizes // _PART_BYTES)) + 1):
                yield self._lines.read(some)

    def chosen(self, numbers: np.ndarray) -> Rows:
        """Return the rows with these numbers, in that order."""
        return Rows(self._lines, np.asarray(self._numbers)[numbers])


class Column(Sequence[V]):
    """A lazy flat sequence: `values_of(row)` of every row in turn, `each` values a row."""

    def __init__(self, rows: Rows, values_of: Callable[[Any], Sequence[V]], each: int) -> None:
        self._rows, self._values_of, self._each = rows, values_of, each

    def __len__(self) -> int:
        return len(self._rows) * self._each

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            if self._each == 1:
                return list(Column(self._rows[at], self._values_of, 1))
            return [self[place] for place in range(*at.indices(len(self)))]
        row, place = divmod(range(len(self))[at], self._each)
        return self._values_of(self._rows[row])[place]

    def __iter__(self) -> Iterator[V]:
        return chain.from_iterable(self.parts())

    def parts(self) -> Iterator[list[V]]:
        """Yield all values in order, some at a time."""
        for rows in self._rows.parts():
            yield [value for row in rows for value in self._values_of(row)]


class Pile:
    """An array that grows at the end; in a file if it grows beyond `BEYOND` bytes."""

    def __init__(self) -> None:
        self._parts: list[np.ndarray] = []
        self._file: IO[bytes] | None = None
        self._size = 0

    def add(self, values: np.ndarray) -> None:
        """Append values along the first axis; type and further axes are those of the first values.

        Raises InputError if there is no room for the file.
        """
        self._parts.append(values)
        self._size += values.nbytes
        if self._size > BEYOND:
            for part in self._parts:
                self._file = _written(part.tobytes(), self._file)
            self._parts = [values[:0].copy()]  # keeps the type and the axes

    def done(self) -> np.ndarray:
        """Return the whole array, read-only if it is in a file; something must have been added."""
        if self._file is None:
            return self._parts[0] if len(self._parts) == 1 else np.concatenate(self._parts)
        first = self._parts[0]
        return np.frombuffer(_mapped(self._file), dtype=first.dtype).reshape(-1, *first.shape[1:])


def kept(rows: Iterable[Any]) -> Sequence[Any]:
    """Keep dataclass instances of one kind as a list; or, if they take more than `BEYOND` bytes as JSON, as `Rows`.

    Raises InputError if there is no room for the file.
    """
    if isinstance(rows, Rows):
        return rows
    found: list[Any] = []
    sizes: list[int] = []
    coming = iter(rows)
    for row in coming:
        found.append(row)
        if len(found) % _EVERY == 1:
            sizes.append(len(_json(type(row)).dump_json(row)))
            if len(found) * sum(sizes) > BEYOND * len(sizes):
                break
    else:
        return found
    kind, ends, file = type(found[0]), array("q", [0]), None
    coming = chain(found, coming)
    del found
    while some := list(islice(coming, _PART_ROWS)):
        lines = list(map(_json(kind).dump_json, some))
        for line in lines:
            ends.append(ends[-1] + len(line) + 1)
        file = _written(b",".join([*lines, b""]), file)
    assert file is not None
    lines = _Lines(kind, _mapped(file), np.frombuffer(ends, dtype=np.int64))
    return Rows(lines, range(lines.count))


def chosen(rows: Sequence[Any], numbers: np.ndarray) -> Sequence[Any]:
    """Return the rows with these numbers, in that order: a list for a list, and `Rows` for `Rows`."""
    if isinstance(rows, Rows) and len(numbers):
        return rows.chosen(numbers)
    return [rows[number] for number in numbers.tolist()]


def column(rows: Sequence[Any], values_of: Callable[[Any], Sequence[V]], *, each: int = 1) -> Sequence[V]:
    """Return the `each` values of each row, end to end: a list, or for `Rows` a `Column`."""
    if isinstance(rows, Rows):
        return Column(rows, values_of, each)
    return [value for row in rows for value in values_of(row)]


def parts(values: Sequence[V]) -> Iterator[Sequence[V]]:
    """Yield values of a file some at a time, and all else in one part."""
    if isinstance(values, Rows | Column):
        yield from values.parts()
    else:
        yield values


def shared(values: Iterable[V]) -> list[V]:
    """Return the values with equal ones as one object: there are few different labels, and a file yields each anew."""
    known: dict[V, V] = {}
    return [known.setdefault(value, value) for value in values]


def taken(values: np.ndarray, at: slice | np.ndarray) -> np.ndarray:
    """Copy some values of an array that may be in a file, handing its pages back."""
    found = np.array(values[at]) if isinstance(at, slice) else values[at]
    owner: Any = values
    while isinstance(owner, np.ndarray):
        owner = owner.base
    owner = owner.obj if isinstance(owner, memoryview) else owner
    if isinstance(owner, mmap.mmap):
        _hand_back(owner)
    return found


class _Lines:
    """Rows of one kind as JSON in a file, a comma after each; with their starts and ends, int64 [R + 1]."""

    def __init__(self, kind: Any, mapped: mmap.mmap, ends_R1: np.ndarray) -> None:
        self._json, self._mapped, self._ends_R1 = _json(list[kind]), mapped, ends_R1
        self.count = len(ends_R1) - 1

    def sizes(self, numbers: np.ndarray) -> np.ndarray:
        return self._ends_R1[numbers + 1] - self._ends_R1[numbers]

    def read(self, numbers: np.ndarray) -> list[Any]:
        starts, ends = self._ends_R1[numbers].tolist(), self._ends_R1[numbers + 1].tolist()
        found = b"".join([self._mapped[start:end] for start, end in zip(starts, ends, strict=True)])
        _hand_back(self._mapped)
        return self._json.validate_json(b"[" + found[:-1] + b"]")


@cache
def _json(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _written(data: bytes, file: IO[bytes] | None) -> IO[bytes]:
    """Append to a file; if none is given, to a new one without a name."""
    folder = tempfile.gettempdir()
    if "TMPDIR" not in os.environ and os.path.isdir("/var/tmp"):
        folder = "/var/tmp"  # on many systems /tmp is itself kept in memory
    try:
        file = file or tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (it is open as long as it is read)
        file.write(data)
        file.flush()
    except OSError as error:
        what = f"rows cannot be kept there: {(error.strerror or str(error)).lower()}"
        raise InputError(what, where=folder, hint="set TMPDIR to a folder with room for a copy of the data") from None
    return file


def _mapped(file: IO[bytes]) -> mmap.mmap:
    with file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _hand_back(mapped: mmap.mmap) -> None:
    if hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
