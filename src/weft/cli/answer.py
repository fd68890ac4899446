"""`weft answer`: the answer of a trained folder to a question, and where in a passage it stands."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.text import Text

from weft.cli import options
from weft.data.sources import open_table
from weft.errors import ConfigError, InputError

if TYPE_CHECKING:  # else PyTorch would be imported before a mistake in the command line is told
    from weft.models.device import Device
    from weft.tasks.span_answers import SpanAnswer

AROUND = 60
"""Characters of the passage that are shown on each side of an answer."""


@click.command("answer", short_help="Answer questions from a passage, and show where the answer stands.")
@click.argument("folder")
@click.option("--question", "questions", multiple=True, help="A question; may be given more than once. Default: asked.")
@click.option("--passage", "file", required=True, help="Text file with the passage; - is standard input.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, a line for each question.")
@options.device
@options.encoding
def command(
    folder: str,
    questions: tuple[str, ...],
    file: str,
    as_json: bool,
    device: Device | None,
    encoding: str | None,
) -> None:
    """Answer questions with the model in FOLDER from a passage in a text file.

    Each answer is a part of the passage, with its place in characters and how probable it is, or `not in the text`.
    Without --question, questions are read from the terminal until an empty line.
    """
    if not questions and file == "-":
        raise InputError("standard input is the passage, so no question can be read from there", where="--question")
    table = open_table(file, encoding=encoding or "auto", form="txt")
    passage = "\n".join(row.values["text"] for row in table)
    from weft import bundle
    from weft.tasks.question_answering import QuestionAnswering
    from weft.tasks.questions import Question

    model = bundle.load(folder, device=device or "auto")
    if not isinstance(model.task, QuestionAnswering):
        hint = "name a folder that was trained with --task question_answering"
        raise ConfigError(f"a model of task `{model.task.config.kind}` answers no questions", where=folder, hint=hint)
    if not all(question.strip() for question in questions):
        raise InputError("question is empty", where="--question")
    console = Console(file=sys.stdout, highlight=False)
    for question in questions or iter(_asked, ""):
        (given,) = model.answer([Question(question, passage)])
        if as_json:
            click.echo(json.dumps({"question": question, **asdict(given)}, ensure_ascii=False))
        else:
            if len(questions) > 1:
                console.print(Text(question, style="dim"), soft_wrap=True)
            console.print(shown(given, passage), soft_wrap=True)


def shown(given: SpanAnswer, passage: str) -> Text:
    """An answer for people: its text, how sure it is, its place, and what stands around it."""
    best = given.candidates[0] if given.candidates else None
    if not given.text:
        guess = f"; at best `{best.text}`, {best.probability:.0%} sure" if best else ""
        return Text.assemble(("not in the text", "bold"), f"  ({given.probability:.0%} sure{guess})")
    before, after = passage[: given.start], passage[given.end :]
    head = ("…" if len(before) > AROUND else "") + " ".join(before[-AROUND:].split("\n"))
    tail = " ".join(after[:AROUND].split("\n")) + ("…" if len(after) > AROUND else "")
    line = passage.count("\n", 0, given.start) + 1
    where = f"  ({given.probability:.0%} sure; characters {given.start:,} to {given.end:,}, line {line:,})"
    answer = " ".join(given.text.split("\n"))
    return Text.assemble((answer, "bold"), where, "\n  ", head, (answer, "bold reverse"), tail)


def _asked() -> str:
    try:
        return click.prompt("question", default="", show_default=False, err=True).strip()
    except click.Abort:
        return ""
