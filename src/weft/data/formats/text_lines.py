"""Opens a text file as lines, by the one way in which weft counts them.

A line ends at a line feed, as `wc -l` and `sed -n 7p` count; a carriage return before it belongs to the ending, and any
other one to the text. Only in a file without a line feed, as old Macs wrote them, a carriage return ends a line.
"""

from __future__ import annotations

import io
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from operator import methodcaller
from typing import Literal

from weft.data.formats.encodings import open_bytes

Errors = Literal["strict", "surrogateescape"]
_BYTE = re.compile("[\udc80-\udcff]")
_START = 1 << 20
"""Characters in which a line feed is looked for."""


@contextmanager
def open_lines(source: str, encoding: str, *, errors: Errors = "strict") -> Generator[Iterator[str]]:
    """Open the lines of a file, each with its own ending, without the BOM: joined files have one at each joint.

    With `surrogateescape` a byte that does not decode becomes a lone surrogate, by which `is_broken` knows its row.
    """
    with _opened(source, encoding, errors, newline="") as file:
        start = file.read(_START)
    newline = "\r" if "\r" in start and "\n" not in start else "\n"
    with _opened(source, encoding, errors, newline=newline) as file:
        yield filter(None, map(methodcaller("removeprefix", "\ufeff"), file))


def is_broken(text: str) -> bool:
    """Whether a text has a byte that did not decode."""
    return _BYTE.search(text) is not None


def _opened(source: str, encoding: str, errors: Errors, *, newline: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(open_bytes(source), encoding=encoding, errors=errors, newline=newline)
