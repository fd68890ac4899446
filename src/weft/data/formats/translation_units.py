"""Reads translation memories (TMX 1.4) and XLIFF as rows: a unit each, its texts by language or as source and target.

The file is parsed piece by piece. Nothing outside it is opened, and a file that declares entities, by which a few
bytes unpack to many, is refused.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from xml.parsers import expat

from weft.data.formats.encodings import MOST_IN_A_LINE, open_bytes
from weft.errors import InputError

_UNITS = {"tu", "trans-unit", "segment"}
"""Elements of a unit: those of TMX, of XLIFF 1.2 and of XLIFF 2."""
_TEXTS = {"seg", "source", "target"}
_CODES = {"bpt", "ept", "ph", "it", "ut", "x", "bx", "ex"}
"""Elements of formatting inside a text, whose content is none."""
_LANGUAGES = ("xml:lang", "lang")
_MOST_LANGUAGES = 100
_CHUNK = 1 << 16
_LOOKED_AT = 200
"""Units whose languages are the columns."""


class _Reader:
    """The units that a parser has read, each with its line, and the place in the open one."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.done: list[tuple[int, dict[str, str]]] = []
        self.first_language = ""
        self._parser, self._unit, self._line, self._language = parser, dict[str, str](), 0, ""
        self._pieces: list[str] | None = None
        self._size = self._inside = 0
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler, parser.EntityDeclHandler = self._said, self._entity

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "header":
            self.first_language = attributes.get("srclang", "")
        elif name in _UNITS:
            self._unit, self._line = {}, self._parser.CurrentLineNumber
        elif name == "tuv":
            self._language = next((attributes[one] for one in _LANGUAGES if one in attributes), "")
        elif name in _TEXTS:
            self._pieces = []
        self._inside += name in _CODES

    def _said(self, text: str) -> None:
        self._size += len(text)
        if self._size > MOST_IN_A_LINE:
            raise InputError(f"has a unit of over {MOST_IN_A_LINE:,} characters")
        if self._pieces is not None and not self._inside:
            self._pieces.append(text)

    def _end(self, name: str) -> None:
        self._inside -= name in _CODES
        if name in _TEXTS and self._pieces is not None:
            column = self._language if name == "seg" else name
            if column and len(self._unit) < _MOST_LANGUAGES:
                self._unit.setdefault(column, " ".join("".join(self._pieces).split()))
            self._pieces = None
        elif name in _UNITS:
            if self._unit:
                self.done.append((self._line, self._unit))
            self._unit, self._size = {}, 0

    def _entity(self, *_: object) -> None:
        raise InputError("declares entities, which are not read", hint="delete its lines with <!ENTITY")


def unit_columns(path: str) -> tuple[str, ...]:
    """Return the languages of the first units, the source language of the file before the others; or source and target.

    Raises InputError where the file is not sound, or has no units.
    """
    found: dict[str, int] = {}
    first = ""
    with closing(_units(path)) as units:
        for reader, (_, unit) in islice(units, _LOOKED_AT):
            first = reader.first_language
            found |= dict.fromkeys(unit, 0)
    if not found:
        raise InputError("has no units of translation", where=path, hint="expected <tu> (TMX) or <trans-unit> (XLIFF)")
    return tuple(sorted(found, key=lambda name: name != first))


def unit_rows(path: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the units, each with the line on which it starts. Raises InputError where the file is not sound."""
    return (row for _, row in _units(path))


def _units(path: str) -> Generator[tuple[_Reader, tuple[int, dict[str, str]]]]:
    parser = expat.ParserCreate()
    reader = _Reader(parser)
    with open_bytes(path) as file:
        while True:
            piece = file.read(_CHUNK)
            try:
                parser.Parse(piece, not piece)
            except expat.ExpatError as error:
                what = f"is not XML: {expat.ErrorString(error.code)} at column {error.offset + 1}"
                hint = "export it again, as UTF-8"
                raise InputError(what, where=f"{path}:{error.lineno}", hint=hint) from None
            except (ValueError, LookupError) as error:
                if not isinstance(error, InputError):
                    error = InputError(f"is not XML in UTF-8 or UTF-16: {error}", hint="export it again, as UTF-8")
                where = f"{path}:{parser.CurrentLineNumber}"
                raise InputError(error.what, where=where, hint=error.hint) from None
            yield from ((reader, unit) for unit in reader.done)
            reader.done.clear()
            if not piece:
                return
