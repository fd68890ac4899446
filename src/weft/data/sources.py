"""Reads files as tables: finds their form and columns, yields their rows, and skips or refuses bad ones.

What a form is, and how its rows are read, stands in `weft.data.formats`; here they become one thing.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from weft.data.blank_rows import BlankField, check_few
from weft.data.formats.brat import SPANS, brat_files, brat_remarks, brat_rows
from weft.data.formats.class_folders import ENCODINGS, class_folders, column_of_file, folder_rows, left_beside, read_as
from weft.data.formats.companions import beside_remark
from weft.data.formats.conll import LINES, ROWS, Sentences, conll_columns, form_of_lines
from weft.data.formats.csv_layout import Layout, is_blank, layout_of
from weft.data.formats.csv_rows import check_columns
from weft.data.formats.dataset_cards import card_remarks
from weft.data.formats.encodings import beside_member, is_mixed
from weft.data.formats.folders import beside_shards, columns_of_set, several_files, shards
from weft.data.formats.form_by_lines import form_by_lines
from weft.data.formats.json_whole import Whole, whole_of, whole_rows
from weft.data.formats.line_rows import LABEL, Values, json_objects, labelled_rows, plain_rows, texts_and_lists
from weft.data.formats.names import FORMS, check_name, form_of, unknown_form
from weft.data.formats.own_encoding import STANDARD_INPUT, own_encoding
from weft.data.formats.parallel_files import parallel_rows, same_length, side_columns, side_files, suffix_of
from weft.data.formats.parquet import parquet_columns, parquet_rows
from weft.data.formats.shared_encodings import shared_encoding
from weft.data.formats.squad import COLUMNS as QUESTION_COLUMNS
from weft.data.formats.squad import question_rows
from weft.data.formats.text_lines import Errors, is_broken, open_lines
from weft.data.formats.translation_units import unit_columns, unit_rows
from weft.data.formats.western import WESTERN
from weft.data.formats.xlsx import Sheet, sheet_named, sheet_of
from weft.data.rows import BadRow, Row
from weft.errors import InputError, did_you_mean

_PLAIN_QUOTES = (
    "its quotes are read as plain characters, since it does not read as quoted throughout; saving it as csv settles it"
)
OnBadRow = Literal["stop", "skip", "skip_blank"]
Columns = Sequence[str] | None
"""Names of the columns of files without a header, none to number them; None: the header has them."""


@dataclass(slots=True)
class Table:
    """A file, parallel files, a set of files, or a folder of texts a label, read as rows; can be iterated again.

    Iterating raises InputError at the first bad row, or leaves bad rows out and lists them in `bad`, and those without
    a text or a right answer in `blank`; each iteration starts both afresh. A row of JSON lines lacks the columns that
    are absent, null or nested there. `path` is the name of the file in messages, `source` the name to open: they differ
    for standard input. `layout` is that of csv, tsv and a sheet, `whole` that of JSON that is no object a line. `files`
    are the texts of a folder, one a row; `sides` are parallel files, one a column, of which `path` is the first;
    `parts` are the files of a set, whose lines are counted on from file to file; `paths` are those of the rows of
    nested JSON. These two, and `remarks` on what was left out, are filled as far as the rows are read. `reached` are
    columns that lie in nested objects: dotted paths; `spread` is a column of lists of texts, each of which makes a row
    of its own; `errors` is `surrogateescape` where bytes that do not decode make a bad row; `found` are remarks on what
    its bytes and lines told; `aside` counts, by kind, the rows that were read and are no examples, of `rows` in all.
    """

    path: str
    source: str
    form: str
    encoding: str
    columns: tuple[str, ...]
    on_bad_row: OnBadRow
    layout: Layout | Sheet | None = None
    whole: Whole | None = None
    files: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    parts: tuple[Table, ...] = ()
    paths: list[str] = field(default_factory=list)
    reached: tuple[str, ...] = ()
    spread: str = ""
    errors: Errors = "strict"
    found: tuple[str, ...] = ()
    bad: list[BadRow] = field(default_factory=list)
    blank: list[BadRow] = field(default_factory=list)
    rows: int = 0
    aside: Counter[str] = field(default_factory=Counter)
    _before: list[int] = field(default_factory=list)
    _blank: int = 0

    def __iter__(self) -> Iterator[Row]:
        for listed in (self.bad, self.aside, self.blank):
            listed.clear()
        self.rows = 0
        for row in self._all_rows():
            self.rows += 1
            yield row
        check_few(self.blank, self.rows, of=self.unchecked(), path=self.path)

    def _all_rows(self) -> Iterator[Row]:
        if self.parts:
            yield from self._of_parts()
        elif self.form == "folder":
            yield from self._valued(folder_rows(self.files, self.encoding, self.columns))
        elif self.form == "brat":
            yield from self._objects(brat_rows(self.files, self.encoding))
        elif self.form == "parallel":
            yield from self._valued(parallel_rows(self.sides, self.encoding, self.columns))
        elif self.form == "parquet":
            yield from self._objects(parquet_rows(self.source))
        elif self.form == "xml":
            yield from self._valued(unit_rows(self.source))
        elif self.form == "questions":
            yield from self._objects(self._nested())
        elif isinstance(self.layout, Sheet):
            yield from self._valued(self.layout.rows())
        else:
            yield from self._of_lines() if self.errors == "strict" else self._decoded(self._of_lines())

    @property
    def holds_chat(self) -> bool:
        """Whether its rows are the messages of people in an export of a chat."""
        return self.whole is not None and self.whole.shape == "chat"

    @property
    def delimiter(self) -> str:
        """The delimiter of csv and tsv."""
        layout = self.parts[0].layout if self.parts else self.layout
        return layout.delimiter if isinstance(layout, Layout) else ""

    @property
    def remarks(self) -> list[str]:
        """Remarks on how the file was read, a few words each."""
        said = self.layout.remarks if self.layout is not None else self.parts[0].remarks if self.parts else []
        said = [*read_as(self.files), *left_beside(self.path)] if self.form == "folder" and not self.parts else said
        said = [*said, *([f"each text in the lists of `{self.spread}` is a row"] if self.spread else [])]
        return [*([f"{len(self.parts)} files"] if self.parts else self.found), *said, *self.blank_remark]

    @property
    def blank_remark(self) -> list[str]:
        """Remarks on rows without a value and on those that are no examples, as far as rows are read."""
        blank = sum(part._blank for part in self.parts or (self,))
        blanks = [f"{blank} blank row{'s' if blank > 1 else ''} left out"] if blank else []
        aside = ", ".join(f"{kind} {times:,}" for kind, times in self.aside.items())
        return [*blanks, *([f"left out: {aside}"] if aside else [])]

    def place(self, row_line: int, *, column: str = "") -> str:
        """Name the row that starts on `row_line` for messages: the file and that line, or the row's own file or path.

        With parallel files it is the file of `column`, else the first.
        """
        if self.parts:
            part, line = self.part_of(row_line)
            return part.place(line, column=column)
        if self.paths:
            return f"{self.path} {self.paths[row_line - 1]}"
        if self.whole and self.whole.shape not in ("list", "chat"):
            return f"{self.path}, row {row_line}"
        return self.files[row_line - 1] if self.files else f"{self._file(column)}:{row_line}"

    def part_of(self, row_line: int) -> tuple[Table, int]:
        """Return the file of a set that has a row, and its line there; of one file that, and the line."""
        if not self.parts:
            return self, row_line
        number = bisect_left(self._before, row_line) - 1
        return self.parts[number], row_line - self._before[number]

    def unchecked(self) -> Iterator[Row]:
        """Yield the rows without the bad ones, which are neither refused nor listed."""
        yield from self._afresh()

    def _afresh(self) -> Table:
        own = replace(self, on_bad_row="skip", bad=[], blank=[], aside=Counter(), paths=[], _before=[])
        return replace(own, parts=tuple(part._afresh() for part in self.parts))

    @property
    def may_lack_header(self) -> bool:
        """Whether the names of its columns stand in its first row."""
        first = self.parts[0] if self.parts else self
        return first.layout is not None and first.layout.headed

    def without_header(self) -> None:
        """Take the first line for a row: the columns are numbered."""
        for part in self.parts:
            part.without_header()
        if self.layout is not None:
            self.layout = self.layout.without_header()
        self.columns = self.parts[0].columns if self.parts else self.layout.columns if self.layout else self.columns

    def with_second_header(self, names: Sequence[str], *lines: int) -> None:
        """Take the rows on some lines for names of columns, too, and name the columns so."""
        self.layout = self.layout and self.layout.with_second_header(names, *lines)
        self.columns = tuple(names)

    def _of_parts(self) -> Iterator[Row]:
        """Yield the rows of all files, their lines counted on from file to file."""
        self._before.clear()
        before = 0
        for part in self.parts:
            self._before.append(before)
            part.on_bad_row = self.on_bad_row
            last = 0
            for row in part:
                last = row.line
                yield replace(row, line=before + last)
            self.bad.extend(part.bad)
            self.aside += part.aside
            before += max([last, *(bad.line for bad in part.bad)])

    def _decoded(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Yield the rows whose bytes all decode."""
        for row in rows:
            if any(map(is_broken, (*row.values.values(), *chain(*row.lists.values())))):
                self.reject(row.line, f"has a byte that is not {self.encoding.upper()}")
            else:
                yield row

    def _of_lines(self) -> Iterator[Row]:
        with open_lines(self.source, self.encoding, errors=self.errors) as lines:
            if isinstance(self.layout, Layout):
                yield from self._under_header(self.layout, lines)
            elif self.whole is not None:
                yield from self._objects(whole_rows("".join(lines), self.whole, name=self.path))
            elif self.form == "jsonl":
                yield from self._objects(json_objects(lines))
            elif self.form in ROWS:
                yield from self._sentences(ROWS[self.form](lines, self.columns))
            elif "label" in self.columns:
                yield from self._objects(labelled_rows(lines))
            else:
                yield from self._valued(plain_rows(lines))

    def reject(self, row_line: int, what: str, *, column: str = "", hint: str = "", blank: str = "") -> None:
        """Refuse the row that starts on `row_line`; `blank` names what it lacks, where it is that alone.

        Raises InputError, or notes the row in `bad` or `blank` when such rows are to be skipped.
        """
        place = self.place(row_line, column=column)
        aside = blank and self.on_bad_row == "skip_blank"
        if self.on_bad_row != "skip" and not aside:
            way_out = "or pass --on-bad-row skip to leave such rows out (each is listed)"
            raise InputError(what, where=place, hint=f"{hint or 'fix the row'}, {way_out}")
        file, line = (self.files[row_line - 1], 1) if self.files else (self._file(column), row_line)
        (self.blank if aside else self.bad).append(BadRow(file, line, column, blank if aside else what, place))

    def refuse(self, row_line: int, error: InputError, *, column: str = "") -> None:
        """Refuse the row that starts on `row_line` for an error that was met in it, as `reject` does."""
        blank = error.name if isinstance(error, BlankField) else ""
        self.reject(row_line, error.what, column=column, hint=error.hint, blank=blank)

    def _file(self, column: str) -> str:
        return self.sides[self.columns.index(column)] if self.sides and column in self.columns else self.path

    def _nested(self) -> Iterator[tuple[int, dict[str, Any] | InputError]]:
        self.paths.clear()
        with open_lines(self.source, self.encoding, errors=self.errors) as lines:
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
                texts, listed = texts_and_lists(values, self.reached)
                row = Row(texts, line, listed, values)
                yield from row.each_of(self.spread, self.aside) if self.spread else (row,)

    def _sentences(self, found: Sentences) -> Iterator[Row]:
        for line, sentence in found:
            if isinstance(sentence, InputError):
                self.reject(line, sentence.what, hint=sentence.hint)
            else:
                yield Row({}, line, sentence.lists, {LINES: tuple(one - line for one in sentence.lines)})

    def read_as_sentences(self) -> None:
        """Read plain text as tagged or segmented sentences from now on, where its first lines look like such."""
        for part in self.parts:
            part.read_as_sentences()
        if self.parts:
            self.form, self.columns = self.parts[0].form, self.parts[0].columns
        elif found := self.sentence_form():
            self.form, self.columns = found

    def sentence_form(self) -> tuple[str, tuple[str, ...]] | None:
        """Find the form and the columns of plain text whose first lines look like tokens; None: they do not."""
        if self.form != "txt" or self.columns != ("text",) or self.parts:
            return self.parts[0].sentence_form() if self.parts else None
        with open_lines(self.source, self.encoding, errors=self.errors) as lines:
            return form_of_lines(lines)

    def _valued(self, found: Iterator[tuple[int, Values]]) -> Iterator[Row]:
        for line, values in found:
            if isinstance(values, InputError):
                self.reject(line, values.what, hint=values.hint)
            else:
                yield Row(values, line)

    def _under_header(self, layout: Layout, lines: Iterator[str]) -> Iterator[Row]:
        columns, width, self._blank = self.columns, len(self.columns), 0
        for line, record in layout.records(lines):
            if isinstance(record, InputError):
                self.reject(line, record.what, hint=record.hint)
                continue
            if len(record) > width and is_blank(record[width:]):
                record = record[:width]
            if len(record) != width:
                fields = "1 field" if len(record) == 1 else f"{len(record)} fields"
                hint = "quote a field that holds a delimiter" if self.form == "csv" and len(record) > width else ""
                hint = _PLAIN_QUOTES if layout.quotes == "plain" else hint
                first = "header" if layout.headed else "first row"
                self.reject(line, f"has {fields}, the {first} has {width}", hint=hint)
                continue
            if width > 1 and is_blank(record):
                self._blank += 1
            else:
                yield Row(dict(zip(columns, record, strict=True)), line, decimal_commas=layout.decimal_commas)


