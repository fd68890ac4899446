"""Numbers that are to be predicted of a text: the role of their columns, and how a field is read."""

from __future__ import annotations

import math
import re

from weft.data.blank_rows import BlankField
from weft.data.examples.column_names import VALUE_NAMES
from weft.data.examples.label_spelling import reads_as_missing
from weft.data.examples.roles import Role
from weft.errors import InputError

LARGEST = 1e15
"""Largest absolute value that is read: of larger ones no decimals are left, and their squares would overflow."""
VALUE = Role("value", VALUE_NAMES, most=None, answer=True, looks="rest", again="exact")
_SHOWN = 40
SIGNS = "[$€£¥￥₩₹₽₺₴元円]"
"""Pattern of the signs of currencies."""
_AMOUNT = r"((?:\d+|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d+)?)"
_PRICE = re.compile(rf"([-+]?)(?:{SIGNS}\s*)?{_AMOUNT}|([-+]?){_AMOUNT}\s*{SIGNS}")
"""A number with a currency sign before or behind it, and commas between groups of three digits."""


def parsed(text: str) -> float:
    """Parse a number; a currency sign and commas between thousands may stand in it. Raises ValueError for none."""
    priced = _PRICE.fullmatch(text.strip())
    return float("".join(filter(None, priced.groups())).replace(",", "") if priced else text)


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
