"""Converts the arguments of estimators to plain lists, or raises an error that names the wrong one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any, Literal

import numpy as np

from weft.errors import InputError

_HALF = re.compile("[\ud800-\udfff]")


def plain(given: Any, name: str) -> list[Any]:
    """Convert a list, an array or a column of a table to a plain list. Raises InputError for anything else."""
    if isinstance(given, str | bytes | Mapping | Set) or not (hasattr(given, "__len__") or hasattr(given, "__array__")):
        raise InputError(f"expected a list of {name}, found {type(given).__name__}")
    if hasattr(given, "__array__"):
        given = np.asarray(given)
        if given.ndim != 1:
            raise InputError(f"expected one column of {name}, found an array of shape {given.shape}")
    return [one.item() if isinstance(one, np.generic) else one for one in given]


def texts(given: Any, name: str = "texts", *, blank: Literal["refuse", "keep"] = "refuse") -> list[str]:
    """Convert texts to plain strings. Raises InputError for anything else, and for an empty text unless it is kept."""
    rows = plain(given, name)
    for number, text in enumerate(rows):
        if not isinstance(text, str):
            raise InputError(f"expected a text, found {type(text).__name__}", where=f"{name}[{number}]")
        if _HALF.search(text):
            raise InputError("holds half a character (a lone surrogate)", where=f"{name}[{number}]")
        if blank == "refuse" and not text.strip():
            raise InputError("text is empty", where=f"{name}[{number}]")
    return rows


def text_groups(given: Any, name: str) -> list[tuple[str, ...]]:
    """Convert rows to one text or several each. Raises InputError as `texts` does, and for a row without any."""
    found = []
    for number, row in enumerate(plain(given, name)):
        where = f"{name}[{number}]"
        group = texts([row] if isinstance(row, str) or row is None else row, where)
        if not group:
            raise InputError("there is no text", where=where)
        found.append(tuple(group))
    return found
