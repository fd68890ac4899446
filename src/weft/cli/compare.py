"""`weft compare`: several models on the same folds, or on one test file with several seeds; a table and a page."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from weft.cli import options
from weft.cli.console import Teller, Terminal, stopping
from weft.cli.formatting import called, in_sentence, interval
from weft.cli.printing import say
from weft.config import kind_of
from weft.errors import ConfigError, did_you_mean
from weft.metrics.names import measure
from weft.report.formatting import pace
from weft.run_folder import PAGE

if TYPE_CHECKING:
    from weft.experiments.candidates import Candidate
    from weft.tasks.base import TaskConfig

ENCODERS = (
    "What to compare, between commas: kinds of encoders (bag, cnn, rnn, lstm, gru, transformer), or YAML files with"
    " `task` and `training` settings, named by their file (wide.yaml) or as you like (wide=cnn-300.yaml)."
)
METAVAR = "classification|regression|seq2seq|language_model|tagging|similarity|captioning|joint"
FOLDED = 12
"""Width of a heading that is folded."""
SCORES = 3
"""Scores at most in the table: more do not fit in a terminal."""
TASK = "Task. Default: classification, or seq2seq where sources, targets or decoders are named."
REPEATS = "With folds: repetitions of the cross-validation. With --test: number of seeds."


@click.command("compare", short_help="Compare models on the same folds, with significance tests.")
@click.argument("source")
@click.option("--encoders", help=f"{ENCODERS} Default: bag,cnn,lstm,transformer.")
@click.option("--decoders", help="The same for models that generate text: transformer, lstm, gru, gpt.")
@click.option("--task", "kind", metavar=METAVAR, help=TASK)
@click.option("--folds", type=click.IntRange(2, 1000), help="Number of cross-validation folds. Default: 5.")
@click.option("--repeats", type=click.IntRange(1, 1000), default=1, show_default=True, help=REPEATS)
@click.option("--test", help="Test file, instead of folds.")
@click.option("--text", help="Column of the text. Default: guessed.")
@click.option("--label", help="Column of the label. Default: guessed.")
@options.value
@click.option("--tags", help="Column of the tags of tokens, or of the spans of a text; implies --task tagging.")
@options.beside
@options.source
@options.target
@click.option("--output", help="Folder for runs and page. Default: runs/compare- and the file's name.")
@click.option("--resume", is_flag=True, help="Resume: finished runs are kept; models and repeats may be added.")
@click.option("--keep-models", is_flag=True, help="Keep the weights of every run; else only its predictions.")
@click.option("--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Any setting, for all models.")
@click.option("--seed", type=options.SEED, help="Random seed: the same seed gives the same folds and weights.")
@options.several_runs
def command(
    source: str,
    folds: int | None,
    repeats: int,
    output: str | None,
    resume: bool,
    keep_models: bool,
    overrides: tuple[str, ...],
    quiet: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Train several models on SOURCE in the same folds; compare predictions, generated text, or next-token prediction.

    Every difference comes with a significance test.
    """
    if folds and given["test"]:
        raise click.UsageError("--folds and --test exclude each other: a test file is tested on as a whole")
    options.check_sources(source, given["test"])
    entries = _entries(source, given, overrides)
    from weft.experiments.cross_validation import Plan, cross_validate, results

    plan = Plan(entries, folds=folds or 5, repeats=repeats)
    folder = Path(output or f"runs/compare-{Path(source).name.split('.')[0]}")
    options.check_place(str(folder))
    with stopping() as received:
        reports = cross_validate(
            plan,
            folder,
            models="keep" if keep_models else "drop",
            resume=resume,
            stop=lambda: received[0] if received else 0,
        )
        Teller(quiet=quiet).tell(reports)
    result = results(folder)
    if as_json:
        say(json.dumps(result, ensure_ascii=False))
    else:
        _print(result, folder)


def _entries(source: str, given: dict[str, Any], overrides: Sequence[str]) -> list[Candidate]:
    """Return the models that are named: by their encoders or, where they write, by their decoders."""
    task = _task(given)
    part = "encoder" if given["encoders"] else task.parts[-1]
    if part not in task.parts:
        what = f"a model of task `{kind_of(task)}` has no {part}: name --{task.parts[-1]}s"
        raise click.UsageError(what, click.get_current_context())
    words = [word for word in (given[f"{part}s"] or ",".join(task.compared_kinds)).split(",") if word.strip()]
    if not words:
        raise click.UsageError(f"--{part}s names nothing to compare")
    from weft.experiments.candidates import entries

    return entries(words, _settings(source, given), overrides=overrides, part=part)