def open_table(
    path: str | os.PathLike[str],
    *,
    encoding: str = "auto",
    on_bad_row: OnBadRow = "stop",
    form: str = "auto",
    columns: Columns = None,
) -> Table:
    """Open a file as a table: find its form (by its name), encoding, layout and columns. `-` is standard input.

    A folder is a table too, if it holds a folder of texts, images or sounds for each label, or files of rows; several
    files are, named by a pattern or joined by commas; and parallel files, such as `train.de,train.en`, whose suffixes
    name the columns. `columns` names those of csv, tsv and sheets without a header. Raises InputError when the file is
    missing, empty, of an unknown form, does not decode, or has no proper header, and when parallel files differ in
    their numbers of lines.
    """
    source = os.fspath(path)
    check_name(source)
    check_columns(tuple(columns or ()), where=source)
    open_one = partial(open_table, encoding=encoding, on_bad_row=on_bad_row, columns=columns)
    if form == "auto" and (files := brat_files(source)):
        found = brat_remarks(source, files, known := shared_encoding(files, encoding))
        return Table(source, source, "brat", known, SPANS, on_bad_row, files=files, found=found)
    several, beside = several_files(source) if form == "auto" else (), ()
    if not several and form == "auto" and (Path(source).is_dir() or column_of_file(source) in ENCODINGS):
        several = shards(source, forms=FORMS) if Path(source).is_dir() else ()
        if not several:
            found = class_folders(source, encoding)
            return Table(source, source, "folder", found.encoding, found.columns, on_bad_row, files=found.files)
        beside = beside_shards(several)
    if several:
        return _set_of(source, [open_one(file) for file in several], beside)
    if form == "parallel" or (form == "auto" and side_files(source)):
        return _side_by_side(source, encoding, on_bad_row)
    return _open_one(source, encoding, on_bad_row, form=form, columns=columns)


