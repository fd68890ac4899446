"""Reads JSON files that are one value as a whole: arrays, lists inside an object, and tables by column.

The forms are those of exports: `[{...}, {...}]`; `{"data": [{...}]}`, also one object deeper; objects of several lines
one after another; and what pandas writes, `{"text": {"0": ...}}`, `{"text": [...]}` and `{"columns": [...], "data":
[[...]]}`; rows under keys, `{"a1": {...}}`, labels under their texts, `{"a text": "label"}`, and texts under their
labels. SQuAD's form is known by its `paragraphs`. A file is parsed, not guessed by how its first line looks. It has to
fit into memory, so JSON lines are the form for large sets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from weft.data.formats.json_exports import as_row
from weft.data.formats.line_rows import checked_object, decoder, in_words
from weft.data.formats.value_looks import like_labels, like_texts
from weft.errors import InputError, typed

MOST_CHARACTERS = 1 << 29
"""Characters of a file that is read as a whole; JSON lines are read line by line, and may be of any length."""

_BLANKS = re.compile(r"[ \t\r\n]*")
_LISTS = ("data", "rows", "records", "items", "examples", "results", "train")
"""Names of lists of rows, the first of several in this order."""
_OF_A_ROW = ("messages", "conversations", "conversation", "turns", "answers", "options", "choices", "labels", "qas")
"""Names of lists that a single row has: turns, answers, options."""
_LOOKED_AT = 100
"""Lines after a broken first one that are searched for an object of one line."""

_FIRST = 20
"""Rows of a list whose names are its columns, beside the first."""

_SENDERS, _SAID = ("from", "sender", "author", "sender_name", "user"), ("text", "content", "message", "body")
"""Names of who wrote a message of a chat, and of what it says."""
KEY = "key"
"""Column of the keys under which rows stand."""
_FEWEST = 4
"""Rows under keys at least."""

Shape = Literal["list", "chat", "columns", "split", "questions", "keyed", "labels", "texts"]


@dataclass(frozen=True, slots=True)
class Whole:
    """The shape of a file that is one JSON value, and the names of its columns; `start` is where the list begins."""

    shape: Shape
    columns: tuple[str, ...] = ()
    start: int = 0


def whole_of(lines: Iterator[str], *, name: str) -> Whole | None:
    """Find the shape of a JSON file; None where each line is an object of its own.

    Raises InputError where the file is neither, with the line.
    """
    read: list[str] = []
    first = _next(lines, read)
    if not first.startswith(("[", "{")):
        return None
    if first.startswith("{") and _fault(first) is None:
        return None if _next(lines, read) else _shape("".join(read), name=name)
    lookahead = list(islice(lines, _LOOKED_AT))
    by_line = first.startswith("{") and any(line.startswith("{") and _fault(line) is None for line in lookahead)
    if by_line and (_fault(first) or 0) < len(first):
        return None  # its first line is broken, and does not go on in the next
    try:
        return _shape(_joined([*read, *lookahead], lines, name=name), name=name)
    except InputError:
        if by_line:
            return None
        raise


def whole_rows(text: str, whole: Whole, *, name: str) -> Iterator[tuple[int, dict[str, Any] | InputError]]:
    """Yield the rows of a file that `whole_of` found to be a list, each with the line on which it starts.

    Of a table by column a row has no line: its number is given.
    """
    if whole.shape in ("list", "chat"):
        line, before = 1, 0
        for start, value in _values(text, whole.start, name=name):
            line, before = line + text.count("\n", before, start), start
            if whole.shape == "list":
                yield line, checked_object(value)
            elif said := _message(value):
                yield line, checked_object(said)
        return
    table = decoder.decode(text)
    if whole.shape == "keyed":
        records = ({KEY: key, **row} for key, row in table.items())
    elif whole.shape == "labels":
        records = ({"text": one, "label": label} for one, label in table.items())
    elif whole.shape == "texts":
        records = ({"text": one, "label": label} for label, texts in table.items() for one in texts)
    elif whole.shape == "split":
        records = (dict(zip(table["columns"], row, strict=False)) for row in table["data"])
    else:
        columns = {key: list(value.values()) if isinstance(value, dict) else value for key, value in table.items()}
        records = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    yield from ((number, checked_object(record)) for number, record in enumerate(records, 1))


def _next(lines: Iterator[str], read: list[str]) -> str:
    """Return the next line that is not blank, without the blanks around it; all lines are added to those `read`."""
    for line in lines:
        read.append(line)
        if not line.isspace():
            return line.strip()
    return ""


def _fault(line: str) -> int | None:
    """Return the place at which a line is no JSON value, its length if it goes on; None: it is one."""
    try:
        decoder.decode(line)
    except json.JSONDecodeError as error:
        return error.pos
    except (ValueError, RecursionError):
        return 0
    return None


def _joined(read: list[str], lines: Iterator[str], *, name: str) -> str:
    size = sum(map(len, read))
    for line in lines:
        read.append(line)
        size += len(line)
        if size > MOST_CHARACTERS:
            what = f"is one JSON value of over {MOST_CHARACTERS:,} characters, which is read as a whole"
            hint = "turn it into JSON lines, an object a line: jq -c '.[]' old.json > new.jsonl"
            raise InputError(what, where=name, hint=hint)
    return "".join(read)


def _shape(text: str, *, name: str) -> Whole | None:
    """Find the shape of a whole file, which is parsed. Raises InputError, with the line, where it is not JSON."""
    start = _after_blanks(text, 0)
    values = _values(text, start, name=name)
    _, first = next(values, (0, None))
    listed = text[start] == "["
    further = [value for _, value in islice(values, _FIRST)]
    more = bool(further) or any(True for _ in values)
    if listed or more:
        rows = [as_row(one) for one in (first, *further) if isinstance(one, dict)]
        columns = dict.fromkeys(name for row in rows for name in row) if isinstance(first, dict) else {}
        whole = Whole("list", tuple(columns), start)
        return whole if not _is_article(first) else Whole("questions")
    if not isinstance(first, dict):
        return None
    row = Whole("list", tuple(as_row(first)), start) if "\n" in text.strip() and first else None
    return _shape_of(first, text, start, name=name) or row


def _shape_of(found: dict[str, Any], text: str, start: int, *, name: str) -> Whole | None:
    """Find the shape of one object; None: it is a row of its own."""
    if chat := _chat_of(found, text, start):
        return chat
    lists = {
        key: value
        for key, value in found.items()
        if isinstance(value, list) and _has_objects(value) and (key not in _OF_A_ROW or _are_rows(key, value))
        if not _has_spans(value)
    }
    if any(_is_article(one) for one in lists.get("data", ())):
        return Whole("questions")
    if lists:
        known = [key for key in _LISTS if key in lists]
        if len(lists) > 1 and not known:
            keys, longest = ", ".join(f"`{key}`" for key in lists), max(lists, key=lambda key: len(lists[key]))
            hint = f"write one of them as JSON lines: jq -c '.{longest}[]' {typed(name)} > new.jsonl"
            raise InputError(f"has several lists of objects: {keys}", where=name, hint=hint)
        key = next(iter([*known, *lists]))
        first = next(one for one in lists[key] if isinstance(one, dict))
        # an object with texts of its own beside the list is a row: a question with its answers, say
        if known or not any(isinstance(value, str) and " " in value for value in found.values()):
            return Whole("list", tuple(first), _start_of(text, start, key))
        return None
    columns, data = found.get("columns"), found.get("data")
    if isinstance(columns, list) and isinstance(data, list) and all(isinstance(row, list) for row in data):
        return Whole("split", tuple(map(str, columns)))
    return _wrapped_twice(found, text, start) or _by_key(found) or _by_column(found) or _by_label(found)


def _chat_of(found: dict[str, Any], text: str, start: int) -> Whole | None:
    """Find the messages of people in an export of a chat (Telegram, WhatsApp), none of which has the role of a model.

    Each is a row, with its `sender`; the messages of a user and an assistant are a row together.
    """
    said = found.get("messages")
    rows = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    texts = [one for one in rows if any(name in one for name in _SENDERS) and any(name in one for name in _SAID)]
    if len(texts) < _FEWEST or any("role" in one or "value" in one for one in rows):
        return None
    columns = dict.fromkeys("sender" if name == "from" else name for one in texts[:_FIRST] for name in one)
    return Whole("chat", tuple(columns), _start_of(text, start, "messages"))


def _message(found: Any) -> dict[str, Any] | None:
    """Return a message of a chat with its text in one piece; None: it has none, as that of somebody who joins."""
    name = next((name for name in _SAID if isinstance(found, dict) and found.get(name)), None)
    if name is None:
        return None
    pieces = found[name] if isinstance(found[name], list) else [found[name]]
    texts = [str(one.get("text", "")) if isinstance(one, dict) else str(one) for one in pieces]
    return {"sender" if key == "from" else key: value for key, value in {**found, name: "".join(texts)}.items()}


def _by_key(found: dict[str, Any]) -> Whole | None:
    """Find rows that stand under a key each, `{"id": {...}}`, or labels under their texts; None: they are none such."""
    values = list(found.values())
    if len(values) < _FEWEST:
        return None
    if all(isinstance(value, dict) and value for value in values):
        inner = dict.fromkeys(name for value in values for name in value)
        rows = len(inner) < len(values) and not all(name.isdecimal() for name in inner)
        return Whole("keyed", (KEY, *(name for name in inner if name != KEY))) if rows else None
    plain = all(isinstance(value, str) for value in values)  # numbers are strings here
    labels = plain and like_labels(values) and like_texts([*found])
    return Whole("labels", ("text", "label")) if labels else None


def _by_label(found: dict[str, Any]) -> Whole | None:
    """Find lists of texts under their labels, `{"greet": ["hello", ...]}`, of unlike lengths; None: none are there."""
    lists = [value for value in found.values() if isinstance(value, list)]
    texts = [one for value in lists for one in value if isinstance(one, str)]
    unlike = 1 < len(lists) == len(found) and len({*map(len, lists)}) > 1
    whole = unlike and len(texts) == sum(map(len, lists)) and min(map(len, lists)) > 1
    return Whole("texts", ("text", "label")) if whole and like_texts(texts) else None


def _by_column(found: dict[str, Any]) -> Whole | None:
    """Find a table by column in an object; None: it is a row of its own."""
    nested = [value for value in found.values() if isinstance(value, dict | list) and len(value)]
    if len(nested) == len(found) and nested:
        keys = {tuple(value) if isinstance(value, dict) else len(value) for value in nested}
        inner = [one for value in nested if isinstance(value, list) for one in value]
        flat = not any(isinstance(one, dict | list) for one in inner)
        if len(keys) == 1 and flat and (isinstance(nested[0], dict) or (len(found) > 1 and len(nested[0]) > 1)):
            return Whole("columns", tuple(found))
    return None


def _wrapped_twice(found: dict[str, Any], text: str, start: int) -> Whole | None:
    """Find the only list of objects in an object inside this one, as in `{"data": {"list": [{...}]}}`."""
    if any(isinstance(value, str) and " " in value for value in found.values()):
        return None  # an object with texts of its own is a row
    paths = [
        (outer, inner)
        for outer, value in found.items()
        if isinstance(value, dict) and outer not in _OF_A_ROW
        for inner, rows in value.items()
        if isinstance(rows, list) and _has_objects(rows) and inner not in _OF_A_ROW and not inner.isdecimal()
    ]
    if len(paths) != 1:
        return None
    ((outer, inner),) = paths
    first = next(one for one in found[outer][inner] if isinstance(one, dict))
    return Whole("list", tuple(first), _start_of(text, _start_of(text, start, outer, opening="{"), inner))


def _has_objects(values: list[Any]) -> bool:
    return any(isinstance(one, dict) for one in values)


def _are_rows(key: str, values: list[Any]) -> bool:
    """Whether a list with a name as of turns holds rows: objects that nobody says, as conversations of a help desk."""
    said = {"role", "from", "value", "text", "content", "speaker"}
    return key in ("conversations", "messages") and not any(said & {*one} for one in values if isinstance(one, dict))


def _has_spans(values: list[Any]) -> bool:
    """Whether the objects are parts of a text, which a row has."""
    return all(isinstance(one, dict) and {"start", "end"} <= {*one} for one in values)


def _is_article(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("paragraphs"), list)


def _values(text: str, start: int, *, name: str) -> Iterator[tuple[int, Any]]:
    """Yield the values of the array that starts there, or those one after another, with the place of each."""
    listed = text.startswith("[", start)
    at = _after_blanks(text, start + listed)
    try:
        while at < len(text) and not (listed and text[at] == "]"):
            value, end = decoder.raw_decode(text, at)
            yield at, value
            at = _after_blanks(text, end)
            if listed and not text.startswith(("]", ","), at):
                raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
            at = _after_blanks(text, at + 1) if listed and text[at] == "," else at
        if listed and at >= len(text):
            raise json.JSONDecodeError("Expecting value", text, at)
    except json.JSONDecodeError as error:
        what, where = in_words(error), f"{name}:{error.lineno}"
        raise InputError(what, where=where, hint="write one array of objects, or an object on each line") from None
    except RecursionError:
        raise InputError("is nested too deep", where=name) from None
    except ValueError as error:
        raise InputError(str(error), where=name) from None


def _start_of(text: str, start: int, key: str, *, opening: str = "[") -> int:
    """Return the place at which the list or object of a key starts, in the object that starts there, which is sound."""
    at = _after_blanks(text, start + 1)
    while True:
        found, at = decoder.raw_decode(text, at)
        at = _after_blanks(text, _after_blanks(text, at) + 1)
        if found == key and text[at] == opening:
            return at
        _, at = decoder.raw_decode(text, at)
        at = _after_blanks(text, _after_blanks(text, at) + 1)


def _after_blanks(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at
