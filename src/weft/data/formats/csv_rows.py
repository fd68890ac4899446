"""Parses lines of CSV and TSV into records: delimiters, quotes, and the line on which each record starts.

A record that cannot be read is yielded as an InputError in its place, for the table to raise or to leave out.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count, islice

from weft.errors import InputError

DELIMITERS = (",", ";", "\t", "|")
# Long enough for several novels; without a limit, a quote left open would swallow the rest of the file.
MOST_CHARACTERS = 1 << 22

_NAME = re.compile(r"[a-z_][a-z0-9_]*|Text|Label|Title|Review|Sentence|Content")
"""Name of a column, which is no title: one word in small letters, or one that is usual."""
LINES_BELOW = 6
"""First lines whose delimiter is taken where the very first has none."""
LONGEST_NAME = 40
"""Characters at most of the name of a column below a title."""
MOST_TITLES = 5
"""Records above a header at most."""
MOST_COLUMNS = 10_000
"""Columns at most: a file with more is no table of texts, or its delimiter stands in a text."""

_BLOCK = 1024
_RETURN = "\0"
"""Stands for a carriage return inside a line; no text has a NUL."""
_QUOTED = re.compile(r'"[^"]*(?:"|$)')

Record = list[str] | InputError


def check_columns(names: tuple[str, ...], *, where: str) -> tuple[str, ...]:
    """Return the names of columns. Raises InputError when there are too many, or two are the same."""
    _check_count(names, where=where)
    twice = next((name for name, times in Counter(names).items() if times > 1), None)
    if twice is not None:
        raise InputError(f"two columns are named `{twice}`", where=where, hint="give each a name of its own")
    return names


def _check_count(names: tuple[str, ...], *, where: str) -> None:
    if len(names) > MOST_COLUMNS:
        hint = "keep the columns that are needed; is a delimiter in a text that is not quoted?"
        raise InputError(f"has {len(names):,} columns, expected {MOST_COLUMNS:,} at most", where=where, hint=hint)


def distinct(names: tuple[str, ...], *, where: str) -> tuple[str, ...]:
    """Return the names of columns, a second `text` as `text_2`. Raises InputError when there are too many."""
    _check_count(names, where=where)
    given, seen = set(names), dict.fromkeys(names, 0)
    found: list[str] = []
    for name in names:
        seen[name] += 1
        numbers = count(seen[name])
        other = name if seen[name] == 1 else next(f"{name}_{n}" for n in numbers if f"{name}_{n}" not in given)
        given.add(other)
        found.append(other)
    return tuple(found)


def remarks_on(names: Sequence[str], renamed: Sequence[str]) -> list[str]:
    """Say which names stood twice in a header."""
    return [f"a second `{was}` is read as `{now}`" for was, now in zip(names, renamed, strict=True) if was != now]


def title_records(records: Sequence[tuple[int, Record]]) -> int:
    """Count the first records that are a title over the table: one filled field each, the first.

    Then come rows as wide as each other, of which the first is the header: its fields are filled, short, distinct, and
    no numbers.
    """
    read = [[field.strip() for field in record] for _, record in records if isinstance(record, list)]
    if len(read) < len(records):
        return 0
    titles = next((place for place, fields in enumerate(read[:MOST_TITLES]) if any(fields[1:])), 0)
    header, widths = read[titles] if titles else [], {len(fields) for fields in read[titles:]}
    named = all(0 < len(name) <= LONGEST_NAME and not name.isdecimal() for name in header)
    alike = len(widths) == 1 and len({*header}) == len(header)
    begins = titles > 0 and bool(read[0][0]) and not _NAME.fullmatch(read[0][0])
    first = begins and all(fields[0] or not any(fields) for fields in read[:titles])
    return titles if first and len(read) - titles > 1 and named and alike else 0


def sniff_delimiter(header: str, lines: Iterable[str] = ()) -> str:
    """Detect the delimiter of a CSV header: the first of comma, semicolon, tab and bar that stands outside quotes.

    Where there is none, the header may stand below a title: the delimiter is that of all the first `lines` after it.
    """
    bare = _QUOTED.sub("", header)
    lines = () if _NAME.fullmatch(bare.strip()) else lines
    below = [_QUOTED.sub("", line) for line in islice(lines, LINES_BELOW) if line.strip()][1:]
    of_all = (one for one in DELIMITERS if below and len({line.count(one) for line in below}) == 1 and one in below[0])
    return next((one for one in DELIMITERS if one in bare), next(of_all, ","))


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


def tsv_records(lines: Iterator[str], delimiter: str = "\t") -> Iterator[tuple[int, Record]]:
    """Yield the records of raw TSV, in which a quote is an ordinary character and no field holds a tab or newline.

    TSV whose quotes enclose fields is CSV with a tab for its delimiter; another delimiter may have several characters.
    """
    for number, line in enumerate(lines, 1):
        bare = line.rstrip("\r\n")
        if bare:
            yield number, bare.split(delimiter)


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
