"""`weft compare`: several models on the same folds, or on one test file with several seeds; a table and a page."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from weft.cli import options
from weft.cli.talk import Teller, stopping
from weft.experiments.cross_validation import Plan, cross_validate, results
from weft.experiments.entries import Entry, entries

ENCODERS = (
    "What to compare, between commas: kinds of encoders (bag, cnn, rnn, lstm, gru, transformer), or YAML files with"
    " `task` and `training` settings, named by their file (wide.yaml) or as you like (wide=cnn-300.yaml)."
)
KINDS = {"encoder": "bag,cnn,lstm,transformer", "decoder": "lstm,gru,transformer"}
"""What is compared where nothing is named."""
REPEATS = "With folds: deal them so many times. With --test: train with so many seeds."


@click.command("compare", short_help="Compare models on the same folds, with tests of significance.")
@click.argument("source")
@click.option("--encoders", help=f"{ENCODERS} Default: {KINDS['encoder']}.")
@click.option("--decoders", help="The same for models that write: transformer, lstm, gru. With --task seq2seq.")
@click.option("--task", "kind", type=click.Choice(["classification", "seq2seq"]), help="What is asked of the texts.")
@click.option("--folds", type=click.IntRange(min=2), help="Parts of the file, each tested on once. Default: 5.")
@click.option("--repeats", type=click.IntRange(min=1), default=1, show_default=True, help=REPEATS)
@click.option("--test", help="File to test on, instead of folds.")
@click.option("--text", help="Column of the text. Default: guessed, and said.")
@click.option("--label", help="Column of the label. Default: guessed, and said.")
@click.option("--source", "source_column", help="Column of the source, for models that write.")
@click.option("--target", help="Column of the target, for models that write.")
@click.option("--output", help="Folder for runs and page. Default: runs/compare- and the file's name.")
@click.option("--resume", is_flag=True, help="Go on: finished runs are kept; models and repeats may be added.")
@click.option("--keep-models", is_flag=True, help="Keep the weights of every run; else only what it answered.")
@click.option("--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Any setting, for all models.")
@click.option("--seed", type=int, help="Same seed, same folds and weights.")
@options.device
@options.encoding
@options.on_bad_row
@click.option("--quiet", is_flag=True, help="Say nothing but errors and the result.")
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON instead of a table.")
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
    """Train several models on SOURCE, a file of labelled texts, in the same folds; compare what they answer.

    Every difference comes with the probability that it is chance.
    """
    if folds and given["test"]:
        raise click.UsageError("--folds and --test exclude each other: a test file is tested on as a whole")
    plan = Plan(_entries(source, given, overrides), folds=folds or 5, repeats=repeats)
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
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        _print(result, folder)


def _entries(source: str, given: dict[str, Any], overrides: Sequence[str]) -> list[Entry]:
    """The models that are named: by their encoders or, where they write, by their decoders."""
    if any(given[name] for name in ("source_column", "target", "decoders")):
        given["kind"] = given["kind"] or "seq2seq"
    writes = given["kind"] == "seq2seq" and not given["encoders"]
    part: Literal["encoder", "decoder"] = "decoder" if writes else "encoder"
    words = [word for word in (given[f"{part}s"] or KINDS[part]).split(",") if word.strip()]
    if not words:
        raise click.UsageError(f"--{part}s names nothing to compare")
    return entries(words, _settings(source, given), overrides=overrides, part=part)


def _print(found: Mapping[str, Any], folder: Path) -> None:
    console = Console(file=sys.stdout, highlight=False)
    console.print(f"[bold]{escape(found['data'])}[/bold]", soft_wrap=True)
    console.print(_table(found) if "accuracy" in found["models"][0]["scores"] else _written_table(found))
    if found["said"]:
        method = [f"(by {found['decided_by']})", *([found["advice"]] if found["advice"] else [])]
        for sentence in ("", *found["said"], *method):
            console.print(sentence, markup=False, soft_wrap=True)
    console.print(f"\npage: {folder / 'page.html'}", markup=False, soft_wrap=True)


PLACES = {
    "task": ("text", "label", "kind", "target"),
    "data": ("test", "encoding", "on_bad_row"),
}
"""In which settings each option stands."""


def _settings(source: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that all models share."""
    known = {name: value for name, value in given.items() if value is not None}
    settings: dict[str, Any] = {name: value for name, value in known.items() if name in ("seed", "device")}
    for section, names in PLACES.items():
        settings[section] = {name: known[name] for name in names if name in known}
    settings["data"]["train"] = source
    if "source_column" in known:
        settings["task"]["source"] = known["source_column"]
    return settings


def _table(found: Mapping[str, Any]) -> Table:
    runs = found["repeats"] * found["folds"]
    table = Table(box=None, pad_edge=False)
    for column in ("model", "accuracy", "95%", "macro F1", "log loss", "texts/s", "MB", "trained"):
        table.add_column(column, justify="left" if column == "model" else "right", no_wrap=True)
    for model in found["models"]:
        pooled = model["pooled"]["accuracy"]
        table.add_row(
            escape(model["name"]),
            _spread(model["scores"]["accuracy"], runs=runs),
            f"{100 * pooled['low']:.1f}-{100 * pooled['high']:.1f}",
            _spread(model["scores"]["macro_f1"], runs=runs),
            f"{model['scores']['log_loss']['mean']:.3f}",
            f"{model['texts_per_second']:,.0f}",
            f"{model['size_bytes'] / 1e6:.1f}",
            f"{model['train_seconds']:.0f} s" if model["train_seconds"] >= 1 else "< 1 s",
        )
    return table


def _written_table(found: Mapping[str, Any]) -> Table:
    runs = found["repeats"] * found["folds"]
    table = Table(box=None, pad_edge=False)
    for column in ("model", "BLEU", "95%", "chrF", "log loss", "texts/s", "MB", "trained"):
        table.add_column(column, justify="left" if column == "model" else "right", no_wrap=True)
    for model in found["models"]:
        scores, pooled = model["scores"], model["pooled"]["bleu"]
        table.add_row(
            escape(model["name"]),
            _spread(scores["bleu"], runs=runs, scale=1),
            f"{pooled['low']:.1f}-{pooled['high']:.1f}",
            _spread(scores["chrf"], runs=runs, scale=1),
            f"{scores['log_loss']['mean']:.3f}" if "log_loss" in scores else "",
            f"{model['texts_per_second']:,.0f}",
            f"{model['size_bytes'] / 1e6:.1f}",
            f"{model['train_seconds']:.0f} s" if model["train_seconds"] >= 1 else "< 1 s",
        )
    return table


def _spread(score: Mapping[str, Any], *, runs: int, scale: int = 100) -> str:
    mean = f"{scale * score['mean']:.1f}"
    return f"{mean} ± {scale * score['deviation']:.1f}" if runs > 1 else mean
