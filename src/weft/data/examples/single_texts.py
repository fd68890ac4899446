"""Single texts of a table, with their lines: what is embedded, searched and inspected by meaning."""

from __future__ import annotations

from collections.abc import Iterator

from weft.data.examples.column_names import PAIRS, TEXT_NAMES
from weft.data.examples.roles import Role, find_roles
from weft.data.sources import Table

_TEXT = Role("text", (*TEXT_NAMES, *(name for pair in PAIRS for name in pair)), looks="text")


def single_texts(table: Table, *, column: str | None = None, answering: bool = False) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each row, of a column that is named or guessed; an empty text is refused.

    Raises InputError where the column is not there, or not clear: its hint names the option `--column` where a trained
    model is `answering`, else `--text`.
    """
    (name,) = find_roles(table, [_TEXT], named={"text": column}, answering=answering)["text"]
    for row in table:
        text = row.values.get(name, "")
        if text.strip():
            yield row.line, text
        else:
            table.reject(row.line, f"{name} is empty", column=name, blank=name)
