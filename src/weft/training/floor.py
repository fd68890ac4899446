"""The floor of a run with labels: a plain linear model over the tf-idf of n-grams, made in seconds on the same rows.

A model that is no better than it is not worth its weights. It is the usual baseline: n-grams of one and two words (of
Chinese, of one to three characters; of names, of one to five letters), a support-vector machine for each label, C = 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from weft.data.columns import encode_rows
from weft.evaluation.evaluate import answer
from weft.metrics.significance import mcnemar
from weft.training import exact
from weft.training.job import Job
from weft.training.settings import TrainingConfig


@dataclass(frozen=True, slots=True)
class Floor:
    """Scores of the floor on the rows that a model was scored on, and the test of their difference."""

    scores: dict[str, float]
    only_model: int
    """Texts that only the model answers rightly."""
    only_floor: int
    """Texts that only the floor answers rightly."""
    p: float
    """Two-sided p of McNemar's exact test."""


def linear_floor(
    config: Any,
    examples: Sequence[Any],
    dev: Sequence[Any],
    *,
    scored: Sequence[Any],
    answers: Sequence[Any],
    refit: bool,
    seed: int,
) -> Floor | None:
    """Train the floor, and score it where a model was scored; None for a task that has none.

    Args:
        config: of the task, with its columns.
        examples: the training set.
        dev: the dev set.
        scored: the examples that the model answered.
        answers: the answers of the model.
        refit: whether the dev set may be learned from too.
        seed: of the run.

    """
    plain = config.floor(examples)
    if plain is None:
        return None
    task = plain.learn(examples)
    model = task.build_model()
    columns = encode_rows(task.encode, examples)
    task.initialize(model, columns)
    device = torch.device("cpu")
    job = Job(
        task=task,
        model=model,
        columns=columns,
        dev_columns=encode_rows(task.encode, dev),
        dev_examples=dev,
        config=TrainingConfig(),
        seed=seed,
        device=device,
        refit=refit,
    )
    for _ in exact.train(job):
        pass
    plain_answers = answer(task, model, scored, device=device)
    test = mcnemar(task.right(answers, scored), task.right(plain_answers, scored))
    return Floor(task.quick_scores(plain_answers, scored), test.only_first, test.only_second, test.p)
