"""Reads the sheets of Excel workbooks with openpyxl (extra `xlsx`).

A workbook with one sheet of rows needs no more than its name; of several, one is named after a `#`: `book.xlsx#Sheet2`.
"""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from weft.data.formats.csv_layout import numbered
from weft.data.formats.csv_rows import distinct, remarks_on
from weft.data.formats.encodings import open_bytes
from weft.data.formats.line_rows import Values
from weft.data.formats.merged_cells import Merged, merged_down, merged_remark, with_merged
from weft.data.formats.value_looks import BLANKS, like_labels, like_texts
from weft.errors import InputError, MissingExtra, did_you_mean

SUFFIXES = (".xlsx", ".xlsm")
MOST_BYTES = 1 << 31
"""Bytes that a workbook may unpack to."""
_LOOKED_AT = 100
"""Rows of a sheet in which its width and its header are looked for."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook: the names of its columns, and the row that has them, 0 for none."""

    path: str
    title: str
    columns: tuple[str, ...]
    header: int
    alone: bool = True
    written: tuple[str, ...] = ()
    """The names of the columns as they stand in the sheet, where some stand twice."""
    merged: tuple[Merged, ...] = ()
    """Cells that are merged down."""

    def rows(self) -> Iterator[tuple[int, Values]]:
        """Yield the rows that are not blank, by their number in the sheet; dates are as ISO 8601 has them.

        Of cells that are merged down, each of the rows has the value.
        """
        with _opened(self.path) as book:
            found = with_merged(_rows(book[self.title]), self.merged, below=self.header, width=len(self.columns))
            for number, cells in found:
                if number > self.header and any(cells):
                    if any(cells[len(self.columns) :]):
                        yield number, InputError(f"has a value beyond the {len(self.columns)} columns")
                    else:
                        cells += [""] * (len(self.columns) - len(cells))
                        yield number, dict(zip(self.columns, cells, strict=False))

    def without_header(self, names: Sequence[str] = ()) -> Sheet:
        """Return a copy whose first row is one like the others; its columns get the names, or are numbered."""
        return replace(self, columns=tuple(names) or numbered(len(self.columns)), header=0)

    def with_second_header(self, names: Sequence[str], *lines: int) -> Sheet:
        """Return a copy whose names of columns come from the rows of those numbers too."""
        return replace(self, columns=tuple(names), header=lines[-1], written=())

    @property
    def headed(self) -> bool:
        """Whether a row names the columns."""
        return self.header > 0

    @property
    def remarks(self) -> list[str]:
        """Remarks on the sheet for the user, a few words each."""
        said = [] if self.alone else [f"sheet `{self.title}`"]
        if not self.header:
            said.append(f"no header, columns {', '.join(f'`{name}`' for name in self.columns)}")
        said += remarks_on(self.written, self.columns) if self.written and self.header else []
        said += merged_remark(self.merged, self.columns, below=self.header)
        return [*said, *([f"header in row {self.header}"] if self.header > 1 else [])]


def sheet_named(source: str) -> tuple[str, str]:
    """Return file and sheet of `book.xlsx#Sheet2`; of any other name no sheet."""
    file, mark, sheet = source.rpartition("#")
    return (file, sheet) if mark and file.lower().endswith(SUFFIXES) and not Path(source).exists() else (source, "")


