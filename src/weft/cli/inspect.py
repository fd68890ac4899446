"""`weft inspect`: what is wrong with a file of labelled texts, or of pairs, before a model learns it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from weft.cli import options
from weft.cli.console import Terminal
from weft.cli.printing import say
from weft.config import kind_of, validated
from weft.data.checks.findings import Finding
from weft.data.formats.folders import is_parallel, several_files
from weft.errors import ConfigError, InputError, did_you_mean, typed
from weft.run_folder import PAGE
from weft.training.reports import Note

if TYPE_CHECKING:  # else PyTorch would be imported before a mistake in the command line is told
    from weft.data.sources import Table as Rows
    from weft.dataset import DataConfig
    from weft.experiments.inspection.inspect import LabelErrors

_STYLES = {"error": "red", "warning": "yellow"}
SHOWN = 5
"""Number of rows of a finding whose lines are named."""
METAVAR = "classification|multilabel|regression|seq2seq|question_answering|tagging|similarity|transcription"
TASK = "What the rows are for. Default: classification, or seq2seq where sources or targets are named."

SEMANTIC = "Look for near-duplicates and groups by meaning instead, by the vectors of a model of --task similarity."


@click.command("inspect", short_help="Look for what is wrong with labelled texts, or with pairs.")
@click.argument("source")
@click.option("--text", help="Column of the text, or two as A,B for pairs of texts. Default: guessed.")
@click.option("--label", help="Column of the label. Default: guessed.")
@options.value
@click.option("--tags", help="Column of the tags or spans; implies --task tagging. Default: guessed.")
@click.option("--task", metavar=METAVAR, help=TASK)
@options.label_separator
@options.beside
@options.source
@options.target
@click.option("--dev", help="Validation file: are its texts in SOURCE too?")
@click.option("--test", help="Test file: are its texts in SOURCE too?")
@click.option("--semantic", metavar="FOLDER", help=SEMANTIC, callback=lambda _, __, folder: _folder(folder))
@click.option("--no-label-errors", is_flag=True, help="Skip the search for label errors, which trains five models.")
@click.option("--output", help="Folder for page.html and inspection.json. Default: runs/inspect- and the file's name.")
@click.option("--seed", type=options.SEED, default=0, show_default=True, help="Same seed, same findings.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every row, instead of a table.")
@options.encoding
@options.header
def command(
    source: str,
    dev: str | None,
    test: str | None,
    task: str | None,
    no_label_errors: bool,
    output: str | None,
    seed: int,
    as_json: bool,
    encoding: str | None,
    names: tuple[str, ...] | None,
    **columns: str | None,
) -> None:
    """Look over SOURCE, a file or folder of labelled texts: duplicates, leaks, odd rows, labels that seem wrong.

    With --source and --target, or two files as train.de,train.en, it is pairs to translate; with --tags texts with
    tags; with --task question_answering questions on passages; with --image or --sound these; with --semantic texts.
    """
    options.check_sources(source, dev, test)
    _check_task(task)
    from weft.dataset import DataConfig
    from weft.experiments.inspection.inspect import in_order, write_inspection

    name = options.run_name(source) if several_files(source) else Path(source).absolute().name
    folder = Path(output or f"runs/inspect-{options.run_name(source)}")
    options.check_place(str(folder / PAGE))
    data = DataConfig(train=source, dev=dev, test=test, encoding=encoding or "auto", columns=names)
    console = Terminal(err=True, soft_wrap=True)
    findings: list[Finding] = []
    for told in _told_of(data, task, columns, label_errors="leave" if no_label_errors else "find", seed=seed):
        if isinstance(told, Note):
            console.print(told.text)
        else:
            findings.append(told)
    page = write_inspection(findings, folder, title=name)
    if as_json:
        say(json.dumps([one.to_json() for one in in_order(findings)], ensure_ascii=False))
    else:
        _print(in_order(findings), name)
        say(f"page   {page}\nrows   {folder / 'inspection.json'}")


def _folder(given: str | None) -> str | None:
    """Return the folder of a model. Raises InputError for a file: that to be looked over was meant."""
    if given and Path(given).is_file():
        hint = f"name the file first: weft inspect {typed(given)} --semantic FOLDER"
        raise InputError("is a file, expected the folder of a model of --task similarity", where=given, hint=hint)
    return given


def _check_task(task: str | None) -> None:
    """Raise ConfigError for a task, named or implied by a file, whose files are not inspected."""
    from weft.tasks.choices import KINDS

    inspected = [kind for kind, one in KINDS.items() if one.inspected_as]
    if task is not None and task not in inspected:
        hint = f"{did_you_mean(task, inspected)}; of other tasks, `weft train` says what is wrong with a file"
        if task in KINDS and KINDS[task].answers_with == "several":
            hint = "inspect the answers one at a time: with --tags NAME alone, and with --label NAME alone"
        raise ConfigError(f"no files of a task `{task}` are inspected", where="--task", hint=hint)


def _told_of(
    data: DataConfig, task: str | None, columns: Mapping[str, str | None], *, label_errors: LabelErrors, seed: int
) -> Iterator[Note | Finding]:
    """Inspect a file by the checks for its kind of rows, or by meaning alone."""
    if columns["semantic"]:
        return _by_meaning(data, columns["semantic"], text=columns["text"], seed=seed)
    from weft.experiments.inspection.inspect import inspect, inspect_scores
    from weft.experiments.inspection.inspect_pairs import inspect_pairs
    from weft.experiments.inspection.inspect_questions import inspect_questions
    from weft.experiments.inspection.inspect_tags import inspect_tags
    from weft.tasks.choices import KINDS, implied

    pairs = {"source": columns["source_column"], "target": columns["target"]}
    texts = {name: column for name, column in columns.items() if name not in ("source_column", "target", "semantic")}
    given = {name for name, column in {**pairs, **texts}.items() if column}
    parallel = is_parallel(data.train) and not any(texts.values())
    table = None if parallel or task else data.open(data.train, on_bad_row="skip")
    kind = KINDS[task] if task else implied(given, parallel=parallel, table=table, label=texts["label"])
    _check_task(kind_of(kind))
    if beside := [f"--{name}" for name in options.COLUMNS if name in given and name not in kind.model_fields]:
        hint = "leave it out: they stand beside labelled texts"
        raise ConfigError(f"the task `{kind_of(kind)}` has no such option", where=beside[0], hint=hint)
    tags = texts.pop("tags")
    media = [bool(texts.pop(name, None)) for name in ("image", "sound")]
    spoken = kind.inspected_as == "sounds"
    if any(media) or spoken or ("image" in kind.model_fields and _holds_media(table, texts)):
        from weft.experiments.inspection.inspect_media import inspect_media

        read = {**texts, "image": columns["image"], "sound": columns["sound"], "target": spoken and pairs["target"]}
        known = {name: column for name, column in read.items() if column}
        return inspect_media(data, validated(kind, {**known, "kind": kind_of(kind)}))
    match kind.inspected_as:
        case "tags":
            told = inspect_tags(data, validated(kind, {"text": texts["text"], "tags": tags}))
        case "scores":
            told = inspect_scores(data, validated(kind, {name: texts[name] for name in ("text", "value")}))
        case "questions":
            told = inspect_questions(data, text=texts["text"], label=texts["label"])
        case "pairs":
            told = inspect_pairs(data, **pairs)
        case _:
            told = inspect(data, **texts, kind=task or kind_of(kind), label_errors=label_errors, seed=seed)
    return told


def _by_meaning(data: DataConfig, folder: str, *, text: str | None, seed: int) -> Iterator[Note | Finding]:
    from weft.bundle import load
    from weft.experiments.inspection.meaning import inspect_meaning

    return inspect_meaning(data, load(folder), text=text, seed=seed)


def _holds_media(table: Rows | None, given: Mapping[str, str | None]) -> bool:
    """Whether images or sounds are what a table has, and no text is named."""
    from weft.inputs.image import IMAGE
    from weft.inputs.media import column_of
    from weft.inputs.sound import SOUND

    return table is not None and not given["text"] and any(column_of(one, table) for one in (IMAGE, SOUND))


def _print(findings: Sequence[Finding], name: str) -> None:
    from weft.report.pages.inspection import CALLED, tally

    out = Terminal()
    out.print(Text(f"{tally(findings)} in {name}", style="bold"))
    open_ones = [one for one in findings if one.severity != "fine"]
    if open_ones:
        out.print(_table(open_ones, CALLED))
        for one in open_ones:  # not in the table, whose lines would cut what is to be copied
            out.print(Text(f"fix    {one.title}: {one.fix}"), soft_wrap=True)
    for one in findings:
        if one.severity == "fine":
            out.print(Text(f"ok     {one.title}: {one.said}"), soft_wrap=True)


def _table(findings: Sequence[Finding], called: Mapping[str, str]) -> Table:
    table = Table(show_lines=True)
    for column in ("", "check", "count", "finding"):
        table.add_column(column, justify="right" if column == "count" else "left", no_wrap=column == "")
    for one in findings:
        found = Text(one.said).append(_lines(one), style="dim")
        table.add_row(Text(called[one.severity], style=_STYLES[one.severity]), one.title, f"{one.count:,}", found)
    return table


def _lines(finding: Finding) -> str:
    """Write the lines of the first rows of a finding: `train 41, 45, 71, …`."""
    shown = [
        f"{part} {', '.join(f'{row.line:,}' for row in rows)}"
        for part, rows in groupby(finding.rows[:SHOWN], key=lambda row: row.part)
    ]
    more = ", …" if len(finding.rows) > SHOWN else ""
    return f"\nline{'s' if len(finding.rows) > 1 else ''} {'; '.join(shown)}{more}" if shown else ""
