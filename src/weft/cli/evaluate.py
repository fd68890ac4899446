"""`weft evaluate`: the scores of a trained folder on a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from weft import bundle
from weft.cli import options
from weft.cli.talk import print_scores
from weft.data.sources import OnBadRow, open_table
from weft.errors import InputError
from weft.evaluation.evaluate import write_answers
from weft.models.device import Device
from weft.tasks.base import examples_of


@click.command("evaluate", short_help="Score a trained model on a file of labelled texts.")
@click.argument("folder")
@click.argument("file")
@click.option("--text", help="Column of the text. Default: as in training.")
@click.option("--label", help="Column of the label. Default: as in training.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--answers", help="Also write a table of every answer to this file (JSON lines).")
@options.device
@options.encoding
@options.on_bad_row
def command(
    folder: str,
    file: str,
    text: str | None,
    label: str | None,
    as_json: bool,
    answers: str | None,
    device: Device | None,
    encoding: str | None,
    on_bad_row: OnBadRow | None,
) -> None:
    """Score the model in FOLDER on FILE."""
    if answers:
        options.check_file(answers)
    model = bundle.load(folder, device=device or "auto")
    table = open_table(file, encoding=encoding or "auto", on_bad_row=on_bad_row or "stop")
    config = model.task.config.for_table(table, text=text, label=label)
    options.say_columns(model.task.config, config)
    examples = list(config.read(table))
    for bad in table.bad:
        click.echo(f"left out {bad.file}:{bad.line}: {bad.what}", err=True)
    if not examples:
        raise InputError("no row is left to score", where=file)
    with examples_of(file):
        result = model.evaluate(examples)
    facts = {
        "data": f"{file}, {len(examples):,} texts",
        "size_bytes": bundle.size(Path(folder)),
        "parameters": model.parameters,
    }
    scores: dict[str, Any] = {**result.to_json(), **facts}
    if answers:
        write_answers(Path(answers), model.task, result.answers, examples)
    if as_json:
        click.echo(json.dumps(scores, ensure_ascii=False))
        return
    print_scores(scores, title=f"{folder} on {facts['data']}")
    megabytes = scores["size_bytes"] / 1e6
    click.echo(f"{result.texts_per_second:,.0f} texts a second; {megabytes:.1f} MB, {model.parameters:,} weights")
