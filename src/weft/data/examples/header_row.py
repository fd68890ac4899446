"""Finds out whether the first line of a table names its columns, or is a row like the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import chain, count, islice
from types import MappingProxyType
from typing import Any

from weft.data.examples.column_looks import are_codes_of, are_dates, are_ids, are_numbers, is_number, sampled
from weft.data.examples.column_names import LABEL_NAMES, LONG_NAME, TEXT_NAMES, by_name, listed
from weft.data.examples.nested_fields import IN_LISTS, lists_of_objects
from weft.data.formats.csv_layout import is_unnamed, numbered
from weft.data.formats.csv_rows import MOST_TITLES, distinct
from weft.data.formats.value_looks import FEWEST, like_labels
from weft.data.sources import Table
from weft.errors import InputError, nearest, typed

_SHARED = 8
"""Characters that a value shares with all others of its column, which no name of the column does."""
_SENTENCE_ENDS = ".。?？!！"
_TIMES = 5
"""Times that each label comes at least, where a word above them is known to be none."""
_FEWER = 3
"""Times as many different values as the labels that a column beside them has at least."""
_BETWEEN = {"\t": ("tabs", ".tsv"), "|": ("bars", ".csv"), ";": ("semicolons", ".csv")}
"""Delimiters of tables that are named as plain text, what they are called, and the suffix that fits."""
_LOOKED_AT = 200
"""Rows below a second row of names that it is compared with."""
_PLAIN_ANSWERS = ("Response", "Open-Ended Response")
"""Second names below a question that say no more than that an answer stands there, as SurveyMonkey writes them."""
_IMPORTED = '{"ImportId"'
"""Beginning of each cell below the questions, as Qualtrics writes them."""
_COMMA = re.compile(r"[,、;|] ?")
_KEYWORD = 8
"""Characters of a keyword at most, in a list of them between commas; those of Chinese sentences are wide."""
_MISSING = {"na", "n/a", "nan", "null", "none", "nil"}
"""Spellings of a missing value, in lower case."""


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


def join_header(table: Table, *, names: Collection[str] = ()) -> None:
    """Read a second row of names, below groups of columns or questions, as names where it plainly is one.

    It is one, too, where it has all the `names` that are looked for, which the first lacks.
    """
    if not table.may_lack_header or table.parts:
        return
    rows = list(islice(table.unchecked(), _LOOKED_AT))
    if not rows:
        return
    if len(rows) > 2 and all(rows[1].values.get(name, "").startswith(_IMPORTED) for name in table.columns):
        asked = [rows[0].values[name].strip() or name for name in table.columns]
        kept = not names and len({*asked}) == len(asked)
        table.with_second_header(asked if kept else table.columns, rows[0].line, rows[1].line)
        return
    cells = [rows[0].values.get(name, "").strip() for name in table.columns]
    below = [[value for row in rows[1:] if (value := row.values[name].strip())] for name in table.columns]
    header = ["" if is_unnamed(name) else name for name in table.columns]
    if not _may_be_names(cells, header) or any(cell in values for cell, values in zip(cells, below, strict=True)):
        return
    joined = _joined(header, cells)
    asked = bool(names) and {*names} <= {*joined} and not {*names} <= {*table.columns}
    full = all(header) and not any(
        not cell and len(values) == len(rows) - 1 for cell, values in zip(cells, below, strict=True)
    )
    if asked or (not full and any(map(_is_name, cells, below))):
        table.with_second_header(joined, rows[0].line)


def _may_be_names(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether the cells below a header may be names: short words, one where each blank of the header is."""
    blanks = not all(header) or not all(cells)
    named = all(name or cell for name, cell in zip(header, cells, strict=True))
    words = [cell for cell in cells if cell]
    short_ones = all(len(cell) <= LONG_NAME and not is_number(cell) and not are_dates([cell]) for cell in words)
    return bool(words) and blanks and named and short_ones


def _joined(header: Sequence[str], cells: Sequence[str]) -> tuple[str, ...]:
    """Join two rows of names: those below where they are all there, else the question above with the answer's name."""
    if all(cells) and len({*cells}) == len(cells):
        return tuple(cells)
    names, above = [], ""
    for name, cell in zip(header, cells, strict=True):
        above = name or above
        names.append(name if name and (not cell or cell in _PLAIN_ANSWERS) else f"{above} {cell}".strip())
    return distinct(tuple(names), where="")


