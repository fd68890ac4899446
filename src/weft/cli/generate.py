"""`weft generate`: what a trained folder writes for texts, or after them, in plain text, as a person would read it."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from weft.cli import inputs, options, search_options
from weft.cli.printing import say
from weft.errors import ConfigError, typed

if TYPE_CHECKING:  # else PyTorch would be imported before a mistake in the command line is told
    from weft import bundle
    from weft.decoding.choices import SearchConfig
    from weft.models.device import Device

TEXT = "A source text or a prompt; may be repeated."
EMPTY = "(empty)"
"""Placeholder on a terminal for a text without a letter."""


@click.command("generate", short_help="Generate text with a trained model.")
@click.argument("folder")
@click.argument("file", required=False)
@click.option("--text", "--prompt", "texts", multiple=True, help=TEXT)
@options.column
@click.option("--stream", is_flag=True, help="Print each text as it is generated: greedy search or sampling.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines, like weft predict.")
@search_options.options
@options.device
@options.encoding
@options.header
@options.on_bad_row
def command(
    folder: str,
    file: str | None,
    texts: tuple[str, ...],
    stream: bool,
    as_json: bool,
    search: search_options.Asked,
    device: Device | None,
    **reading: Any,
) -> None:
    """Generate a text for each --text, each row of FILE, or each line of standard input with the model in FOLDER.

    A sequence-to-sequence model generates the target, a language model continues the prompt. An empty line of plain
    text gives an empty line, unless --on-bad-row stop is given. The search is that of the model's settings, unless
    options say otherwise: --greedy, --beam, --minimum-risk, or any option of sampling.
    """
    if file and texts:
        raise click.UsageError("texts come from FILE or from --text, not from both")
    if stream and as_json:
        raise click.UsageError("--stream prints plain text, and --json does not")
    from weft import bundle

    model = search_options.searched(bundle.load(folder, device=device or "auto"), search)
    own = search_options.own(model)
    if own is None:
        what = f"a model of task `{model.task.config.kind}` generates no text"
        raise ConfigError(what, where=folder, hint=f"use it: weft predict {typed(folder)}")
    if stream:
        _check_streams(own)
    on_bad_row = reading["on_bad_row"] or "stop"
    asked = inputs.typed(model, texts) if texts else inputs.inputs(model, file, **reading)
    if stream:
        examples = inputs.readable(model, asked.examples, place=asked.place, on_bad_row=on_bad_row)
        _stream(model, examples, own, place=asked.place)
    else:
        found = inputs.answered(model, asked.examples, place=asked.place, on_bad_row=on_bad_row)
        if as_json:
            for record in inputs.records(model, found):
                say(json.dumps(record, ensure_ascii=False))
        else:
            _print(([given.text, *given.alternatives] if given else [""] for given, _ in found), texts)
    asked.say_left_out()


def _print(blocks: Iterator[Sequence[str]], asked: Sequence[str]) -> None:
    """Print one text a line; several for one input are numbered, and blank lines stand around a text of several lines.

    Above each text that has several lines a rule says which it is, where there may be more than one.
    """
    before = False
    for number, texts in enumerate(blocks, 1):
        ruled = any("\n" in text for text in texts)
        tall = len(texts) > 1 or ruled
        if number > 1 and (tall or before):
            say()
        names = (
            [] if len(asked) == 1 else [f"{number}: {' '.join(asked[number - 1].split())}" if asked else f"{number}"]
        )
        for place, text in enumerate(texts, 1):
            shown = EMPTY if not text.strip() and on_console() else text
            which = [*names, *([f"text {place} of {len(texts)}"] if len(texts) > 1 else [])]
            if ruled and which:
                say(f"── {', '.join(which)} ──")
            say(f"{place}  {shown}" if len(texts) > 1 and not ruled else shown)
        before = tall


def on_console() -> bool:
    """Whether somebody looks at what is printed; no file is to hold what is written for people alone."""
    return sys.stdout.isatty()


def _check_streams(search: SearchConfig) -> None:
    placed = search.kind == "greedy" and search.forced
    if search.kind in ("beam", "minimum-risk") or placed:
        hint = "sample: --temperature 0.8" if search.forced else "add --greedy, or sample: --temperature 0.8"
        raise ConfigError(f"`{search.kind}` search knows its output only at the end", where="--stream", hint=hint)


def _stream(model: bundle.Model, examples: Iterator[Any], search: SearchConfig, *, place: inputs.Place) -> None:
    """Print texts as they are generated; of several samples of an input, each has the next number as its seed."""
    from weft.decoding.choices import Sample

    seeds = [search.seed + sample for sample in range(search.samples)] if isinstance(search, Sample) else []
    searches = [search.model_copy(update={"samples": 1, "seed": seed}) for seed in seeds] or [search]
    unseen: Counter[str] = Counter()
    for number, example in enumerate(examples, 1):
        if number > 1:
            say()
        if isinstance(example, inputs.Blank):
            say(EMPTY if on_console() else "")
            continue
        unseen += model.task.unseen([example])
        if unread := model.task.encode([example]).fixed.get("unread"):
            inputs.say_unread(model, int(unread[0]), where=place(number, example))
        for sample, one in enumerate(searches, 1):
            if len(searches) > 1:
                say(f"── text {sample} of {len(searches)} ──")
            blank = True
            for piece in model.task.with_search(one).stream(model.network, example):
                say(piece, nl=False)
                blank = blank and not piece.strip()
            say(EMPTY if blank and on_console() else "")
    inputs.say_unseen(unseen)
