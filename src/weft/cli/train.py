"""`weft train`: from a file and options, or a YAML file, to a run folder.

What brings PyTorch is imported where it is used: a mistake in the command line is told before.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from weft.cli import options
from weft.cli.console import Teller, in_one_line, stopping
from weft.config import kind_of, overridden, read_yaml, validated
from weft.data.formats.folders import is_parallel
from weft.data.sources import Table
from weft.errors import ConfigError, WeftError
from weft.files import read_json
from weft.run_folder import CONFIG, PAGE, SCORES, reading

LONG = (
    "What is read of texts longer than task.max_length (512): head (the default) their beginning, head-tail both ends,"
    " windows all, window by window. A bag reads whole texts."
)

ENCODER = (
    "bag, cnn, rnn, lstm, gru, transformer, or a pre-trained one by its folder, as pretrained:./bert-base-chinese"
    " (pretrained:hub:NAME fetches it). Default: auto, which chooses for texts with labels, and says why; of questions"
    " lstm; of pairs what suits the decoder."
)

DECODER = "Decoder: transformer (the default for pairs), gpt (for plain text), lstm, gru or pretrained:FOLDER."

BUDGET = (
    "Time for trials of bag, cnn, lstm and transformer, as 60s or 10m: the best on the dev set is taken. A pre-trained"
    " one is tried too with --encoder auto:FOLDER. Default: no trials."
)

CURVE = "Train on an eighth, a quarter and a half of the rows too, and draw the scores: would more rows bring more?"

UNLABELLED = (
    "File of texts without labels to learn from too, by self-training; may be repeated. A model of the labels alone is"
    " trained beside it, and kept where it is better on the dev set."
)

TASK = (
    "classification (the default), multilabel, regression (numbers; the default with --value), seq2seq (a text for a"
    " text; the default with --source, --target or two files), language_model, question_answering (the answer to a"
    " question from a passage), multiple_choice, tagging (names, words, parts of speech), similarity (pairs of texts"
    " that are alike, or more or less so by a --value), retrieval (an --image with its --text, found by each other),"
    " captioning (a text for an image; the default with --image and --target) or joint (several answers at once; the"
    " default with --label and --tags)."
)


@click.command("train", short_help="Train a model on labelled texts, on pairs, or on plain text.")
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@click.option("--labelled", multiple=True, help="File of labelled texts, as SOURCE, to write beside --unlabelled.")
@click.option("--task", "kind", help=TASK)
@click.option("--text", help="Column of the text, or two as A,B for pairs of texts. Default: guessed.")
@click.option("--label", help="Column of the label. Default: guessed.")
@options.value
@click.option("--tags", help="Column of the tags of tokens, or of spans; implies --task tagging (with --label joint).")
@options.label_separator
@options.beside
@click.option("--source", "source_column", help="Column of the source, of pairs. Default: guessed.")
@click.option("--target", help="Column of the target, or several as A,B, each a correct reference. Default: guessed.")
@options.dev
@options.test
@click.option("--unlabelled", multiple=True, help=UNLABELLED, callback=lambda _, __, files: list(files) or None)
@click.option("--encoder", help=ENCODER)
@click.option("--budget", help=BUDGET)
@click.option("--decoder", help=DECODER)
@click.option("--vectors", help="File of word vectors to start from, as fastText and GloVe write them (.vec .txt).")
@click.option("--long", "long", type=click.Choice(["head", "head-tail", "windows"]), help=LONG)
@click.option("--learning-curve", is_flag=True, help=CURVE)
@options.header
@options.one_run
def command(
    sources: tuple[str, ...],
    labelled: tuple[str, ...],
    output: str | None,
    resume: bool,
    quiet: bool,
    overrides: tuple[str, ...],
    learning_curve: bool,
    **given: Any,
) -> None:
    """Train a model on SOURCE: labelled texts, pairs of texts, plain text, or a run.yaml.

    Labelled texts are a file (.csv .tsv .jsonl .json .txt, also .gz .xz .bz2; .parquet .xlsx), several of them, a
    folder of such files, or one with a folder for each label, whose files are the texts. Pairs are two columns of a
    file, or two files line by line: train.de,train.en.
    """
    source = options.joined([*sources, *labelled])
    options.check_sources(source, given["dev"], given["test"], *given["unlabelled"] or ())
    settings = read_yaml(Path(source)) if source.endswith((".yaml", ".yml")) else {"data": {"train": source}}
    _check_start(given, overrides)
    settings = overridden(_with_options(settings, given), overrides)
    _check_task(settings, given)
    from weft.experiments.learning_curve import train_with_curve
    from weft.experiments.self_training import self_trained
    from weft.run import RunConfig, trained

    config = validated(RunConfig, settings)
    folder = output or f"runs/{options.run_name(source)}"
    options.check_place(folder)
    with stopping() as received:
        start = train_with_curve if learning_curve else self_trained if config.self_training else trained
        teller = Teller(quiet=quiet or os.environ.get("RANK", "0") != "0")  # of several processes the first speaks
        teller.tell(start(config, Path(folder), resume=resume, stop=lambda: received[0] if received else 0))
    with reading(Path(folder), what=SCORES):
        said = in_one_line(read_json(Path(folder) / SCORES), config.task.headline)
    resolved = validated(RunConfig, read_yaml(Path(folder) / CONFIG)).task
    teller.console.print(f"{said}\npage: {Path(folder) / PAGE}   {resolved.then(folder)}")


PLACES = {
    "text": "task.text",
    "label": "task.label",
    "value": "task.value",
    "tags": "task.tags",
    "label_separator": "task.label_separator",
    "numbers": "task.numbers",
    "categories": "task.categories",
    "image": "task.image.column",
    "sound": "task.sound.column",
    "kind": "task.kind",
    "source_column": "task.source",
    "target": "task.target",
    "encoder": "task.encoder",
    "decoder": "task.decoder",
    "vectors": "task.vectors",
    "long": "task.long",
    "dev": "data.dev",
    "test": "data.test",
    "unlabelled": "self_training.unlabelled",
    "encoding": "data.encoding",
    "names": "data.columns",
    "on_bad_row": "data.on_bad_row",
    "seed": "seed",
    "device": "device",
}
"""Path of each option in the settings."""


def _with_options(settings: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Put the options of the command line into settings, over those of a file."""
    _put_budget(given)
    for option, value in (given | {"kind": _kind(settings, given)}).items():
        if value not in (None, ()):  # of an option that may be repeated, none
            *parents, last = PLACES[option].split(".")
            place = settings
            for name in parents:
                place = place.setdefault(name, {})
                if not isinstance(place, dict):
                    hint = f"write them as `name: value` lines under `{name}:`"
                    raise ConfigError(f"expected settings, found `{place}`", where=name, hint=hint)
            place[last] = value
    return settings


