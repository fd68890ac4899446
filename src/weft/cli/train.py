"""`weft train`: from a file and options, or a YAML file, to a run folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from weft.cli import options
from weft.cli.talk import Teller, in_one_line, stopping
from weft.config import overridden, read_yaml, validated
from weft.errors import ConfigError
from weft.files import read_json
from weft.run import RunConfig, train

LONG = (
    "What is read of texts beyond task.max_length (512): head (the default) their beginning, head-tail both ends,"
    " windows all, piece by piece. A bag reads texts whole."
)


@click.command("train", short_help="Train a model on a file of labelled texts.")
@click.argument("source")
@click.option("--text", help="Column of the text, or two as A,B for pairs of texts. Default: guessed, and said.")
@click.option("--label", help="Column of the label. Default: guessed, and said.")
@options.label_separator
@click.option("--dev", help="File by which the best weights are chosen. Default: a tenth of the training file.")
@click.option("--test", help="File that the finished model is scored on. Default: the dev part.")
@click.option("--encoder", help="bag, cnn (the default), rnn, lstm, gru or transformer.")
@click.option("--vectors", help="File of word vectors to start from, as fastText and GloVe write them (.vec .txt).")
@click.option("--long", "long", type=click.Choice(["head", "head-tail", "windows"]), help=LONG)
@click.option("--output", help="Run folder. Default: runs/ and the file's name.")
@click.option("--resume", is_flag=True, help="Go on from the latest checkpoint in the run folder.")
@click.option("--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Any setting, as training.epochs=5.")
@click.option("--seed", type=int, help="Same seed, same weights.")
@options.device
@options.encoding
@options.on_bad_row
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def command(
    source: str, output: str | None, resume: bool, quiet: bool, overrides: tuple[str, ...], **given: Any
) -> None:
    """Train a model on SOURCE, labelled texts or a run.yaml.

    Labelled texts are a file (.csv .tsv .jsonl .txt, also .gz .xz .bz2; .parquet), or a folder with a folder for each
    label, whose files are the texts.
    """
    if given["label_separator"] is not None:
        given["kind"] = "multilabel"
    is_yaml = source.endswith((".yaml", ".yml"))
    settings = read_yaml(Path(source)) if is_yaml else {"data": {"train": source}}
    config = validated(RunConfig, overridden(_with_options(settings, given), overrides))
    folder = output or f"runs/{Path(source if is_yaml else config.data.train).name.split('.')[0]}"
    options.check_place(folder)
    with stopping() as received:
        reports = train(config, folder, resume=resume, stop=lambda: received[0] if received else 0)
        teller = Teller(quiet=quiet or os.environ.get("RANK", "0") != "0")  # of several processes the first speaks
        teller.tell(reports)
    teller.console.print(in_one_line(read_json(Path(folder) / "scores.json")), markup=False)
    teller.console.print(f"page: {Path(folder) / 'page.html'}   ask: weft predict {folder} --text ...", markup=False)


PLACES = {
    "text": "task.text",
    "label": "task.label",
    "label_separator": "task.label_separator",
    "kind": "task.kind",
    "encoder": "task.encoder",
    "vectors": "task.vectors",
    "long": "task.long",
    "dev": "data.dev",
    "test": "data.test",
    "encoding": "data.encoding",
    "on_bad_row": "data.on_bad_row",
    "seed": "seed",
    "device": "device",
}
"""Where each option stands in the settings."""


def _with_options(settings: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Settings with what was given on the command line put in its place, over what a file says."""
    for option, value in given.items():
        if value is not None:
            *parents, last = PLACES[option].split(".")
            place = settings
            for name in parents:
                place = place.setdefault(name, {})
                if not isinstance(place, dict):
                    hint = f"write them as `name: value` lines under `{name}:`"
                    raise ConfigError(f"expected settings, found `{place}`", where=name, hint=hint)
            place[last] = value
    return settings
