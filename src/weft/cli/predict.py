"""`weft predict`: answers of a trained folder to texts, a file, or standard input."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import IO, Any

import click

from weft import bundle
from weft.cli import options
from weft.data.sources import OnBadRow, Table, open_table
from weft.errors import InputError
from weft.files import written
from weft.models.device import Device
from weft.tasks.classification import Labelled

CHUNK = 4096
"""Texts answered at a time: answers are on disk while the rest is still being read."""


@click.command("predict", short_help="Answer texts with a trained model.")
@click.argument("folder")
@click.argument("file", required=False)
@click.option("--text", "texts", multiple=True, help="A text to answer; may be given more than once.")
@click.option("--column", help="Column of the text in FILE. Default: as in training.")
@click.option("--output", help="Write the answers to this file. Default: standard output.")
@options.device
@options.encoding
@options.on_bad_row
def command(
    folder: str,
    file: str | None,
    texts: tuple[str, ...],
    column: str | None,
    output: str | None,
    device: Device | None,
    encoding: str | None,
    on_bad_row: OnBadRow | None,
) -> None:
    """Answer texts with the model in FOLDER: those of FILE, of --text, or of standard input (one a line).

    Each answer is one JSON line, in the order of the texts.
    """
    if file and texts:
        raise click.UsageError("texts come from FILE or from --text, not from both")
    if not all(text.strip() for text in texts):
        raise InputError("text is empty", where="--text")
    if output:
        options.check_file(output)
    model = bundle.load(folder, device=device or "auto")
    table = None if texts else open_table(file or "-", encoding=encoding or "auto", on_bad_row=on_bad_row or "stop")
    examples = _examples(model, table, column=column) if table else map(Labelled, texts)
    with written(Path(output)) if output else nullcontext(sys.stdout) as out:
        _answer_all(model, examples, out)
    for bad in table.bad if table else ():
        click.echo(f"left out {bad.file}:{bad.line}: {bad.what}", err=True)


def _examples(model: bundle.Model, table: Table, *, column: str | None) -> Iterator[Any]:
    try:
        config = model.task.config.for_inputs(table, text=column)
        options.say_columns(model.task.config, config)
        return config.read(table)
    except InputError as error:
        # --text is the option of the other verbs: here it brings a text
        raise InputError(error.what, where=error.where, hint=error.hint.replace("--text", "--column")) from None


def _answer_all(model: bundle.Model, examples: Iterator[Any], out: IO[str]) -> None:
    while chunk := list(islice(examples, CHUNK)):
        for given, example in zip(model.answer(chunk), chunk, strict=True):
            record = model.task.record(given, example)
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
        out.flush()
