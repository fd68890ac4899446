"""Text classification, the story in order: example, config, learn, encode, collate, loss, predict, answer, score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from weft.config import Config
from weft.data.batch import Moves, Ngrams, Source, Tokens
from weft.data.columns import Columns, Long, Ragged, fit
from weft.data.guess import guess_columns, guess_text_column
from weft.data.sources import Table
from weft.errors import ConfigError, InputError
from weft.files import read_json, write_json
from weft.metrics.bootstrap import class_scores, scores
from weft.metrics.calibration import log_loss, reliability
from weft.metrics.classification import confusion, tally
from weft.models.base import EncoderConfig
from weft.models.choices import EncoderChoice
from weft.models.classifier import Classifier, ClassifierConfig
from weft.models.cnn import CnnEncoderConfig
from weft.tasks.base import Loss, Scores, Task, TaskConfig
from weft.text.choices import TokenizerChoice, fitting
from weft.text.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text and its label (None: to be predicted); `line` is where it stands in its file, 0 for none."""

    text: str
    label: str | None = None
    line: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """The most probable label, and the probability of every label."""

    label: str
    probability: float
    probabilities: Mapping[str, float] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Batch(Moves):
    """A source of B rows and their label numbers [B]; None when predicting."""

    source: Source
    label_B: Tensor | None


class LossConfig(Config):
    """Cross-entropy and its variations."""

    smoothing: float = Field(default=0.0, ge=0, lt=1)
    """The share of the target spread evenly over all labels (Szegedy et al. 2016, section 7)."""
    class_weights: Literal["none", "balanced"] = "none"
    """`balanced` weighs a row by the inverse frequency of its label."""


class ClassificationConfig(TaskConfig):
    """A text has one label of several."""

    kind: Literal["classification"] = "classification"
    text: str | None = None
    """The column of the text; None: guessed from the file, and said."""
    label: str | None = None
    """The column of the label; None: guessed from the file, and said."""
    tokenizer: TokenizerChoice | None = None
    """How texts become ids; None: chosen by encoder and script, and said."""
    max_length: int = Field(default=512, ge=8)
    """Positions of a text that an encoder reads at once; a bag reads all."""
    long: Long = "head"
    """What is read of longer texts."""
    encoder: EncoderChoice = CnnEncoderConfig()
    classifier: ClassifierConfig = ClassifierConfig()
    loss: LossConfig = LossConfig()

    def resolved(self, table: Table) -> Self:
        """The same with both columns named."""
        text, label = guess_columns(table, text=self.text, label=self.label)
        return self.model_copy(update={"text": text, "label": label})

    def for_table(self, table: Table, *, text: str | None = None, label: str | None = None) -> Self:
        """The same for another table."""
        columns = {
            "text": text or (self.text if self.text in table.columns else None),
            "label": label or (self.label if self.label in table.columns else None),
        }
        return self.model_copy(update=columns).resolved(table)

    def for_inputs(self, table: Table, *, text: str | None = None) -> Self:
        """The same for texts without labels."""
        text = text or (self.text if self.text in table.columns else None)
        return self.model_copy(update={"text": guess_text_column(table, text=text), "label": None})

    def read(self, table: Table) -> Iterator[Labelled]:
        """The labelled texts of a table; a row with an empty text or label is refused. Without `label`, texts alone."""
        for row in table:
            text, label = row.values.get(self.text or "", ""), row.values.get(self.label or "", "").strip()
            if not text.strip():
                table.reject(row.line, "text is empty", column=self.text or "")
            elif self.label and not label:
                table.reject(row.line, "label is empty", column=self.label or "")
            else:
                yield Labelled(text, label if self.label else None, row.line)

    def learn(self, examples: Sequence[Labelled]) -> Classification:
        """Labels and tokenizer from training examples. Raises InputError where there are not two labels or more."""
        counts = Counter(example.label for example in examples if example.label is not None)
        if len(counts) < 2:
            found = f"only `{next(iter(counts))}`" if counts else "none"
            raise InputError(
                f"expected at least two labels, found {found}", hint="a classifier needs something to tell apart"
            )
        texts = [example.text for example in examples]
        tokenizer = self.tokenizer or fitting(texts, ordered=self.encoder.reads_order)
        learned = tokenizer.learn(texts)
        _check_pair(self.encoder, learned)
        labels = sorted(counts, key=_natural)
        config = self.model_copy(update={"tokenizer": tokenizer})
        return Classification(config, learned, labels, [counts[label] for label in labels])

    def load(self, folder: Path) -> Classification:
        """Load what `Classification.save` wrote."""
        saved = read_json(folder / "labels.json")
        if self.tokenizer is None:
            raise ConfigError("is not set in a saved task", where="task.tokenizer")
        return Classification(self, self.tokenizer.load(folder), saved["labels"], saved["counts"])