def _check_start(given: Mapping[str, Any], overrides: Sequence[str]) -> None:
    """Raise ConfigError where a part starts from a folder and --set names another kind: the folder would go unread."""
    for part in ("encoder", "decoder"):
        for override in overrides:
            path = override.partition("=")[0].strip().removesuffix(".kind")
            if path == f"task.{part}" and str(given[part]).startswith("pretrained:"):
                what = f"is set twice: by --{part} {given[part]} and --set {override}"
                raise ConfigError(what, where=path, hint="leave one of them out")


def _put_budget(given: dict[str, Any]) -> None:
    """Put the budget for trials into the encoder that it chooses. Raises ConfigError where another one is named."""
    budget, encoder = given.pop("budget"), given["encoder"] or "auto"
    kind, _, folder = encoder.partition(":")
    if budget is None:
        return
    if kind != "auto":
        tried = f", or try it beside the others: --encoder auto:{folder}" if kind == "pretrained" else ""
        what = f"is for trials, and --encoder {encoder} leaves nothing to try"
        raise ConfigError(what, where="--budget", hint=f"leave one of them out{tried}")
    given["encoder"] = {"kind": "auto", "budget": budget, **({"folder": folder} if folder else {})}


def _kind(settings: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    """Return the task that was named, or that options and files imply; None: that of the settings."""
    from weft.tasks.choices import TASKS, implied

    task, data = settings.get("task"), settings.get("data")
    if given["kind"] or (task.get("kind") if isinstance(task, Mapping) else task):
        return given["kind"]
    named = {place.partition(".")[2].partition(".")[0] for option, place in PLACES.items() if given[option] is not None}
    parallel = isinstance(data, Mapping) and is_parallel(str(data.get("train", "")))
    table = None if parallel else _table(settings, given)
    found = implied(named, parallel=parallel, table=table, label=given["label"])
    return None if found is TASKS[0] else kind_of(found)


def _table(settings: Mapping[str, Any], given: Mapping[str, Any]) -> Table | None:
    """Open the training file, whose columns may tell the task; None where that fails, which is told later."""
    from weft.dataset import DataConfig

    read = {name: given[option] for option, name in (("encoding", "encoding"), ("names", "columns"))}
    try:
        data = validated(
            DataConfig, {**settings["data"], **{name: one for name, one in read.items() if one is not None}}
        )
        return data.open(data.train, on_bad_row="skip")
    except (WeftError, KeyError, TypeError):
        return None


def _check_task(settings: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Refuse the options of another task. Raises ConfigError, with the tasks that have such an option."""
    from weft.tasks.choices import KINDS, TASKS

    task = settings.get("task", {})
    kind = str(task.get("kind", kind_of(TASKS[0]))) if isinstance(task, Mapping) else str(task)
    if isinstance(given["encoder"], Mapping) and kind in KINDS:
        encoder = KINDS[kind].model_fields.get("encoder")
        if getattr(encoder and encoder.default, "kind", "") != "auto":
            hint = "leave it out: encoders are tried for texts that get labels"
            raise ConfigError(f"the task `{kind}` tries none", where="--budget", hint=hint)
    for option, place in PLACES.items():
        section, *names = place.split(".")
        name = "".join(names[:1])
        if section != "task" or given[option] is None or kind not in KINDS or name in KINDS[kind].model_fields:
            continue
        others = [f"--task {other}" for other, config in KINDS.items() if name in config.model_fields]
        hint = f"leave it out, or choose a task that has it: {', '.join(others)}"
        flag = f"--{name.replace('_', '-')}"
        raise ConfigError(f"the task `{kind}` has no such option", where=flag, hint=hint)
