"""The attributes that examples of every task share, and the name of their place in a file."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Protocol

from weft.data.sources import Table
from weft.errors import InputError


class Example(Protocol):
    """An example of any task, as it stands in a file."""

    @property
    def line(self) -> int:
        """The line of its file, 0 for none."""
        ...

    @property
    def texts(self) -> tuple[Any, ...]:
        """Its texts."""
        ...


def place_of(example: Example) -> str:
    """Name the line of an example, as an error's `where`; empty where it has none."""
    return f"line {example.line}" if example.line else ""


@contextmanager
def examples_of(file: str | Table) -> Generator[None]:
    """Names the file in an InputError about examples, which know of their place no more than the line."""
    try:
        yield
    except InputError as error:
        line = error.where.removeprefix("line ")
        named = file if isinstance(file, str) else file.path
        placed = line.isdecimal() and not isinstance(file, str)
        where = file.place(int(line)) if placed else f"{named}:{line}" if line else named
        raise InputError(error.what, where=where, hint=error.hint) from None
