r"""The way of every text to a terminal, where it is shown as it is spelled.

Labels, columns, names of files and texts may come from anywhere, and a terminal obeys some characters: such a one is
written out (`\\u001b`). A file or a pipe gets what is written into it as it is, in UTF-8.
"""

from __future__ import annotations

import re
import sys
from typing import IO

_OBEYED = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but tab and line feed, those that turn the direction of writing, and halves of characters."""


def printable(text: str) -> str:
    """Write out the characters of a text that a terminal would obey, as JSON does."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def say(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a text and a line feed: for people on standard error, or what was asked for on standard output."""
    stream = sys.stderr if err else sys.stdout
    stream.write((printable(text) if err or stream.isatty() else text) + ("\n" if nl else ""))
    stream.flush()


class Out:
    """Standard output as a file to write to."""

    def write(self, text: str) -> int:
        """Write a text, printable where it is a terminal; returns its length."""
        sys.stdout.write(printable(text) if sys.stdout.isatty() else text)
        return len(text)

    def flush(self) -> None:
        """Pass on what has been written."""
        sys.stdout.flush()


def prepare() -> None:
    """Let no character fail to be printed: a terminal writes out what it cannot show, files and pipes are in UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        _prepare(stream, errors="backslashreplace")
    _prepare(sys.stdin, errors="strict")


def _prepare(stream: IO[str], *, errors: str) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding=None if stream.isatty() else "utf-8", errors=errors)
