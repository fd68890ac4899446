"""Parses lines of CSV and TSV into records: delimiters, quotes, and the line on which each record starts.

A record that cannot be read is yielded as an InputError in its place, for the table to raise or to leave out.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from weft.errors import InputError

DELIMITERS = (",", ";", "\t", "|")
# Long enough for several novels; without a limit, a quote left open would swallow the rest of the file.
MOST_CHARACTERS = 1 << 22

_BLOCK = 1024
_RETURN = "\0"
"""Stands for a carriage return inside a line; no text has a NUL."""
_QUOTED = re.compile(r'"[^"]*(?:"|$)')

Record = list[str] | InputError


def sniff_delimiter(header: str) -> str:
    """Detect the delimiter of a CSV header: the first of comma, semicolon, tab and bar that stands outside quotes."""
    bare = _QUOTED.sub("", header)
    return next((delimiter for delimiter in DELIMITERS if delimiter in bare), ",")


def csv_records(lines: Iterator[str], delimiter: str, *, spaced: bool = False) -> Iterator[tuple[int, Record]]:
    """Yield the records of a CSV file with the line each starts on, blank lines left out.

    After a broken quote, only the line where it opened is skipped: reading goes on with the line after it. A carriage
    return inside a line belongs to its field. If `spaced`, blanks after a delimiter are left out.
    """
    if csv.field_size_limit() < MOST_CHARACTERS:
        csv.field_size_limit(MOST_CHARACTERS)
    tape, hidden = _Tape(lines), False
    while True:
        rest = map(_hide_returns, tape.rest()) if hidden else tape.rest()
        reader = csv.reader(rest, delimiter=delimiter, strict=True, skipinitialspace=spaced)
        start = tape.line
        try:
            for fields in reader:
                if fields:
                    yield tape.line, [field.replace(_RETURN, "\r") for field in fields] if hidden else fields
                tape.line = start + reader.line_num
            return
        except csv.Error as error:
            if str(error).startswith("new-line") and not hidden:
                hidden = True  # the reader takes a carriage return for the end of a line: from here on it sees none
                continue
            broken = tape.line
            tape.line += 1
            yield broken, _broken(str(error))


def tsv_records(lines: Iterator[str]) -> Iterator[tuple[int, Record]]:
    """Yield the records of raw TSV, in which a quote is an ordinary character and no field holds a tab or newline.

    TSV whose quotes enclose fields is CSV with a tab for its delimiter.
    """
    for number, line in enumerate(lines, 1):
        bare = line.rstrip("\r\n")
        if bare:
            yield number, bare.split("\t")


def opens_a_quote(lines: Iterator[str]) -> bool:
    """Whether a field of a TSV file starts with a quote; up to the first that does, raw and quoted read the same."""
    return any(line.startswith('"') or '\t"' in line for line in lines)


class _Tape:
    """Lines that can be read again from `line`, the number (from 1) of the first line of the record being read."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.line = 1
        self._lines = lines
        self._window: list[str] = []
        self._window_line = 1

    def rest(self) -> Iterator[str]:
        return chain.from_iterable(self._blocks())

    def _blocks(self) -> Iterator[Iterable[str]]:
        # Blocks, so that nothing is done in Python for a single line.
        yield map(self._window.__getitem__, range(self.line - self._window_line, len(self._window)))
        while block := list(islice(self._lines, _BLOCK)):
            del self._window[: self.line - self._window_line]
            self._window_line = self.line
            self._window += block
            yield block


def _hide_returns(line: str) -> str:
    body = line.removesuffix("\n").removesuffix("\r")
    return body.replace("\r", _RETURN) + line[len(body) :]


def _broken(complaint: str) -> InputError:
    hint = 'write a quote inside a quoted field twice, as in "she said ""yes"""'
    if "field larger" in complaint:
        return InputError(f"has a field of over {MOST_CHARACTERS:,} characters: is a quote left open?", hint=hint)
    if "unexpected end" in complaint:
        return InputError("opens a quote that is never closed", hint=hint)
    return InputError("has a broken quote: only a delimiter may follow a closing quote", hint=hint)
