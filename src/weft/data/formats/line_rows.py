"""Parses files of one record a line: JSON lines, fastText labels and plain text.

A line that cannot be read is yielded as an InputError in its place, for the table to raise or to leave out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from weft.errors import InputError

LABEL = "__label__"

Values = Mapping[str, str] | InputError


def json_objects(lines: Iterator[str]) -> Iterator[tuple[int, dict[str, Any] | InputError]]:
    """Yield the objects of a JSON lines file; numbers stay as they are spelled."""
    for number, line in enumerate(lines, 1):
        if line and not line.isspace():
            yield number, _object(line.rstrip("\r\n"))


def scalars(found: Mapping[str, Any]) -> dict[str, str]:
    """Return the values of an object that are strings, numbers, `true` or `false`, without null and nested values."""
    return {name: _spelled(value) for name, value in found.items() if isinstance(value, str | bool)}


def lists(found: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the values of an object that are non-empty lists of strings, or of numbers as they are spelled."""
    return {name: tuple(value) for name, value in found.items() if _is_list(value)}


def labelled_rows(lines: Iterator[str]) -> Iterator[tuple[int, Values]]:
    """Yield the lines of a fastText file, `__label__NAME the text`, as columns `label` and `text`."""
    for number, line in enumerate(lines, 1):
        words = line.split(maxsplit=1)
        if words:
            yield number, _labelled(words[0], words[1].rstrip("\r\n") if len(words) > 1 else "")


def plain_rows(lines: Iterator[str]) -> Iterator[tuple[int, Values]]:
    """Yield the lines of a plain text file as column `text`; blank ones too, to keep predictions in step with lines."""
    for number, line in enumerate(lines, 1):
        yield number, {"text": line.rstrip("\r\n")}


def _labelled(head: str, text: str) -> Values:
    label = head.removeprefix(LABEL)
    if label == head:
        return InputError(f"has no label, expected `{LABEL}NAME` before the text")
    if not label:
        return InputError(f"the label after `{LABEL}` is empty")
    if LABEL in text and any(word.startswith(LABEL) for word in text.split()):
        return InputError("has several labels, expected one label a text", hint="keep one of them")
    if not text.strip():
        return InputError("has a label and no text")
    return {"label": label, "text": text}


def _object(line: str) -> dict[str, Any] | InputError:
    try:
        found = json.loads(line, parse_int=str, parse_float=str, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        what = f"is not JSON: {error.msg[:1].lower()}{error.msg[1:].removesuffix(' at')} at column {error.colno}"
        return InputError(what, hint="write each record as one JSON object on one line")
    except ValueError as error:
        return InputError(str(error))
    except RecursionError:
        return InputError("is nested too deep")
    if not isinstance(found, dict) or not found:
        return InputError('is not an object with names and values, such as {"text": "...", "label": "..."}')
    if "\\u" in line and not _is_whole(json.dumps(found, ensure_ascii=False)):
        return InputError("has an escape such as `\\ud83d` that is half a character")
    return found


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower()


def _is_whole(text: str) -> bool:
    """Whether a text has no lone surrogate, which JSON can escape and no encoding can write."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"has `{constant}`, which is not a JSON value")
