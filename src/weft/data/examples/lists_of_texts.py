"""Columns of lists of texts beside one label, as chatbots keep what is said for an intent: each text is an example."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from statistics import median

from weft.data.examples.column_looks import only
from weft.data.examples.column_names import REPLY_WORDS, TEXT_NAMES
from weft.data.examples.nested_fields import sampled_fields
from weft.data.examples.standing_out import has_word, text_candidates
from weft.data.formats.value_looks import like_labels, like_texts
from weft.data.sources import Row, Table

_USUAL = (
    *("patterns", "examples", "utterances", "samples", "phrases", "sentences", "questions", "queries", *TEXT_NAMES),
    *("相似问", "相似问法", "问法", "例句", "语料", "样例", "用户问"),
)
"""Names of columns of such lists, whose texts may be short."""
_LOOKED_AT = 50
_FEWEST = 4
_MANY = 5
"""Single words of a list from which they are the words of one text."""


def spread_texts(table: Table, named: str | tuple[str, ...] | None) -> None:
    """Read each text of the lists in a column as a row: of the one named, or of the only one where no text is plain.

    Lists of the words of one text are left as they are.
    """
    if table.form not in ("jsonl", "parquet") or table.spread:
        return
    rows = list(islice(table.unchecked(), _LOOKED_AT))
    columns = [name for name in table.columns if any(name in row.lists for row in rows)]
    columns = [name for name in columns if not _are_words(rows, name)]
    found = named if named in columns else only(_of_texts(table, rows, columns)) if named is None else None
    if isinstance(found, str):
        for one in (table, *table.parts):
            one.spread = found


def keep_lists(table: Table) -> None:
    """Read lists as the words of one text again, whatever `spread_texts` found."""
    for one in (table, *table.parts):
        one.spread = ""


def _of_texts(table: Table, rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    """Return the columns whose lists are texts beside a label, where no other column holds texts."""
    samples = sampled_fields(table)
    plain = [name for name in samples if any(map(str.strip, samples[name]))]
    if not columns or not plain or text_candidates(plain, samples):
        return []
    inside = {name: [one for row in rows for one in row.lists.get(name, ())] for name in columns}
    if any(like_labels(values) for values in inside.values()):
        return []  # labels of each text, maybe
    found = [name for name in columns if len({*inside[name]}) >= _FEWEST and not has_word(name, REPLY_WORDS)]
    usual = [name for name in found if name.strip().casefold() in _USUAL]
    return usual or [name for name in found if like_texts(inside[name])]


def _are_words(rows: Sequence[Row], column: str) -> bool:
    """Whether the lists of a column are the words or characters of one text each."""
    lists = [row.lists[column] for row in rows if column in row.lists]
    words = [not any(map(str.isspace, one)) and (len(one) == 1 or one.isascii()) for found in lists for one in found]
    return sum(words) > len(words) / 2 and median(map(len, lists)) >= _MANY
