"""Finds how a CSV or TSV file is laid out: delimiter, quotes, blanks before quotes, the names of its columns.

TSV comes in two kinds, which no name distinguishes. Spreadsheets, pandas and csv.writer enclose a field in quotes when
it holds a tab, a line break or a quote; raw TSV, such as SST-2's, has no quoting, so that a text may start with a
quote. A file in which some field starts with a quote is of the first kind when all of it reads so without a fault: each
quote closed where its field ends, each record as wide as the header. Else its quotes are plain characters. By the same
rule blanks between a delimiter and a quote belong to the text, or to nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Literal

from weft.data.formats.csv_rows import Record, csv_records, opens_a_quote, sniff_delimiter, tsv_records
from weft.errors import InputError

Quotes = Literal["none", "plain", "enclose"]
Lines = Callable[[], AbstractContextManager[Iterator[str]]]
"""Function that opens the lines of a file."""

_SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
"""First line by which spreadsheets name the delimiter."""
_QUOTE_AFTER_BLANKS = re.compile(' +"')


@dataclass(frozen=True, slots=True)
class Layout:
    """How the records of a file are told apart, and the names of its columns.

    `quotes` says whether quotes enclose fields, or are plain characters although some field starts with one; `spaced`,
    whether blanks before a quote are left out; `headed`, whether the first record names the columns; `begin` is the
    number of lines before it; `named_by_suffix`, whether the file's name tells the delimiter.
    """

    delimiter: str
    quotes: Quotes
    columns: tuple[str, ...] = ()
    spaced: bool = False
    headed: bool = True
    begin: int = 0
    named_by_suffix: bool = False

    def records(self, lines: Iterator[str]) -> Iterator[tuple[int, Record]]:
        """Yield the records after the header, with the line on which each starts; blank lines are none.

        In a file of a single column a line of blanks is a value.
        """
        found = self._every(lines)
        if self.headed:
            next(filter(_is_record, found), None)
        return found if len(self.columns) == 1 else filter(_is_record, found)

    def without_header(self, names: Sequence[str] = ()) -> Layout:
        """Return a copy whose first record is a row; its columns get the names, or are numbered."""
        return replace(self, headed=False, columns=tuple(names) or numbered(len(self.columns)))

    @property
    def remarks(self) -> list[str]:
        """What is to be said of the layout."""
        between = {";": "fields between semicolons", "|": "fields between bars", "\t": "fields between tabs"}
        said = [between[self.delimiter]] if self.delimiter in between and not self.named_by_suffix else []
        if self.spaced:
            said.append("blanks before quotes left out")
        if not self.headed:
            said.append(f"no header, columns {', '.join(f'`{name}`' for name in self.columns)}")
        return said

    def _every(self, lines: Iterator[str]) -> Iterator[tuple[int, Record]]:
        for _ in range(self.begin):
            next(lines, "")
        if self.quotes == "enclose":
            found = csv_records(lines, self.delimiter, spaced=self.spaced)
        else:
            found = tsv_records(lines)
        return ((line + self.begin, record) for line, record in found) if self.begin else found


def layout_of(lines_of: Lines, form: Literal["csv", "tsv"], *, name: str, columns: Sequence[str] | None) -> Layout:
    """Find the layout of a file; `columns` are the names of a file without a header, none to number them.

    Raises InputError when the header cannot be read, two columns have one name, or there are no rows.
    """
    with lines_of() as lines:
        begin, first = _first_line(lines)
    said = _SEPARATOR.fullmatch(first.strip()) if form == "csv" else None
    if form == "tsv":
        layout = Layout("\t", _tsv_quotes(lines_of), named_by_suffix=True)
    elif said:
        layout = Layout(said[1], "enclose", begin=begin)
    else:
        layout = Layout(sniff_delimiter(first), "enclose")
    if form == "csv" and _spaced(lines_of, layout):
        layout = replace(layout, spaced=True)
    with lines_of() as lines:
        line, header = next(replace(layout, headed=False).records(lines), (1, []))
    where = f"{name}:{line}"
    if isinstance(header, InputError):
        raise InputError(header.what, where=where, hint=header.hint)
    if columns is None:
        layout = replace(layout, columns=_names(header, where=where))
        with lines_of() as lines:
            if next(layout.records(lines), None) is None:
                hint = "the first line names the columns, each line after it is a row"
                raise InputError("has a header and no rows", where=name, hint=hint)
        return layout
    if columns and len(columns) != len(header):
        hint = "name each of them, as in --columns text,label"
        raise InputError(f"has {len(header)} columns, and {len(columns)} are named", where=where, hint=hint)
    return replace(layout, columns=numbered(len(header))).without_header(columns)


def numbered(count: int) -> tuple[str, ...]:
    """Return the names of columns that have none."""
    return tuple(f"column {number}" for number in range(1, count + 1))


def is_blank(record: Sequence[str]) -> bool:
    """Whether no field of a record holds anything."""
    return not any(field and not field.isspace() for field in record)


def _names(header: Sequence[str], *, where: str) -> tuple[str, ...]:
    """Return the names of the columns; one without a name, such as the index that pandas writes, is numbered."""
    names = [name.strip() or unnamed for name, unnamed in zip(header, numbered(len(header)), strict=True)]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise InputError(f"two columns are named `{name}`", where=where, hint="rename or drop one of them")
    return tuple(names)


def _first_line(lines: Iterator[str]) -> tuple[int, str]:
    """Return the first line that is not blank, with its number; that of an empty file is 0."""
    return next(((number, line) for number, line in enumerate(lines, 1) if not line.isspace()), (0, ""))


def _tsv_quotes(lines_of: Lines) -> Quotes:
    """Decide whether the quotes of a TSV file enclose fields, by the rule at the head of this module."""
    with lines_of() as lines:
        if not opens_a_quote(lines):
            return "none"
    return "enclose" if _is_sound(lines_of, Layout("\t", "enclose")) else "plain"


def _spaced(lines_of: Lines, layout: Layout) -> bool:
    """Whether blanks before quotes belong to nobody, by the rule at the head of this module."""
    before_a_quote = re.compile(rf'{re.escape(layout.delimiter)} +"')
    with lines_of() as lines:
        if not any(map(before_a_quote.search, lines)):
            return False
    with lines_of() as lines:
        records = (record for _, record in replace(layout, headed=False).records(lines))
        harmless = all(
            isinstance(record, list) and not any(_QUOTE_AFTER_BLANKS.match(field) for field in record)
            for record in records
        )
    return not harmless and _is_sound(lines_of, replace(layout, spaced=True))


def _is_sound(lines_of: Lines, layout: Layout) -> bool:
    """Whether a file reads without a fault: every record is as wide as the first."""
    with lines_of() as lines:
        records = (record for _, record in replace(layout, headed=False).records(lines))
        header = next(records, None)
        return isinstance(header, list) and all(
            isinstance(record, list) and len(record) == len(header) for record in records
        )


def _is_record(numbered: tuple[int, Record]) -> bool:
    """Whether a record is more than a line of blanks."""
    record = numbered[1]
    return isinstance(record, InputError) or len(record) > 1 or not record[0].isspace()
