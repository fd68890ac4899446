"""Rows that are no examples: sums below a table, and what annotators of Prodigy rejected or ignored."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice

from weft.data.sources import Row, Table

VERDICT = "answer"
"""Column of the verdicts of annotators in exports of Prodigy."""
_VERDICTS = {"accept", "reject", "ignore"}
_SUMS = {
    *("total", "totals", "grand total", "subtotal", "sum", "gesamt", "summe", "gesamtsumme", "total général"),
    *("total general", "合计", "总计", "小计", "共计", "合計", "總計", "小計"),
}
"""Words of a row of sums, lower case."""
_LOOKED_AT = 200


def is_sum(row: Row) -> bool:
    """Whether a field of a row says that the row sums others up."""
    return any(value.strip().rstrip(":：").casefold() in _SUMS for value in row.values.values())


def are_verdicts(values: Collection[str]) -> bool:
    """Whether values are the verdicts of annotators alone."""
    return bool(values) and {*values} <= _VERDICTS


def accepted(table: Table, *, read: Sequence[str]) -> Iterator[Row]:
    """Yield the rows without those that an annotator rejected or ignored, unless this verdict is among what is read."""
    judged = VERDICT in table.columns and VERDICT not in read
    first = islice(table.unchecked(), _LOOKED_AT) if judged else ()
    judged = judged and are_verdicts([row.values.get(VERDICT, "") for row in first])
    for row in table:
        if judged and row.values.get(VERDICT) in ("reject", "ignore"):
            table.aside[f"rows of answer `{row.values[VERDICT]}`"] += 1
        else:
            yield row
