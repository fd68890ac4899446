"""Settings that name columns of a table: how they are read, and written for the command line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import suppress

Names = str | tuple[str, ...] | None
"""A setting that names columns: one, several, or several between commas; None: to be guessed."""


def named_columns(names: Names, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that a setting names.

    A string is cut at commas, but a column of the table may have commas in its name; the longest such name is taken.
    Where no cut gives columns of the table, names with commas stand in quotes, as in csv: `"a,b",c`.
    """
    if names is None or not isinstance(names, str):
        return tuple(names or ())
    if "," not in names:
        return (names,)
    parts = names.split(",")
    cuts: list[tuple[str, ...] | None] = [*[None] * len(parts), ()]
    for first in reversed(range(len(parts))):
        for end in reversed(range(first + 1, len(parts) + 1)):
            whole, rest = ",".join(parts[first:end]), cuts[end]
            known = next((name for name in (whole, whole.strip()) if name in columns), None)
            if known is not None and rest is not None:
                cuts[first] = (known, *rest)
                break
    if cuts[0]:
        return cuts[0]
    with suppress(csv.Error):
        parts = next(csv.reader([names], skipinitialspace=True))
    return tuple(part.strip() for part in parts if part.strip()) or (names,)


def as_setting(columns: Sequence[str]) -> Names:
    """Return the setting that names some columns: a plain string for one."""
    return None if not columns else columns[0] if len(columns) == 1 else tuple(columns)


def as_option(names: Names) -> str:
    """Write a setting that names columns for the command line."""
    if names is None or isinstance(names, str):
        return names or ""
    if len(names) == 1:
        return names[0]
    return ",".join('"{}"'.format(name.replace('"', '""')) if {",", '"'} & set(name) else name for name in names)