def _task(given: dict[str, Any]) -> type[TaskConfig]:
    """Return the task that is named, or that the options are of. Raises ConfigError for one that is not compared."""
    from weft.tasks.choices import KINDS, implied

    compared = {kind: task for kind, task in KINDS.items() if task.compared_by}
    if given["kind"] is None:
        names = ("target", "label", "value", "tags")
        options = {"source": given["source_column"], **{name: given[name] for name in names}}
        task = implied([name for name, value in options.items() if value])
        if given["decoders"] and "decoder" not in task.parts:
            task = next(one for one in compared.values() if "decoder" in one.parts)
        given["kind"] = kind_of(task)
    if given["kind"] not in compared:
        what = f"no models of a task `{given['kind']}` are compared"
        hint = f"{did_you_mean(given['kind'], compared)}; for other tasks, train each model and compare their pages"
        raise ConfigError(what, where="--task", hint=hint)
    return compared[given["kind"]]


def _print(found: Mapping[str, Any], folder: Path) -> None:
    console = Terminal()
    console.print(found["data"], style="bold", soft_wrap=True)
    table, left_out = _fitting(_rows(found), console)
    console.print(table)
    said = f"; {', '.join(left_out)}: on the page, for want of width" if left_out else ""
    console.print(f"{_legend(found)}{said}", soft_wrap=True)
    if found["said"]:
        method = [f"(by {found['decided_by']})", *([found["advice"]] if found["advice"] else [])]
        for sentence in ("", *found["said"], *method):
            console.print(sentence, soft_wrap=True)
    console.print(f"\npage: {folder / PAGE}", soft_wrap=True)


PLACES = {
    "task": ("text", "label", "value", "tags", *options.COLUMNS, "kind", "target"),
    "data": ("test", "encoding", "on_bad_row"),
}
"""Options by the section of the settings that they belong to."""


def _settings(source: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that all models share."""
    known = {name: value for name, value in given.items() if value is not None}
    settings: dict[str, Any] = {name: value for name, value in known.items() if name in ("seed", "device")}
    for section, names in PLACES.items():
        settings[section] = {name: known[name] for name in names if name in known}
    settings["data"]["train"] = source
    if "names" in known:
        settings["data"]["columns"] = known["names"]
    if "source_column" in known:
        settings["task"]["source"] = known["source_column"]
    return settings


def _rows(found: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the figures of each model by the heading of their column; the first three are never left out."""
    runs, names = found["repeats"] * found["folds"], found["shown"][:SCORES]
    rows = []
    for model in found["models"]:
        spread = {name: _spread(name, model["scores"].get(name), runs=runs, first=names[0]) for name in names}
        rows.append(
            {
                "model": model["name"],
                called(names[0]): spread[names[0]],
                "95%": interval(names[0], model["pooled"][names[0]]),
                **{called(name): spread[name] for name in names[1:]},
                "texts/s": pace(model["texts_per_second"]),
                "MB": f"{model['size_bytes'] / 1e6:.1f}",
                "trained": f"{model['train_seconds']:.0f} s" if model["train_seconds"] >= 1 else "< 1 s",
            }
        )
    return rows


def _fitting(rows: Sequence[Mapping[str, str]], console: Terminal) -> tuple[Table, list[str]]:
    """Return a table that fits the terminal, its headings folded and last columns left out as need be, and these."""
    names = list(rows[0])
    wide = console.options.update(width=10_000)
    for kept in range(len(names), 2, -1):
        for fold in (False, True):
            table = _table(rows, names[:kept], fold=fold)
            if console.measure(table, options=wide).maximum <= console.width:
                return table, names[kept:]
    return table, names[3:]


def _table(rows: Sequence[Mapping[str, str]], names: Sequence[str], *, fold: bool) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in names:
        heading = textwrap.fill(name, FOLDED, break_long_words=False) if fold else name
        first = name == "model"  # a name that is longer than all fits is folded, never cut
        table.add_column(heading, justify="left" if first else "right", no_wrap=not first, overflow="fold")
    for row in rows:
        table.add_row(*(row[name] for name in names))
    return table


def _legend(found: Mapping[str, Any]) -> str:
    """Describe the figures of the table in a sentence."""
    runs = found["repeats"] * found["folds"]
    said = f"mean ± standard deviation of {runs} {found['design']}; " if runs > 1 else ""
    several = ", the mean of the repeats" if "details" in found["models"][0] else " of the first repeat"
    return f"{said}95%: interval over all {found['texts']:,} texts{several if found['repeats'] > 1 else ''}"


def _spread(name: str, score: Mapping[str, Any] | None, *, runs: int, first: str) -> str:
    if score is None or (name != first and measure(name).form == "number"):
        return f"{score['mean']:.3f}" if score else ""
    mean, deviation = (in_sentence(name, score[which]).removesuffix("%") for which in ("mean", "deviation"))
    return f"{mean} ± {deviation}" if runs > 1 else mean
