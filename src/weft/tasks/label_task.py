"""Shares what all tasks that decide among labels do: what is read, label numbers, temperature, means over windows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import nn

from weft.data.columns import Columns
from weft.data.examples.base import place_of
from weft.data.examples.labelled import LabelledText
from weft.errors import InputError
from weft.files import write_json
from weft.inputs.base import Input
from weft.metrics.calibration import log_loss, temperature, tempered
from weft.tasks.base import TUNED, Task
from weft.tasks.texts import LabelTaskConfig
from weft.text.tokenizers.base import Tokenizer


class LabelTask(Task):
    """What is read, labels, and how many training examples had each; its config is a LabelTaskConfig."""

    temperature: float = 1.0
    """By which the scores of all labels are divided; 1 until it is tuned."""

    def __init__(
        self, config: LabelTaskConfig, read: Input[Any, Any], labels: Sequence[str], counts: Sequence[int]
    ) -> None:
        self.config, self.input = config, read
        self.labels, self.counts = list(labels), list(counts)
        self.numbers = {label: number for number, label in enumerate(labels)}

    @property
    def each(self) -> int:
        """How many texts an example has: one, two, or none where no text is read."""
        return self.input.texts

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the texts."""
        return self.input.tokenizer

    def save(self, folder: Path) -> None:
        """The tokenizer's files, `labels.json`, and `tuned.json` where anything was tuned."""
        self.input.save(folder)
        write_json(folder / "labels.json", self.learned())
        if self.tuned():
            write_json(folder / TUNED, self.tuned())

    def learned(self) -> dict[str, Any]:
        """What of the labels is saved."""
        each = {} if self.each == 1 else {"each": self.each}
        return {"labels": self.labels, "counts": self.counts, **each}

    def tuned(self) -> dict[str, Any]:
        """What was decided after training."""
        return {} if self.temperature == 1 else {"temperature": self.temperature}

    def restore(self, tuned: Mapping[str, Any]) -> Self:
        """Take up what was decided after training."""
        self.temperature = tuned.get("temperature", 1.0)
        return self

    @property
    def tunes(self) -> tuple[str, ...]:
        """A temperature, where that is asked."""
        return () if self.config.calibrate == "none" else ("temperature",)

    def calibrate(self, probabilities_NC: np.ndarray, gold_N: np.ndarray) -> list[str]:
        """Fit the temperature where that is asked; it stays 1 where that is no better. Says what it does."""
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
        return self.input.build_classifier(self.config.classifier, classes=len(self.labels))

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:
        """Start each encoder from what is known before training, such as which training rows have which label."""
        label_R = columns.fixed["label"]
        has_label_CR = [label_R == c if label_R.ndim == 1 else label_R[:, c] for c in range(len(self.labels))]
        return self.input.initialize(model, columns, [np.flatnonzero(has_label_R) for has_label_R in has_label_CR])

    def permutable(self, examples: Sequence[LabelledText]) -> list[str]:
        """Name the inputs that are read, the columns of a table one by one, where there are several."""
        if not self.config.beside or not examples:
            return []
        columns = [key for value in examples[0].other.values() for key in (value if isinstance(value, Mapping) else ())]
        whole = [name for name, value in examples[0].other.items() if not isinstance(value, Mapping)]
        return [*(["text"] if self.config.reads_text else []), *columns, *whole]

    def permuted(self, examples: Sequence[LabelledText], column: str, order_E: np.ndarray) -> list[LabelledText]:
        """Return the examples, each with the text, the input or the column of a table of another one."""
        return [_with(one, examples[other], column) for one, other in zip(examples, order_E.tolist(), strict=True)]

    @abstractmethod
    def targets(self, examples: Sequence[LabelledText]) -> np.ndarray:
        """What is to be answered, a row for each example. Raises InputError for a label that no training text had."""

    def encode(self, examples: Sequence[LabelledText]) -> Columns:
        """Encode what is read of every example; `label` as numbers, where all are given.

        Raises InputError for a label that no training text had, and for more or fewer texts than in training.
        """
        self._check_texts(examples)
        columns = self.input.encode([self.input.value(one.values) for one in examples])
        if not all(example.label is not None for example in examples):
            return columns
        return replace(columns, fixed={**columns.fixed, "label": self.targets(examples)[columns.owner_R]})

    def _check_texts(self, examples: Sequence[LabelledText]) -> None:
        for example in examples:
            if len(example.texts) != self.each:
                what = "expected one text, found a pair" if self.each == 1 else "expected a pair of texts, found one"
                where = place_of(example)
                hint = "" if self.each == 1 else "name both columns, as in `text_a,text_b`, or give --text and --second"
                raise InputError(what, where=where, hint=hint)

    def check(self, examples: Sequence[LabelledText]) -> list[str]:
        """Refuse a label that no training text had."""
        self.targets(examples)
        return []

    def merged(self, parts: Sequence[np.ndarray], columns: Columns) -> np.ndarray:
        """The mean over the rows of each text, [E, C]; a long text has several."""
        if not parts:
            return np.zeros((0, len(self.labels)))
        sum_EC = np.zeros((int(columns.owner_R[-1]) + 1, len(self.labels)))
        np.add.at(sum_EC, columns.owner_R, np.stack(parts))
        return sum_EC / np.bincount(columns.owner_R)[:, None]

    def mean_probabilities(self, answers: Sequence[Sequence[Any]]) -> np.ndarray:
        """The mean over models of the probabilities in their answers to the same texts, [E, C], in this task's order.

        Raises InputError where the models differ in their labels or in how many texts they answered.
        """
        if not answers or len({len(one) for one in answers}) > 1:
            found = ", ".join(str(len(one)) for one in answers) or "none"
            raise InputError(f"expected answers of one or more models to the same texts, found {found}")
        for given in (given for one in answers for given in one):
            if given.probabilities.keys() != self.numbers.keys():
                other = sorted(given.probabilities.keys() ^ self.numbers.keys())
                shown = listed([f"`{label}`" for label in other])
                raise InputError(f"the models do not have the same labels: only one of them has {shown}")
        sums_EC = np.zeros((len(answers[0]), len(self.labels)))
        for one in answers:
            if one:
                sums_EC += [[given.probabilities[label] for label in self.labels] for given in one]
        return sums_EC / len(answers)

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Describe the labels, and what is read."""
        shown = listed([f"`{label}` {count}" for label, count in zip(self.labels, self.counts, strict=True)])
        return [f"{len(self.labels)} labels: {shown}", *self.input.notes(columns)]

    def extra_results(
        self, model: nn.Module, examples: Sequence[LabelledText], *, device: torch.device
    ) -> dict[str, Any]:
        """Return what each input has learned, where there are several."""
        del model, examples, device
        return {"inputs": self.input.describe()} if self.config.beside else {}

    def number(self, label: str, example: LabelledText) -> int:
        """The number of a label. Raises InputError, with the example's line, for one that no training text had."""
        if label not in self.numbers:
            known = ", ".join(f"`{label}`" for label in self.labels[:20])
            raise InputError(
                f"label `{label}` is not one that the model was trained on",
                where=place_of(example),
                hint=f"known labels: {known}",
            )
        return self.numbers[label]


def _with(one: LabelledText, other: LabelledText, column: str) -> LabelledText:
    """An example with one thing that it is read by taken from another."""
    if column == "text":
        return replace(one, text=other.text, second=other.second)
    values = {
        name: other.other[name] if name == column else {**value, column: other.other[name][column]}
        if isinstance(value, Mapping) and column in value else value
        for name, value in one.other.items()
    }  # fmt: skip
    return replace(one, other=values)


def listed(words: Sequence[str]) -> str:
    """The first eight of some words, and how many more there are."""
    return ", ".join(words[:8]) + (f" and {len(words) - 8} more" if len(words) > 8 else "")
