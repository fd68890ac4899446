"""Reads files as tables: finds their form and columns, yields their rows, and skips or refuses bad ones.

TSV comes in two kinds, which no name distinguishes. Spreadsheets, pandas and csv.writer enclose a field in quotes when
it holds a tab, a line break or a quote; raw TSV, such as SST-2's, has no quoting, so that a text may start with a
quote. A file in which some field starts with a quote is of the first kind when all of it reads so without a fault: each
quote closed where its field ends, each record as wide as the header. Else its quotes are plain characters.
"""

from __future__ import annotations

import io
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import methodcaller
from pathlib import Path
from typing import Any, Literal

from weft.data.formats.class_folders import COLUMNS, class_files, folder_rows, shared_encoding
from weft.data.formats.csv_rows import Record, csv_records, opens_a_quote, sniff_delimiter, tsv_records
from weft.data.formats.encodings import COMPRESSED, check, detect, open_bytes
from weft.data.formats.line_rows import LABEL, Values, json_objects, labelled_rows, lists, plain_rows, scalars
from weft.data.formats.parallel_files import parallel_rows, same_length, side_columns, side_files, suffix_of
from weft.data.formats.parquet import parquet_columns, parquet_rows
from weft.data.formats.squad import COLUMNS as QUESTION_COLUMNS
from weft.data.formats.squad import is_nested, question_rows
from weft.errors import InputError, did_you_mean

FORMS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".txt": "txt",
    ".parquet": "parquet",
}

_STANDARD_INPUT = "standard input"
_PLAIN_QUOTES = (
    "its quotes are read as plain characters, since it does not read as quoted throughout; saving it as csv settles it"
)
_PLAIN_LINES = "plain lines end in .txt, and two files side by side are named together, as in train.de,train.en"

OnBadRow = Literal["stop", "skip"]
Quotes = Literal["none", "plain", "enclose"]


