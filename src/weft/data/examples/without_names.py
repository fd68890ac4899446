"""Reads columns that have no names by what stands in them: pairs with a label, and translations named as asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import median

from weft.data.examples.column_looks import sampled
from weft.data.examples.column_names import listed, short
from weft.data.examples.header_row import is_row, naming
from weft.data.formats.csv_layout import numbered
from weft.data.sources import Table

_MOST_LABELS = 4
"""Labels that pairs have at most: yes and no, or those of inference."""
_TIMES_LONGER = 3
"""Times as long as the other at most that a text of a pair is: a title and its article are none."""
_HAN = re.compile("[\u3400-\u9fff]")
_KANA = re.compile("[\u3040-\u30ff]")
_CHINESE = ("zh", "zh-cn", "zh-tw", "cmn", "chinese", "中文")


def unnamed_pair(table: Table) -> dict[str, tuple[str, ...]]:
    """Return the columns of the two `text`s of a pair and of its `label`, where no column has a name; else nothing."""
    if table.columns != numbered(len(table.columns)) or not table.layout or table.layout.headed:
        return {}
    samples = sampled(table)
    names = naming(list(samples.values())).split(",")
    if not {"text_a", "text_b", "label"} <= {*names}:
        return {}
    first, second, label = (table.columns[names.index(one)] for one in ("text_a", "text_b", "label"))
    lengths = sorted(median(map(len, samples[one])) for one in (first, second))
    alike = lengths[1] <= _TIMES_LONGER * lengths[0] and len({*samples[label]}) <= _MOST_LABELS
    return {"text": (first, second), "label": (label,)} if alike else {}


def with_first_values(table: Table) -> str:
    """List the columns of a table without names, each with a value; "" where they have names."""
    if table.columns != numbered(len(table.columns)):
        return ""
    first = {name: next(filter(str.strip, values), "") for name, values in sampled(table).items()}
    return listed([*first], [short(value) for value in first.values()])


def name_as_asked(table: Table, settings: Mapping[str, str | tuple[str, ...] | None]) -> None:
    """Name the columns of a table without a header as they are asked for, where it is plain which is which.

    `settings` are names by role, as `en` for the source. The columns of source and target are as they stand,
    but that the one in Han is Chinese where one of the names says so.
    """
    asked = {role: one for role, one in settings.items() if isinstance(one, str) and one}
    if not table.layout or table.parts or {*asked.values()} & {*table.columns} or len(asked) < 2:
        return
    samples = sampled(table)
    if table.columns != numbered(len(table.columns)) and not (table.layout.headed and is_row(table.columns, samples)):
        return
    names = naming(list(samples.values())).split(",")
    if {*asked} != {name for name in names if not name.startswith("other")}:
        return
    if {*asked} == {"source", "target"} and _crosses(asked, names, list(samples.values())):
        asked = {"source": asked["target"], "target": asked["source"]}
    table.without_header()
    named = tuple(asked.get(name, name) for name in names)
    table.layout, table.columns = table.layout.without_header(named), named


def _crosses(asked: Mapping[str, str], names: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Whether the one of two columns that is asked for as Chinese stands in the place of the other."""
    chinese = [role for role, name in asked.items() if name.casefold() in _CHINESE]
    written = [role for role in asked if _is_chinese(columns[names.index(role)])]
    return len(chinese) == len(written) == 1 and chinese != written


def _is_chinese(values: Sequence[str]) -> bool:
    """Whether most values have Han characters, and nearly none has those of Japanese."""
    han, kana = (sum(bool(pattern.search(value)) for value in values) for pattern in (_HAN, _KANA))
    return 2 * han > len(values) and 10 * kana < len(values)
