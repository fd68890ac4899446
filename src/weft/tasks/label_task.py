"""Shares what all tasks that decide among labels do: label numbers, targets, temperature, windows, notes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from torch import nn

from weft.data.checks.findings import counted, listed
from weft.data.checks.labels_and_lengths import few_of
from weft.data.columns import Columns
from weft.data.examples.base import place_of
from weft.data.examples.labelled import LabelledText
from weft.errors import InputError
from weft.files import write_json
from weft.inputs.base import Input
from weft.metrics.calibration import log_loss, temperature, tempered
from weft.tasks.base import TUNED
from weft.tasks.deciding_task import DecidingTask
from weft.tasks.label_settings import LabelTaskConfig
from weft.tasks.saved_labels import FILE

LONGEST = 40
"""Number of characters of a label in the name of a simple method."""


def always(labels: Sequence[str]) -> str:
    """Name the simple method that predicts the same labels for every text, long ones cut."""
    cut = [one if len(one) <= LONGEST else f"{one[: LONGEST - 1]}…" for one in labels]
    return f"always predicting {listed([f'`{one}`' for one in cut])}"


class LabelTask(DecidingTask):
    """A task with inputs, labels, and the number of training examples of each; its config is a LabelTaskConfig."""

    temperature: float = 1.0
    """Temperature that divides the scores of all labels; 1 until it is tuned."""

    def __init__(
        self, config: LabelTaskConfig, read: Input[Any, Any], labels: Sequence[str], counts: Sequence[int]
    ) -> None:
        super().__init__(config, read)
        self.labels, self.counts = list(labels), list(counts)
        self.numbers = {label: number for number, label in enumerate(labels)}

    way_out: ClassVar[str] = ""
    """The end of a hint at labels that were never learned."""

    @property
    def outputs(self) -> int:
        """Number of labels."""
        return len(self.labels)

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files, `labels.json`, and `tuned.json` where anything was tuned."""
        self.input.save(folder)
        write_json(folder / FILE, self.learned())
        if self.tuned():
            write_json(folder / TUNED, self.tuned())

    def learned(self) -> dict[str, Any]:
        """Return the content of `labels.json`."""
        each = {} if self.each == 1 else {"each": self.each}
        return {"labels": self.labels, "counts": self.counts, **each}

    def tuned(self) -> dict[str, Any]:
        """Return all that was decided after training."""
        return {} if self.temperature == 1 else {"temperature": self.temperature}

    def restore(self, tuned: Mapping[str, Any]) -> Self:
        """Take up what was decided after training."""
        self.temperature = tuned.get("temperature", 1.0)
        return self

    @property
    def tunes(self) -> tuple[str, ...]:
        """Names of all that is tuned: a temperature, where that is asked."""
        return () if self.config.calibrate == "none" else ("temperature",)

    def calibrate(self, probabilities_NC: np.ndarray, gold_N: np.ndarray) -> list[str]:
        """Fit the temperature where that is asked; it stays 1 where that is no better. Returns notes."""
        if self.config.calibrate == "none":
            return []
        found, before = temperature(probabilities_NC, gold_N), log_loss(probabilities_NC, gold_N)
        after = log_loss(tempered(probabilities_NC, found), gold_N)
        if after < before:
            self.temperature = found
        said = f"calibrated by temperature {self.temperature:.3f}: the log loss on the dev set"
        return [f"{said} falls from {before:.4f} to {min(after, before):.4f}"]

    def build_model(self) -> nn.Module:
        """Build encoder and head, with fresh weights."""
        return self.input.build_classifier(self.config.classifier, classes=self.scores)

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:
        """Start each encoder from trained parts, word vectors, or counts over the training rows of each label."""
        label_R = columns.fixed["label"]
        has_label_CR = [label_R == c if label_R.ndim == 1 else label_R[:, c] for c in range(len(self.labels))]
        return self.input.initialize(model, columns, [np.flatnonzero(has_label_R) for has_label_R in has_label_CR])

    @abstractmethod
    def right(self, answers: Sequence[Any], examples: Sequence[LabelledText]) -> np.ndarray:
        """Return whether each answer is the truth, bool [E]."""

    @abstractmethod
    def targets(self, examples: Sequence[LabelledText]) -> np.ndarray:
        """Return the right answers, a row for each example. Raises InputError for a label that no training text had."""

    def answer_arrays(self, examples: Sequence[LabelledText]) -> dict[str, np.ndarray]:
        """Return what is learned from of each example: `label` as numbers, where all are given."""
        return {"label": self.targets(examples)} if all(one.label is not None for one in examples) else {}

    def check(self, examples: Sequence[LabelledText]) -> list[str]:
        """Refuse a label that no training text had."""
        self.targets(examples)
        return []

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Describe the labels and the inputs."""
        shown = listed([f"`{label}` {count}" for label, count in zip(self.labels, self.counts, strict=True)])
        return [
            f"{counted(len(self.labels), 'label')}: {shown}",
            *self._rare(columns.get("dev")),
            *self.input.notes(columns),
        ]

    def _rare(self, dev: Columns | None) -> list[str]:
        """Name the labels of which the dev set has too few texts for a score of their own."""
        if dev is None or "label" not in dev.fixed:
            return []
        return few_of(self.labels, dev.fixed["label"][np.unique(dev.owner_R, return_index=True)[1]])

    def number(self, label: str, example: LabelledText) -> int:
        """Return the number of a label. Raises InputError, with the line, for one that no training text had."""
        if label not in self.numbers:
            known = ", ".join(f"`{label}`" for label in self.labels[:20])
            raise InputError(
                f"label `{label}` is not one that the model was trained on",
                where=place_of(example),
                hint=f"known labels: {known}{self.way_out}",
            )
        return self.numbers[label]
