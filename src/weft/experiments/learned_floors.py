"""Scores the floors that learn from training rows on other rows than those of the run: for `weft evaluate`.

A trained folder keeps no training rows, so they are read again from the file that its settings name, if that still has
them: so says their checksum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from weft import run_folder
from weft.bundle import Model
from weft.config import read_yaml, validated
from weft.data.columns import encode_rows
from weft.dataset import Examples, read
from weft.errors import InputError
from weft.files import read_json
from weft.run import RunConfig, fingerprint_of, refits
from weft.training.floors import with_floors
from weft.training.job import Job


def with_learned_floors(
    model: Model, folder: Path, result: Mapping[str, Any], *, scored: Sequence[Any], answers: Sequence[Any]
) -> dict[str, Any]:
    """Return the figures of an evaluation with those of the floors that learn from the training rows of a run.

    Nothing is read where the run had no such floors.

    Args:
        model: the model of the run, or the first of several whose answers were averaged.
        folder: the run folder.
        result: the figures, ready for JSON.
        scored: the examples that were answered.
        answers: the answers to them.

    Raises:
        WeftError: of the kind that fits, where the training rows cannot be read, or have changed.

    """
    path = folder / run_folder.SCORES
    known = read_json(path).get("details", {}) if path.is_file() else {}
    if not _lacks(result["details"], known):
        return {**result}
    config = validated(RunConfig, read_yaml(folder / run_folder.CONFIG))
    if config.data.train == "-":
        raise InputError("its training rows came from standard input", where=str(folder))
    examples = read(config.data, config.task, seed=config.seed)
    if examples.fingerprint != fingerprint_of(folder):
        raise InputError(f"has not the rows, or not those alone, that {folder} learned from", where=config.data.train)
    job = _job(model, config, examples)
    return with_floors(job, examples.train, result, scored=scored, answers=answers)


def _lacks(details: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether details of scores lack a floor that others have, their own or that of a joined task."""
    own = {*known.get("floors", {})} <= {*details.get("floors", {})}
    tasks = known.get("tasks", {})
    return not own or any(_lacks(details.get("tasks", {}).get(name, {}), one) for name, one in tasks.items())


def _job(model: Model, config: RunConfig, examples: Examples) -> Job:
    """Build what `with_floors` reads of a job; rows are encoded only where the linear model may read them so."""
    job = Job(
        task=model.task,
        model=model.network,
        columns=encode_rows(model.task.encode, examples.train[:1]),
        dev_columns=encode_rows(model.task.encode, examples.dev[:1]),
        dev_examples=examples.dev,
        config=config.training,
        seed=config.seed,
        device=model.device,
        refit=refits(config.data, examples, model.task),
    )
    if not job.solved:
        return job
    columns, dev_columns = (encode_rows(model.task.encode, part) for part in (examples.train, examples.dev))
    return replace(job, columns=columns, dev_columns=dev_columns)
