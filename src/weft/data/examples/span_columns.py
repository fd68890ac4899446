"""Columns of labelled spans: lists of objects or triples, in JSON or as text in a table (Label Studio, doccano), and
objects of labels with surfaces and their places (CLUENER).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from weft.data.examples.column_looks import only
from weft.data.examples.label_evidence import Rank, label_candidates
from weft.data.examples.nested_fields import decoded, sampled_fields
from weft.data.formats.conll import SLASHED
from weft.data.formats.json_exports import ENDS, STARTS
from weft.data.sources import Table

_LOOKED_AT = 50
"""Rows that are searched for spans."""


def span_columns(table: Table) -> tuple[str, ...]:
    """Return the columns whose fields are labelled spans, in all of the first rows that have any."""
    rows = list(islice(table.unchecked(), _LOOKED_AT))
    return tuple(
        name for name in table.columns if _hold_spans(row.whole.get(name, row.values.get(name)) for row in rows)
    )


def only_spans(table: Table) -> str | None:
    """Return the column of labelled spans, where there is one."""
    return only(span_columns(table))


def is_slashed(table: Table) -> bool:
    """Whether the lines of plain text are of `word/tag`."""
    form = table.sentence_form()
    return form is not None and form[0] == "slashed"


def restored_notes(columns: Collection[str]) -> list[str]:
    """Say that of tokens with tags, which have these columns, the tags are not read; else no note."""
    said = "read as tokens with tags: texts are made of the tokens and answered, the tags left aside"
    return [said] if tuple(columns) == SLASHED else []


def looks_tagged(table: Table) -> bool:
    """Whether a table has tokens with tags, or a column of labelled spans."""
    form = table.sentence_form()
    return table.form == "conll" or (form is not None and len(form[1]) > 1) or bool(span_columns(table))


def spans_alone(table: Table) -> bool:
    """Whether spans of the texts are what a table has to learn: one column of them, and none of labels."""
    if only_spans(table) is None:
        return False
    samples = sampled_fields(table)
    return not any(one.rank is Rank.LABEL for one in label_candidates([*samples], samples))


def _hold_spans(fields: Iterator[Any]) -> bool:
    found = [one for field in fields if (one := decoded(field))]
    lists = all(isinstance(one, list) and all(map(_is_labelled_span, one)) for one in found)
    return bool(found) and (lists or all(map(_has_surfaces, found)))


def _has_surfaces(value: Any) -> bool:
    """Whether a value is an object of labels, each with surfaces and places: `{"name": {"叶老桂": [[9, 11]]}}`."""
    surfaces = [*value.values()] if isinstance(value, dict) else [None]
    places = [one for inner in surfaces for one in (inner.values() if isinstance(inner, dict) else [None])]
    return bool(places) and all(isinstance(one, list) and one and all(map(_is_place, one)) for one in places)


def _is_place(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(str(one).isdecimal() for one in value)


def _is_labelled_span(value: Any) -> bool:
    if isinstance(value, dict):
        begin, end = (next((value[name] for name in names if name in value), "") for names in (STARTS, ENDS))
        return str(begin).isdecimal() and str(end).isdecimal() and bool({"label", "labels", "type"} & {*value})
    if not isinstance(value, list) or len(value) != 3:
        return False
    *places, label = map(str, value)
    return all(place.isdecimal() for place in places) and not label.isdecimal()
