"""Finds the separator of several characters between the columns of plain text, such as `_!_`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from weft.data.formats.line_rows import LABEL
from weft.data.formats.value_looks import like_texts

_SEPARATORS = ("_!_", " ||| ", "|||", " || ", "||", "\t\t", "::", "$$")
"""Separators of several characters, one that contains another before that."""
_FEWEST = 10
"""Lines of a table at least."""
_ALIKE = 0.95
"""Least share of lines with as many columns as the first."""
_LOOKED_AT = 200
_NAMES = {"id", "text", "label", "title", "content", "sentence", "source", "target", "category"}
"""Names of columns, one of which a first line has that is a header."""


def long_separator(lines: Iterator[str]) -> tuple[str, int, bool]:
    """Return the separator that (nearly) every line holds as often, the number of columns, and whether they have names.

    One column holds texts, and two at least are filled. ("", 0, False) where there is no such separator.
    """
    first = [line.rstrip("\r\n") for line in islice(lines, _LOOKED_AT) if line.strip()]
    enough = len(first) >= _FEWEST and not any(line.startswith(LABEL) for line in first)
    for mark in _SEPARATORS if enough else ():
        rows = [line.split(mark) for line in first]
        width, times = Counter(map(len, rows)).most_common(1)[0]
        if width < 2 or len(rows[0]) != width or times < _ALIKE * len(rows):
            continue
        columns = [*zip(*(row for row in rows if len(row) == width), strict=True)]
        filled = sum(sum(bool(value.strip()) for value in column) > len(column) / 2 for column in columns)
        if filled > 1 and any(map(like_texts, columns)) and not (mark == "\t\t" and "\t" in "".join(rows[0])):
            return mark, width, _has_names(rows[0])
    return "", 0, False


def _has_names(fields: list[str]) -> bool:
    named = {field.strip().casefold() for field in fields}
    return len(named) == len(fields) and bool(named & _NAMES) and all(one.isidentifier() for one in named)
