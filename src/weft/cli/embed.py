"""`weft embed`: the vectors of the texts of a file, as .npy or .parquet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from weft.data.sources import open_table
from weft.errors import InputError
from weft.files import placed

if TYPE_CHECKING:  # else PyTorch would be imported before a mistake in the command line is told
    from weft.bundle import Model
    from weft.models.device import Device

FORMS = (".npy", ".parquet")


@click.command("embed", short_help="Write the vectors of texts to a file.")
@click.argument("folder")
@click.argument("file")
@click.option("--output", required=True, help="File to write: .npy (float32, a row a text) or .parquet with the texts.")
@click.option("--overwrite", is_flag=True, help="Replace --output where it is there already.")
@click.option("--column", help="Column of the text in FILE. Default: guessed.")
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
    """Write the vectors of the texts in FILE, by the model in FOLDER, into a file: row n is the n-th text.

    They have length 1, so that the product of two is their cosine. The model is one of --task similarity, or one with
    labels for single texts.
    """
    _check_output(output, overwrite=overwrite)
    options.check_sources(file)
    from weft import bundle

    model = bundle.load(folder, device=device or "auto")
    model.task.reads_alone()
    texts = read_texts(file, column=column, **reading)
    first = model.embed(texts[:1], width=width)
    blocks = vectors_of(model, texts, width=width, quiet=quiet)
    with placed(Path(output)) as part:
        if output.lower().endswith(".npy"):
            written = np.lib.format.open_memmap(part, mode="w+", dtype=np.float32, shape=(len(texts), first.shape[1]))
            at = 0
            for block in blocks:
                written[at : at + len(block)] = block
                at += len(block)
            written.flush()
        else:
            from weft.data.formats.parquet import write_vectors

            write_vectors(part, texts, blocks)
    if not quiet:
        say(f"wrote {counted(len(texts), 'vector')} of width {first.shape[1]} to {output}", err=True)


def read_texts(
    file: str, *, column: str | None = None, names: tuple[str, ...] | None = None, **reading: Any
) -> list[str]:
    """Read the texts of a column. Raises InputError for a missing column, an empty text, and where none is left."""
    given = {name: value for name, value in reading.items() if value is not None}
    table = open_table(file, columns=names, **given)
    texts = [text for _, text in single_texts(table, column=column, answering=True)]
    inputs.say_left_out(table)
    if not texts:
        raise InputError("no text is left", where=table.path)
    return texts


def vectors_of(model: Model, texts: Sequence[str], *, width: int | None, quiet: bool) -> Iterator[np.ndarray]:
    """Yield the vectors of some texts at a time, with a bar on a terminal."""
    columns = (TextColumn("embedding"), BarColumn(30), TextColumn("{task.percentage:>3.0f}%"), TimeRemainingColumn())
    console = Terminal(err=True, quiet=quiet)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal or quiet) as bar:
        task = bar.add_task("", total=len(texts))
        for start in range(0, len(texts), inputs.CHUNK):
            chunk = texts[start : start + inputs.CHUNK]
            yield model.embed(chunk, width=width)
            bar.advance(task, len(chunk))


def _check_output(path: str, *, overwrite: bool) -> None:
    """Refuse, before any work is done, a file that is there already, or whose form is not written."""
    options.check_file(path)
    if Path(path).suffix.lower() not in FORMS:
        what = f"no `{Path(path).suffix}` files are written" if Path(path).suffix else "has no suffix"
        raise InputError(what, where=path, hint=f"name it {Path(path).stem}.npy or {Path(path).stem}.parquet")
    if Path(path).exists() and not overwrite:
        raise InputError("is there already", where=path, hint="pass --overwrite to replace it, or name another file")
