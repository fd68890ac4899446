"""`weft label`: the texts that are most worth labelling next, as a csv whose label column a person fills in."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from weft.cli import options, outputs
from weft.cli.predict import FORMULAS, NUMBER
from weft.cli.printing import Out, say
from weft.data.checks.findings import counted
from weft.data.examples.roles import named_columns
from weft.errors import InputError, typed
from weft.run_folder import CONFIG

if TYPE_CHECKING:  # else PyTorch would be imported before a mistake in the command line is told
    from weft.experiments.labelling import Proposal
    from weft.models.device import Device


@click.command("label", short_help="Propose the texts that are most worth labelling next.")
@click.argument("sources", nargs=-1, required=True, metavar="[FOLDER] FILE")
@click.option("--count", type=click.IntRange(1), default=100, show_default=True, help="Number of texts.")
@click.option("--labelled", multiple=True, help="File of texts that are labelled already; may be repeated.")
@outputs.option
@click.option("--column", help="Column of the text in FILE. Default: as in training, else guessed.")
@click.option("--seed", type=options.SEED, default=0, show_default=True, help="Random seed.")
@options.device
@options.encoding
@options.header
@options.on_bad_row
def command(
    sources: tuple[str, ...],
    count: int,
    labelled: tuple[str, ...],
    output: outputs.Output | None,
    column: str | None,
    seed: int,
    device: Device | None,
    names: tuple[str, ...] | None,
    **reading: Any,
) -> None:
    """Propose texts of FILE to be labelled: those that the model in FOLDER is least certain of, unlike each other.

    Without FOLDER the texts are as diverse as a first set should be. Texts that the model was trained or scored on, and
    those of --labelled, are not proposed. Fill in the column `label` of the csv, and train on both files; rows left
    empty are left out: weft train few.csv,to_label.csv --on-bad-row skip
    """
    folder, file = _named(sources)
    options.check_sources(file, *labelled)
    from weft import bundle
    from weft.dataset import DataConfig, left_out
    from weft.experiments import labelling
    from weft.tasks.choices import TASKS

    model = bundle.load(folder, device=device or "auto") if folder else None
    if model:
        labelling.check(model)
    task = model.task.config if model else TASKS[0]()
    data = DataConfig(train=file, columns=names, **{name: one for name, one in reading.items() if one is not None})
    table, texts = labelling.read_texts(file, data, task, column=column)
    known, before, notes = labelling.known_texts(Path(folder), task) if folder else (set(), [], [])
    for one in labelled:
        known |= {labelling.key(row) for row in labelling.read_texts(one, data, task, column=column)[1]}
    found = labelling.propose(texts, count, model=model, seed=seed, known=known)
    if not found.proposals:
        hint = "; ".join(found.notes) or "the file holds no text"
        raise InputError("no text is left to be labelled", where=file, hint=hint)
    for note in [*notes, *left_out(table), *(f"{file}: {note}" for note in found.notes)]:
        say(note, err=True)
    with outputs.opened(output) if output else nullcontext(Out()) as out:
        formulas = _write(found.proposals, out, columns=_columns(task), proposed=model is not None)
    if formulas:
        say(f"{counted(formulas, 'text begins', 'texts begin')} like a formula: import the file as text", err=True)
    if output:
        say(f"wrote {counted(len(found.proposals), 'row')} to {output.path} ({output.encoding})", err=True)
        train = typed(",".join([*(labelled or before), output.path]))
        how = ", with the options of the first training" if folder else ""
        say(f"next: fill in `{_columns(task)[-1]}`, then weft train {train} --on-bad-row skip{how}", err=True)


def _named(sources: Sequence[str]) -> tuple[str | None, str]:
    """Return folder and file, or no folder where one name is given."""
    if len(sources) > 2:
        raise click.UsageError(f"expected a FOLDER and a FILE, or a FILE alone, found {len(sources)} names")
    folder, file = (None, *sources)[-2:]
    assert file is not None
    if folder is None and (Path(file) / CONFIG).is_file():
        raise InputError(
            "is a run, and the file of texts is missing", where=file, hint=f"weft label {typed(file)} texts.txt"
        )
    return folder, file


def _columns(task: Any) -> tuple[str, ...]:
    """Return the columns of the texts and of the label, named as in training."""
    texts, label = (getattr(task, name) or name for name in ("text", "label"))
    return (*(named_columns(texts, ())), *named_columns(label, ())[:1])


def _write(proposals: Sequence[Proposal], out: IO[str] | Out, *, columns: Sequence[str], proposed: bool) -> int:
    """Write the texts with an empty label; returns how many of them begin like a formula."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*columns, *(("proposed", "confidence") if proposed else ())])
    formulas = 0
    for one in proposals:
        formulas += any(text.startswith(FORMULAS) and not NUMBER.fullmatch(text) for text in one.example.texts)
        confidence = "" if one.confidence is None else f"{one.confidence:.4f}"
        writer.writerow([*one.example.texts, "", *((one.label, confidence) if proposed else ())])
    return formulas
