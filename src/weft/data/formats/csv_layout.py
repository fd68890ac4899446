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
from itertools import islice
from typing import Literal

from weft.data.formats.csv_rows import (
    Record,
    csv_records,
    distinct,
    opens_a_quote,
    remarks_on,
    sniff_delimiter,
    title_records,
    tsv_records,
)
from weft.data.formats.decimal_commas import with_decimal_commas
from weft.data.formats.long_separators import long_separator
from weft.data.formats.value_looks import BLANKS
from weft.errors import InputError

Quotes = Literal["none", "plain", "enclose"]
Lines = Callable[[], AbstractContextManager[Iterator[str]]]
"""Function that opens the lines of a file."""

SAMPLE = 200
"""Rows in which decimal commas are looked for."""
LOOKED_AT = 30
"""Records that are looked at for a title above a header."""
_SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
"""First line by which spreadsheets name the delimiter."""
_NUMBERED = re.compile(r"column \d+")
_QUOTE_AFTER_BLANKS = re.compile(' +"')


@dataclass(frozen=True, slots=True)
class Layout:
    """Rules by which the records of a file are told apart, and the names of its columns.

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
    titled: bool = False
    """Whether lines above the header are a title, and no rows."""
    second: tuple[int, ...] = ()
    """Lines of further rows of names below the first."""
    decimal_commas: tuple[str, ...] = ()
    """Columns of numbers with decimal commas."""
    written: tuple[str, ...] = ()
    """The names of the columns as they stand in the file, where some stand twice."""

    def records(self, lines: Iterator[str]) -> Iterator[tuple[int, Record]]:
        """Yield the records after the header, with the line on which each starts; blank lines are none.

        In a file of a single column a line of blanks is a value. What stands for an answer not given is blank.
        """
        found = ((line, _with_blanks(record)) for line, record in self._every(lines))
        if self.headed:
            next(filter(_is_record, found), None)
            found = ((line, record) for line, record in found if line > max(self.second, default=0))
        return found if len(self.columns) == 1 else filter(_is_record, found)

    def without_header(self, names: Sequence[str] = ()) -> Layout:
        """Return a copy whose first record is a row; its columns get the names, or are numbered."""
        return replace(self, headed=False, columns=tuple(names) or numbered(len(self.columns)))

    def with_second_header(self, names: Sequence[str], *lines: int) -> Layout:
        """Return a copy whose names of columns come from the records on those lines too."""
        return replace(self, columns=tuple(names), second=lines)

    @property
    def remarks(self) -> list[str]:
        """Remarks on the layout for the user, a few words each."""
        between = {";": "fields between semicolons", "|": "fields between bars", "\t": "fields between tabs"}
        said = [between[self.delimiter]] if self.delimiter in between and not self.named_by_suffix else []
        if self.titled:
            said.append(f"header in line {self.begin + 1}, what is above it left out")
        if self.second:
            lines = f"line{'s' if len(self.second) > 1 else ''} {' and '.join(map(str, self.second))}"
            said.append(f"{lines} read as names of columns, too")
        said += remarks_on(self.written, self.columns) if self.written and self.headed else []
        if self.decimal_commas:
            said.append(f"decimal commas in {', '.join(f'`{name}`' for name in self.decimal_commas)}")
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
            found = tsv_records(lines, self.delimiter)
        return ((line + self.begin, record) for line, record in found) if self.begin else found


def layout_of(
    lines_of: Lines, form: Literal["csv", "tsv", "separated"], *, name: str, columns: Sequence[str] | None
) -> Layout:
    """Find the layout of a file; `columns` are the names of a file without a header, none to number them.

    Raises InputError when the header cannot be read, two columns have one name, or there are no rows.
    """
    with lines_of() as lines:
        begin, first = _first_line(lines)
    said = _SEPARATOR.fullmatch(first.strip()) if form == "csv" else None
    if form == "tsv":
        layout = Layout("\t", _tsv_quotes(lines_of), named_by_suffix=True)
    elif form == "separated":
        with lines_of() as lines:
            mark, _, headed = long_separator(lines)
        layout = Layout(mark, "none", named_by_suffix=True)
        columns = () if columns is None and not headed else columns
    elif said:
        layout = Layout(said[1], "enclose", begin=begin)
    else:
        with lines_of() as lines:
            layout = Layout(sniff_delimiter(first, lines), "enclose")
    if columns is None and not said:
        layout = _below_title(lines_of, layout)
    if form == "csv" and _spaced(lines_of, layout):
        layout = replace(layout, spaced=True)
    with lines_of() as lines:
        line, header = next(replace(layout, headed=False).records(lines), (1, []))
    where = f"{name}:{line}"
    if isinstance(header, InputError):
        raise InputError(header.what, where=where, hint=header.hint)
    if columns is None:
        names = _names(header)
        written = () if len({*names}) == len(names) else names
        layout = replace(layout, columns=distinct(names, where=where), written=written)
        with lines_of() as lines:
            if next(layout.records(lines), None) is None:
                hint = "the first line names the columns, each line after it is a row"
                raise InputError("has a header and no rows", where=name, hint=hint)
        return _with_decimals(lines_of, layout)
    if columns and len(columns) != len(header):
        hint = "name each of them, as in --columns text,label"
        raise InputError(f"has {len(header)} columns, and {len(columns)} are named", where=where, hint=hint)
    return _with_decimals(lines_of, replace(layout, columns=numbered(len(header))).without_header(columns))


def _with_decimals(lines_of: Lines, layout: Layout) -> Layout:
    """Return the layout with its columns of decimal commas, which files with semicolons may have."""
    if layout.delimiter != ";":
        return layout
    with lines_of() as lines:
        first = [record for _, record in islice(layout.records(lines), SAMPLE) if isinstance(record, list)]
    return replace(layout, decimal_commas=with_decimal_commas(layout.columns, first))


def numbered(count: int) -> tuple[str, ...]:
    """Return the names of columns that have none."""
    return tuple(f"column {number}" for number in range(1, count + 1))


def is_unnamed(name: str) -> bool:
    """Whether the name of a column is one that `numbered` gives."""
    return _NUMBERED.fullmatch(name) is not None


def _with_blanks(record: Record) -> Record:
    if isinstance(record, InputError) or BLANKS.isdisjoint(record):
        return record
    return ["" if field in BLANKS else field for field in record]


def is_blank(record: Sequence[str]) -> bool:
    """Whether no field of a record holds anything."""
    return not any(field and not field.isspace() for field in record)


def _names(header: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns; one without a name, such as the index that pandas writes, is numbered."""
    return tuple(name.strip() or unnamed for name, unnamed in zip(header, numbered(len(header)), strict=True))


def _below_title(lines_of: Lines, layout: Layout) -> Layout:
    """Return the layout with the lines left out that are a title over the header."""
    with lines_of() as lines:
        records = list(islice(replace(layout, headed=False).records(lines), LOOKED_AT))
    titles = title_records(records)
    return replace(layout, begin=records[titles][0] - 1, titled=True) if titles else layout


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