@dataclass(frozen=True, slots=True)
class Row:
    """One record: its values by column, and the line (from 1) of the unpacked file on which it starts.

    Where there are no lines, in parquet, in nested JSON and in a folder of texts, `line` is the number of the row.
    `lists` has the values of JSON lines that are lists of strings, by column (the references of a source, for example);
    `whole` is the object as in the file, nested values included.
    """

    values: Mapping[str, str]
    line: int
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out, and the reason; `column` is empty if the row as a whole is at fault, `place` is for
    people.
    """

    file: str
    line: int
    column: str
    what: str
    place: str = field(default="", compare=False)


@dataclass(slots=True)
class Table:
    """A file, parallel files, or a folder of texts a label, read as rows; streams, and can be iterated again.

    Iterating raises InputError at the first bad row, or leaves bad rows out and lists them in `bad`, which each
    iteration starts afresh. A row of JSON lines lacks the columns that are absent, null or nested there. `path` is the
    name of the file in messages, `source` the name to open: they differ for standard input. `quotes` says whether
    quotes enclose fields, or are plain characters although some field starts with one. `files` are the texts of a
    folder, one a row; `sides` are parallel files, one a column, of which `path` is the first; `paths` are those of the
    rows of nested JSON, as far as they are read.
    """

    path: str
    source: str
    form: str
    encoding: str
    delimiter: str
    quotes: Quotes
    columns: tuple[str, ...]
    on_bad_row: OnBadRow
    files: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    paths: list[str] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)

    def __iter__(self) -> Iterator[Row]:
        self.bad.clear()
        if self.form == "folder":
            yield from self._valued(folder_rows(self.files, self.encoding))
        elif self.form == "parallel":
            yield from self._valued(parallel_rows(self.sides, self.encoding, self.columns))
        elif self.form == "parquet":
            yield from self._valued(parquet_rows(self.source))
        elif self.form == "questions":
            yield from self._objects(self._nested())
        else:
            yield from self._of_lines()

    def place(self, row_line: int, *, column: str = "") -> str:
        """Name the row that starts on `row_line` for messages: the file and that line, or the row's own file or path.

        With parallel files it is the file of `column`, else the first.
        """
        if self.paths:
            return f"{self.path} {self.paths[row_line - 1]}"
        return self.files[row_line - 1] if self.files else f"{self._file(column)}:{row_line}"

    def _of_lines(self) -> Iterator[Row]:
        with _open_lines(self.source, self.encoding) as lines:
            match self.form:
                case "csv" | "tsv":
                    yield from self._under_header(_records(self, lines))
                case "jsonl":
                    yield from self._objects(json_objects(lines))
                case _:
                    yield from self._valued(labelled_rows(lines) if "label" in self.columns else plain_rows(lines))

    def reject(self, row_line: int, what: str, *, column: str = "", hint: str = "") -> None:
        """Refuse the row that starts on `row_line`.

        Raises InputError, or notes the row in `bad` when bad rows are to be skipped.
        """
        place = self.place(row_line, column=column)
        if self.on_bad_row == "stop":
            way_out = "or pass --on-bad-row skip to leave such rows out (each is listed)"
            raise InputError(what, where=place, hint=f"{hint or 'fix the row'}, {way_out}")
        file, line = (self.files[row_line - 1], 1) if self.files else (self._file(column), row_line)
        self.bad.append(BadRow(file, line, column, what, place))

    def _file(self, column: str) -> str:
        return self.sides[self.columns.index(column)] if self.sides and column in self.columns else self.path

    def _nested(self) -> Iterator[tuple[int, dict[str, Any] | InputError]]:
        self.paths.clear()
        with _open_lines(self.source, self.encoding) as lines:
            try:
                for number, (path, found) in enumerate(question_rows("".join(lines)), 1):
                    self.paths.append(path)
                    yield number, found
            except InputError as error:
                raise InputError(error.what, where=f"{self.path}{error.where}", hint=error.hint) from None

    def _objects(self, found: Iterator[tuple[int, dict[str, Any] | InputError]]) -> Iterator[Row]:
        for line, values in found:
            if isinstance(values, InputError):
                self.reject(line, values.what, hint=values.hint)
            else:
                yield Row(scalars(values), line, lists(values), values)

    def _valued(self, found: Iterator[tuple[int, Values]]) -> Iterator[Row]:
        for line, values in found:
            if isinstance(values, InputError):
                self.reject(line, values.what, hint=values.hint)
            else:
                yield Row(values, line)

    def _under_header(self, records: Iterator[tuple[int, Record]]) -> Iterator[Row]:
        columns, width = self.columns, len(self.columns)
        next(filter(_is_record, records))
        for line, record in records:
            if isinstance(record, list) and len(record) == width:
                yield Row(dict(zip(columns, record, strict=True)), line)
            elif isinstance(record, InputError):
                self.reject(line, record.what, hint=record.hint)
            elif _is_record((line, record)):
                fields = "1 field" if len(record) == 1 else f"{len(record)} fields"
                hint = "quote a field that holds a delimiter" if self.form == "csv" and len(record) > width else ""
                hint = _PLAIN_QUOTES if self.quotes == "plain" else hint
                self.reject(line, f"has {fields}, the header has {width}", hint=hint)


def open_table(
    path: str | os.PathLike[str], *, encoding: str = "auto", on_bad_row: OnBadRow = "stop", form: str = "auto"
) -> Table:
    """Open a file as a table: find its form (by its name), encoding, delimiter and columns. `-` is standard input.

    A folder is a table too, if it holds a folder of texts for each label; and so are parallel files, such as
    `train.de,train.en`, whose columns are named by their suffixes (see `weft.data.formats.parallel_files`). Raises
    InputError when the file is missing, empty, of an unknown form, does not decode, or has no proper header, and when
    parallel files differ in their numbers of lines.
    """
    source = os.fspath(path)
    if form == "parallel" or (form == "auto" and side_files(source)):
        return _side_by_side(source, encoding, on_bad_row)
    if form == "auto" and Path(source).is_dir():
        files = class_files(source)
        return Table(source, source, "folder", shared_encoding(files, encoding), "", "none", COLUMNS, on_bad_row, files)
    name = _STANDARD_INPUT if source == "-" else source
    form = _form(source) if form == "auto" else form
    if form not in FORMS.values():
        hint = did_you_mean(form, (*FORMS.values(), "parallel"))
        raise InputError(f"there is no form `{form}`", where=name, hint=hint)
    if form == "parquet":
        return Table(name, source, form, form, "", "none", parquet_columns(source), on_bad_row)
    table = Table(name, source, form, _encoding(source, encoding), "", "none", (), on_bad_row)
    number, first = _first_line(table)
    if form == "jsonl" and is_nested(first):
        table.form, table.columns = "questions", QUESTION_COLUMNS
        return table
    if form == "jsonl" and first.lstrip().startswith("["):
        hint = "turn an array into JSON lines: jq -c '.[]' old.json > new.jsonl"
        raise InputError("starts with `[`, expected one object a line", where=f"{name}:{number}", hint=hint)
    match form:
        case "txt":
            table.columns = ("label", "text") if first.lstrip().startswith(LABEL) else ("text",)
        case "jsonl":
            table.columns = _json_columns(table)
        case "tsv":
            table.delimiter, table.quotes = "\t", _tsv_quotes(table)
            table.columns = _header(table)
        case _:
            table.delimiter, table.quotes = sniff_delimiter(first), "enclose"
            table.columns = _header(table)
    return table


def _side_by_side(source: str, encoding: str, on_bad_row: OnBadRow) -> Table:
    sides = side_files(source)
    if not sides:
        hint = "join them by a comma, as in train.de,train.en"
        raise InputError("is one name, expected those of two files", where=source, hint=hint)
    columns = side_columns(sides, forms=FORMS)
    encoding = shared_encoding(sides, encoding)
    same_length(sides, encoding)
    return Table(sides[0], source, "parallel", encoding, "", "none", columns, on_bad_row, sides=sides)


def _form(name: str) -> str:
    """Return the form that a file's name implies; raises InputError if it implies none."""
    if name == "-":
        return "txt"
    suffix = suffix_of(name).lower()
    if suffix in FORMS:
        return FORMS[suffix]
    open_bytes(name).close()  # that a file is missing, or a folder, says more than that its name is odd
    hint = f"known: {', '.join(FORMS)}, each also with {', '.join(COMPRESSED)} after it; {_PLAIN_LINES}"
    what = f"its name ends in `{suffix}`, which is no known form" if suffix else "its name does not tell its form"
    raise InputError(what, where=name, hint=hint)


