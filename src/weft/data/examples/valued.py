"""Numbers that are to be predicted of a text: the role of their columns, and how a field is read."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import islice

from weft.data.blank_rows import BlankField
from weft.data.examples.column_names import VALUE_NAMES
from weft.data.examples.label_spelling import reads_as_missing
from weft.data.examples.roles import Role
from weft.data.formats.decimal_commas import with_point
from weft.data.sources import Table
from weft.errors import InputError

LARGEST = 1e15
"""Largest absolute value that is read: of larger ones no decimals are left, and their squares would overflow."""
VALUE = Role("value", VALUE_NAMES, most=None, answer=True, looks="rest", again="exact")
_SHOWN = 40
_LOOKED_AT = 100_000
SIGNS = "[$€£¥￥₩₹₽₺₴元円]"
"""Pattern of the signs of currencies."""
_AMOUNT = r"((?:\d+|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d+)?)"
_PRICE = re.compile(rf"([-+]?)(?:{SIGNS}\s*)?{_AMOUNT}|([-+]?){_AMOUNT}\s*{SIGNS}")
"""A number with a currency sign before or behind it, and commas between groups of three digits."""


def parsed(text: str) -> float:
    """Parse a number; a currency sign and commas between thousands may stand in it. Raises ValueError for none."""
    priced = _PRICE.fullmatch(text.strip())
    return float("".join(filter(None, priced.groups())).replace(",", "") if priced else text)


def absent_hint(table: Table, column: str) -> str:
    """Return a hint at a word that stands in several rows where all others have numbers, as `缺考`; else none."""
    words: Counter[str] = Counter()
    rows = 0
    for row in islice(table.unchecked(), _LOOKED_AT):
        rows += 1
        field = row.values.get(column, "").strip()
        try:
            parsed(with_point(field) if column in row.decimal_commas else field)
        except ValueError:
            words.update([] if reads_as_missing(field) else [field])
    (word, times), *others = words.most_common(2) or [("", 0)]
    if others or not 1 < times <= rows / 2:
        return ""
    return f"`{word[:_SHOWN]}` stands in {times:,} of {rows:,} rows, and all others are numbers: write numbers there"


def number_of(field: str) -> float:
    """Read a number. Raises InputError for a field that is empty, no number, or too large to be predicted."""
    text = field.strip()
    if reads_as_missing(text):
        raise BlankField("value", f"value is missing{f' (`{text}`)' if text else ''}", hint="fill it in")
    shown = f"`{text[:_SHOWN]}{'…' if len(text) > _SHOWN else ''}`"
    try:
        value = parsed(text)
    except ValueError:
        value = math.nan
    if math.isnan(value) or "_" in text:
        hint = "write it as 1234.5, without units"
        raise InputError(f"expected a number, found {shown}", hint=hint)
    if abs(value) > LARGEST:
        raise InputError(f"expected a number between -1e15 and 1e15, found {shown}", hint="divide all by one number")
    return value
