"""What every task on texts does alike: ids, batches, windows, temperature, notes; of labels it knows the names."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from torch import nn

from weft.data.batch import Source
from weft.data.columns import Columns, Fitted, Ragged, Share, fit
from weft.data.examples.labelled import LabelledText
from weft.errors import InputError
from weft.files import write_json
from weft.inputs.pair import framed, shared_and_alone
from weft.inputs.text import framed_tokens, ngrams_of, tokens_of
from weft.inputs.warm_start import start_from_run
from weft.inputs.word_vectors import start_from
from weft.metrics.calibration import log_loss, temperature, tempered
from weft.models.base import Encoder
from weft.models.classifier import Classifier
from weft.models.pairs import Pair, PairClassifier
from weft.tasks.base import TUNED, Task
from weft.tasks.texts import TextClassifierConfig
from weft.text.tokenizers.base import Tokenizer


class TextClassifierTask(Task):
    """A tokenizer, labels, and how many training examples had each; its config is a TextsConfig.

    `each` is how many texts an example has, one or two.
    """

    temperature: float = 1.0
    """By which the scores of all labels are divided; 1 until it is tuned."""

    def __init__(
        self,
        config: TextClassifierConfig,
        tokenizer: Tokenizer,
        labels: Sequence[str],
        counts: Sequence[int],
        *,
        each: int = 1,
    ) -> None:
        self.config, self.tokenizer, self.each = config, tokenizer, each
        self.labels, self.counts = list(labels), list(counts)
        self.numbers = {label: number for number, label in enumerate(labels)}

    def save(self, folder: Path) -> None:
        """The tokenizer's files, `labels.json`, and `tuned.json` where anything was tuned."""
        self.tokenizer.save(folder)
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

    def build_model(self) -> Classifier | PairClassifier:
        """The encoder and its head, with fresh weights."""
        sizes = self.tokenizer.sizes
        if self.each > 1 and not self.tokenizer.ordered:
            sizes = (2 * sizes[0],)  # an n-gram of both texts is another than the same of one alone
        encoder = self.config.encoder.build(sizes)
        if self.each > 1 and self.tokenizer.ordered and self.tokenizer.frame is None:
            return PairClassifier(encoder, self.config.classifier, classes=len(self.labels))
        return self.config.classifier.build(encoder, classes=len(self.labels))

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:
        """Let the encoder see which training rows have which label, and start its pieces from word vectors."""
        label_R, text = columns.fixed["label"], columns.ragged["text"]
        of_C = (np.flatnonzero(label_R == c if label_R.ndim == 1 else label_R[:, c]) for c in range(len(self.labels)))
        assert isinstance(model.encoder, Encoder)
        model.encoder.prepare(text.values[:, 0], (text.flat(rows)[0][:, 0] for rows in of_C))
        if self.config.start:
            notes = [start_from_run(self.config.start, model, part="encoder")]
        else:
            notes = self.config.encoder.start(model.encoder)
        if self.config.vectors is None or self.tokenizer.pieces is None:
            return notes
        ids_N = np.concatenate([side.values[:, 0] for side in columns.ragged.values()])
        change = self.config.vectors_change
        return [*notes, start_from(self.config.vectors, model.encoder, self.tokenizer.pieces, ids_N, change=change)]

    @abstractmethod
    def targets(self, examples: Sequence[LabelledText]) -> np.ndarray:
        """What is to be answered, a row for each example. Raises InputError for a label that no training text had."""

    def encode(self, examples: Sequence[LabelledText]) -> Columns:
        """Ids of every text, in rows no longer than the maximum; `label` as numbers, where all are given.

        Raises InputError for a label that no training text had, and for more or fewer texts than in training.
        """
        self._check_texts(examples)
        sides = [self.tokenizer.encode([one.texts[side] for one in examples]) for side in range(self.each)]
        wholes = [Ragged.of(side.values_NW, side.lengths_R) for side in sides]
        if self.tokenizer.frame is not None:
            max_length, long = self.config.max_length, self.config.long
            fitted = [framed(wholes, self.tokenizer.frame, max_length=max_length, long=long)]
        elif self.tokenizer.ordered:
            fitted = [fit(whole, max_length=self.config.max_length, long=self.config.long) for whole in wholes]
        else:
            whole = shared_and_alone(*wholes, size=self.tokenizer.sizes[0]) if self.each > 1 else wholes[0]
            fitted = [Fitted(whole, np.arange(len(examples)), 0, 0)]
        total, unknown = sum(int(side.lengths_R.sum()) for side in sides), sum(side.unknown for side in sides)
        pieces = total if self.tokenizer.ordered else total + unknown
        facts = {
            "known": Share.but(unknown, pieces),
            "long": Share(sum(side.long_texts for side in fitted), len(fitted) * len(examples)),
            "unread": Share(sum(side.unread for side in fitted), total),
        }
        owner_R, fixed = fitted[0].owner_R, {}
        if all(example.label is not None for example in examples):
            fixed["label"] = self.targets(examples)[owner_R]
        ragged = {name: side.rows for name, side in zip(("text", "second"), fitted, strict=False)}
        # one more than the tokens: an empty row costs something too
        cost_R = 1 + np.sum([side.rows.lengths_R for side in fitted], axis=0)
        spelled = {name: side.letters for name, side in zip(ragged, sides, strict=False) if side.letters}
        letters = {name: Ragged.of(one.ids_N, one.lengths_U) for name, one in spelled.items()}
        return Columns(ragged, fixed, owner_R, cost_R, facts, letters)

    def _check_texts(self, examples: Sequence[LabelledText]) -> None:
        for example in examples:
            if len(example.texts) != self.each:
                what = "expected one text, found a pair" if self.each == 1 else "expected a pair of texts, found one"
                where = f"line {example.line}" if example.line else ""
                hint = "" if self.each == 1 else "name both columns, as in `text_a,text_b`, or give --text and --second"
                raise InputError(what, where=where, hint=hint)

    def check(self, examples: Sequence[LabelledText]) -> list[str]:
        """Refuse a label that no training text had."""
        self.targets(examples)
        return []

    def source(self, columns: Columns, rows: np.ndarray) -> Source | Pair:
        """Gather and pad the ids of some rows."""
        if self.tokenizer.frame is not None:
            return framed_tokens(columns.ragged["text"], rows)
        if self.tokenizer.ordered:
            first, *second = (tokens_of(one, rows, columns.letters.get(name)) for name, one in columns.ragged.items())
            return Pair(first, *second) if second else first
        return ngrams_of(columns.ragged["text"], rows)

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
        """Labels, the tokenizer with its coverage, and long texts."""
        shown = listed([f"`{label}` {count}" for label, count in zip(self.labels, self.counts, strict=True)])
        described = self.config.tokenizer.describe() if self.config.tokenizer else ""
        known = ", ".join(f"{part.facts['known']:.1%} of {name}" for name, part in columns.items())
        notes = [
            f"{len(self.labels)} labels: {shown}",
            f"tokenizer: {described}; {self.tokenizer.counted}, covering {known}",
        ]
        if self.tokenizer.frame is not None and min(part.facts["known"] for part in columns.values()) < 0.9:
            notes.append("many tokens are unknown: was the pre-trained model trained on this language?")
        for name, part in columns.items():
            if part.facts["long"]:
                longer = f"{part.facts['long']:.1%} of the {name} texts are longer than {self.config.max_length} tokens"
                unread = f"{part.facts['unread']:.1%} of all {name} tokens are cut off (--long windows reads all)"
                whole = self.config.long == "windows"
                notes.append(f"{longer}, read {'in windows' if whole else f'by their {self.config.long}: {unread}'}")
        return notes

    def number(self, label: str, example: LabelledText) -> int:
        """The number of a label. Raises InputError, with the example's line, for one that no training text had."""
        if label not in self.numbers:
            known = ", ".join(f"`{label}`" for label in self.labels[:20])
            raise InputError(
                f"label `{label}` is not one that the model was trained on",
                where=f"line {example.line}" if example.line else "",
                hint=f"known labels: {known}",
            )
        return self.numbers[label]


def listed(words: Sequence[str]) -> str:
    """The first eight of some words, and how many more there are."""
    return ", ".join(words[:8]) + (f" and {len(words) - 8} more" if len(words) > 8 else "")
