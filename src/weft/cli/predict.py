"""`weft predict`: answers of a trained folder to texts, a file, or standard input."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import islice, zip_longest
from pathlib import Path
from typing import IO, Any

import click

from weft import bundle
from weft.cli import options
from weft.data.sources import Table, open_table
from weft.errors import InputError
from weft.files import written
from weft.models.device import Device
from weft.tasks.texts import Labelled

CHUNK = 4096
"""Texts answered at a time: answers are on disk while the rest is still being read."""


@click.command("predict", short_help="Answer texts with a trained model.")
@click.argument("folder")
@click.argument("file", required=False)
@click.option("--text", "texts", multiple=True, help="A text to answer; may be given more than once.")
@click.option("--second", "seconds", multiple=True, help="The second text of a pair; as many as there are --text.")
@click.option("--column", help="Column of the text in FILE, or two as A,B. Default: as in training.")
@click.option("--output", help="Write the answers to this file. Default: standard output.")
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "csv"]), help="Default: by the name of --output, or jsonl."
)
@click.option("--reject-below", type=float, help="Give no answer whose probability is below this, from 0 to 1.")
@options.device
@options.encoding
@options.on_bad_row
def command(
    folder: str,
    file: str | None,
    texts: tuple[str, ...],
    seconds: tuple[str, ...],
    column: str | None,
    output: str | None,
    form: str | None,
    reject_below: float | None,
    device: Device | None,
    **reading: Any,
) -> None:
    """Answer texts with the model in FOLDER: those of FILE, of --text, or of standard input (one a line).

    Each answer is one JSON line, or one row of csv, in the order of the texts.
    """
    if file and texts:
        raise click.UsageError("texts come from FILE or from --text, not from both")
    if seconds and len(seconds) != len(texts):
        raise click.UsageError(f"there are {len(texts)} --text and {len(seconds)} --second")
    for option, words in (("--text", texts), ("--second", seconds)):
        if not all(text.strip() for text in words):
            raise InputError("text is empty", where=option)
    if reject_below is not None and not 0 < reject_below <= 1:
        what = f"expected a probability above 0 and up to 1, found `{reject_below:g}`"
        raise InputError(what, where="--reject-below")
    if output:
        options.check_file(output)
    model = bundle.load(folder, device=device or "auto")
    given = {name: value for name, value in reading.items() if value is not None}  # encoding, on_bad_row
    table = None if texts else open_table(file or "-", **given)
    pairs = (Labelled(text, second=second) for text, second in zip_longest(texts, seconds))
    examples = _examples(model, table, column=column) if table else pairs
    with written(Path(output)) if output else nullcontext(sys.stdout) as out:
        records = _answered(model, examples)
        if reject_below is not None:
            records = _rejecting(records, below=reject_below)
        if (form or Path(output or "").suffix.removeprefix(".")) == "csv":
            _write_csv(records, out, separator=getattr(model.task.config, "label_separator", None) or "|")
        else:
            _write_lines(records, out)
    for bad in table.bad if table else ():
        click.echo(f"left out {bad.file}:{bad.line}: {bad.what}", err=True)


def _examples(model: bundle.Model, table: Table, *, column: str | None) -> Iterator[Any]:
    try:
        config = model.task.config.for_inputs(table, text=column)
        options.say_columns(model.task.config, config, table)
        return config.read(table)
    except InputError as error:
        # --text is the option of the other verbs: here it brings a text
        raise InputError(error.what, where=error.where, hint=error.hint.replace("--text", "--column")) from None


def _answered(model: bundle.Model, examples: Iterator[Any]) -> Iterator[dict[str, Any]]:
    while chunk := list(islice(examples, CHUNK)):
        for given, example in zip(model.answer(chunk), chunk, strict=True):
            yield model.task.record(given, example)


def _rejecting(records: Iterator[dict[str, Any]], *, below: float) -> Iterator[dict[str, Any]]:
    """Take away the answers whose probability is below a bound; when all are read, say how many those were."""
    rejected = total = 0
    for record in records:
        if "probability" not in record:
            what = "an answer of several labels has no one probability: each label has a threshold of its own"
            raise InputError(what, where="--reject-below")
        reject = record["probability"] < below
        rejected, total = rejected + reject, total + 1
        yield {**record, "answer": None if reject else record["answer"], "rejected": reject}
    click.echo(f"rejected {rejected:,} of {total:,} answers: their probability is below {below:g}", err=True)


def _write_lines(records: Iterator[dict[str, Any]], out: IO[str]) -> None:
    for number, record in enumerate(records, 1):
        out.write(json.dumps(record, ensure_ascii=False) + "\n")
        if number % CHUNK == 0:
            out.flush()


def _write_csv(records: Iterator[dict[str, Any]], out: IO[str], *, separator: str) -> None:
    writer = None
    for record in records:
        row = _row(record, separator=separator)
        if writer is None:
            writer = csv.DictWriter(out, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow(row)


def _row(record: dict[str, Any], *, separator: str) -> dict[str, Any]:
    """An answer as fields of a table; several labels stand in one field, their probabilities in another."""
    probabilities, answer = record["probabilities"], record["answer"]
    if not isinstance(answer, list):
        return {name: value for name, value in record.items() if name != "probabilities"}
    each = separator.join(str(probabilities[label]) for label in answer)
    joined = {**record, "answer": separator.join(answer), "probabilities": each}
    return {"probability" if name == "probabilities" else name: value for name, value in joined.items()}