def _encoding(source: str, encoding: str) -> str:
    """Return the given encoding, or the detected one; raises InputError when the file does not decode as it."""
    try:
        if encoding == "auto":
            return detect(source)
        check(source, encoding)
    except InputError as error:
        if source == "-":
            error.where = _STANDARD_INPUT + error.where.removeprefix("-")
        raise
    return encoding


@contextmanager
def _open_lines(source: str, encoding: str) -> Generator[Iterator[str]]:
    """Open the lines of a file, each with its own ending, without the BOM: joined files have one at each joint."""
    with io.TextIOWrapper(open_bytes(source), encoding=encoding, errors="strict", newline="") as file:
        yield filter(None, map(methodcaller("removeprefix", "\ufeff"), file))


def _first_line(table: Table) -> tuple[int, str]:
    """Return the first line that is not blank, with its number; raises InputError when there is none."""
    with _open_lines(table.source, table.encoding) as lines:
        for number, line in enumerate(lines, 1):
            if not line.isspace():
                return number, line
    raise _empty(table.path)


def _tsv_quotes(table: Table) -> Quotes:
    """Decide whether the quotes of a TSV file enclose fields, by the rule at the head of this module."""
    with _open_lines(table.source, table.encoding) as lines:
        if not opens_a_quote(lines):
            return "none"
    with _open_lines(table.source, table.encoding) as lines:
        records = (record for _, record in filter(_is_record, csv_records(lines, "\t")))
        header = next(records, None)
        sound = isinstance(header, list) and all(
            isinstance(record, list) and len(record) == len(header) for record in records
        )
    return "enclose" if sound else "plain"


def _header(table: Table) -> tuple[str, ...]:
    """Read the column names from the first record of CSV or TSV.

    Raises InputError when it cannot be read, a name is missing or stands twice, or nothing follows it.
    """
    with _open_lines(table.source, table.encoding) as lines:
        records = _records(table, lines)
        found = next(filter(_is_record, records), None)
        if found is None:
            raise _empty(table.path)
        line, header = found
        where = f"{table.path}:{line}"
        if isinstance(header, InputError):
            raise InputError(header.what, where=where, hint=header.hint)
        names = tuple(name.strip() for name in header)
        for number, name in enumerate(names, 1):
            if not name:
                hint = "name every column in the first line; pandas writes its index so, unless told index=False"
                raise InputError(f"column {number} has no name", where=where, hint=hint)
            if name in names[: number - 1]:
                raise InputError(f"two columns are named `{name}`", where=where, hint="rename or drop one of them")
        if not any(_is_record(record, width=len(names)) for record in records):
            hint = "the first line names the columns, each line after it is a row"
            raise InputError("has a header and no rows", where=table.path, hint=hint)
    return names


def _json_columns(table: Table) -> tuple[str, ...]:
    """Read the names in the first JSON object, whatever their values are; raises InputError when there is none."""
    with _open_lines(table.source, table.encoding) as lines:
        for line, found in json_objects(lines):
            if not isinstance(found, InputError):
                return tuple(found)
            table.reject(line, found.what, hint=found.hint)
    raise InputError("has no line that is a JSON object", where=table.path)


def _records(table: Table, lines: Iterator[str]) -> Iterator[tuple[int, Record]]:
    return csv_records(lines, table.delimiter) if table.quotes == "enclose" else tsv_records(lines)


def _is_record(numbered: tuple[int, Record], width: int = 2) -> bool:
    """Whether a record is more than a line of blanks, which is a value only if there is a single column."""
    record = numbered[1]
    return isinstance(record, InputError) or len(record) > 1 or width == 1 or not record[0].isspace()


def _empty(name: str) -> InputError:
    return InputError("is empty", where=name, hint="give a file with at least one row")
