"""Reads pre-trained word vectors from a text file: the rows that a vocabulary needs."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from weft.errors import InputError

_OPENED = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
_LARGEST = float(np.finfo(np.float32).max)
MOST_IN_A_LINE = 1 << 22
"""Bytes of a line at most, a hundred thousand numbers."""
_SPACE = b" \t\r\n"
_EXACT, _LOWER, _CAPITAL, _NOTHING = range(4)


@dataclass(frozen=True, slots=True)
class Vectors:
    """A vector for each of N pieces, float32 [N, D], zeros where the file has none; and which were found, bool [N]."""

    matrix_ND: np.ndarray
    found_N: np.ndarray


@dataclass(slots=True)
class _Asked:
    """Rows that wait for a word, and how well the best word so far matches each."""

    pieces: Sequence[str]
    rows: dict[str, list[int]] = field(default_factory=dict)
    rank_N: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        for row, piece in enumerate(self.pieces):
            self.rows.setdefault(piece.lower(), []).append(row)
        self.rank_N = np.full(len(self.pieces), _NOTHING, dtype=np.int8)

    def takers(self, word: str) -> list[int]:
        """Return the rows that this word matches better than their best so far, and assign it to them."""
        lower = word.lower()
        taken = []
        for row in self.rows.get(lower, ()):
            piece = self.pieces[row]
            rank = _EXACT if piece == word else _LOWER if word == lower else _CAPITAL if piece == lower else _NOTHING
            if rank < self.rank_N[row]:
                self.rank_N[row] = rank
                taken.append(row)
        return taken


def read_vectors(path: Path, pieces: Sequence[str]) -> Vectors:
    """Read the vectors of some pieces, a line at a time: only those rows are held.

    The file has a word and D numbers a line, as GloVe writes them, or below a line of two counts, as fastText and
    word2vec write them; it may be compressed (`.gz`, `.xz`, `.bz2`). A word may contain spaces. Of lines with the same
    word the first counts. A piece takes the vector of its exact spelling; else that of its lower case; else, if it is
    lower case itself, that of a word with capitals.

    Raises InputError: the file is missing, cannot be read, has a line with another number of columns or with something
    that is no number (checked in the lines of the words looked for), or has none of the words.
    """
    width = read_width(path)
    asked = _Asked(pieces)
    matrix_ND = np.zeros((len(pieces), width), dtype=np.float32)
    for number, line in _lines(path):
        columns = line.count(b" ")
        if columns == width:
            word, _, rest = line.partition(b" ")
        elif columns > width and not all(map(_number, line.split(b" ")[1:])):
            word = line.rsplit(b" ", width)[0]
            rest = line[len(word) + 1 :]
        else:
            what = f"expected a word and {width} numbers, found {columns + 1} columns"
            raise InputError(what, where=f"{path}:{number}", hint="is the file whole, and one of word vectors?")
        taken = asked.takers(word.decode("utf-8", "replace"))
        if taken:
            matrix_ND[taken] = _parsed(rest, where=f"{path}:{number}")
    found_N = asked.rank_N < _NOTHING
    if not found_N.any():
        hint = "are they of the same language, and is the file UTF-8?"
        raise InputError(f"has a vector for none of {len(pieces):,} pieces", where=str(path), hint=hint)
    return Vectors(matrix_ND, found_N)


def read_width(path: Path) -> int:
    """Read the width D of a file's vectors from its head. Raises InputError like `read_vectors`."""
    if not path.is_file():
        raise InputError("there is no such file", where=str(path), hint="expected a text file of word vectors")
    first = next(_lines(path), None)
    if first is None:
        raise InputError("is empty", where=str(path), hint="expected a word and its numbers a line")
    return _width(first[1], where=f"{path}:{first[0]}")


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of each line that is not empty, skipping a line of counts at the head."""
    try:
        with _OPENED.get(path.suffix, open)(path, "rb") as file:
            lines = iter(partial(file.readline, MOST_IN_A_LINE), b"")
            first, second = next(lines, b""), next(lines, b"")
            if not _counts_only(first, second):
                yield from _filled(1, [first])
            yield from _filled(2, [second])
            yield from _filled(3, lines)
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise InputError(f"cannot be read: {error}", where=str(path), hint="is the file whole?") from None


def _filled(start: int, lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(lines, start):
        if len(line) >= MOST_IN_A_LINE:
            raise OSError(f"line {number:,} has over {MOST_IN_A_LINE:,} bytes")
        stripped = line.strip(_SPACE)
        if stripped:
            yield number, stripped.replace(b"\t", b" ") if b"\t" in stripped else stripped


def _counts_only(first: bytes, second: bytes) -> bool:
    """Whether the first line is `words width` and the second has as many numbers as `width`."""
    fields = first.split()
    counts = len(fields) == 2 and all(field.isdigit() and len(field) < 16 for field in fields)
    return counts and len(second.split()) > int(fields[1]) > 0


def _width(line: bytes, *, where: str) -> int:
    """Count the numbers at the end of a line, after the one field or more that are the word."""
    fields = line.split(b" ")
    width = 0
    while width < len(fields) - 1 and _number(fields[-1 - width]):
        width += 1
    if not width:
        raise InputError("expected a word and its numbers, separated by spaces", where=where)
    return width


def _number(field: bytes) -> bool:
    try:
        return abs(float(field)) <= _LARGEST
    except ValueError:
        return False


def _parsed(fields: bytes, *, where: str) -> np.ndarray:
    """Parse the numbers of one line, float32 [D]."""
    values = fields.split(b" ")
    try:
        with np.errstate(over="ignore"):
            values_D = np.array(values, dtype=np.float32)
    except ValueError:
        values_D = np.full(1, np.nan, dtype=np.float32)
    if not np.isfinite(values_D).all():
        wrong = next((value for value in values if not _number(value)), fields)
        raise InputError(f"expected a number, found `{wrong.decode('utf-8', 'replace')}`", where=where)
    return values_D