def sheet_of(path: str, title: str, *, columns: Sequence[str] | None) -> Sheet:
    """Find the sheet of that title, or the only one with rows, and its columns; `columns` as for csv.

    Raises InputError when the file is damaged, when there is no such sheet or it has no rows, and when several have.
    """
    with _opened(path) as book:
        titles = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.sheetnames
        if title and title not in book.sheetnames:
            raise InputError(f"there is no sheet `{title}`", where=path, hint=did_you_mean(title, book.sheetnames))
        sizes = {one: _size(book[one]) for one in ([title] if title else titles)}
        filled = [one for one, (rows, _) in sizes.items() if rows]
        if not filled:
            raise InputError("has no rows", where=f"{path}#{title}" if title else path)
        filled = filled if len(filled) == 1 else [one for one in filled if _has_examples(book[one])] or filled
        if len(filled) > 1:
            filled = [one for one in titles if sizes[one][0]]
            names = ", ".join(f"`{one}` ({sizes[one][0]:,} x {sizes[one][1]:,})" for one in filled)
            largest = max(filled, key=lambda one: (sizes[one][1] > 1, sizes[one]))
            hint = f"name one of them after the file, the largest as '{path}#{largest}'"
            if len({tuple(next((cells for _, cells in _rows(book[one]) if any(cells)), ())) for one in filled}) == 1:
                hint += (
                    f"; all have the same columns: '{','.join(f'{path}#{one}' for one in filled)}' reads them as one"
                )
            raise InputError(f"{len(filled)} sheets have rows: {names}", where=path, hint=hint)
        first = list(islice(((number, cells) for number, cells in _rows(book[filled[0]]) if any(cells)), _LOOKED_AT))
        merged = _merged(book[filled[0]], path)
    width = max(len(cells) for _, cells in first)
    sheet = Sheet(path, filled[0], numbered(width), 0, alone=len(book.sheetnames) == 1, merged=merged)
    if columns is not None:
        if columns and len(columns) != width:
            raise InputError(f"has {width} columns, and {len(columns)} are named", where=path)
        return sheet.without_header(columns)
    # a title over the table is one cell
    number, header = next(((number, cells) for number, cells in first if sum(map(bool, cells)) > 1), first[0])
    names = [name.strip() or sheet.columns[place] for place, name in enumerate(header)]
    names += sheet.columns[len(names) :]
    names, written = distinct(tuple(names), where=f"{path}:{number}"), tuple(names)
    if number == first[-1][0]:
        raise InputError("has a header and no rows", where=path, hint="the first row names the columns")
    return replace(sheet, columns=names, header=number, written=() if names == written else written)


@contextmanager
def _opened(path: str) -> Generator[Any]:
    """Open a workbook, turning the errors of openpyxl into InputErrors."""
    try:
        import openpyxl
    except ImportError:
        raise MissingExtra("openpyxl", extra="xlsx") from None
    hint = "open it in a spreadsheet and save it as .xlsx again, without a password, or as .csv (UTF-8)"
    with open_bytes(path) as file:
        try:
            with zipfile.ZipFile(file) as packed:
                if sum(one.file_size for one in packed.infolist()) > MOST_BYTES:
                    raise InputError(f"unpacks to over {MOST_BYTES:,} bytes", where=path, hint=hint)
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except InputError:
            raise
        except Exception as error:  # of damaged files it raises whatever its parts meet
            raise InputError("is not a sound .xlsx file", where=path, hint=hint) from error
        try:
            yield book
        finally:
            book.close()


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a sheet as they would stand in csv, without the blank cells at their ends."""
    sheet.reset_dimensions()  # programs write them wrong
    for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
        spelled = [_spelled(value) for value in cells]
        while spelled and not spelled[-1].strip():
            spelled.pop()
        yield number, ["" if value in BLANKS or not value.strip() else value for value in spelled]


def _merged(sheet: Any, path: str) -> tuple[Merged, ...]:
    """Find the cells that are merged down, which openpyxl does not tell of a workbook that is only read."""
    with sheet._get_source() as xml:
        return merged_down(xml, path=path)


def _size(sheet: Any) -> tuple[int, int]:
    """Return the number of rows of a sheet that are not blank, and of cells in the widest of them."""
    widths = [len(cells) for _, cells in _rows(sheet) if any(cells)]
    return len(widths), max(widths, default=0)


def _has_examples(sheet: Any) -> bool:
    """Whether a sheet has a column that looks like texts, and another that looks like labels."""
    rows = with_merged(_rows(sheet), _merged(sheet, ""), below=1, width=_LOOKED_AT)
    first = [cells for _, cells in islice(rows, _LOOKED_AT) if len(cells) > 1][1:]
    columns = list(zip_longest(*first, fillvalue=""))
    return any(map(like_texts, columns)) and any(map(like_labels, columns))


def _spelled(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    return str(value)
