"""Shares what all tasks that decide among labels do: label numbers, targets, temperature, windows, notes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
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
from weft.models.base import Encoder
from weft.tasks.base import TUNED
from weft.tasks.joining import JoinableTask
from weft.tasks.label_settings import LabelTaskConfig
from weft.tasks.saved_labels import FILE
from weft.text.tokenizers.base import Tokenizer
from weft.text.tokenizers.vocab import UNKNOWN


class LabelTask(JoinableTask):
    """A task with inputs, labels, and the number of training examples of each; its config is a LabelTaskConfig."""

    temperature: float = 1.0
    """Temperature that divides the scores of all labels; 1 until it is tuned."""

    def __init__(
        self, config: LabelTaskConfig, read: Input[Any, Any], labels: Sequence[str], counts: Sequence[int]
    ) -> None:
        self.config, self.input = config, read
        self.labels, self.counts = list(labels), list(counts)
        self.numbers = {label: number for number, label in enumerate(labels)}

    way_out: ClassVar[str] = ""
    """The end of a hint at labels that were never learned."""

    @property
    def each(self) -> int:
        """Number of texts of an example: one, two, or none where no text is read."""
        return self.input.texts

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the texts."""
        return self.input.tokenizer

    def unknown_texts(self, examples: Sequence[LabelledText]) -> int:
        """Count the examples of which no piece, and no view of one, is known."""
        if not examples or not self.each or self.config.beside:
            return 0
        found = self.tokenizer.encode([text for one in examples for text in one.texts])
        known_N = ~np.isin(found.values_NW[:, 0], self.tokenizer.never) | (found.values_NW[:, 1:] > UNKNOWN).any(1)
        if not self.tokenizer.ordered:  # an n-gram that is not known has no id
            known_N[:] = True
        counts_N1 = np.concatenate([[0], np.cumsum(known_N)])
        known_R = np.diff(counts_N1[np.concatenate([[0], np.cumsum(found.lengths_R)])])
        return int((known_R.reshape(len(examples), -1).sum(1) == 0).sum())

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
        return self.input.build_classifier(self.config.classifier, classes=len(self.labels))

    def build_head(self, encoder: Encoder) -> nn.Module:
        """Build the head over an encoder, with fresh weights."""
        return self.config.classifier.build(encoder, classes=len(self.labels))

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:
        """Start each encoder from trained parts, word vectors, or counts over the training rows of each label."""
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
        return [one.with_value_of(examples[at], column) for one, at in zip(examples, order_E.tolist(), strict=True)]

    @abstractmethod
    def targets(self, examples: Sequence[LabelledText]) -> np.ndarray:
        """Return the right answers, a row for each example. Raises InputError for a label that no training text had."""

    def encode(self, examples: Sequence[LabelledText]) -> Columns:
        """Encode the inputs of every example; `label` as numbers, where all are given.

        Raises InputError for a label that no training text had, and for more or fewer texts than in training.
        """
        self._check_texts(examples)
        return self.with_answers(self.input.encode([self.input.value(one.values) for one in examples]), examples)

    def with_answers(self, columns: Columns, examples: Sequence[LabelledText]) -> Columns:
        """Add `label` as numbers to encoded texts, where all are given."""
        labels = {name: array_E[columns.owner_R] for name, array_E in self.label_arrays(examples).items()}
        return replace(columns, fixed={**columns.fixed, **labels})

    def label_arrays(self, examples: Sequence[LabelledText]) -> dict[str, np.ndarray]:
        """Return what is learned from of each example: `label` as numbers, where all are given."""
        return {"label": self.targets(examples)} if all(one.label is not None for one in examples) else {}

    def _check_texts(self, examples: Sequence[LabelledText]) -> None:
        for example in examples:
            if len(example.texts) != self.each:
                what = "expected one text, found a pair" if self.each == 1 else "expected a pair of texts, found one"
                where = place_of(example)
                hint = "" if self.each == 1 else "name both columns, as in `text_a,text_b`, or give --text and --second"
                raise InputError(what, where=where, hint=hint)

    def units(self, examples: Sequence[LabelledText]) -> int:
        """Count the texts."""
        return len(examples)

    def check(self, examples: Sequence[LabelledText]) -> list[str]:
        """Refuse a label that no training text had."""
        self.targets(examples)
        return []

    def gaps(self, examples: Sequence[LabelledText]) -> list[str]:
        """Count the values of the inputs beside the text that are missing or unseen."""
        return self.input.gaps([self.input.value(one.values) for one in examples])

    def merged(self, parts: Sequence[np.ndarray], columns: Columns) -> np.ndarray:
        """Average over the rows of each text, [E, C]; a long text has several."""
        if not parts:
            return np.zeros((0, len(self.labels)))
        sum_EC = np.zeros((int(columns.owner_R[-1]) + 1, len(self.labels)))
        np.add.at(sum_EC, columns.owner_R, np.stack(parts))
        return sum_EC / np.bincount(columns.owner_R)[:, None]

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

    def extra_results(
        self, model: nn.Module, examples: Sequence[LabelledText], *, device: torch.device
    ) -> dict[str, Any]:
        """Return the facts that each input has learned, where there are several."""
        del model, examples, device
        return {"inputs": self.input.describe()} if self.config.beside else {}

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
