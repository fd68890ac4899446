"""Finds out whether the first line of a table names its columns, or is a row like the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from weft.data.examples.column_looks import FEWEST, are_dates, are_ids, are_numbers, is_number, like_labels, sampled
from weft.data.examples.column_names import LABEL_NAMES, LONG_NAME, TEXT_NAMES, by_name, listed
from weft.data.formats.csv_layout import numbered
from weft.data.sources import Table
from weft.errors import InputError

_SHARED = 8
"""Characters that a value shares with all others of its column, which no name of the column does."""
_SENTENCE_ENDS = ".。?？!！"


def settle_header(table: Table, usual: Sequence[str], *, names: Collection[str]) -> None:
    """Take the first line of a table for a row where it plainly is one, or where that of training was one.

    `usual` are the usual names of all columns that are looked for, `names` those that were named, or in training.
    """
    if not table.may_lack_header or set(names) & set(table.columns):
        return
    as_before = bool(names) and set(names) <= set(numbered(len(table.columns)))
    unusual = not by_name(table, [*usual, *TEXT_NAMES, *LABEL_NAMES], but=())
    if as_before or (unusual and is_row(table.columns, sampled(table))):
        table.without_header()


def is_row(header: Sequence[str], samples: Mapping[str, Sequence[str]]) -> bool:
    """Whether a header without a usual name is a row beyond doubt.

    It has a number over numbers, a value that comes again below it, a text as long as no name is, or one that begins as
    all below it do (a licence, a link).
    """
    for name in header:
        values = [value.strip() for value in samples[name] if value.strip()]
        if len(values) < FEWEST and not any(is_number(value) for value in values):
            continue
        if len(name) > LONG_NAME or name in values or (is_number(name) and are_numbers(values)):
            return True
        if len(name) >= _SHARED and all(value.startswith(name[:_SHARED]) for value in values):
            return True
    return False


def must_have_header(table: Table) -> None:
    """Raise InputError where the first line of a table looks like a row, and no column has a usual name."""
    if header_is_data(table):
        what = f"the first line looks like a row, not like names of columns: {listed(table.columns)}"
        names = naming(list(sampled(table).values()))
        hint = f"if it is one, pass --no-header, or --columns {names} in the order in which they stand"
        raise InputError(what, where=table.path, hint=hint)


def naming(columns: Sequence[Sequence[str]]) -> str:
    """Return names for columns without any, by their values, so that they are read: for `--columns` as it is typed.

    Two columns of texts are source and target or, where labels stand beside them, pairs.
    """
    labels = [place for place, values in enumerate(columns) if like_labels(values) and not _are_sentences(values)]
    texts = [place for place, values in enumerate(columns) if place not in labels and not beside_texts(values)]
    names = ["text", "label", *("other" if place == 2 else f"other{place - 1}" for place in range(2, len(columns)))]
    if len(texts) == 2 and len(labels) <= 1:
        known = dict(zip(texts, ("text_a", "text_b") if labels else ("source", "target"), strict=True))
    elif len(texts) == len(labels) == 1:
        known = {texts[0]: "text"}
    else:
        return ",".join(names[: len(columns)])
    known |= dict.fromkeys(labels, "label")
    others = iter(["other", *names[3:]])
    return ",".join(known.get(place) or next(others) for place in range(len(columns)))


def beside_texts(values: Sequence[str]) -> bool:
    """Whether values are no texts to read: numbers, dates, ids, or all begin alike, as licences and links do."""
    begin_alike = len({value[:_SHARED] for value in values}) == 1 and len(values) >= FEWEST
    return begin_alike or are_numbers(values) or are_dates(values) or are_ids(values)


def are_attributed_pairs(table: Table) -> bool:
    """Whether a table has no header, and two columns of texts with one of their origin beside them, as Tatoeba's."""
    columns, samples = table.columns, sampled(table)
    if len(columns) != 3 or not (columns == numbered(3) or (table.may_lack_header and is_row(columns, samples))):
        return False
    *texts, origin = samples.values()
    return beside_texts(origin) and not are_numbers(origin) and naming([*texts, origin]) == "source,target,other"


def _are_sentences(values: Sequence[str]) -> bool:
    """Whether most values end as sentences do."""
    return sum(value.strip().endswith(tuple(_SENTENCE_ENDS)) for value in values) > len(values) / 2


def header_is_data(table: Table) -> bool:
    """Whether a header without a usual name must be a row: it has a number, a sentence, or a value seen below it."""
    if not table.may_lack_header or by_name(table, TEXT_NAMES + LABEL_NAMES, but=()):
        return False
    if any(len(name) > LONG_NAME or is_number(name) or name[-1] in _SENTENCE_ENDS for name in table.columns):
        return True
    return any(name in map(str.strip, values) for name, values in sampled(table).items())
