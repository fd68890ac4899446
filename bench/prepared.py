"""A data set encoded as weft does it, and a fresh model trained on it; so that a bench times training alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from weft.config import overridden, validated
from weft.data.columns import Columns
from weft.dataset import Examples, read
from weft.evaluation.evaluate import answer_columns
from weft.run import RunConfig, suited
from weft.training import loop
from weft.training.loop import Job

CPU = torch.device("cpu")
NEVER = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Prepared:
    """A task that has learned its tokenizer, and the rows to train on and to score."""

    config: RunConfig
    task: Any
    """Of the kind `classification`."""
    examples: Examples
    columns: Columns
    scored: Columns

    def train(self) -> nn.Module:
        """Build, weigh and train a fresh model, with no look at the scored part until the end, and then at one row."""
        torch.manual_seed(self.config.seed)
        model = self.task.build_model()
        self.task.initialize(model, self.columns)
        one, training = self.examples.dev[:1], self.config.training.model_copy(update={"evaluate_every": NEVER})
        job = Job(
            task=self.task,
            model=model,
            columns=self.columns,
            dev_columns=self.task.encode(one),
            dev_examples=one,
            config=training,
            seed=self.config.seed,
            device=CPU,
        )
        for _ in loop.train(job):
            pass
        return model.eval()

    def accuracy(self, model: nn.Module) -> float:
        """The accuracy on the scored part."""
        answers = answer_columns(self.task, model, self.scored, device=CPU)
        return accuracy([one.label for one in answers], self.examples)


def accuracy(labels: Sequence[str], examples: Examples) -> float:
    """The share of the scored examples whose label was found."""
    return float(np.mean([label == one.label for label, one in zip(labels, examples.dev, strict=True)]))


def configured(train: str, scored: str, encoder: str, settings: Sequence[str] = ()) -> RunConfig:
    """The config of a run, with the settings that suit its encoder."""
    plain = {"data": {"train": train, "dev": scored}, "task": {"encoder": encoder}, "device": "cpu"}
    return suited(validated(RunConfig, overridden(plain, settings)))


def read_parts(config: RunConfig) -> Examples:
    """The rows to train on, and as `dev` those to score."""
    return read(config.data, config.task, seed=config.seed)


def prepare(config: RunConfig, examples: Examples) -> Prepared:
    """Learn and encode."""
    task = examples.task.learn(examples.train)
    columns = task.encode(examples.train)
    return Prepared(config, task, examples, columns, task.encode(examples.dev))
