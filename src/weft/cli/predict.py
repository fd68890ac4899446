"""`weft predict`: answers of a trained folder to texts, a file, or standard input."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from weft.cli import inputs, options, search_options
from weft.errors import InputError
from weft.files import written

if TYPE_CHECKING:  # else PyTorch would be imported before a mistake in the command line is told
    from weft.models.device import Device


@click.command("predict", short_help="Predict with a trained model.")
@click.argument("folder")
@click.argument("file", required=False)
@click.option("--text", "texts", multiple=True, help="A text; may be given more than once.")
@click.option("--second", "seconds", multiple=True, help="The second text of a pair; as many as there are --text.")
@options.column
@click.option("--output", help="Write the predictions to this file. Default: standard output.")
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "csv"]), help="Default: by the name of --output, or jsonl."
)
@click.option("--reject-below", type=float, help="Reject predictions with a confidence below this, from 0 to 1.")
@search_options.options
@options.device
@options.encoding
@options.header
@options.on_bad_row
def command(
    folder: str,
    file: str | None,
    texts: tuple[str, ...],
    seconds: tuple[str, ...],
    output: str | None,
    form: str | None,
    reject_below: float | None,
    search: search_options.Asked,
    device: Device | None,
    **reading: Any,
) -> None:
    """Predict with the model in FOLDER: those of FILE, of --text, or of standard input (one a line).

    Each answer is one JSON line, or one row of csv, in the order of the texts. An empty line of plain text has an empty
    answer, so that line n of the answers belongs to line n of the texts, unless --on-bad-row stop is given. How a text
    is written, by models that write, is said as for `weft generate`.
    """
    _check_options(file, texts, seconds, reject_below)
    if output:
        options.check_file(output)
    from weft import bundle

    model = search_options.searched(bundle.load(folder, device=device or "auto"), search)
    if reject_below is not None and search_options.own(model):
        what = "a generated text has no confidence: its probability falls with its length"
        raise InputError(what, where="--reject-below", hint="`log_probability` in the answers can be sorted by")
    table = None
    if texts:
        examples, place = inputs.typed(model, texts, seconds)
    else:
        examples, table, place = inputs.inputs(model, file, **reading)
    found = inputs.answered(model, examples, place=place, on_bad_row=reading["on_bad_row"] or "stop")
    with written(Path(output)) if output else nullcontext(sys.stdout) as out:
        records = inputs.records(model, found)
        if reject_below is not None:
            records = _rejecting(records, below=reject_below)
        if (form or Path(output or "").suffix.removeprefix(".")) == "csv":
            _write_csv(records, out, separator=model.task.config.separator or "|")
        else:
            _write_lines(records, out)
    if table is not None:
        inputs.say_left_out(table)


def _check_options(file: str | None, texts: Sequence[str], seconds: Sequence[str], reject_below: float | None) -> None:
    if file and texts:
        raise click.UsageError("texts come from FILE or from --text, not from both")
    if seconds and len(seconds) != len(texts):
        raise click.UsageError(f"there are {len(texts)} --text and {len(seconds)} --second")
    if not all(text.strip() for text in seconds):
        raise InputError("text is empty", where="--second")
    if reject_below is not None and not 0 < reject_below <= 1:
        what = f"expected a probability above 0 and up to 1, found `{reject_below:g}`"
        raise InputError(what, where="--reject-below")


def _rejecting(records: Iterator[dict[str, Any]], *, below: float) -> Iterator[dict[str, Any]]:
    """Take away the answers whose probability is below a bound; when all are read, say how many those were."""
    rejected = total = 0
    for record in records:
        if record["answer"] is None:
            yield {**record, "rejected": False}  # an empty line
            continue
        if "probability" not in record:
            what = "a prediction of several labels has no single confidence: each label has its own threshold"
            raise InputError(what, where="--reject-below")
        reject = record["probability"] < below
        rejected, total = rejected + reject, total + 1
        yield {**record, "answer": None if reject else record["answer"], "rejected": reject}
    click.echo(f"rejected {rejected:,} of {total:,} predictions: confidence below {below:g}", err=True)


def _write_lines(records: Iterator[dict[str, Any]], out: IO[str]) -> None:
    for number, record in enumerate(records, 1):
        out.write(json.dumps(record, ensure_ascii=False) + "\n")
        if number % inputs.CHUNK == 0:
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
    """Return an answer as fields of a table; several labels stand in one field, their probabilities in another.

    Alternatives to a text that was written are a JSON array, since there is no sign that none of them holds; columns
    beside a text are a JSON object.
    """
    if record.get("columns"):
        record = {**record, "columns": json.dumps(record["columns"], ensure_ascii=False)}
    if "probabilities" not in record:
        others = record.get("alternatives")
        return record if others is None else {**record, "alternatives": json.dumps(others, ensure_ascii=False)}
    if "probability" in record:
        return {name: value for name, value in record.items() if name != "probabilities"}
    probabilities, answer = record["probabilities"], record["answer"] or ()
    each = separator.join(str(probabilities[label]) for label in answer)
    joined = {**record, "answer": separator.join(answer), "probabilities": each}
    return {"probability" if name == "probabilities" else name: value for name, value in joined.items()}
