"""Finds the form of a file by its lines, where its name does not tell it or tells plain text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice

from weft.data.formats.conll import tagged_lines
from weft.data.formats.csv_rows import csv_records
from weft.data.formats.line_rows import LABEL, json_objects
from weft.data.formats.long_separators import long_separator
from weft.data.formats.value_looks import like_labels, like_texts
from weft.errors import InputError

_FEWEST = 4
"""Lines of a table at least, where no suffix says that it is one."""
_SURE = 10
"""Lines of a table between semicolons or bars at least, where it is named as plain text."""
_LOOKED_AT = 200
_BETWEEN = {",": "comma", ";": "semicolon", "|": "bar"}
"""Marks between the columns of a table, and what they are called."""
_LONGEST_FIELD = 60
"""Characters at most of a field of the first line of a table between commas, semicolons or bars."""

Lines = Callable[[], AbstractContextManager[Iterator[str]]]


def form_by_lines(lines_of: Lines, *, named: str) -> tuple[str, str]:
    """Return the form of a file and a remark on it; the form as `named`, `` for none, where the lines tell nothing.

    Lines of a token and its tag, with blank lines between sentences, are those of CoNLL, in `.tsv` too.
    Plain text is a table between separators of several characters, such as `_!_`, where nearly all of its first lines
    have as many, and between tabs where every line of the file has as many, one or more, and none is blank. A file
    without a known suffix may also be fastText lines, JSON lines or a table between commas, semicolons or bars.
    """
    with lines_of() as lines:
        if tags := tagged_lines(lines):
            return "conll", f"read as CoNLL: a token a line, {tags} columns, the last with its tag"
    with lines_of() as lines:
        mark, columns, _ = ("", 0, False) if named == "tsv" else long_separator(lines)
    if mark:
        shown = repr(mark).strip("'")
        return "separated", f"read as separated by `{shown}`: {columns} columns"
    with lines_of() as lines:
        tabs = 0 if named == "tsv" else _tabs(lines)
    if tabs:
        return "tsv", f"read as tab-separated: {tabs + 1} columns"
    if named == "txt" and (mark := _marked(lines_of)):
        return "csv", f"read as {_BETWEEN[mark]}-separated: 2 columns"
    return (named, "") if named else _unnamed(lines_of)


def _marked(lines_of: Lines) -> str:
    """Return the semicolon or bar that stands once in each line, between a text and a label; else ""."""
    with lines_of() as lines:
        first = [line.strip() for line in islice(lines, _LOOKED_AT)]
    for mark in (";", "|"):
        columns = [*zip(*(line.split(mark) for line in first if line.count(mark) == 1), strict=True)]
        alike = len(first) >= _SURE and columns and len(columns[0]) == len(first)
        if alike and any(map(like_texts, columns)) and any(map(like_labels, columns)):
            return mark
    return ""


def _unnamed(lines_of: Lines) -> tuple[str, str]:
    """Return the form of a file without a known suffix, and a remark on it."""
    with lines_of() as lines:
        first = [line for line in islice(lines, _LOOKED_AT) if line.strip()]
    if first and all(line.lstrip().startswith(LABEL) for line in first):
        return "txt", "read as fastText lines"
    if first and not any(isinstance(found, InputError) for _, found in json_objects(iter(first))):
        return "jsonl", "read as JSON lines"
    for mark, called in _BETWEEN.items():
        records = [record for _, record in csv_records(iter(first[:-1]), mark)]  # the last may be cut in a field
        widths = {0 if isinstance(record, InputError) else len(record) for record in records}
        short = bool(records) and not isinstance(records[0], InputError) and max(map(len, records[0])) <= _LONGEST_FIELD
        if len(records) >= _FEWEST and len(widths) == 1 and min(widths) > 1 and short:
            return "csv", f"read as {called}-separated: {min(widths)} columns"
    return "", ""


def _tabs(lines: Iterator[str]) -> int:
    """Count the tabs of each line; 0 where lines differ in them, are blank or labelled as by fastText, or are few."""
    count = number = 0
    for number, line in enumerate(lines, 1):
        count = count if number > 1 else line.count("\t")
        if not count or line.count("\t") != count or not line.strip() or LABEL in line:
            return 0
    return count if number >= _FEWEST else 0
