"""Predicts examples with a model, scores the predictions, and writes them as a table."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from weft.data.columns import Columns, encode_rows
from weft.data.loader import by_length
from weft.files import written
from weft.tasks.base import Task
from weft.tasks.results import Scores

BATCH_ROWS, BATCH_TOKENS = 512, 16_384
"""Limits of a batch when predicting: large enough to fill a processor, small enough for its caches."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Predictions for all examples, their scores, and the throughput: texts a second, from raw text to prediction."""

    answers: list[Any]
    scores: Scores
    texts_per_second: float

    def to_json(self) -> dict[str, Any]:
        """Convert scores, details and throughput to JSON values."""
        return {
            "scores": {name: asdict(score) for name, score in self.scores.values.items()},
            "details": dict(self.scores.details),
            "speed": {"texts_per_second": round(self.texts_per_second, 1 if self.texts_per_second >= 10 else 3)},
        }


def answer_columns(task: Task, model: nn.Module, columns: Columns, *, device: torch.device) -> list[Any]:
    """Predict one answer an example, in their order; rows of like length are batched together.

    The model is in evaluation mode already: it may be answering elsewhere at the same time.
    """
    assert not model.training, "a model that answers is in evaluation mode"
    parts: list[Any] = [None] * len(columns)
    with torch.inference_mode():
        side = max(1, BATCH_ROWS // task.outputs_per_row)
        for rows in by_length(columns.cost_R, batch_rows=side, batch_tokens=BATCH_TOKENS):
            batch = task.collate(columns, rows).to(device)
            for row, part in zip(rows.tolist(), task.predict(model, batch), strict=True):
                parts[row] = part
    return task.answers(parts, columns)


def answer(task: Task, model: nn.Module, examples: Sequence[Any], *, device: torch.device) -> list[Any]:
    """Predict one answer an example, in their order."""
    return answer_columns(task, model, encode_rows(task.encode, examples), device=device) if examples else []


def evaluate(task: Task, model: nn.Module, examples: Sequence[Any], *, device: torch.device) -> Evaluation:
    """Predict examples and score the predictions."""
    answer(
        task, model, examples[:32], device=device
    )  # the first call of a model is slow: kernels are chosen, memory taken
    started = time.perf_counter()
    answers = answer(task, model, examples, device=device)
    pace = len(examples) / max(1e-9, time.perf_counter() - started)
    return Evaluation(answers, task.score(answers, examples), pace)


def averaged(task: Task, found: Sequence[Evaluation], examples: Sequence[Any]) -> Evaluation:
    """Average the probabilities of several models for the same examples; the throughput is that of one after another.

    Raises InputError if the models do not have the same labels.
    """
    answers = task.average([one.answers for one in found])
    return Evaluation(answers, task.score(answers, examples), 1 / sum(1 / one.texts_per_second for one in found))


def answer_lines(task: Task, answers: Sequence[Any], examples: Sequence[Any]) -> Iterator[str]:
    """Yield the lines of the table of predictions: one of JSON an example."""
    for given, example in zip(answers, examples, strict=True):
        yield json.dumps(task.record(given, example), ensure_ascii=False) + "\n"


def write_answers(path: Path, task: Task, answers: Sequence[Any], examples: Sequence[Any]) -> None:
    """Write the table of predictions."""
    with written(path) as file:
        file.writelines(answer_lines(task, answers, examples))


def answered_number(count: int, unit: str) -> str:
    """Count what was answered by its unit in a file: rows are texts; images, sounds or pairs are what they are."""
    return f"{count:,} {'texts' if unit == 'rows' else unit}"
