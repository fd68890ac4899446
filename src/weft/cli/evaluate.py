"""`weft evaluate`: the scores of a trained folder on a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table as Lines

from weft.cli import inputs, options, outputs, search_options
from weft.cli.console import Terminal, print_scores, print_side_by_side
from weft.cli.inputs import part_of
from weft.cli.printing import say
from weft.data.examples.base import examples_of
from weft.data.sources import OnBadRow, Table, open_table
from weft.errors import ConfigError, InputError, WeftError
from weft.evaluation.compare import AVERAGE
from weft.report.formatting import base_size, pace
from weft.run_folder import CONFIG

if TYPE_CHECKING:  # else PyTorch would be imported before a mistake in the command line is told
    from weft import bundle
    from weft.evaluation.evaluate import Evaluation
    from weft.evaluation.exposure import Exposure
    from weft.models.device import Device

EXPOSURE = "Also print the exposure bias: loss teacher-forced and free-running, by position."
NO_FLOORS = "Leave out the simple methods that learn from the training file, which takes seconds."
COSTS = ("size_bytes", "base_bytes", "parameters")
"""Figures that an ensemble has the sums of."""
POSITIONS = 256
"""Number of positions at which exposure bias is measured."""


@click.command("evaluate", short_help="Evaluate a trained model on a labelled file.")
@click.argument("paths", nargs=-1, required=True, metavar="FOLDER... FILE")
@click.option("--text", help="Column of the text. Default: as in training.")
@click.option("--label", help="Column of the label. Default: as in training.")
@click.option("--value", help="Column of the number, or several as A,B. Default: as in training.")
@click.option("--tags", help="Column of the tags or spans. Default: as in training.")
@click.option("--source", help="Column of the source, of pairs. Default: as in training.")
@click.option("--target", help="Column of the target, or several as A,B. Default: as in training.")
@click.option("--ensemble", is_flag=True, help="Evaluate several models, and the mean of their probabilities.")
@click.option("--exposure", "exposed", is_flag=True, help=EXPOSURE)
@click.option("--no-floors", is_flag=True, help=NO_FLOORS)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@outputs.answers
@options.words
@search_options.options
@options.device
@options.encoding
@options.header
@options.on_bad_row
def command(
    paths: tuple[str, ...],
    ensemble: bool,
    exposed: bool,
    as_json: bool,
    answers: str | None,
    search: search_options.Asked,
    device: Device | None,
    encoding: str | None,
    names: tuple[str, ...] | None,
    on_bad_row: OnBadRow | None,
    **columns: str | None,
) -> None:
    """Evaluate the model in FOLDER on FILE; with --ensemble, the models in several folders and their ensemble.
    How a model that writes finds its texts is said as for `weft generate`.
    """
    *folders, file = paths
    words, learning = columns.pop("words"), None if columns.pop("no_floors") else paths[0]
    _check_options(folders, file, ensemble=ensemble, exposed=exposed, answers=answers)
    from weft.evaluation.evaluate import answer_lines, answered_number, averaged

    models = {one: search_options.asked_of(one, search, device=device, words=words) for one in folders}
    first = _first_of_one_task(models)
    _check_task(first, search, ensemble=ensemble, exposed=exposed)
    table = open_table(part_of(file), encoding=encoding or "auto", on_bad_row=on_bad_row or "skip_blank", columns=names)
    examples = _examples(first, table, columns)
    with examples_of(table):
        found = _evaluated(models, examples, table.source)
        result = averaged(first.task, [*found.values()], examples) if ensemble else found[folders[0]]
    lost = _exposure(first, examples) if exposed else []
    if answers:
        outputs.write_lines(answers, answer_lines(first.task, result.answers, examples))
    data = f"{table.source}, {answered_number(len(examples), first.task.config.unit_name)}"
    each = {folder: _record(found[folder], folder, model) | {"data": data} for folder, model in models.items()}
    costs = {name: sum(int(one.get(name, 0)) for one in each.values()) for name in COSTS}
    scores = _with_floors(first, learning, result, examples) | {"data": data} | costs
    if as_json:
        exposures = {"exposure": [asdict(one) for one in lost]} if exposed else {}
        say(json.dumps({"models": each, "average": scores} if ensemble else scores | exposures, ensure_ascii=False))
    else:
        _print(scores, each if ensemble else {}, title=f"{', '.join(folders)} on {data}", lost=lost)


def _exposure(model: bundle.Model, examples: Sequence[Any]) -> list[Exposure]:
    from weft.evaluation.exposure import exposure

    return exposure(model.task, model.network, examples, positions=POSITIONS, device=model.device)


def _print(
    scores: Mapping[str, Any], each: Mapping[str, Mapping[str, Any]], *, title: str, lost: Sequence[Exposure]
) -> None:
    """Print the scores, with those of `each` model of an ensemble above them, the exposure bias, and the costs."""
    if each:
        print_side_by_side({**each, AVERAGE: scores})
    print_scores(scores, title=f"{AVERAGE} of {title}" if each else title)
    if lost:
        _print_exposure(lost)
    pace_of, megabytes = pace(scores["speed"]["texts_per_second"]), scores["size_bytes"] / 1e6
    base = f" ({base_size(scores)})" if scores["base_bytes"] else ""
    say(f"{pace_of} texts per second; {megabytes:.1f} MB{base}, {scores['parameters']:,} parameters")


def _check_options(folders: Sequence[str], file: str, *, ensemble: bool, exposed: bool, answers: str | None) -> None:
    if not folders:
        missing = "a labelled FILE" if Path(file).is_dir() else "the FOLDER of a trained model"
        raise click.UsageError(f"`{file}` is given alone, and {missing} is missing", click.get_current_context())
    if len(folders) > 1 and (files := [one for one in folders if Path(one).is_file()]):
        raise InputError(
            "is a file, expected the folder of a model", where=files[0], hint="evaluate one file at a time"
        )
    if len(folders) > 1 and not ensemble:
        hint = "add --ensemble to evaluate each of them and their ensemble"
        raise InputError("expected one folder and one file", where=" ".join((*folders, file)), hint=hint)
    if ensemble and exposed:
        raise click.UsageError("--ensemble and --exposure exclude each other: exposure bias is measured for one model")
    if answers:
        options.check_file(answers)


def _first_of_one_task(models: Mapping[str, bundle.Model]) -> bundle.Model:
    """Return the first model. Raises InputError for an ensemble of models of different tasks."""
    kinds = {folder: model.task.config.kind for folder, model in models.items()}
    if len({*kinds.values()}) > 1:
        found = ", ".join(f"`{kind}` ({folder})" for folder, kind in kinds.items())
        hint = "name models of the same task"
        raise InputError(f"expected models of one task, found {found}", where="--ensemble", hint=hint)
    return next(iter(models.values()))


def _check_task(model: bundle.Model, search: search_options.Asked, *, ensemble: bool, exposed: bool) -> None:
    """Refuse, before any work is done, what the task has no use for."""
    config = model.task.config
    if ensemble and search_options.own(model):
        model.task.average([])
    if exposed and not search_options.own(model):
        hint = "leave it out, or name the folder of a model that generates text"
        raise ConfigError(f"a model of task `{config.kind}` generates no text", where="--exposure", hint=hint)
    if search.flags and not any(role.answer for role in config.all_roles):
        hint = "leave it out; `weft generate` generates text"
        what = f"a model of task `{config.kind}` is evaluated on given texts, and generates none"
        raise ConfigError(what, where=next(iter(search.flags.values())), hint=hint)


def _examples(model: bundle.Model, table: Table, columns: Mapping[str, str | None]) -> list[Any]:
    config = model.task.config.for_table(table, named=columns)
    options.say_columns(model.task.config, config, table)
    examples = config.evaluation_examples(list(config.read(table)))
    inputs.say_left_out(table)
    if not examples:
        raise InputError("no row is left to evaluate", where=table.path)
    return examples


def _evaluated(models: Mapping[str, bundle.Model], examples: Sequence[Any], file: str) -> dict[str, Evaluation]:
    """Evaluate each model; notes name labels that it cannot predict, and inputs that were cut."""
    tasks = [model.task for model in models.values()]
    for said in dict.fromkeys(said for task in tasks for said in (*task.check(examples), *task.gaps(examples))):
        say(f"{file}: {said}", err=True)
    found = {folder: model.evaluate(examples) for folder, model in models.items()}
    for folder, one in found.items():
        if _learned(folder, file):
            say(f"{file}: {folder} was trained on this file: its scores are too good", err=True)
        task = models[folder].task
        if unread := [cut for answer in one.answers if (cut := task.unread(answer))]:
            what = f"{len(unread):,} of {len(examples):,} sources were truncated, by {sum(unread):,} tokens in all"
            setting, _ = task.config.input_limit or ("", 0)
            say(f"{file}: {what} (task.{setting})", err=True)
    return found


def _with_floors(
    model: bundle.Model, learned: str | None, found: Evaluation, examples: Sequence[Any]
) -> dict[str, Any]:
    """Return the figures with those of simple methods that learn from the training rows of a run, if one is named.

    Why these are missing is said.
    """
    from weft.experiments.learned_floors import with_learned_floors

    result = found.to_json()
    if learned is None:
        return result
    try:
        return with_learned_floors(model, Path(learned), result, scored=examples, answers=found.answers)
    except WeftError as error:
        why = f"{error.where}: {error.what}" if error.where else error.what
        say(f"without the simple methods that learn from the training rows: {why}", err=True)
        return result


def _learned(folder: str, file: str) -> bool:
    """Whether the settings of a run name a file as that of training."""
    from weft.config import read_yaml

    with suppress(InputError):
        data = read_yaml(Path(folder) / CONFIG).get("data")
        train = data.get("train") if isinstance(data, Mapping) else None
        return isinstance(train, str) and Path(train).absolute() == Path(file).absolute()
    return False


def _record(found: Evaluation, folder: str, model: bundle.Model) -> dict[str, Any]:
    from weft.bundle import sizes

    return {**found.to_json(), **sizes(Path(folder), model.task), "parameters": model.parameters}


def _print_exposure(lost: Sequence[Exposure]) -> None:
    """Print a table of losses by position, and the gap between them over all."""
    from weft.evaluation.exposure import in_buckets, together

    lines = Lines(title="exposure bias: loss in nats per token", title_justify="left")
    for column in ("position", "teacher-forced", "free-running", "gap", "tokens"):
        lines.add_column(column, justify="right")
    for one in in_buckets(lost):
        position = f"{one.first}-{one.last}" if one.last > one.first else f"{one.first}"
        lines.add_row(position, *_losses(one))
    lines.add_section()
    lines.add_row("all", *_losses(together(lost)))
    Terminal().print(lines)


def _losses(one: Exposure) -> tuple[str, ...]:
    return f"{one.true:.4f}", f"{one.own:.4f}", f"{one.gap:+.4f}", f"{one.count:,}"
