"""`weft answer`: the answer of a trained folder to a question, and where in a passage it stands."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from weft.cli import options
from weft.cli.console import Terminal
from weft.cli.printing import say
from weft.data.sources import open_table
from weft.errors import ConfigError, InputError

if TYPE_CHECKING:  # else PyTorch would be imported before a mistake in the command line is told
    from weft.models.device import Device

AROUND = 60
"""Number of characters of the passage that are shown on each side of an answer."""
LEAST = "Least confidence of an answer, from 0 to 1; below it: not in the text. Default: as tuned in training."


@click.command("answer", short_help="Answer questions from a passage, and show where the answer is.")
@click.argument("folder")
@click.option("--question", "questions", multiple=True, help="A question; may be given more than once. Default: asked.")
@click.option("--passage", "file", required=True, help="Text file with the passage; - is standard input.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, a line for each question.")
@click.option("--no-answer-below", "least", type=click.FloatRange(0, 1), help=LEAST)
@options.device
@options.encoding
def command(
    folder: str,
    questions: tuple[str, ...],
    file: str,
    as_json: bool,
    least: float | None,
    device: Device | None,
    encoding: str | None,
) -> None:
    """Answer questions with the model in FOLDER from a passage in a text file.

    Each answer is a part of the passage, with its place in characters and the confidence in it, or `not in the text`.
    Without --question, questions are read from the terminal until an empty line, or from what is piped in, a line each.
    """
    if not questions and file == "-":
        raise InputError("standard input is the passage, so no question can be read from there", where="--question")
    if file != "-" and not Path(file).exists() and " " in file.strip():
        hint = "write the passage into a file, or pass - and pipe it in"
        raise InputError(f"expected a file, found `{file[:AROUND]}`", where="--passage", hint=hint)
    table = open_table(file, encoding=encoding or "auto", form="txt")
    passage = "\n".join(row.values["text"] for row in table)
    from weft import bundle

    model = bundle.load(folder, device=device or "auto")
    config = model.task.config
    if config.answers_with != "span":
        hint = f"name a folder that was trained with --task question_answering, or {config.then(folder)}"
        raise ConfigError(f"a model of task `{config.kind}` finds no answers in a passage", where=folder, hint=hint)
    if not all(question.strip() for question in questions):
        raise InputError("question is empty", where="--question")
    console = Terminal()
    for question in questions or _asked():
        asked = config.example(question, passage)
        (given,) = model.answer([asked])
        given = given if least is None else given.at(least)
        if as_json:
            record = {name: value for name, value in model.task.record(given, asked).items() if name != "passage"}
            say(json.dumps(record, ensure_ascii=False))
        else:
            if len(questions) > 1 or not (questions or sys.stdin.isatty()):
                console.print(Text(question, style="dim"), soft_wrap=True)
            console.print(shown(given, passage, marked=console.is_terminal), soft_wrap=True)


def shown(given: Any, passage: str, *, marked: bool) -> Text:
    """Write an answer for people: its text, its confidence, its place, and the passage around it.

    In there the answer is `marked` by its colours, or else stands in brackets.
    """
    if not given.text:
        best = given.candidates[0] if given.candidates else None
        guess = f"; best candidate `{' '.join(best.text.split())}`" if best else ""
        return Text.assemble(("not in the text", "bold"), f"  (confidence {given.probability:.0%}{guess})")
    before, after = passage[: given.start], passage[given.end :]
    head = ("…" if len(before) > AROUND else "") + " ".join(before[-AROUND:].split("\n"))
    tail = " ".join(after[:AROUND].split("\n")) + ("…" if len(after) > AROUND else "")
    line = passage.count("\n", 0, given.start) + 1
    where = f"  (confidence {given.probability:.0%}; characters {given.start:,} to {given.end:,}, line {line:,})"
    answer = " ".join(given.text.split("\n"))
    there = (answer, "bold reverse") if marked else f"[{answer}]"
    return Text.assemble((answer, "bold"), where, "\n  ", head, there, tail)


def _asked() -> Iterator[str]:
    """Yield questions from a terminal until an empty line; those of a pipe to its end, without the blank lines."""
    if not sys.stdin.isatty():
        try:
            yield from filter(None, map(str.strip, sys.stdin))
        except UnicodeDecodeError as error:
            what = f"byte 0x{error.object[error.start]:02x} of the questions is not UTF-8"
            raise InputError(what, where="standard input", hint="convert them, or pass each as --question") from None
        return
    while True:
        try:
            question = click.prompt("question", default="", show_default=False, err=True).strip()
        except click.Abort:
            return
        if not question:
            return
        yield question
