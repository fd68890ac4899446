"""`weft embed`: the vectors of the texts or images of a file, as .npy or .parquet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from weft.cli import inputs, options
from weft.cli.console import Terminal
from weft.cli.printing import say
from weft.data.checks.findings import counted
from weft.data.examples.single_texts import single_texts
from weft.data.sources import Table, open_table
from weft.errors import ConfigError, InputError
from weft.files import placed

if TYPE_CHECKING:  # else PyTorch would be imported before a mistake in the command line is told
    from weft.bundle import Model
    from weft.inputs.base import Alone
    from weft.models.device import Device

FORMS = (".npy", ".parquet")


@click.command("embed", short_help="Write the vectors of texts or images to a file.")
@click.argument("folder")
@click.argument("file")
@click.option("--output", required=True, help="File to write: .npy (float32, a row each) or .parquet with the texts.")
@click.option("--overwrite", is_flag=True, help="Replace --output where it is there already.")
@click.option("--column", help="Column of the texts, or of the images. Default: guessed.")
@click.option("--width", type=click.IntRange(1), help="Write the first so many numbers of each, scaled to length 1.")
@options.device
@options.encoding
@options.header
@options.on_bad_row
@click.option("--quiet", is_flag=True, help="Print only errors.")
def command(
    folder: str,
    file: str,
    output: str,
    overwrite: bool,
    column: str | None,
    width: int | None,
    device: Device | None,
    quiet: bool,
    **reading: Any,
) -> None:
    """Write the vectors of the texts or images in FILE, by the model in FOLDER, into a file: row n is the n-th of them.

    They have length 1, so that the product of two is their cosine. The model is one of --task similarity, of --task
    retrieval, whose images FILE may hold or name (a folder, or a table), or one with labels for single texts or images.
    """
    _check_output(output, overwrite=overwrite)
    options.check_sources(file)
    from weft import bundle

    model = bundle.load(folder, device=device or "auto")
    kept = read_values(model, file, column=column, **reading)
    first = model_vectors(model, kept.values[:1], kind=kept.kind, width=width)
    blocks = vectors_of(model, kept, width=width, quiet=quiet)
    with placed(Path(output)) as part:
        if output.lower().endswith(".npy"):
            shape = (len(kept.values), first.shape[1])
            written = np.lib.format.open_memmap(part, mode="w+", dtype=np.float32, shape=shape)
            at = 0
            for block in blocks:
                written[at : at + len(block)] = block
                at += len(block)
            written.flush()
        else:
            from weft.data.formats.parquet import write_vectors

            write_vectors(part, kept.values, blocks, column=kept.kind)
    if not quiet:
        say(f"wrote {counted(len(kept.values), 'vector')} of width {first.shape[1]} to {output}", err=True)


@dataclass(frozen=True, slots=True)
class Values:
    """Texts, or paths of images, that a model reads one by one."""

    kind: Alone
    values: list[str]


def read_values(
    model: Model, file: str, *, column: str | None = None, names: tuple[str, ...] | None = None, **reading: Any
) -> Values:
    """Read the images of a folder, or of the column of images of a table, else the texts of a column.

    Where the table has the column of images of training, that is read, unless another one is named. Raises InputError
    for a missing column, an empty text, a broken image, and where none is left; ConfigError for a model that makes no
    vector of what is there.
    """
    given = {name: value for name, value in reading.items() if value is not None}
    table = open_table(file, columns=names, **given)
    try:
        images = model.task.reads_alone("image").config
    except ConfigError:
        images = None
    found = None if images is None else _images(images, table, column)
    return _left(found, table) if found is not None else read_texts(model, table, column=column)


def read_texts(model: Model, table: Table, *, column: str | None = None) -> Values:
    """Read the texts of a column. Raises as `read_values`."""
    model.task.reads_alone("text")
    return _left(Values("text", [text for _, text in single_texts(table, column=column, answering=True)]), table)


def _left(found: Values, table: Table) -> Values:
    """Return what was read of a table, and say what was left out. Raises InputError where that is all of it."""
    inputs.say_left_out(table)
    if not found.values:
        raise InputError(f"no {found.kind} is left", where=table.path)
    return found


def _images(config: Any, table: Table, column: str | None) -> Values | None:
    """Read the paths of the images of a table; None where it has none, or another column is named."""
    from weft.inputs.media import is_folder_of

    if not is_folder_of(config.media, table) and not ({column or config.column} & {config.column} & {*table.columns}):
        return None
    resolved, found = config.resolved(table), []
    for row in table:
        try:
            found.append(resolved.value_of(row))
        except InputError as error:
            table.reject(row.line, error.what, column=resolved.name, hint=error.hint)
    return Values("image", found)


def model_vectors(model: Model, values: Sequence[str], *, kind: Alone, width: int | None) -> np.ndarray:
    """Return the vectors of texts, or of images, [E, D]."""
    return (model.embed_images if kind == "image" else model.embed)(values, width=width)


def vectors_of(model: Model, kept: Values, *, width: int | None, quiet: bool) -> Iterator[np.ndarray]:
    """Yield the vectors of some texts or images at a time, with a bar on a terminal."""
    columns = (TextColumn("embedding"), BarColumn(30), TextColumn("{task.percentage:>3.0f}%"), TimeRemainingColumn())
    console = Terminal(err=True, quiet=quiet)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal or quiet) as bar:
        task = bar.add_task("", total=len(kept.values))
        for start in range(0, len(kept.values), inputs.CHUNK):
            chunk = kept.values[start : start + inputs.CHUNK]
            yield model_vectors(model, chunk, kind=kept.kind, width=width)
            bar.advance(task, len(chunk))


def _check_output(path: str, *, overwrite: bool) -> None:
    """Refuse, before any work is done, a file that is there already, or whose form is not written."""
    options.check_file(path)
    if Path(path).suffix.lower() not in FORMS:
        what = f"no `{Path(path).suffix}` files are written" if Path(path).suffix else "has no suffix"
        raise InputError(what, where=path, hint=f"name it {Path(path).stem}.npy or {Path(path).stem}.parquet")
    if Path(path).exists() and not overwrite:
        raise InputError("is there already", where=path, hint="pass --overwrite to replace it, or name another file")
