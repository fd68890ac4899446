"""Measures what each input adds to a trained model: how much its score falls when that input is shuffled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from weft.evaluation.evaluate import answer
from weft.tasks.base import Task

SHUFFLES, MOST = 5, 2000
"""Number of times that each input is shuffled, and largest number of examples that are answered each time."""


def input_importance(
    task: Task, model: nn.Module, examples: Sequence[Any], *, answers: Sequence[Any], device: torch.device
) -> list[dict[str, Any]]:
    """Measure permutation importance (Breiman 2001, section 10) of each input, and of each column of a table.

    A score is that by which the best weights were chosen, on the first 2,000 examples. It is taken as it is, of the
    `answers` that are there already, and with the values of one input dealt anew over the examples, five times: what
    does the model lose?

    Returns a record for each, with the score as it is (`whole`) and shuffled (`mean`, `low`, `high`); none where only
    one thing is read.

    """
    columns = task.permutable(examples)
    some = list(examples[:MOST])
    if len(columns) < 2 or len(some) < 2:
        return []
    draw = np.random.default_rng(0)
    whole = task.quick_scores(answers[:MOST], some)[task.metric]
    found = []
    for column in columns:
        scores = []
        for _ in range(SHUFFLES):
            shuffled = task.permuted(some, column, draw.permutation(len(some)))
            scores.append(task.quick_scores(answer(task, model, shuffled, device=device), shuffled)[task.metric])
        spread = {"mean": float(np.mean(scores)), "low": min(scores), "high": max(scores)}
        found.append({"input": column, "score": task.metric, "whole": whole, **spread, "shuffles": SHUFFLES})
    return found
