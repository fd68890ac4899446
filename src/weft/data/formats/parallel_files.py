"""Reads parallel files: line n of each belongs together.

The layout is that of most parallel corpora: `train.de` and `train.en`, one sentence a line, distinguished by their
suffixes. A stray carriage return inside a sentence ends no line, or it would put one file out of step with the other.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from weft.data.checks.findings import counted
from weft.data.formats.encodings import COMPRESSED
from weft.data.formats.line_rows import Values
from weft.data.formats.shared_encodings import encoding_of
from weft.data.formats.text_lines import open_lines
from weft.errors import InputError

COLUMNS = ("source", "target")
"""Columns of two files whose suffixes give no names."""


def side_files(name: str) -> tuple[str, ...]:
    """Return the files of `train.de,train.en`; none if that is the name of one file, or no comma joins two names."""
    files = tuple(part.strip() for part in name.split(","))
    return files if len(files) > 1 and all(files) and not Path(name).exists() else ()


def side_columns(files: Sequence[str], *, forms: Collection[str]) -> tuple[str, ...]:
    """Name the column of each file: by its suffix, packing aside; else `source` and `target`.

    `forms` are suffixes that name a form, such as `.txt`, and no language. Raises InputError if more than two files do
    not differ in suffix.
    """
    suffixes = [suffix_of(file) for file in files]
    if all(len(suffix) > 1 and suffix.lower() not in forms for suffix in suffixes) and len(set(suffixes)) == len(files):
        return tuple(suffix[1:] for suffix in suffixes)
    if len(files) == len(COLUMNS):
        return COLUMNS
    what = f"{len(files)} files side by side, expected each to have a suffix of its own"
    raise InputError(what, where=",".join(files), hint="name them as in train.de,train.en,train.fr")


def same_length(files: Sequence[str], encoding: str) -> None:
    """Check that all files have equally many lines; `encoding` is from `shared_encoding`.

    Raises InputError, with all counts and the first line that lacks a partner, when they have not.
    """
    with _opened(files, encoding) as sides:
        counts = [sum(1 for _ in lines) for lines in sides]
    if not max(counts):
        raise InputError("is empty", where=files[0], hint="give files with at least one line")
    shortest, longest = files[counts.index(min(counts))], files[counts.index(max(counts))]
    if shortest != longest:
        said = ", ".join(f"`{file}` has {counted(many, 'line')}" for file, many in zip(files, counts, strict=True))
        first = min(counts) + 1
        hint = f"line {first:,} of {longest} is the first without a partner in {shortest}: line n must belong to line n"
        raise InputError(f"{said}, expected as many", where=f"{longest}:{first}", hint=hint)


def parallel_rows(files: Sequence[str], encoding: str, columns: Sequence[str]) -> Iterator[tuple[int, Values]]:
    """Yield the lines of files of one length by column, numbered from 1, blank ones too."""
    with _opened(files, encoding) as sides:
        for number, lines in enumerate(zip(*sides, strict=True), 1):
            yield number, dict(zip(columns, (line.rstrip("\r\n") for line in lines), strict=True))


@contextmanager
def _opened(files: Sequence[str], encoding: str) -> Generator[list[Iterator[str]]]:
    """Open the lines of every file."""
    with ExitStack() as stack:
        yield [stack.enter_context(open_lines(file, encoding_of(file, encoding))) for file in files]


def suffix_of(file: str) -> str:
    """Return the suffix of a file, packing aside: `.en` of `train.en.gz`."""
    path = Path(file)
    return (path.with_suffix("") if path.suffix.lower() in COMPRESSED else path).suffix
