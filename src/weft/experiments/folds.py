"""Folds or seeds that every model of a comparison is trained and tested on; checked as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from weft.data.split import Split, folds
from weft.dataset import DataConfig, Examples, held_out, read, read_whole
from weft.errors import ConfigError, InputError
from weft.tasks.base import TaskConfig


@dataclass(frozen=True, slots=True)
class Fold:
    """One part to train and test on: its place in a model's folder, its name, and the seed of the run."""

    repeat: int
    place: str
    name: str
    seed: int
    examples: Examples


def by_seed(data: DataConfig, task: TaskConfig, *, seeds: Sequence[int]) -> list[Fold]:
    """Return the whole training file and the test file for each seed. Raises InputError as `weft.dataset.read`."""
    _check_compared(task)
    rounds = [
        Fold(repeat, f"seed-{seed}", f"seed {seed}", seed, read(data, task, seed=seed))
        for repeat, seed in enumerate(seeds)
    ]
    _check_labels(rounds, task, file=data.test or "", hint="leave such rows out of the test file")
    return rounds


def by_fold(data: DataConfig, task: TaskConfig, *, count: int, seeds: Sequence[int]) -> list[Fold]:
    """Cut the training file into folds, each tested on once for each seed; of the others some rows are held out.

    Raises InputError or ConfigError if there are too few texts, or a label has too few to be learned in every fold.
    """
    _check_compared(task)
    whole = read_whole(data, task)
    rounds: list[Fold] = []
    for repeat, seed in enumerate(seeds):
        for number, part in enumerate(_dealt(whole, count=count, seed=seed), 1):
            rest, test = ([whole.train[row] for row in rows.tolist()] for rows in (part.train, part.dev))
            test = whole.task.evaluation_examples(test)
            try:
                train, dev = held_out(rest, data, whole.task, seed)
            except InputError as error:
                raise InputError(error.what, where=error.where, hint="give more rows, or fewer folds") from None
            told = f"{len(train):,} training {whole.task.unit_name}"
            sizes = f"{told}, {len(dev):,} validation, {len(test):,} test"
            notes = [*([] if rounds else whole.notes), f"{sizes}; {_sides(whole.task)}"]
            examples = Examples(whole.task, train, dev, test, notes)
            name = f"fold {number}" if len(seeds) == 1 else f"repeat {repeat + 1}, fold {number}"
            rounds.append(Fold(repeat, f"repeat-{repeat + 1}/fold-{number}", name, seed, examples))
    hint = "drop such rows, or add some with this label: each fold must learn it from other folds"
    _check_labels(rounds, task, file=data.train, hint=hint)
    return rounds


def _dealt(whole: Examples, *, count: int, seed: int) -> list[Split]:
    """Split the examples into folds: a long text into stretches from beginning to end, rows at random by the seed."""
    rows = whole.train
    if not whole.task.streamed:
        return folds([one.stratum for one in rows], [one.whole for one in rows], count=count, seed=seed)
    if count > len(rows):
        what = f"`{count}` folds cannot be made of {len(rows):,} passages"
        raise ConfigError(what, where="folds", hint=f"give a number from 2 to {len(rows)}, or a longer text")
    stretches = np.array_split(np.arange(len(rows)), count)
    return [Split(np.setdiff1d(np.arange(len(rows)), stretch), stretch) for stretch in stretches]


def _sides(task: TaskConfig) -> str:
    return "each fold is a stretch of the text" if task.streamed else "duplicates are kept in one split"


def _check_labels(rounds: Sequence[Fold], task: TaskConfig, *, file: str, hint: str) -> None:
    """Refuse a label that is tested on and not learned, before any model is trained."""
    if task.answers_with != "label":
        return
    for one in rounds:
        known = {example.label for example in one.examples.train}
        for example in one.examples.test:
            if example.label not in known:
                what = f"label `{example.label}` has no text to learn from in {one.name}"
                raise InputError(what, where=f"{file}:{example.line}" if example.line else file, hint=hint)


def _check_compared(task: TaskConfig) -> None:
    if not task.compared_by:
        hint = "train each model with weft train, and compare their pages"
        raise ConfigError(f"`{task.kind}` cannot be compared", where="task.kind", hint=hint)
