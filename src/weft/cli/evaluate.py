"""`weft evaluate`: the scores of a trained folder on a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from weft import bundle
from weft.cli import options
from weft.cli.talk import print_scores, print_side_by_side
from weft.data.sources import OnBadRow, Table, open_table
from weft.errors import InputError
from weft.evaluation.compare import AVERAGE
from weft.evaluation.evaluate import averaged, write_answers
from weft.models.device import Device
from weft.tasks.base import examples_of


@click.command("evaluate", short_help="Score a trained model on a file of labelled texts.")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@click.argument("file")
@click.option("--text", help="Column of the text. Default: as in training.")
@click.option("--label", help="Column of the label. Default: as in training.")
@click.option("--ensemble", is_flag=True, help="Score several folders, and the mean of their probabilities.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--answers", help="Also write a table of every answer to this file (JSON lines).")
@options.device
@options.encoding
@options.on_bad_row
def command(
    folders: tuple[str, ...],
    file: str,
    text: str | None,
    label: str | None,
    ensemble: bool,
    as_json: bool,
    answers: str | None,
    device: Device | None,
    encoding: str | None,
    on_bad_row: OnBadRow | None,
) -> None:
    """Score the model in FOLDER on FILE; with --ensemble, those in several folders and the average of their answers."""
    if len(folders) > 1 and not ensemble:
        hint = "add --ensemble to score each of them and the average of their answers"
        raise InputError("expected one folder and one file", where=" ".join((*folders, file)), hint=hint)
    if answers:
        options.check_file(answers)
    models = {folder: bundle.load(folder, device=device or "auto") for folder in folders}
    first = next(iter(models.values()))
    table = open_table(file, encoding=encoding or "auto", on_bad_row=on_bad_row or "stop")
    examples = _examples(first, table, text=text, label=label)
    with examples_of(file):
        for said in dict.fromkeys(said for model in models.values() for said in model.task.check(examples)):
            click.echo(f"{file}: {said}", err=True)
        found = {folder: model.evaluate(examples) for folder, model in models.items()}
        result = averaged(first.task, list(found.values()), examples) if ensemble else found[folders[0]]
    data = f"{file}, {len(examples):,} texts"
    each: dict[str, dict[str, Any]] = {
        folder: {
            **found[folder].to_json(),
            "data": data,
            "size_bytes": bundle.size(Path(folder)),
            "parameters": model.parameters,
        }
        for folder, model in models.items()
    }
    costs = {name: sum(int(one[name]) for one in each.values()) for name in ("size_bytes", "parameters")}
    scores: dict[str, Any] = {**result.to_json(), "data": data, **costs}
    if answers:
        write_answers(Path(answers), first.task, result.answers, examples)
    if as_json:
        click.echo(json.dumps({"models": each, AVERAGE: scores} if ensemble else scores, ensure_ascii=False))
        return
    if ensemble:
        print_side_by_side({**each, AVERAGE: scores})
    print_scores(scores, title=f"{f'{AVERAGE} of ' if ensemble else ''}{', '.join(folders)} on {data}")
    megabytes = scores["size_bytes"] / 1e6
    click.echo(f"{result.texts_per_second:,.0f} texts a second; {megabytes:.1f} MB, {scores['parameters']:,} weights")


def _examples(model: bundle.Model, table: Table, *, text: str | None, label: str | None) -> list[Any]:
    config = model.task.config.for_table(table, text=text, label=label)
    options.say_columns(model.task.config, config, table)
    examples = config.scored(list(config.read(table)))
    for bad in table.bad:
        click.echo(f"left out {bad.file}:{bad.line}: {bad.what}", err=True)
    if not examples:
        raise InputError("no row is left to score", where=table.path)
    return examples