def is_row(header: Sequence[str], samples: Mapping[str, Sequence[str]]) -> bool:
    """Whether a header without a usual name is a row beyond doubt.

    It has a number over numbers, a value that comes again below it, one that begins as all below it do (a licence, a
    link), or, where nothing else tells that it is a header, a text as long as few names are.
    """
    for name in header:
        values = [value.strip() for value in samples[name] if value.strip()]
        if len(values) < FEWEST and not any(is_number(value) for value in values):
            continue
        if name in values or (is_number(name) and are_numbers(values)):
            return True
        if len(name) >= _SHARED and all(value.startswith(name[:_SHARED]) for value in values):
            return True
    return any(len(name) > LONG_NAME for name in header) and not is_header(header, samples)


def is_header(header: Sequence[str], samples: Mapping[str, Sequence[str]]) -> bool:
    """Whether a first line names its columns beyond doubt: no cell is a number, and one is unlike all below it.

    That is a word over numbers, dates or ids, or one over labels which all come again and again, but for that word.
    """
    if any(is_number(name) for name in header):
        return False
    return any(_is_name(name, [value.strip() for value in samples[name] if value.strip()]) for name in header)


def _is_name(name: str, values: Sequence[str]) -> bool:
    """Whether a word is no value of the column below it."""
    if len(values) < FEWEST or not any(map(str.isalpha, name)) or name.casefold() in _MISSING or is_unnamed(name):
        return False
    plain = (are_numbers, are_dates, are_ids)
    if any(kind(values) and not kind([name]) for kind in plain):
        return True
    counts = Counter(values)
    return like_labels(values) and name not in counts and min(counts.values()) >= _TIMES


def must_have_header(table: Table, options: str) -> None:
    """Raise InputError where the first line of a table looks like a row, and no column has a usual name.

    `options` are those that name columns of a header.
    """
    if header_is_data(table):
        what = f"the first line looks like a row, not like names of columns: {listed(table.columns)}"
        ways = f"--no-header, or {columns_option(list(sampled(table).values()))} in the order in which they stand"
        raise InputError(what, where=table.path, hint=f"if it is one, pass {ways}; if it has the names, pass {options}")


def columns_option(columns: Sequence[Sequence[str]]) -> str:
    """Return the option that names columns without a header, by their values, with placeholders where they do not tell.

    The placeholders are refused as they stand.
    """
    if names := naming(columns):
        return f"--columns {typed(names)}"
    return f"--columns {','.join(['NAME'] * len(columns))} (a name for each, `text` and `label` for those to read)"


def naming_as_asked(columns: Sequence[Sequence[str]], asked: Mapping[str, str]) -> str:
    """Return the option that names columns without a header, each column of a role as it is asked for."""
    names = naming(columns).split(",")
    if not names[0]:
        return columns_option(columns)
    return f"--columns {typed(','.join(asked.get(name, name) for name in names))}"


def as_table(table: Table, asked: Mapping[str, str]) -> tuple[str, str]:
    """Say what the lines of plain text hold that look like rows of a table, and what to do; else nothing.

    `asked` are the names of columns that are asked for, by their role.
    """
    if table.form != "txt":
        return "", ""
    lines = [line for values in sampled(table).values() for line in values if line.strip()]
    for mark, (called, suffix) in _BETWEEN.items():
        rows = [line.split(mark) for line in lines]
        if not lines or len({*map(len, rows)}) > 1 or len(rows[0]) < 2 or (mark != "\t" and len(rows) < FEWEST):
            continue
        what = f"its lines hold {called}, {len(rows[0])} columns each, and a .txt has one text a line"
        header, below = rows[0], {name: column for name, *column in zip(*rows, strict=True)}
        usual = {name.strip().casefold() for name in header} & {*TEXT_NAMES, *LABEL_NAMES}
        if usual or (len(below) == len(header) and not is_row(header, below) and is_header(header, below)):
            return what, f"rename it to end in {suffix}"
        return what, f"rename it to end in {suffix}, and pass {naming_as_asked([*zip(*rows, strict=True)], asked)}"
    return "", ""


