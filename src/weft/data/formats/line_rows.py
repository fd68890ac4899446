"""Parses files of one record a line: JSON lines, fastText labels and plain text.

A line that cannot be read is yielded as an InputError in its place, for the table to raise or to leave out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from weft.data.formats.json_exports import as_row, names_of
from weft.errors import InputError

LABEL = "__label__"

Values = Mapping[str, str] | InputError


class Number(str):
    """A number in JSON as it is spelled there."""

    __slots__ = ()


def json_objects(lines: Iterator[str]) -> Iterator[tuple[int, dict[str, Any] | InputError]]:
    """Yield the objects of a JSON lines file; numbers stay as they are spelled."""
    for number, line in enumerate(lines, 1):
        if line and not line.isspace():
            yield number, _object(line.rstrip("\r\n"))


def scalars(found: Mapping[str, Any]) -> dict[str, str]:
    """Return the values of an object that are strings, numbers, `true` or `false`, without null and nested values."""
    return {name: _spelled(value) for name, value in found.items() if isinstance(value, str | bool)}


def lists(found: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the values of an object that are non-empty lists of strings, or of numbers as they are spelled.

    Of a list of objects that have names, as the labels of an issue do, it is the names.
    """
    read = {name: names_of(value) if isinstance(value, list) else value for name, value in found.items()}
    return {name: tuple(map(str, value)) for name, value in read.items() if _is_list(value)}


def at_path(found: Mapping[str, Any], path: str) -> Any:
    """Return the value at a dotted path into nested objects, such as `data.text`; None where there is none."""
    value: Any = found
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def texts_and_lists(
    found: Mapping[str, Any], paths: Sequence[str]
) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Return the `scalars` and the `lists` of an object, and of these what lies at some dotted paths too."""
    seen = {**{path: at_path(found, path) for path in paths}, **found} if paths else found
    return scalars(seen), lists(seen)


def nested_paths(found: Mapping[str, Any], *, depth: int = 3) -> list[str]:
    """List the dotted paths to the strings, numbers and truth values in nested objects."""
    paths = []
    for name, value in found.items():
        if isinstance(value, dict) and depth:
            inside = [*scalars(value), *nested_paths(value, depth=depth - 1)]
            paths += [f"{name}.{inner}" for inner in inside]
    return paths


def labelled_rows(lines: Iterator[str]) -> Iterator[tuple[int, dict[str, Any] | InputError]]:
    """Yield the lines of a fastText file, `__label__NAME the text`, as columns `label` and `text`.

    Where a text has several labels, `label` is the list of them.
    """
    for number, line in enumerate(lines, 1):
        if not line.isspace():
            yield number, _labelled(line.strip("\r\n"))


def plain_rows(lines: Iterator[str]) -> Iterator[tuple[int, Values]]:
    """Yield the lines of a plain text file as column `text`; blank ones too, to keep predictions in step with lines."""
    for number, line in enumerate(lines, 1):
        yield number, {"text": line.rstrip("\r\n")}


def _labelled(line: str) -> dict[str, Any] | InputError:
    labels, rest = [], line
    while words := rest.split(maxsplit=1):
        if not words[0].startswith(LABEL):
            break
        labels.append(words[0].removeprefix(LABEL))
        rest = words[1] if len(words) > 1 else ""
    if not labels:
        return InputError(f"has no label, expected `{LABEL}NAME` before the text")
    if not all(labels):
        return InputError(f"the label after `{LABEL}` is empty")
    if LABEL in rest and any(word.startswith(LABEL) for word in rest.split()):
        return InputError("has labels before and after the text", hint="write all of them before it")
    if not rest.strip():
        return InputError("has a label and no text")
    return {"label": labels[0] if len(labels) == 1 else labels, "text": rest}


def _object(line: str) -> dict[str, Any] | InputError:
    try:
        found = decoder.decode(line)
    except json.JSONDecodeError as error:
        return InputError(in_words(error), hint="write each record as one JSON object on one line")
    except ValueError as error:
        return InputError(str(error))
    except RecursionError:
        return InputError("is nested too deep")
    return checked_object(found, escapes="\\u" in line)


def checked_object(found: Any, *, escapes: bool = True) -> dict[str, Any] | InputError:
    """Return a row of JSON, or why it is none; without `escapes` no character can be half."""
    if not isinstance(found, dict) or not found:
        return InputError('is not an object with names and values, such as {"text": "...", "label": "..."}')
    if escapes and not _is_whole(json.dumps(found, ensure_ascii=False)):
        return InputError("has an escape such as `\\ud83d` that is half a character")
    return as_row(found)


def in_words(error: json.JSONDecodeError) -> str:
    """Say what is wrong with a text that is not JSON."""
    return f"is not JSON: {error.msg[:1].lower()}{error.msg[1:].removesuffix(' at')} at column {error.colno}"


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def _spelled(value: Any) -> str:
    return value if type(value) is str else str(value) if isinstance(value, str) else str(value).lower()


def as_json(value: Any) -> Any:
    """Return a value of a row as JSON had it: numbers are numbers."""
    if isinstance(value, Number):
        return json.loads(value)
    if isinstance(value, list):
        return [as_json(one) for one in value]
    return {name: as_json(one) for name, one in value.items()} if isinstance(value, dict) else value


def _is_whole(text: str) -> bool:
    """Whether a text has no lone surrogate, which JSON can escape and no encoding can write."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"has `{constant}`, which is not a JSON value")


decoder = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_refuse)
"""Decoder of JSON that keeps numbers as they are spelled."""
