"""Cells of a sheet that are merged down over several rows: each of the rows has the value of the first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import IO, NamedTuple

from weft.errors import InputError

MOST_RANGES = 1 << 20
"""Ranges of merged cells of a sheet at most, as many as a sheet has rows."""
_RANGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^<>]{0,200}?ref="([A-Z]{1,3})([0-9]{1,7}):[A-Z]{1,3}([0-9]{1,7})"')
_CHUNK = 1 << 20
_LONGEST = 300
"""Bytes of a range in XML at most."""


class Merged(NamedTuple):
    """Cells merged down: the first and the last of their rows, from 1, and the first of their columns, from 0."""

    first: int
    last: int
    column: int


def merged_down(xml: IO[bytes], *, path: str) -> tuple[Merged, ...]:
    """Find the ranges of several rows in the XML of a sheet; those in one row, as headings across, are none.

    Raises InputError where there are more than `MOST_RANGES`.
    """
    found: set[Merged] = set()
    rest = b""
    while block := xml.read(_CHUNK):
        rest += block
        for name, first, last in _RANGE.findall(rest):
            if int(last) > int(first):
                found.add(
                    Merged(int(first), int(last), reduce(lambda number, one: 26 * number + one - 64, name, 0) - 1)
                )
        if len(found) > MOST_RANGES:
            raise InputError(f"has over {MOST_RANGES:,} ranges of merged cells", where=path, hint="save it as .csv")
        rest = rest[-_LONGEST:]
    return tuple(sorted(found))


def with_merged(
    rows: Iterator[tuple[int, list[str]]], merged: Sequence[Merged], *, below: int, width: int
) -> Iterator[tuple[int, list[str]]]:
    """Yield numbered rows, of which those that are not blank have the values of cells merged down.

    Ranges that begin `below` the header are meant, in the first `width` columns.
    """
    starts: dict[int, list[Merged]] = {}
    for one in merged:
        if one.first > below and one.column < width:
            starts.setdefault(one.first, []).append(one)
    held: dict[int, tuple[int, str]] = {}
    for number, cells in rows:
        for one in starts.get(number, ()):
            held[one.column] = (one.last, cells[one.column] if one.column < len(cells) else "")
        if held and any(cells):
            _fill(number, cells, held)
        yield number, cells


def _fill(number: int, cells: list[str], held: Mapping[int, tuple[int, str]]) -> None:
    for column, (last, value) in held.items():
        if number <= last and value:
            cells += [""] * (column + 1 - len(cells))
            cells[column] = cells[column] or value


def merged_remark(merged: Sequence[Merged], columns: Sequence[str], *, below: int) -> list[str]:
    """Say of which columns cells that are merged down stand for every row."""
    places = sorted({one.column for one in merged if one.first > below and one.column < len(columns)})
    names = ", ".join(f"`{columns[place]}`" for place in places)
    return [f"merged cells of {names} stand for each of their rows"] if names else []
