"""`weft distil`: a small model learns from a large one; a table and a page of teacher, student and student alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from weft.cli import options
from weft.cli.console import Teller, Terminal, stopping
from weft.cli.printing import say
from weft.config import read_yaml
from weft.data.examples.roles import settings_of
from weft.errors import ConfigError, RunFolderError
from weft.metrics.names import measure
from weft.metrics.saved_scores import Interval
from weft.report.formatting import pace, size, span
from weft.report.formatting import score as shown_score
from weft.report.pages.distilled import TITLES, in_words
from weft.run_folder import CONFIG, PAGE

if TYPE_CHECKING:  # else PyTorch would be imported before a mistake in the command line is told
    from weft.run import RunConfig
    from weft.tasks.base import TaskConfig

STUDENT = (
    "Student model: a kind of encoder (bag, cnn, lstm, ...), a kind of decoder to generate text,  or a YAML file with"
    " `task` and `training` settings. Default: cnn, or lstm."
)
TARGETS = "Sequence-level distillation: the teacher's outputs replace the true targets (the default), or are added."
STUDENTS = {"encoder": "cnn", "decoder": "lstm"}
"""Default kind of a student, by the part that differs from the teacher's."""


@click.command("distil", short_help="Distil a large model into a small, fast one.")
@click.argument("teacher")
@click.argument("source", required=False)
@click.option("--student", help=STUDENT)
@click.option("--unlabelled", multiple=True, help="File of unlabelled texts for the teacher to label; may be repeated.")
@click.option("--column", help="Their column. Default: as in training, else guessed.")
@click.option("--temperature", type=float, help="Temperature of the softmax of teacher and student. Default: 2.")
@click.option(
    "--alpha", type=float, help="Weight of the true labels in the loss; the rest is the teacher's. Default: 0.5."
)
@click.option("--targets", type=click.Choice(["teacher", "both"]), default="teacher", help=TARGETS)
@click.option(
    "--alone",
    type=click.Choice(["train", "skip"]),
    default="train",
    help="Baseline: the student trained without a teacher.",
)
@click.option("--dev", help="Validation file. Default: that of the teacher.")
@click.option("--test", help="Test file. Default: that of the teacher, else the dev set.")
@click.option("--text", help="Column of the text. Default: that of the teacher.")
@click.option("--label", help="Column of the label. Default: that of the teacher.")
@click.option("--value", help="Column of the number, or several as A,B. Default: that of the teacher.")
@options.beside
@options.source
@options.target
@click.option("--output", help="Folder for runs and page. Default: runs/ and the names of teacher and student.")
@click.option("--resume", is_flag=True, help="Resume: predictions of the teacher and finished runs are kept.")
@click.option("--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Any setting of the student.")
@click.option("--seed", type=options.SEED, help="Random seed. Default: that of the teacher.")
@options.several_runs
def command(
    teacher: str,
    source: str | None,
    student: str | None,
    output: str | None,
    quiet: bool,
    as_json: bool,
    overrides: tuple[str, ...],
    **given: Any,
) -> None:
    """Train a small model on what TEACHER, a trained folder, answers: to SOURCE and to texts without labels.

    SOURCE is the file that the teacher was trained on, unless another is named.
    """
    asked = {option: given.pop(option) for option in ("unlabelled", "column", "targets", "alone", "resume")}
    config, name = _student(Path(teacher), source, student, given, overrides)
    folder = Path(output or f"runs/{Path(teacher).resolve().name}-{name}")
    options.check_place(str(folder))
    from weft.experiments.distil import distil, results

    with stopping() as received:
        reports = distil(config, folder, teacher=teacher, stop=lambda: received[0] if received else 0, **asked)
        Teller(quiet=quiet).tell(reports)
    found = results(folder)
    if as_json:
        say(json.dumps(found, ensure_ascii=False))
    else:
        _print(found, folder, then=config.task.then(folder / "student"))