class Classification(Task):
    """A tokenizer, labels, and how many training texts had each."""

    config: ClassificationConfig
    metric: ClassVar[str] = "accuracy"
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "log_loss")
    lower_is_better: ClassVar[frozenset[str]] = frozenset({"log_loss", "calibration_error"})

    def __init__(
        self, config: ClassificationConfig, tokenizer: Tokenizer, labels: Sequence[str], counts: Sequence[int]
    ) -> None:
        self.config, self.tokenizer = config, tokenizer
        self.labels, self.counts = list(labels), list(counts)
        self.numbers = {label: number for number, label in enumerate(labels)}

    def save(self, folder: Path) -> None:
        """The tokenizer's files and `labels.json`."""
        self.tokenizer.save(folder)
        write_json(folder / "labels.json", {"labels": self.labels, "counts": self.counts})

    def build_model(self) -> Classifier:
        """The encoder and its head, with fresh weights."""
        encoder = self.config.encoder.build(self.tokenizer.sizes)
        return self.config.classifier.build(encoder, classes=len(self.labels))

    def encode(self, examples: Sequence[Labelled]) -> Columns:
        """Ids of every text, in rows no longer than the maximum; labels as numbers, where all are given.

        Raises InputError for a label that no training text had.
        """
        encoded = self.tokenizer.encode([example.text for example in examples])
        whole = Ragged.of(encoded.values_NW, encoded.lengths_R)
        limit = self.config.max_length if self.tokenizer.ordered else max(1, len(whole.values))
        fitted = fit(whole, max_length=limit, long=self.config.long)
        total = int(encoded.lengths_R.sum())
        facts = {
            "known": 1 - encoded.unknown / max(1, total if self.tokenizer.ordered else total + encoded.unknown),
            "long": fitted.long_texts / max(1, len(examples)),
            "unread": fitted.unread / max(1, total),
        }
        fixed = {}
        if all(example.label is not None for example in examples):
            fixed["label"] = self._label_numbers(examples)[fitted.owner_R]
        # one more than the tokens: an empty row costs something too
        return Columns({"text": fitted.rows}, fixed, fitted.owner_R, fitted.rows.lengths_R + 1, facts)

    def check(self, examples: Sequence[Labelled]) -> None:
        """Refuse a label that no training text had."""
        self._label_numbers(examples)

    def collate(self, columns: Columns, rows: np.ndarray) -> Batch:
        """Gather and pad some rows."""
        text = columns.ragged["text"]
        source: Source
        if self.tokenizer.ordered:
            ids_BSW, mask_BS = text.padded(rows)
            ids = torch.from_numpy(ids_BSW).long()
            views = ids[..., 1:] if ids.shape[2] > 1 else None
            source = Tokens(ids[..., 0], torch.from_numpy(mask_BS), views)
        else:
            ids_N1, starts_B = text.flat(rows)
            source = Ngrams(torch.from_numpy(ids_N1[:, 0]).long(), torch.from_numpy(starts_B))
        label = columns.fixed.get("label")
        return Batch(source, None if label is None else torch.from_numpy(label[rows]))

    def loss(self, model: nn.Module, batch: Batch, step: int) -> Loss:  # noqa: ARG002  (no schedule here)
        """Cross-entropy, summed over rows; the count is their number, or the sum of their weights."""
        if batch.label_B is None:
            raise InputError("there are texts without a label among those to learn from")
        logits_BC = model(batch.source)
        weight_C = None
        count = torch.tensor(float(len(logits_BC)), dtype=logits_BC.dtype, device=logits_BC.device)
        if self.config.loss.class_weights == "balanced":
            mean = sum(self.counts) / len(self.counts)
            weight_C = torch.tensor([mean / count for count in self.counts]).to(logits_BC)
            count = weight_C[batch.label_B].sum()
        smoothing = self.config.loss.smoothing
        total = functional.cross_entropy(logits_BC, batch.label_B, weight_C, reduction="sum", label_smoothing=smoothing)
        return Loss(total, count)

    def predict(self, model: nn.Module, batch: Batch) -> list[np.ndarray]:
        """The probability of each class for each row, float64 [C]."""
        return list(model(batch.source).double().softmax(-1).cpu().numpy())

    def answers(self, parts: Sequence[np.ndarray], columns: Columns) -> list[Answer]:
        """The mean over the rows of each text, and its best label."""
        if not parts:
            return []
        sum_EC = np.zeros((int(columns.owner_R[-1]) + 1, len(self.labels)))
        np.add.at(sum_EC, columns.owner_R, np.stack(parts))
        mean_EC = sum_EC / np.bincount(columns.owner_R)[:, None]
        best_E = mean_EC.argmax(1)
        return [
            Answer(self.labels[best], row[best], dict(zip(self.labels, row, strict=True)))
            for best, row in zip(best_E.tolist(), mean_EC.tolist(), strict=True)
        ]

    def quick_scores(self, answers: Sequence[Answer], examples: Sequence[Labelled]) -> dict[str, float]:
        """Accuracy, macro scores and log loss."""
        probabilities_EC, gold_E = self._arrays(answers, examples)
        counted = tally(confusion(gold_E, probabilities_EC.argmax(1), len(self.labels))).overall()
        values = {name: float(value) for name, value in counted.items()}
        return {**values, "log_loss": log_loss(probabilities_EC, gold_E)}

    def score(self, answers: Sequence[Answer], examples: Sequence[Labelled]) -> Scores:
        """All scores; details are the confusion matrix, the scores of each label and the calibration bins."""
        probabilities_EC, gold_E = self._arrays(answers, examples)
        confusion_CC = confusion(gold_E, probabilities_EC.argmax(1), len(self.labels))
        commonest = confusion_CC.sum(1).argmax()
        details = {
            "labels": self.labels,
            "commonest": {
                "label": self.labels[commonest],
                "share": float(confusion_CC[commonest].sum() / confusion_CC.sum()),
            },
            "confusion": confusion_CC.tolist(),
            "per_class": [
                {"label": label, **asdict(one)}
                for label, one in zip(self.labels, class_scores(confusion_CC), strict=True)
            ],
            "calibration": _bins(probabilities_EC, gold_E),
        }
        return Scores(scores(probabilities_EC, gold_E), details)

    def record(self, answer: Answer, example: Labelled) -> dict[str, Any]:
        """Text, its label where it has one, the answer and every probability."""
        known = {} if example.label is None else {"label": example.label}
        probabilities = {label: round(value, 6) for label, value in answer.probabilities.items()}
        line = {"line": example.line} if example.line else {}
        return {
            "text": example.text,
            **known,
            "answer": answer.label,
            "probability": round(answer.probability, 6),
            "probabilities": probabilities,
            **line,
        }

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Labels, the tokenizer with its coverage, and long texts."""
        shown = ", ".join(f"`{label}` {count}" for label, count in list(zip(self.labels, self.counts, strict=True))[:8])
        more = f" and {len(self.labels) - 8} more" if len(self.labels) > 8 else ""
        described = self.config.tokenizer.describe() if self.config.tokenizer else ""
        sizes = " + ".join(f"{size:,}" for size in self.tokenizer.sizes)
        known = ", ".join(f"{part.facts['known']:.1%} of {name}" for name, part in columns.items())
        notes = [
            f"{len(self.labels)} labels: {shown}{more}",
            f"tokenizer: {described}; {sizes} ids, which cover {known}",
        ]
        for name, part in columns.items():
            if part.facts["long"]:
                longer = f"{part.facts['long']:.1%} of the {name} texts are longer than {self.config.max_length} tokens"
                unread = f"{part.facts['unread']:.1%} of all {name} tokens are not read (--long windows reads all)"
                whole = self.config.long == "windows"
                notes.append(f"{longer}, read {'in windows' if whole else f'by their {self.config.long}: {unread}'}")
        return notes

    def _label_numbers(self, examples: Sequence[Labelled]) -> np.ndarray:
        for example in examples:
            if example.label not in self.numbers:
                known = ", ".join(f"`{label}`" for label in self.labels[:20])
                raise InputError(
                    f"label `{example.label}` is not one that the model was trained on",
                    where=f"line {example.line}" if example.line else "",
                    hint=f"known labels: {known}",
                )
        return np.array([self.numbers[str(example.label)] for example in examples], dtype=np.int64)

    def _arrays(self, answers: Sequence[Answer], examples: Sequence[Labelled]) -> tuple[np.ndarray, np.ndarray]:
        probabilities_EC = np.array([list(answer.probabilities.values()) for answer in answers])
        return probabilities_EC, self._label_numbers(examples)


def _check_pair(encoder: EncoderConfig, tokenizer: Tokenizer) -> None:
    if encoder.reads_order and not tokenizer.ordered:
        raise ConfigError(
            f"`{encoder.kind}` reads positions in order, and n-grams have none",
            where="task.tokenizer",
            hint="leave task.tokenizer out, or take `mixed`, `word`, `char` or `bpe`",
        )
    if not encoder.reads_order and tokenizer.ordered:
        raise ConfigError(
            f"`{encoder.kind}` reads n-grams", where="task.tokenizer", hint="leave task.tokenizer out, or take `ngrams`"
        )


def _natural(label: str) -> tuple[int, float, str]:
    """Numbers in their order, before words in theirs."""
    try:
        return (0, float(label), label)
    except ValueError:
        return (1, 0.0, label)


def _bins(probabilities_EC: np.ndarray, gold_E: np.ndarray) -> list[dict[str, float]]:
    bins = reliability(probabilities_EC, gold_E)
    rows = zip(bins.edges_M1[:-1], bins.edges_M1[1:], bins.count_M, bins.confidence_M, bins.accuracy_M, strict=True)
    names = ("low", "high", "count", "confidence", "accuracy")
    return [dict(zip(names, map(float, row), strict=True)) for row in rows if row[2]]
