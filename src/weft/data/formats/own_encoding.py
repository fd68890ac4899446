"""The encoding of one file: the one that is named, or the one that its bytes tell."""

from __future__ import annotations

from weft.data.formats.encodings import check, detect
from weft.data.formats.names import unknown_form
from weft.data.formats.western import WESTERN, is_western
from weft.errors import InputError

STANDARD_INPUT = "standard input"
"""The name of what is read from `-` in messages."""


def own_encoding(source: str, encoding: str, form: str) -> str:
    """Return the given encoding, or the detected one; raises InputError when the file does not decode as it."""
    try:
        if encoding == "auto":
            return detect(source)
        check(source, encoding)
    except InputError as error:
        if encoding == "auto" and source != "-" and is_western(source):
            return WESTERN
        if not form:
            raise unknown_form(source) from None
        if source == "-":
            error.where = STANDARD_INPUT + error.where.removeprefix("-")
        raise
    return encoding
