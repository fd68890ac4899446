"""Spellings of one label: numbers as integers and floats, upper and lower case, blanks, the width of letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import islice
from typing import Literal

from weft.data.sources import Table

Spelling = Literal["exact", "whole", "joined"]

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-"})
"""Fields, in lower case, that stand for a missing value."""

_WHOLE = re.compile(r"([+-]?[0-9]+)\.0+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_BLANK_BY_HAN = re.compile("(?<=[\u2e80-\uffff]) | (?=[\u2e80-\uffff])")
_TRUTH = {"true": "1", "false": "0"}
_SAMPLE = 1000


def spelled(label: str, spelling: Spelling | None) -> str:
    """Return a label as it is learned: as it stands, as a whole number, or in the one spelling of all alike."""
    if spelling == "joined":
        return one_spelling(label)
    return _WHOLE.sub(r"\1", label.strip()) if spelling == "whole" and _WHOLE.fullmatch(label.strip()) else label


def one_spelling(label: str) -> str:
    """Return the spelling that stands for all that mean one label: `pos` for `POS`, `1` for `1.0` and `True`."""
    plain = _BLANK_BY_HAN.sub("", " ".join(unicodedata.normalize("NFKC", label).split())).casefold()
    match = _WHOLE.fullmatch(plain)
    return match[1] if match else _TRUTH.get(plain, plain)


def reads_as_missing(field: str) -> bool:
    """Whether a field is empty or one of the words that programs write for a missing value (bool)."""
    return field.strip().casefold() in MISSING


def are_numbers(labels: Iterable[str]) -> bool:
    """Whether all labels are numbers (bool)."""
    return all(_NUMBER.fullmatch(label) for label in labels)


def whole_numbers(table: Table, column: str) -> bool:
    """Whether the first labels of a table that are not missing are whole numbers, some written as floats (bool)."""
    labels = {row.values.get(column, "").strip() for row in islice(table.unchecked(), _SAMPLE)}
    labels = {label for label in labels if not reads_as_missing(label)}
    floats = {label for label in labels if _WHOLE.fullmatch(label)}
    return bool(floats) and all(label.lstrip("+-").isdecimal() for label in labels - floats)