def _open_one(source: str, encoding: str, on_bad_row: OnBadRow, *, form: str, columns: Columns) -> Table:
    name = STANDARD_INPUT if source == "-" else source
    file, sheet = sheet_named(source)
    by_name = form == "auto"
    form = form_of(file) if by_name else form
    if form not in FORMS.values() and not by_name:
        hint = did_you_mean(form, (*FORMS.values(), "parallel"))
        raise InputError(f"there is no form `{form}`", where=name, hint=hint)
    if form == "parquet":
        called = "arrow" if suffix_of(source).lower() == ".arrow" else form
        return Table(name, source, form, called, parquet_columns(source), on_bad_row, found=card_remarks(source))
    if form == "xml":
        return Table(name, source, form, form, unit_columns(source), on_bad_row)
    if form == "xlsx":
        book = sheet_of(file, sheet, columns=columns)
        return Table(file, file, form, form, book.columns, on_bad_row, layout=book)
    skips = encoding == "auto" and on_bad_row == "skip" and form in ("csv", "tsv", "jsonl", "txt") and is_mixed(source)
    known, errors = ("utf-8", "surrogateescape") if skips else (own_encoding(source, encoding, form), "strict")
    found = ("by its letters (another: --encoding NAME)",) if (encoding, known) == ("auto", WESTERN) else ()
    found += beside_remark(beside_member(source))
    if by_name and form in ("txt", "tsv", "") and source != "-":
        form, said = form_by_lines(partial(open_lines, source, known, errors=errors), named=form)
        found += (said,) if said else ()
    if not form:
        raise unknown_form(source)
    return _described(Table(name, source, form, known, (), on_bad_row, errors=errors, found=found), columns)


