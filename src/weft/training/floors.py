"""The floors of a run that learn from its training rows, made in seconds: those of its task, and a linear model.

A model that is no better than them is not worth its weights. The linear model is the usual baseline: n-grams of one and
two words (of Chinese, of one to three characters; of names, of one to five letters), a support-vector machine for each
label, C = 1, or ridge regression for each number, alpha = 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import replace
from typing import Any

import torch

from weft.data.columns import encode_rows
from weft.evaluation.evaluate import answer
from weft.metrics.floors import Floor, beside, together
from weft.training import exact
from weft.training.job import Job

CHARACTERS = 50_000_000
"""Largest number of characters that the linear model learns from: of more, every second row, or third, and so on."""


def with_floors(
    job: Job, examples: Sequence[Any], result: Mapping[str, Any], *, scored: Sequence[Any], answers: Sequence[Any]
) -> dict[str, Any]:
    """Return the figures of a run with those of the floors of its task, and of each task that it joins.

    Args:
        job: the model, and the data that it was trained on.
        examples: its training set.
        result: the figures of the run, ready for JSON.
        scored: the examples that the model answered.
        answers: the answers of the model.

    """
    task, details = job.task, result["details"]
    details = together(details, task.learned_floors(examples, answers, scored))
    details = together(details, linear_floor(job, examples, scored=scored, answers=answers))
    tasks = {}
    for name, one in task.tasks.items():
        dev, learned = (task.known_answers(name, rows, rows)[1] for rows in (job.dev_examples, examples))
        given, asked = task.known_answers(name, answers, scored)
        own, found = replace(job, task=one, dev_examples=dev), {"details": details["tasks"][name]}
        tasks[name] = with_floors(own, learned, found, scored=asked, answers=given)["details"]
    return {**result, "details": {**details, **({"tasks": tasks} if tasks else {})}}


def linear_floor(job: Job, examples: Sequence[Any], *, scored: Sequence[Any], answers: Sequence[Any]) -> dict[str, Any]:
    """Train the linear model of a job that is done, and score it where the model was scored, as `beside` does.

    A task that has none gives nothing. Arguments are those of `with_floors`.
    """
    plain = job.task.config.floor(examples)
    if plain is None:
        return {}
    task: Any = job.task
    kept = _kept(examples)
    name = task.linear_floor + ("" if kept is examples else f" on {len(kept):,} of {len(examples):,} training rows")
    floor = _job(job, plain, kept, whole=kept is examples)
    exact.solve_plainly(floor)
    plain_answers = answer(floor.task, floor.model, scored, device=floor.device)
    plainly = Floor.of(task.row_scores(plain_answers, scored))
    values = {**floor.task.quick_scores(plain_answers, scored), **plainly.values}
    values.pop("log_loss", None)  # its probabilities are not fitted to anything
    return beside(task.row_scores(answers, scored), {name: replace(plainly, values=values)})


def _kept(examples: Sequence[Any]) -> Sequence[Any]:
    """Return the rows to learn from: those with an answer, and of very many every n-th and the first of each label."""
    every = -(-sum(len(text) for one in examples for text in one.texts) // CHARACTERS)
    if every <= 1 and all(one.label is not None for one in examples):
        return examples
    met: set[str] = set()
    kept = []
    for place, one in enumerate(examples):
        first = isinstance(one.label, str) and one.label not in met
        if one.label is not None and (first or place % max(1, every) == 0):  # a teacher alone answered the others
            kept.append(one)
        met |= {one.label} if first else set()
    return kept


def _job(job: Job, plain: Any, examples: Sequence[Any], *, whole: bool) -> Job:
    """Build the job of the linear model, on the rows as they are encoded already where the model reads its n-grams."""
    known, cpu = job.task.config, torch.device("cpu")
    same = known.tokenizer == plain.tokenizer and job.solved and known.encoder.overlap == plain.encoder.overlap
    if whole and same:
        task = copy(job.task)
        encoder = plain.encoder.model_copy(update={"width": known.encoder.width})
        task.config = known.model_copy(update={"encoder": encoder})
        return replace(job, task=task, model=deepcopy(job.model), device=cpu)
    task = plain.learn(examples)
    columns, dev_columns = (encode_rows(task.encode, part) for part in (examples, job.dev_examples))
    model = task.build_model()
    task.initialize(model, columns)
    return replace(job, task=task, model=model, columns=columns, dev_columns=dev_columns, device=cpu)
