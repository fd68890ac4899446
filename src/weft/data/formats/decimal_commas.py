"""Finds the columns of numbers with decimal commas, as `3,5`, in files whose fields stand between semicolons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_NUMBER = re.compile(r"(?:[€$£]\s*)?[-+]?(?:\d+|\d{1,3}(?:\.\d{3})+)(,\d+)?(?:\s*[€$£])?")


def with_decimal_commas(names: Sequence[str], records: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return the columns all of whose values are numbers, one with a comma that stands before no group of thousands."""
    columns = zip(*(record for record in records if len(record) == len(names)), strict=True)
    return tuple(name for name, values in zip(names, columns, strict=False) if _are_such([*filter(str.strip, values)]))


def _are_such(values: Sequence[str]) -> bool:
    found = [_NUMBER.fullmatch(value.strip()) for value in values]
    return all(found) and any(one and one[1] and (len(one[1]) != 4 or one[0].startswith("0")) for one in found)


def with_point(number: str) -> str:
    """Write a number that has a decimal comma, and points between thousands, with a decimal point; else as it is."""
    found = _NUMBER.fullmatch(number.strip())
    return number.replace(".", "").replace(",", ".") if found else number
