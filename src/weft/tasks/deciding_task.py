"""Shares what all tasks do that decide by inputs: the inputs are encoded, several rows of an example averaged."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from weft.data.columns import Columns
from weft.data.examples.base import place_of
from weft.data.examples.labelled import LabelledText
from weft.errors import InputError
from weft.inputs.base import Alone, Input
from weft.metrics.systems import CorpusScore
from weft.models.base import Encoder
from weft.tasks.deciding_settings import DecidingTaskConfig
from weft.tasks.joining import JoinableTask
from weft.text.tokenizers.base import Tokenizer
from weft.text.tokenizers.vocab import UNKNOWN


class DecidingTask(JoinableTask):
    """A task with inputs, by which `outputs` scores or numbers are decided on; its config is a DecidingTaskConfig."""

    linear_floor: ClassVar[str] = "a plain linear model of tf-idf"
    """Name, in a sentence, of the linear model that a model of this task should beat."""

    def __init__(self, config: DecidingTaskConfig, read: Input[Any, Any]) -> None:
        self.config, self.input = config, read

    @property
    @abstractmethod
    def outputs(self) -> int:
        """Number of outputs that are averaged over the rows of an example."""

    @property
    def scores(self) -> int:
        """Number of scores of the head."""
        return self.outputs

    @abstractmethod
    def row_scores(self, answers: Sequence[Any], examples: Sequence[LabelledText]) -> Mapping[str, CorpusScore]:
        """Compute scores that are kept row by row, the first of which decides whether a model beats a simple method."""

    @abstractmethod
    def answer_arrays(self, examples: Sequence[LabelledText]) -> dict[str, np.ndarray]:
        """Return what is learned from of each example, by name, where the right answers of all are given."""

    @property
    def each(self) -> int:
        """Number of texts of an example: one, two, or none where no text is read."""
        return self.input.texts

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the texts."""
        return self.input.tokenizer

    def without_content(self, examples: Sequence[LabelledText]) -> Counter[str]:
        """Count texts of which no piece, and no view of one, is known, and sounds in which nothing is heard."""
        sound = self.config.sound
        if sound is not None:
            return sound.without_content(str(one.other[sound.name]) for one in examples)
        if not examples or not self.each or self.config.beside:
            return Counter()
        found = self.tokenizer.encode([text for one in examples for text in one.texts])
        known_N = ~np.isin(found.values_NW[:, 0], self.tokenizer.never) | (found.values_NW[:, 1:] > UNKNOWN).any(1)
        if not self.tokenizer.ordered:  # an n-gram that is not known has no id
            known_N[:] = True
        counts_N1 = np.concatenate([[0], np.cumsum(known_N)])
        known_R = np.diff(counts_N1[np.concatenate([[0], np.cumsum(found.lengths_R)])])
        unknown = int((known_R.reshape(len(examples), -1).sum(1) == 0).sum())
        return Counter({"text of which the model knows no word": unknown})

    def build_head(self, encoder: Encoder) -> nn.Module:
        """Build the head over an encoder, with fresh weights."""
        return self.config.classifier.build(encoder, classes=self.scores)

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

    def encode(self, examples: Sequence[LabelledText]) -> Columns:
        """Encode the inputs of every example, and the right answers where all are given.

        Raises InputError for an answer that cannot be learned, and for more or fewer texts than in training.
        """
        self._check_texts(examples)
        return self.with_answers(self.input.encode([self.input.value(one.values) for one in examples]), examples)

    def with_answers(self, columns: Columns, examples: Sequence[LabelledText]) -> Columns:
        """Add the right answers to encoded texts, where all are given."""
        right = {name: array_E[columns.owner_R] for name, array_E in self.answer_arrays(examples).items()}
        return replace(columns, fixed={**columns.fixed, **right})

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

    def gaps(self, examples: Sequence[LabelledText]) -> list[str]:
        """Count the values of the inputs beside the text that are missing or unseen."""
        return self.input.gaps([self.input.value(one.values) for one in examples])

    def merged(self, parts: Sequence[np.ndarray], columns: Columns) -> np.ndarray:
        """Average over the rows of each example, [E, C]; a long text has several."""
        if not parts:
            return np.zeros((0, self.outputs))
        sum_EC = np.zeros((int(columns.owner_R[-1]) + 1, self.outputs))
        np.add.at(sum_EC, columns.owner_R, np.stack(parts))
        return sum_EC / np.bincount(columns.owner_R)[:, None]

    def reads_alone(self, kind: Alone = "text") -> Input[Any, Any]:
        """Return the input of a text, or of an image. Raises ConfigError where it is not all that is read."""
        images = kind == "image"
        one = self.config.every_input[0]
        if len(self.config.every_input) > 1 or images != (one.kind == "image") or (not images and self.each != 1):
            return super().reads_alone(kind)
        if not images and self.config.encoder.solved:
            return super().reads_alone(kind)
        return self.input

    def extra_results(
        self, model: nn.Module, examples: Sequence[LabelledText], *, device: torch.device
    ) -> dict[str, Any]:
        """Return the facts that each input has learned, where there are several."""
        del model, examples, device
        return {"inputs": self.input.describe()} if self.config.beside else {}
