"""The floor of a run: a plain linear model over the tf-idf of n-grams, made in seconds on the same rows.

A model that is no better than it is not worth its weights. It is the usual baseline: n-grams of one and two words (of
Chinese, of one to three characters; of names, of one to five letters), a support-vector machine for each label, C =
1, or ridge regression for each number, alpha = 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from typing import Any

import torch

from weft.data.columns import encode_rows
from weft.evaluation.evaluate import answer
from weft.training import exact
from weft.training.job import Job


@dataclass(frozen=True, slots=True)
class Floor:
    """Scores of the floor on the rows that a model was scored on, and the test of their difference by the task."""

    name: str
    scores: dict[str, float]
    test: dict[str, Any]

    def beside(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """Return the figures of a run with those of this floor: among other simple methods, or as `floor`."""
        details = result["details"]
        if "against" not in details:
            return {**result, "floor": {"scores": self.scores, **self.test}}
        own = {"floors": self.scores, "against": self.test}
        return {**result, "details": details | {kind: details[kind] | {self.name: own[kind]} for kind in own}}


def with_floors(
    job: Job, examples: Sequence[Any], result: Mapping[str, Any], *, scored: Sequence[Any], answers: Sequence[Any]
) -> dict[str, Any]:
    """Return the figures of a run with those of the floor of its task, and of each task that it joins.

    Arguments beside the result are those of `linear_floor`.
    """
    floor, task = linear_floor(job, examples, scored=scored, answers=answers), job.task
    result = floor.beside(result) if floor else dict(result)
    if not task.tasks:
        return result
    tasks, floors = {**result["details"]["tasks"]}, {}
    for name, one in task.tasks.items():
        dev, learned = (task.known_answers(name, rows, rows)[1] for rows in (job.dev_examples, examples))
        given, asked = task.known_answers(name, answers, scored)
        own = linear_floor(replace(job, task=one, dev_examples=dev), learned, scored=asked, answers=given)
        found = own.beside({"details": tasks[name]}) if own else {"details": tasks[name]}
        tasks[name] = found["details"]
        floors |= {name: found["floor"]} if "floor" in found else {}
    return {**result, "details": {**result["details"], "tasks": tasks}, **({"floors": floors} if floors else {})}


def linear_floor(job: Job, examples: Sequence[Any], *, scored: Sequence[Any], answers: Sequence[Any]) -> Floor | None:
    """Train the floor of a job that is done, and score it where the model was scored; None for a task that has none.

    Args:
        job: the model, and the data that it was trained on.
        examples: its training set.
        scored: the examples that the model answered.
        answers: the answers of the model.

    """
    plain = job.task.config.floor(examples)
    if plain is None:
        return None
    if any(one.label is None for one in examples):
        examples = [one for one in examples if one.label is not None]  # a teacher alone answered the others
    floor = _job(job, plain, examples)
    exact.solve_plainly(floor)
    plain_answers = answer(floor.task, floor.model, scored, device=floor.device)
    task: Any = job.task
    test = task.against(answers, plain_answers, scored)
    scores = floor.task.quick_scores(plain_answers, scored)
    scores.pop("log_loss", None)  # its probabilities are not fitted to anything
    return Floor(task.linear_floor, scores, test)


def _job(job: Job, plain: Any, examples: Sequence[Any]) -> Job:
    """Build the job of the floor, on the rows as they are encoded already where the model reads the same n-grams."""
    known, cpu = job.task.config, torch.device("cpu")
    if job.solved and known.tokenizer == plain.tokenizer:
        task = copy(job.task)
        encoder = plain.encoder.model_copy(update={"width": known.encoder.width})
        task.config = known.model_copy(update={"encoder": encoder})
        return replace(job, task=task, model=deepcopy(job.model), device=cpu)
    task = plain.learn(examples)
    columns, dev_columns = (encode_rows(task.encode, part) for part in (examples, job.dev_examples))
    model = task.build_model()
    task.initialize(model, columns)
    return replace(job, task=task, model=model, columns=columns, dev_columns=dev_columns, device=cpu)
