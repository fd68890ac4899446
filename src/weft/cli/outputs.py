"""Files that a user names for results: a regular one appears whole or not at all, anything else is written into."""

from __future__ import annotations

import codecs
import io
import os
import stat
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import IO, Any

import click

from weft.cli import options
from weft.cli.printing import say
from weft.data.checks.findings import counted
from weft.data.formats.conll import SUFFIXES
from weft.errors import InputError, did_you_mean
from weft.files import written

ENCODING = "Encoding of --output: utf-8-sig opens in spreadsheets as it should."

_USUAL = ("utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk", "big5", "cp1252")
_NOT_WRITTEN = (".tsv", ".xlsx", ".xlsm", ".xls", ".ods", ".parquet", ".arrow", ".feather", ".html", ".pkl")
"""Suffixes of tables of forms that answers are not written in."""


@dataclass(frozen=True, slots=True)
class Output:
    """A file for results, and its encoding."""

    path: str
    encoding: str = "utf-8"


def option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of a file for results, which arrive as one `output`; refused before any work is done."""

    @wraps(command)
    def with_output(*args: Any, output: str | None, output_encoding: str, overwrite: bool, **given: Any) -> Any:
        found = Output(output, output_encoding) if output else None
        if found:
            _check(found, overwrite=overwrite, form=given.get("form"))
        return command(*args, output=found, **given)

    file = click.option("--output", help="Write the predictions to this file. Default: standard output.")
    again = click.option("--overwrite", is_flag=True, help="Replace --output where it is there already.")
    coded = click.option("--output-encoding", default="utf-8", show_default=True, help=ENCODING)
    return file(coded(again(with_output)))


def answers(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of a file for predictions beside figures, which arrive as `answers`; refused before any work is done."""

    @wraps(command)
    def with_answers(*args: Any, answers: str | None, overwrite: bool, **given: Any) -> Any:
        if answers:
            check_overwrite(answers, overwrite=overwrite)
        return command(*args, answers=answers, **given)

    file = click.option("--answers", help="Also write every prediction to this file (JSON lines).")
    again = click.option("--overwrite", is_flag=True, help="Replace the file of --answers where it is there already.")
    return file(again(with_answers))


def _check(output: Output, *, overwrite: bool, form: str | None) -> None:
    """Refuse a file that is there already, a place or a form that cannot be written, and an encoding that is none.

    Raises InputError.
    """
    try:
        codecs.lookup(output.encoding)
    except LookupError:
        hint = did_you_mean(output.encoding, _USUAL)
        raise InputError(f"there is no encoding `{output.encoding}`", where="--output-encoding", hint=hint) from None
    options.check_file(output.path)
    suffix = Path(output.path).suffix.lower()
    if suffix in (*_NOT_WRITTEN, *SUFFIXES) and not form:
        name = Path(output.path).stem
        hint = f"name it {name}.csv for a table that spreadsheets open, or {name}.jsonl for a JSON object a line"
        raise InputError(f"no `{suffix}` files are written", where=output.path, hint=hint)
    check_overwrite(output.path, overwrite=overwrite)


def check_overwrite(path: str, *, overwrite: bool) -> None:
    """Raise InputError for a file that is there already and is not to be replaced."""
    if not overwrite and os.path.isfile(path) and os.path.getsize(path):
        raise InputError("is there already", where=path, hint="pass --overwrite to replace it, or name another file")


@contextmanager
def opened(output: Output) -> Generator[IO[str]]:
    """Open a file for results: a link is followed, and a pipe, a device or another process's file is written into.

    Raises InputError for a character that the encoding does not have.
    """
    path, encoding = output.path, output.encoding
    try:
        if _is_regular(path):
            with written(Path(os.path.realpath(path))) as file:
                coded = io.TextIOWrapper(file.buffer, encoding=encoding, newline="\n")  # ty: ignore[missing-attribute]
                yield coded
                coded.flush()
                coded.detach()
        else:
            with os.fdopen(os.open(path, os.O_WRONLY), "w", encoding=encoding, newline="\n") as file:
                yield file
    except UnicodeEncodeError as error:
        what = f"`{error.object[error.start]}` cannot be written in {encoding}"
        raise InputError(what, where=path, hint="utf-8-sig has all characters, and opens in spreadsheets") from None


def write_lines(path: str, lines: Iterable[str]) -> None:
    """Write lines into a file, and say how many."""
    number = 0
    with opened(Output(path)) as file:
        for line in lines:
            number += 1
            file.write(line)
    say(f"wrote {counted(number, 'row')} to {path} (utf-8)", err=True)


def _is_regular(path: str) -> bool:
    """Whether a path is that of a regular file, or of none yet; not so are names of what a process has open."""
    if os.path.abspath(path).startswith(("/dev/", "/proc/")):
        return False
    return not os.path.exists(path) or stat.S_ISREG(os.stat(path).st_mode)