def naming(columns: Sequence[Sequence[str]]) -> str:
    """Return names for columns without any, by their values, so that they are read: for `--columns` as it is typed.

    Two columns of texts are source and target or, where labels stand beside them, pairs. Where it is not plain what the
    columns are, there are none.
    """
    label = _label_among(columns)
    if label is None:
        return ""
    texts = [place for place, values in enumerate(columns) if place not in label and not beside_texts(values)]
    if label:
        texts = [place for place in texts if not _are_words(columns[place])] or texts
    if len(texts) == 2:
        known = dict(zip(texts, ("text_a", "text_b") if label else ("source", "target"), strict=True))
    elif len(texts) == len(label) == 1:
        known = {texts[0]: "text"}
    else:
        return ""
    known |= dict.fromkeys(label, "label")
    others = chain(["other"], (f"other{number}" for number in count(2)))
    return ",".join(known.get(place) or next(others) for place in range(len(columns)))


def _label_among(columns: Sequence[Sequence[str]]) -> list[int] | None:
    """Return the place of the labels, that of by far the fewest different values; [] where none are, None in doubt."""
    places = [place for place, values in enumerate(columns) if like_labels(values) and not _are_sentences(values)]
    places = [one for one in places if not any(are_codes_of(columns[one], columns[other]) for other in places)]
    different = {place: len({*columns[place]}) for place in places if not are_dates(columns[place])}
    fewest = sorted(different, key=lambda place: different[place])
    doubt = len(fewest) > 1 and different[fewest[1]] < _FEWER * different[fewest[0]]
    return None if doubt else fewest[:1]


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


def _are_words(values: Sequence[str]) -> bool:
    """Whether most values are single words in Latin letters, as names of users are, or lists of keywords."""
    single = sum(value.isascii() and len(value.split()) < 2 for value in values)
    keywords = sum(len(found) > 1 and max(map(len, found)) <= _KEYWORD for found in map(_COMMA.split, values))
    return max(single, keywords) > len(values) / 2


def _are_sentences(values: Sequence[str]) -> bool:
    """Whether most values end as sentences do."""
    return sum(value.strip().endswith(tuple(_SENTENCE_ENDS)) for value in values) > len(values) / 2


def header_is_data(table: Table) -> bool:
    """Whether a header without a usual name may be a row: it has a number, a sentence, or a value seen below it."""
    if not table.may_lack_header or by_name(table, TEXT_NAMES + LABEL_NAMES, but=()):
        return False
    samples = sampled(table)
    if any(name in map(str.strip, values) for name, values in samples.items()):
        return True
    odd = any(len(name) > LONG_NAME or is_number(name) or name[-1] in _SENTENCE_ENDS for name in table.columns)
    return odd and not is_header(table.columns, samples)


def named_below(table: Table, usual: Collection[str]) -> int:
    """Return the line of one of the first rows that has a usual name in two columns or more; 0 where none has."""
    known = {*usual, *TEXT_NAMES, *LABEL_NAMES}
    for row in islice(table.unchecked(), MOST_TITLES):
        if sum(value.strip().casefold() in known for value in row.values.values()) > 1:
            return row.line
    return 0


def _in_its_place(table: Table, name: str, named: Mapping[str, Any]) -> str:
    """Return the hint at the column that is meant by its number, or at the tags of words; "" where none is known."""
    role = next((role for role, one in named.items() if one == name), "")
    if role and name.isascii() and name.isdecimal() and 0 < int(name[:9]) <= len(table.columns):
        return f"columns go by their names: --{role} {typed(table.columns[int(name) - 1])}"
    if role and table.form == "conll":
        tags = [one for one in ("upos", "xpos") if one in table.columns] or table.columns[-1:]
        return f"pass {' or '.join(f'--{role} {typed(one)}' for one in tags)}"
    return ""


def must_exist(table: Table, name: str | None, *, named: Mapping[str, Any] = MappingProxyType({})) -> None:
    """Raise InputError where a table has no such column; `named` are the columns that are asked for, by role."""
    if name is None or name in table.columns:
        return
    hint = nearest(name, table.columns) or _in_its_place(table, name, named)  # what is known is listed already
    asked = {role: one for role, one in named.items() if isinstance(one, str) and "," not in one}
    what, table_hint = as_table(table, asked)
    if what:
        raise InputError(f"there is no column `{name}`: {what}", where=table.path, hint=table_hint)
    if header_is_data(table) or table.columns == numbered(len(table.columns)):
        named_so = naming_as_asked(list(sampled(table).values()), asked)
        hint = f"it seems that the first line is a row: pass {named_so} in the order in which they stand"
    elif name.partition(".")[0].partition("[")[0] in lists_of_objects(table):
        hint = IN_LISTS
    raise InputError(f"there is no column `{name}` among {listed(table.columns)}", where=table.path, hint=hint)