def _described(table: Table, columns: Columns) -> Table:
    """Return a table of text lines with its columns, and how it is laid out."""
    open_own = partial(open_lines, table.source, table.encoding, errors=table.errors)
    with open_own() as lines:
        first = next((line for line in lines if not line.isspace()), None)
    if first is None:
        raise InputError("is empty", where=table.path, hint="give a file with at least one row")
    match table.form:
        case "txt":
            table.columns = ("label", "text") if first.lstrip().startswith(LABEL) else ("text",)
        case "jsonl":
            with open_own() as lines:
                table.whole = whole_of(lines, name=table.path)
            if table.whole is not None and table.whole.shape == "questions":
                table.form, table.columns, table.whole = "questions", QUESTION_COLUMNS, None
            else:
                table.columns = table.whole.columns if table.whole else _json_columns(table)
                if not table.columns:
                    raise InputError("has no objects, expected a row in each", where=table.path)
        case "conll":
            with open_own() as lines:
                table.columns = conll_columns(lines)
        case "csv" | "tsv" | "separated" as form:
            table.layout = layout_of(open_own, form, name=table.path, columns=columns)
            table.columns = table.layout.columns
    return table


def _set_of(source: str, parts: Sequence[Table], found: tuple[str, ...]) -> Table:
    """Join files to one table. Raises InputError where their columns do not go together."""
    first = parts[0]
    first.found += found
    if len(parts) == 1:
        return first
    loose = all(one.form == "jsonl" for one in parts)
    columns = columns_of_set([one.path for one in parts], [one.columns for one in parts], loose=loose)
    encoding = " and ".join(sorted({one.encoding for one in parts}))
    return Table(source, source, first.form, encoding, columns, first.on_bad_row, parts=tuple(parts))


def _side_by_side(source: str, encoding: str, on_bad_row: OnBadRow) -> Table:
    sides = side_files(source)
    if not sides:
        hint = "join them by a comma, as in train.de,train.en"
        raise InputError("is one name, expected those of two files", where=source, hint=hint)
    columns = side_columns(sides, forms=FORMS)
    encoding = shared_encoding(sides, encoding)
    same_length(sides, encoding)
    return Table(sides[0], source, "parallel", encoding, columns, on_bad_row, sides=sides)


def _json_columns(table: Table) -> tuple[str, ...]:
    """Read the names in the first JSON object, whatever their values are; raises InputError when there is none."""
    with open_lines(table.source, table.encoding, errors=table.errors) as lines:
        for line, found in json_objects(lines):
            if not isinstance(found, InputError):
                return check_columns(tuple(found), where=f"{table.path}:{line}")
            table.reject(line, found.what, hint=found.hint)
    raise InputError("has no line that is a JSON object", where=table.path)
