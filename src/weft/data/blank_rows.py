"""Rows whose text or right answer is blank: left out and told as long as they are fewer than half, else an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from weft.data.rows import BadRow, Row
from weft.errors import InputError, typed

_SHOWN = 5
"""Rows that a note names."""
_LOOKED_AT = 200
"""Rows in which other columns are looked for."""


class BlankField(InputError):
    """Error of a row where a text or a right answer, which `name` is, is blank."""

    def __init__(self, name: str, what: str = "", *, hint: str = "") -> None:
        super().__init__(what or f"{name} is empty", hint=hint)
        self.name = name


def blank_notes(blank: Sequence[BadRow], rows: int) -> list[str]:
    """Tell how many of so many rows were left out as blank, a sentence for each thing that was, with the first ones."""
    names = dict.fromkeys(one.what for one in blank)
    return [_told([one for one in blank if one.what == name], rows) for name in names]


def check_few(blank: Sequence[BadRow], rows: int, *, of: Iterable[Row], path: str) -> None:
    """Raise InputError, which names the columns that are filled in the rows `of` it, where half or more are blank."""
    if not blank or 2 * len(blank) < rows:
        return
    (name, column), _ = Counter((one.what, one.column) for one in blank).most_common(1)[0]
    lacking = [one for one in blank if (one.what, one.column) == (name, column)]
    named_so = f" (column `{column}`)" if column and column != name else ""
    first = [row.values for row in islice(of, _LOOKED_AT)]
    filled = Counter(key for values in first for key, value in values.items() if value.strip())
    others = ", ".join(typed(key) for key, times in filled.items() if key != column and 2 * times > len(first))
    named = f"name another column where this is the wrong one (filled are {others}), " if others else "fill them in, "
    what = f"{len(lacking):,} of {rows:,} rows {_has(lacking)} no {name}{named_so}, the first is {_places(lacking[:1])}"
    raise InputError(what, where=path, hint=f"{named}or pass --on-bad-row skip to leave such rows out (each is listed)")


def _told(blank: Sequence[BadRow], rows: int) -> str:
    has, are = _has(blank), "is" if len(blank) == 1 else "are"
    file = f"{blank[0].file}: " if len({one.file for one in blank}) == 1 and _has_line(blank[0]) else ""
    return f"{file}{len(blank):,} of {rows:,} rows {has} no {blank[0].what} and {are} left out: {_places(blank)}"


def _has(blank: Sequence[BadRow]) -> str:
    return "has" if len(blank) == 1 else "have"


def _places(blank: Sequence[BadRow]) -> str:
    shown, more = blank[:_SHOWN], ", ..." if len(blank) > _SHOWN else ""
    if len({one.file for one in blank}) == 1 and all(map(_has_line, shown)):
        return f"line{'s' if len(blank) > 1 else ''} {', '.join(str(one.line) for one in shown)}{more}"
    return f"{', '.join(one.place for one in shown)}{more}"


def _has_line(one: BadRow) -> bool:
    return one.place == f"{one.file}:{one.line}"
