"""`weft predict`: answers of a trained folder to texts, a file, or standard input."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import chain, groupby
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from weft.cli import inputs, options, outputs, search_options
from weft.cli.printing import Out, say
from weft.data.checks.findings import counted
from weft.errors import InputError

if TYPE_CHECKING:  # else PyTorch would be imported before a mistake in the command line is told
    from weft.models.device import Device


FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of fields that a spreadsheet takes for formulas (OWASP, CSV injection)."""
_NUMBERS = ("value", "answer", "low", "high")
"""Parts of an answer that may be several numbers, by column."""
NUMBER = re.compile(r"[-+]?[\d.,]+%?")


@click.command("predict", short_help="Predict with a trained model.")
@click.argument("folder")
@click.argument("file", required=False)
@click.option("--text", "texts", multiple=True, help="A text; may be given more than once.")
@click.option("--second", "seconds", multiple=True, help="The second text of a pair; as many as there are --text.")
@options.column
@outputs.option
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "csv"]), help="Default: by the name of --output, or jsonl."
)
@click.option(
    "--safe-csv", is_flag=True, help="Csv: put ' before fields that a spreadsheet would run as a formula (= + - @)."
)
@click.option("--reject-below", type=float, help="Reject predictions with a confidence below this, from 0 to 1.")
@options.words
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
    output: outputs.Output | None,
    form: str | None,
    safe_csv: bool,
    reject_below: float | None,
    search: search_options.Asked,
    device: Device | None,
    **reading: Any,
) -> None:
    """Predict with the model in FOLDER: those of FILE, of --text, or of standard input (one a line).

    Each answer is one JSON line, or one row of csv, in the order of the texts. An empty line of plain text has an empty
    answer, so that line n of the answers belongs to line n of the texts, unless --on-bad-row stop is given. How a text
    is written, by models that write, is said as for `weft generate`. All columns of FILE are kept.
    """
    _check_options(file, texts, seconds, reject_below)
    model = search_options.asked_of(folder, search, device=device, words=reading.pop("words"))
    if reject_below is not None and search_options.own(model):
        what = "a generated text has no confidence: its probability falls with its length"
        raise InputError(what, where="--reject-below", hint="`log_probability` in the answers can be sorted by")
    asked = inputs.typed(model, texts, seconds) if texts else inputs.inputs(model, file, **reading)
    on_bad_row = reading["on_bad_row"] or "stop"
    found = inputs.answered(model, asked.examples, place=asked.place, on_bad_row=on_bad_row)
    with outputs.opened(output) if output else nullcontext(Out()) as out:
        records = _rejecting(inputs.with_columns(model, asked, found), below=reject_below)
        if (form or Path(output.path if output else "").suffix.removeprefix(".")) == "csv":
            written = _write_csv(records, out, separator=model.task.config.separator or "|", safe=safe_csv)
        else:
            written = _write_lines(records, out)
    if output:
        say(f"wrote {counted(written, 'row')} to {output.path} ({output.encoding})", err=True)
    asked.say_left_out()


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


def _rejecting(records: Iterator[dict[str, Any]], *, below: float | None) -> Iterator[dict[str, Any]]:
    """Take away the answers whose probability is below a bound, if any; when all are read, say how many those were."""
    if below is None:
        yield from records
        return
    rejected = total = 0
    for record in records:
        if "answer" not in record:
            what = "a prediction of several tasks has no single confidence: each task has its own"
            raise InputError(what, where="--reject-below", hint="leave it out, and choose by the columns of each task")
        if record["answer"] is None:
            yield {**record, "rejected": False}  # an empty line
            continue
        if "probability" not in record:
            several = "a prediction of several labels has no single confidence: each label has its own threshold"
            number = "a number has no confidence, but an interval: `low` and `high` in the answers"
            alone = number if "low" in record else "a predicted score has no confidence"
            what = several if isinstance(record["answer"], list) else alone
            raise InputError(what, where="--reject-below")
        reject = record["probability"] < below
        rejected, total = rejected + reject, total + 1
        yield {**record, "answer": None if reject else record["answer"], "rejected": reject}
    say(f"rejected {rejected:,} of {total:,} predictions: confidence below {below:g}", err=True)


def _write_lines(records: Iterator[dict[str, Any]], out: IO[str] | Out) -> int:
    """Write records as JSON lines, and return their number."""
    number = 0
    for number, record in enumerate(records, 1):
        out.write(json.dumps(record, ensure_ascii=False) + "\n")
        if number % inputs.CHUNK == 0:
            out.flush()
    return number


def _write_csv(records: Iterator[dict[str, Any]], out: IO[str] | Out, *, separator: str, safe: bool) -> int:
    """Write records as rows of csv, and return their number; the first has the columns, and others are said.

    Fields that begin like a formula are kept from being run where `safe`, else counted.
    """
    writer, number, formulas = None, 0, 0
    others: dict[str, None] = {}
    for record in records:
        number += 1
        row = {name: _field(value) for name, value in _row(record, separator=separator).items()}
        for name, value in row.items():
            if isinstance(value, str) and value.startswith(FORMULAS) and not NUMBER.fullmatch(value):
                formulas += 1
                row[name] = f"'{value}" if safe else value
        if writer is None:
            writer = csv.DictWriter(out, list(row), lineterminator="\n", extrasaction="ignore")
            writer.writeheader()
        others |= dict.fromkeys(name for name in row if name not in writer.fieldnames)
        writer.writerow(row)
    if others:
        names = ", ".join(f"`{name}`" for name in others)
        say(f"left out, as the first row does not have them: {names} (--format jsonl keeps them)", err=True)
    if formulas and not safe:
        what = "begin like formulas, which a spreadsheet would run: --safe-csv puts ' before them"
        say(f"{formulas:,} fields {what}", err=True)
    return number


def _field(value: Any) -> Any:
    """Return the content of a field; a list, such as alternatives to a text, is a JSON array: no sign is in none."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _fields(name: str, value: Any) -> list[tuple[str, Any]]:
    if name in _NUMBERS and isinstance(value, dict):
        return [(f"{name}_{column}", number) for column, number in value.items()]
    return [(name, value)]


def _row(record: dict[str, Any], *, separator: str) -> dict[str, Any]:
    """Return an answer as fields of a table, those of each of several tasks under its name, `intent.answer`."""
    if "answer" in record:
        return _of_one(record, separator=separator)
    tasks = {name.removesuffix(".answer") for name in record if name.endswith(".answer")}
    row: dict[str, Any] = {}
    for task, names in groupby(record, key=lambda name: name.rpartition(".")[0]):
        start = f"{task}." if task in tasks else ""
        fields = {name.removeprefix(start): record[name] for name in names}
        fields = _of_one(fields, separator=separator) if start else fields
        row |= {f"{start}{name}": value for name, value in fields.items()}
    return row


def _of_one(record: dict[str, Any], *, separator: str) -> dict[str, Any]:
    """Return an answer of one task as fields; several labels stand in one field, their probabilities in another.

    Several numbers have a field each, as `answer_price`.
    """
    if any(isinstance(record.get(name), dict) for name in _NUMBERS):
        record = dict(chain.from_iterable(_fields(name, value) for name, value in record.items()))
    if "probabilities" not in record:
        return record
    if "probability" in record:
        return {name: value for name, value in record.items() if name != "probabilities"}
    probabilities, answer = record["probabilities"], record["answer"] or ()
    each = separator.join(str(probabilities[label]) for label in answer)
    joined = {**record, "answer": separator.join(answer), "probabilities": each}
    return {"probability" if name == "probabilities" else name: value for name, value in joined.items()}