PLACES = {
    "dev": "data",
    "test": "data",
    "encoding": "data",
    "on_bad_row": "data",
    "text": "task",
    "label": "task",
    "value": "task",
    **dict.fromkeys(options.COLUMNS, "task"),
    "source_column": "task",
    "target": "task",
}
"""Section of the settings of each option."""


def _student(
    teacher: Path, source: str | None, word: str | None, given: Mapping[str, Any], overrides: Sequence[str]
) -> tuple[RunConfig, str]:
    """The settings of the student, with the data and the columns of the teacher where nothing else is said."""
    before = read_yaml(teacher / CONFIG) if (teacher / CONFIG).is_file() else None
    if before is None:
        hint = "expected one that `weft train` wrote"
        raise RunFolderError("there is no run in this folder", where=str(teacher), hint=hint)
    from weft.experiments.candidates import entries
    from weft.experiments.teacher_answers import teaching

    kind, data = before["task"]["kind"], {} if source else before["data"]
    task = teaching(kind)
    columns = () if source else (*settings_of(task.roles), *task.further_columns)
    taken = (*columns, *task.taken_over)
    below = {"task": {name: before["task"][name] for name in taken if before["task"].get(name)}}
    settings: dict[str, Any] = {
        "data": {**data, "train": source or data["train"]},
        "task": {"kind": kind},
        "seed": before["seed"],
    }
    for option, value in given.items():
        if value is None:
            continue
        if option == "names":
            settings["data"]["columns"] = value
            continue
        if option in ("alpha", "temperature"):
            _check_taught(task, option)
            settings["task"].setdefault("loss", {}).setdefault("teacher", {})[option] = value
        elif option in PLACES:
            settings[PLACES[option]][option.removesuffix("_column")] = value
        else:
            settings[option] = value
    part = task.parts[-1]
    try:
        entry = entries([word or STUDENTS[part]], settings, below=below, overrides=overrides, part=part)[0]
    except ConfigError as error:
        raise ConfigError(error.what, where=error.where.replace("--encoders", "--student"), hint=error.hint) from None
    return entry.config, entry.name


def _check_taught(task: type[TaskConfig], option: str) -> None:
    """Raise ConfigError for an option of the teacher's share, of a task whose loss has none."""
    if "loss" in task.model_fields:
        return
    hint = "leave it out: its students learn from the answers of the teacher alone where there is no right one"
    if "tasks" in task.model_fields:
        hint = f"set it for a task that has a loss, as --set task.tasks.NAME.loss.teacher.{option}=0.5"
    raise ConfigError(
        f"the task `{task.model_fields['kind'].default}` has no such option", where=f"--{option}", hint=hint
    )


def _print(found: Mapping[str, Any], folder: Path, *, then: str) -> None:
    console = Terminal()
    console.print(found["data"], style="bold", soft_wrap=True)
    known = measure(found["score"])
    table = Table(box=None, pad_edge=False)
    for column in ("model", known.title, "95%", "texts/s", "size", "parameters"):
        table.add_column(column, justify="left" if column == "model" else "right", no_wrap=True)
    for name, model in found["models"].items():
        score = Interval.read(model["scores"][found["score"]])
        assert score is not None
        table.add_row(
            TITLES[name].format(model["encoder"]),
            shown_score(score.value, known.form),
            span(score, known.form),
            pace(model["speed"]["texts_per_second"]),
            size(model["size_bytes"]),
            f"{model['parameters']:,}",
        )
    console.print(table)
    paces = (
        f"{name} {pace(one['speed']['low'])} to {pace(one['speed']['high'])}" for name, one in found["models"].items()
    )
    console.print(f"texts/s from the slowest round to the fastest: {', '.join(paces)}", soft_wrap=True)
    for sentence in in_words(found):
        console.print(sentence, soft_wrap=True)
    said = f"page: {folder / PAGE}   {then}"
    console.print(said, soft_wrap=True)
