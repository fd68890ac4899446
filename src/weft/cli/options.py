"""Options that several verbs share."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import reduce, wraps
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weft.cli.printing import say
from weft.config import LARGEST
from weft.data.examples.roles import as_option, named_by_user
from weft.data.formats.encodings import COMPRESSED, open_bytes
from weft.data.formats.folders import as_source, several_files
from weft.data.formats.names import check_name
from weft.data.formats.parallel_files import side_files
from weft.data.formats.xlsx import sheet_named
from weft.data.sources import Table
from weft.errors import InputError

if TYPE_CHECKING:  # else PyTorch would be imported before a mistake in the command line is told
    from weft.tasks.base import TaskConfig

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
SEED = click.IntRange(0, LARGEST)
"""Type of a random seed."""

device: Decorator = click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), help="Where to run. Default: a GPU if there is one."
)
encoding: Decorator = click.option("--encoding", help="Encoding of the files. Default: detected.")
value: Decorator = click.option(
    "--value",
    help="Column of a number to predict, or several as A,B; implies --task regression. Or the score, of similarity.",
)
label_separator: Decorator = click.option(
    "--label-separator", help="Multilabel: separator of the labels of a text, as in 新闻|体育. A text may have none."
)
on_bad_row: Decorator = click.option(
    "--on-bad-row",
    type=click.Choice(["stop", "skip"]),
    help="skip: skip unreadable rows and list them. Default: stop; training and evaluation skip those that are blank.",
)
dev: Decorator = click.option(
    "--dev", help="Validation file, which chooses the best weights. Default: a tenth of the training file."
)
test: Decorator = click.option(
    "--test", help="Test file, on which the finished model is evaluated. Default: the dev set."
)
words: Decorator = click.option(
    "--words", metavar="FILE", help="Models that cut words: words, one a line, that are preferred."
)
column: Decorator = click.option(
    "--column",
    "--source",
    "column",
    help="Column of the text in FILE (two as A,B), or of the source. Default: as in training.",
)
COLUMNS = ("numbers", "categories", "image", "sound")
"""Options that name columns beside a text."""
source: Decorator = click.option(
    "--source", "source_column", help="Column of the source, for sequence-to-sequence models."
)
target: Decorator = click.option("--target", help="Column of the target, for sequence-to-sequence models.")


def beside(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of columns that are read beside the text."""
    numbers = click.option("--numbers", help="Columns of numbers to read beside the text, as price,age.")
    categories = click.option("--categories", help="Columns of categories to read beside the text, as city,brand.")
    image = click.option("--image", help="Column of names of images, read alone or beside a --text.")
    sound = click.option("--sound", help="Column of names of sounds, read alone or beside a --text.")
    return _all(numbers, categories, image, sound)(command)


def one_run(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of a verb that makes one run: its folder, settings and seed, and how files are read."""
    output = click.option("--output", help="Run folder. Default: runs/ and the file's name.")
    resume = click.option("--resume", is_flag=True, help="Resume from the latest checkpoint in the run folder.")
    overrides = click.option(
        "--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Any setting, as training.epochs=5."
    )
    seed = click.option("--seed", type=SEED, help="Random seed: the same seed gives the same weights.")
    quiet = click.option("--quiet", is_flag=True, help="Print only errors.")
    return _all(output, resume, overrides, seed, device, encoding, on_bad_row, quiet)(command)


def several_runs(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of a verb that makes several runs and ends with figures: reading of files (`header`), and output."""
    quiet = click.option("--quiet", is_flag=True, help="Print only errors and the result.")
    as_json = click.option("--json", "as_json", is_flag=True, help="Print all results as JSON instead of a table.")
    return _all(header, device, encoding, on_bad_row, quiet, as_json)(command)


def header(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of a file without a header, which arrive as `names`: those of its columns, or none to number them."""

    @wraps(command)
    def with_names(*args: Any, named: str | None, no_header: bool, **given: Any) -> Any:
        names = tuple(name.strip() for name in named.split(",")) if named else () if no_header else None
        return command(*args, names=names, **given)

    columns = "Names of the columns of a csv, tsv or Excel file without a header, as text,label."
    no_header = "The first row is no header: columns are numbered (`column 1`). Default: found out where it is clear."
    return _all(
        click.option("--columns", "named", help=columns), click.option("--no-header", is_flag=True, help=no_header)
    )(with_names)


def joined(files: Sequence[str]) -> str:
    """Join the names of several files to one. Raises UsageError where there are none."""
    if not files:
        raise click.UsageError("missing argument `SOURCE...`", click.get_current_context())
    return files[0] if len(files) == 1 else as_source(files)


def run_name(source: str) -> str:
    """Return the name of a run on a file, on several or on a folder."""
    several = several_files(source)
    first = Path(sheet_named((several or side_files(source) or (source,))[0])[0]).absolute()
    place = first.parent if several and "," not in source else first
    if place.is_dir():
        return place.name
    bare = place.with_suffix("") if place.suffix.lower() in COMPRESSED else place
    return bare.stem.lstrip(".") or bare.name


def _all(*decorators: Decorator) -> Decorator:
    """Join several options to one decorator, in this order."""
    return lambda command: reduce(lambda inner, decorator: decorator(inner), reversed(decorators), command)


def check_sources(*names: str | None) -> None:
    """Refuse files that are not there, as `train.csv` or `train.de,train.en`, before what takes seconds to import is.

    Raises InputError in the words of reading.
    """
    for name in chain.from_iterable(several_files(name) or side_files(name) or (name,) for name in names if name):
        check_name(name)
        file, _ = sheet_named(name)
        if file != "-" and not Path(file).exists():
            open_bytes(file).close()


def check_file(path: str) -> None:
    """Refuse, before any work is done, a path under which no file can be written."""
    if Path(path).is_dir():
        raise InputError("is a folder, expected a file to write", where=path)
    check_place(path)


def check_place(path: str) -> None:
    """Refuse, before any work is done, a path that cannot be made: a file on the way, or no leave to write."""
    check_name(path)
    there = next(parent for parent in Path(path).absolute().parents if parent.exists())
    if not there.is_dir():
        raise InputError(f"cannot be written: `{there.name}` is a file, not a folder", where=path)
    if not os.access(there, os.W_OK):
        raise InputError(f"cannot be written: no leave to write in {there}", where=path)


def say_columns(trained: TaskConfig, used: TaskConfig, table: Table) -> None:
    """Say, on standard error, where another column is read than in training."""
    if not named_by_user(table):
        return
    for part in trained.columns:
        before, now = getattr(trained, part, None), getattr(used, part, None)
        if now is not None and now != before:
            say(f"{part} from column `{as_option(now)}` (in training it was `{as_option(before)}`)", err=True)
