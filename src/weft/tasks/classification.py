"""Text classification: one label of several for a text. Reading of rows is in `label_settings`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import field_validator, model_validator
from torch import Tensor, nn

from weft.data.batch import Moves
from weft.data.blank_rows import BlankField
from weft.data.checks.findings import listed
from weft.data.columns import Columns
from weft.data.examples.label_spelling import are_numbers, spelled
from weft.data.examples.labelled import LabelledText, SoftLabelledText, in_order
from weft.data.examples.nested_fields import must_hold_one_label
from weft.data.sources import Row, Table
from weft.errors import ConfigError, InputError
from weft.inputs.base import Input
from weft.metrics.bootstrap import class_scores, scores
from weft.metrics.calibration import log_loss, reliability, tempered
from weft.metrics.certainty import surest, uncertainty
from weft.metrics.classification import confusion, tally
from weft.metrics.floors import Floor, beside
from weft.metrics.hierarchy import level_scores
from weft.metrics.regression import ordinal_scores
from weft.metrics.systems import CorpusScore, intervals, mean_score
from weft.tasks.averages import mean_probabilities
from weft.tasks.base import AnswerForm
from weft.tasks.label_settings import LabelTaskConfig
from weft.tasks.label_task import LabelTask, always
from weft.tasks.losses import LossConfig, TeacherConfig, cross_entropy, ordered_logits, taught_loss
from weft.tasks.results import Loss, Scores
from weft.tasks.teaching import PseudoLabelled, SelfTaught, SelfTraining, Student, Targets, Teacher, Uncertain

TINY = np.finfo(np.float64).tiny
COMPARED = 20_000
"""About the largest number of training images or sounds that are compared with one that is scored."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The most probable label, and the probability of every label."""

    label: str
    probability: float
    probabilities: Mapping[str, float] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Batch(Moves):
    """A source of B rows and their label numbers [B]; None when predicting. -1 where only a teacher has answered.

    What a teacher answered are logarithms of probabilities, [B, C]; None where there is no teacher.
    """

    source: Any
    label_B: Tensor | None
    soft_BC: Tensor | None = None


class ClassificationConfig(Student, SelfTraining, LabelTaskConfig):
    """Settings of text classification: a text has one label of several."""

    kind: Literal["classification"] = "classification"
    teacher_settings: ClassVar[type[Any]] = TeacherConfig
    taken_over: ClassVar[tuple[str, ...]] = ("ordinal",)
    answers_with: ClassVar[AnswerForm] = "label"
    headline: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1", "quadratic_kappa", "mae")
    compared_by: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1", "log_loss")
    compared_kinds: ClassVar[tuple[str, ...]] = ("bag", "cnn", "lstm", "transformer")
    teaches: ClassVar[bool] = True
    unseen_labels: Literal["refuse", "wrong"] = "refuse"
    """Treatment of labels in dev and test sets that no training text has: `refuse` ends with an error, since most are
    mistakes in a file; `wrong` counts their texts as answered wrong, as published scores on such sets do."""
    loss: LossConfig = LossConfig()
    ordinal: bool | tuple[str, ...] = False
    """Whether the labels are ordered, as stars from 1 to 5 are: true orders numbers, and a list names other labels from
    the lowest to the highest. The steps from label to label are learned then, and quadratic weighted kappa chooses the
    best weights."""

    @field_validator("ordinal", mode="before")
    @classmethod
    def _labels_may_be_numbers(cls, given: Any) -> Any:
        numbers = (int, float)
        if not isinstance(given, list | tuple):
            return given
        return [str(one) if isinstance(one, numbers) and not isinstance(one, bool) else one for one in given]

    @model_validator(mode="after")
    def _orders_every_label(self) -> Self:
        if self.ordinal and self.unseen_labels == "wrong":
            raise ValueError("a label that training never had has no place in an order: set ordinal or unseen_labels")
        return self

    @property
    def weighs_labels(self) -> bool:
        """Whether the loss weighs rare labels up."""
        return self.loss.class_weights != "none"

    @property
    def orders_labels(self) -> bool:
        """Whether the order of the labels is learned."""
        return bool(self.ordinal)

    @property
    def has_plain_loss(self) -> bool:
        """Whether all settings of the loss are the defaults, but for weights of the rows, and labels have no order."""
        return not self.ordinal and self.loss == LossConfig(class_weights=self.loss.class_weights)

    def resolved(self, table: Table) -> Self:
        """Return a copy with both columns named. Raises InputError where that of the label holds none."""
        config = super().resolved(table)
        for column in config.columns_of("label", table):
            must_hold_one_label(table, column)
        return config

    def answer_of(self, row: Row) -> str:
        """Read the label of a row. Raises InputError where it is empty."""
        label = row.values.get(str(self.label or ""), "").strip()
        if not label:
            raise BlankField("label")
        return spelled(label, self.label_spelling)

    def comparable(self, record: Mapping[str, Any]) -> tuple[Any, Any]:
        """Read text and truth, and the answer, from a line of a table of answers."""
        return (record.get("text"), str(record["label"])), str(record["answer"])

    def learn(self, examples: Sequence[LabelledText], read: Input[Any, Any] | None = None) -> Classification:
        """Learn labels and tokenizer from training examples. Raises InputError for fewer than two labels."""
        counts = Counter(str(example.label) for example in examples if example.label is not None)
        if len(counts) < 2:
            found = f"only `{next(iter(counts))}`" if counts else "none"
            raise InputError(f"expected at least two labels, found {found}", hint="a classifier needs at least two")
        labels = self._ordered(in_order(counts))
        scores = 1 if len(labels) == 2 else len(labels)
        config, read = self.learned_input(examples, read, classes=len(labels), scores=scores)
        return Classification(config, read, labels, [counts[label] for label in labels])

    def _ordered(self, labels: list[str]) -> list[str]:
        """Return the labels in the order that `ordinal` names. Raises ConfigError where it does not order them all."""
        if not self.ordinal:
            return labels
        if self.ordinal is True:
            if are_numbers(labels):
                return labels
            shown = ",".join(labels)
            hint = f"name them from the lowest to the highest, as in --set 'task.ordinal=[{shown}]'"
            raise ConfigError("orders labels that are numbers, and these are words", where="task.ordinal", hint=hint)
        if odd := sorted({*self.ordinal} ^ {*labels}):
            whose = "is no label of the training file" if odd[0] in self.ordinal else "is not in this order"
            hint = "name each label once, from the lowest to the highest"
            raise ConfigError(f"`{odd[0]}` {whose}", where="task.ordinal", hint=hint)
        return list(self.ordinal)

    def load(self, folder: Path, read: Input[Any, Any] | None = None) -> Classification:
        """Load what `Classification.save` wrote."""
        saved = self.saved(folder, read)
        return Classification(self, saved.read, saved.labels, saved.counts).restore(saved.tuned)


class Classification(Teacher, SelfTaught, Uncertain, LabelTask):
    """One label of several for a text."""

    config: ClassificationConfig
    way_out: ClassVar[str] = "; --set task.unseen_labels=wrong counts such texts as answered wrong"
    metric: ClassVar[str] = "accuracy"
    tie_metric: ClassVar[str | None] = "log_loss"
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "log_loss")

    def __init__(
        self, config: ClassificationConfig, read: Input[Any, Any], labels: Sequence[str], counts: Sequence[int]
    ) -> None:
        super().__init__(config, read, labels, counts)
        if config.ordinal:
            self.metric = "quadratic_kappa"  # ty: ignore[invalid-attribute-access]
            self.metrics = (*type(self).metrics, "quadratic_kappa", "mae")  # ty: ignore[invalid-attribute-access]

    @property
    def scores(self) -> int:
        """Number of scores of the head: one a label, or of ordered labels one for each step between two."""
        return len(self.labels) - (1 if self.config.ordinal else 0)

    def logits(self, model: nn.Module, source: Any) -> Tensor:
        """Score each label, [B, C]; of ordered ones these are log-probabilities."""
        scores = model(source)
        return ordered_logits(scores) if self.config.ordinal else scores

    def right(self, answers: Sequence[Answer], examples: Sequence[LabelledText]) -> np.ndarray:
        """Return whether each answer is the label, bool [E]."""
        return np.array([one.label == example.label for one, example in zip(answers, examples, strict=True)])

    def stand_in(self, example: LabelledText) -> LabelledText:
        """Return a text with the first label."""
        return replace(example, label=self.labels[0])

    def targets(self, examples: Sequence[LabelledText]) -> np.ndarray:
        """Return the number of the label of each example, [E]; labels that were never learned come after the others."""
        if self.config.unseen_labels == "refuse":
            return np.array([self.number(str(one.label), one) for one in examples], dtype=np.int64)
        numbers = {label: number for number, label in enumerate(self._with_unseen(examples))}
        return np.array([numbers[str(one.label)] for one in examples], dtype=np.int64)

    def _with_unseen(self, examples: Sequence[LabelledText]) -> list[str]:
        """Return the labels, and behind them those of some examples that were never learned."""
        return [*self.labels, *in_order(dict.fromkeys({str(one.label) for one in examples} - self.numbers.keys(), 0))]

    def check(self, examples: Sequence[LabelledText]) -> list[str]:
        """Refuse a label that no training text had; where these count as wrong, only a file that has no other."""
        strange = [one for one in examples if str(one.label) not in self.numbers]
        if strange and (self.config.unseen_labels == "refuse" or len(strange) == len(examples)):
            self.number(str(strange[0].label), strange[0])  # raises
        counts = Counter(str(one.label) for one in strange)
        shown = listed([f"`{label}` {count}" for label, count in counts.items()])
        return [f"labels without a training text count as answered wrong: {shown}"] if strange else []

    def answer_arrays(self, examples: Sequence[LabelledText]) -> dict[str, np.ndarray]:
        """Return `label`, or of examples that a teacher has answered `label`, -1 for none, and `soft`, [E, C].

        A teacher's probabilities come in the order of `in_order`, and are put in that of the labels.
        """
        taught = [one for one in examples if isinstance(one, SoftLabelledText)]
        if not taught or len(taught) < len(examples):
            return super().answer_arrays(examples)
        label_E = [-1 if one.label is None else self.numbers[str(one.label)] for one in taught]
        order = in_order(self.numbers)
        soft_EC = np.array([one.soft for one in taught], dtype=np.float32)[:, [*map(order.index, self.labels)]]
        return {"label": np.array(label_E, dtype=np.int64), "soft": soft_EC}

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:
        """Check texts and labels. Raises ConfigError where the loss needs a teacher that has not answered."""
        if self.config.loss.teacher is not None and "soft" not in columns.fixed:
            hint = "leave it out, or train with `weft distil`, which asks a teacher"
            raise ConfigError("no teacher has answered these texts", where="task.loss.teacher", hint=hint)
        return super().initialize(model, columns)

    def collate(self, columns: Columns, rows: np.ndarray) -> Batch:
        """Gather and pad some rows."""
        label_B, soft_BC = (
            torch.from_numpy(columns.fixed[name][rows]) if name in columns.fixed else None for name in ("label", "soft")
        )
        return Batch(self.input.collate(columns, rows), label_B, soft_BC)

    def decisions(self, batch: Batch) -> Tensor:
        """Return which labels hold, bool [B, C], or of two labels whether the second one does, [B, 1]."""
        assert batch.label_B is not None
        classes = len(self.labels)
        return batch.label_B[:, None] == (torch.arange(classes) if classes > 2 else torch.ones(1))

    def decision_weights(self, truth_RC: Tensor) -> Tensor:
        """Return the weight of each row by its label, [R, 1]."""
        if self.config.loss.class_weights == "none":
            return torch.ones(1, 1)
        counts_C = torch.tensor(self.counts, dtype=torch.float32)
        label_R = truth_RC.long().argmax(1) if truth_RC.shape[1] > 1 else truth_RC[:, 0].long()
        return (counts_C.mean() / counts_C)[label_R, None]

    def loss(self, model: nn.Module, batch: Batch, step: int) -> Loss:  # noqa: ARG002  (no schedule here)
        """Compute cross-entropy or the distillation loss, summed over rows; the count is that of rows or weights."""
        if batch.label_B is None:
            raise InputError("there are texts without a label among those to learn from")
        if batch.soft_BC is not None and self.config.loss.teacher is not None:
            logits_BC = self.logits(model, batch.source)
            return taught_loss(logits_BC, batch.label_B, batch.soft_BC, self.config.loss, counts=self.counts)
        return cross_entropy(self.logits(model, batch.source), batch.label_B, self.config.loss, counts=self.counts)

    def predict(self, model: nn.Module, batch: Batch) -> list[np.ndarray]:
        """Predict the probability of each class for each row, float64 [C]."""
        return list(self.logits(model, batch.source).double().softmax(-1).cpu().numpy())

    def answers(self, parts: Sequence[np.ndarray], columns: Columns) -> list[Answer]:
        """Average over the rows of each text, and take the best label."""
        return self._answers(tempered(self.merged(parts, columns), self.temperature))

    def tune(self, answers: Sequence[Answer], examples: Sequence[LabelledText]) -> list[str]:
        """Fit the temperature, where that is asked."""
        gold_E = self.targets(examples)
        learned_E = gold_E < len(self.labels)
        return self.calibrate(self._probabilities(answers)[learned_E], gold_E[learned_E])

    def average(self, answers: Sequence[Sequence[Answer]]) -> list[Answer]:
        """Average the probabilities of several models, and take the best label."""
        return self._answers(mean_probabilities(answers, self.labels))

    def quick_scores(self, answers: Sequence[Answer], examples: Sequence[LabelledText]) -> dict[str, float]:
        """Compute accuracy, macro scores and log loss, and of ordered labels kappa and distance."""
        labels, probabilities_EC, gold_E = self._evidence(answers, examples)
        counted = tally(confusion(gold_E, probabilities_EC.argmax(1), len(labels))).overall()
        values = {name: float(value) for name, value in counted.items()}
        ordered = self._ordinal_scores(probabilities_EC, gold_E)
        return {
            **values,
            "log_loss": log_loss(probabilities_EC, gold_E),
            **{name: one.value for name, one in ordered.items()},
        }

    def score(self, answers: Sequence[Answer], examples: Sequence[LabelledText]) -> Scores:
        """Compute all scores; details are the confusion matrix, the scores of each label and the calibration bins."""
        labels, probabilities_EC, gold_E = self._evidence(answers, examples)
        confusion_CC = confusion(gold_E, probabilities_EC.argmax(1), len(labels))
        details: dict[str, Any] = {
            "labels": labels,
            **beside(self.row_scores(answers, examples), self._commonest(gold_E, len(labels))),
            "confusion": confusion_CC.tolist(),
            "per_class": [
                {"label": label, **asdict(one)} for label, one in zip(labels, class_scores(confusion_CC), strict=True)
            ],
            "calibration": reliability(probabilities_EC, gold_E).to_json(),
        }
        if levels := level_scores(gold_E, probabilities_EC.argmax(1), labels):
            details["levels"] = [asdict(one) for one in levels]
        found = scores(probabilities_EC, gold_E)
        if ordered := self._ordinal_scores(probabilities_EC, gold_E):
            found |= intervals(ordered)
        return Scores(found, details)

    def row_scores(self, answers: Sequence[Answer], examples: Sequence[LabelledText]) -> dict[str, CorpusScore]:
        """Compute accuracy, or the kappa of ordered labels, row by row."""
        guess_E = np.array([self.numbers.get(one.label, -1) for one in answers])
        return self._row_scores(guess_E, self.targets(examples))

    def _row_scores(self, guess_E: np.ndarray, gold_E: np.ndarray) -> dict[str, CorpusScore]:
        right = {"accuracy": mean_score((guess_E == gold_E).astype(float), signature="texts right")}
        return (ordinal_scores(gold_E, guess_E) if self.config.ordinal else {}) | right

    def _commonest(self, gold_E: np.ndarray, classes: int) -> dict[str, Floor]:
        """Score always predicting the commonest label of the training texts."""
        commonest = int(np.argmax(self.counts))
        guess_E = np.full(len(gold_E), commonest)
        own = self._row_scores(guess_E, gold_E)
        counted = tally(confusion(gold_E, guess_E, classes)).overall()
        values = {name: float(value) for name, value in counted.items()} | {**Floor.of(own).values}
        return {always([self.labels[commonest]]): Floor(values, next(iter(own.values())))}

    def learned_floors(
        self, train: Sequence[LabelledText], answers: Sequence[Answer], examples: Sequence[LabelledText]
    ) -> dict[str, Any]:
        """Score the label of the most similar training image or sound, where such are read."""
        media = self.config.media
        if not media:
            return {}
        known = train[:: -(-len(train) // COMPARED)]
        asked, seen = ([one.other[media[0].name] for one in rows] for rows in (examples, known))
        guess_E = np.array([self.numbers.get(str(known[at].label), -1) for at in media[0].nearest(asked, seen)])
        floor = Floor.of(self._row_scores(guess_E, self.targets(examples)))
        return beside(self.row_scores(answers, examples), {media[0].nearest_called: floor})

    def _ordinal_scores(self, probabilities_EC: np.ndarray, gold_E: np.ndarray) -> dict[str, CorpusScore]:
        return ordinal_scores(gold_E, probabilities_EC.argmax(1)) if self.config.ordinal else {}

    def record(self, answer: Answer, example: LabelledText) -> dict[str, Any]:
        """Return text, its label where it has one, the answer and every probability."""
        known = {} if example.label is None else {"label": example.label}
        probabilities = {label: round(value, 6) for label, value in answer.probabilities.items()}
        return {
            **example.record,
            **known,
            "answer": answer.label,
            "probability": round(answer.probability, 6),
            "probabilities": probabilities,
            **example.origin,
        }

    def check_students(self, train: Sequence[LabelledText]) -> None:
        """Refuse pairs for single texts, or the other way round, and other labels."""
        if self.each != len(train[0].texts):
            what = "one of teacher and training file has pairs of texts, the other single ones"
            raise InputError(what, hint="name the columns that the teacher was trained on")
        mine = {str(one.label) for one in train}
        if others := sorted(mine ^ set(self.labels)):
            whose = "the training file" if others[0] in mine else "the teacher"
            what = f"teacher and training file differ in their labels: only {whose} knows `{others[0]}`"
            raise InputError(what, hint="give the file that the teacher was trained on, or one with the same labels")

    def questions(self, examples: Sequence[LabelledText]) -> list[LabelledText]:
        """Return every text."""
        return list(examples)

    def said(self, answer: Answer) -> list[float]:
        """Return logarithms of probabilities, in the order of the labels, with five digits."""
        return [round(float(np.log(max(one, TINY))), 5) for one in answer.probabilities.values()]

    def lessons(
        self,
        asked: Sequence[LabelledText],
        said: Sequence[Sequence[float]],
        *,
        train: Sequence[LabelledText],
        targets: Targets,
    ) -> list[LabelledText]:
        """Return texts with the teacher's probability of each label, in the order of `in_order`."""
        del train, targets
        order = [self.numbers[label] for label in in_order(self.numbers)]
        return [
            SoftLabelledText.of(one, tuple(found[place] for place in order))
            for one, found in zip(asked, said, strict=True)
        ]

    def pseudo_labelled(
        self, asked: Sequence[LabelledText], said: Sequence[Sequence[float]], *, share: float
    ) -> PseudoLabelled:
        """Return the surest share of texts, each with its label, as many of a label as it has of those in training."""
        found = surest(np.array(said), np.array(self.counts), share=share)
        taken = zip(found.rows_K.tolist(), found.class_K.tolist(), strict=True)
        examples = [replace(asked[row], label=self.labels[number]) for row, number in taken]
        sizes = np.bincount(found.class_K, minlength=len(self.labels)).tolist()
        each = zip(self.labels, sizes, found.threshold_C.tolist(), strict=True)
        return PseudoLabelled(examples, {label: (size, threshold) for label, size, threshold in each})

    def uncertainty(self, answers: Sequence[Answer]) -> np.ndarray:
        """Return one minus the margin between the two likeliest labels of each answer, [E]."""
        return uncertainty(self._probabilities(answers))

    def proposal(self, answer: Answer) -> tuple[str, float]:
        """Return the likeliest label, and its probability."""
        return answer.label, answer.probability

    def _answers(self, probabilities_EC: np.ndarray) -> list[Answer]:
        best_E = probabilities_EC.argmax(1)
        return [
            Answer(self.labels[best], row[best], dict(zip(self.labels, row, strict=True)))
            for best, row in zip(best_E.tolist(), probabilities_EC.tolist(), strict=True)
        ]

    def _evidence(
        self, answers: Sequence[Answer], examples: Sequence[LabelledText]
    ) -> tuple[list[str], np.ndarray, np.ndarray]:
        """Return the labels of answers and examples, the probability of each [E, C], and the true one [E]."""
        gold_E = self.targets(examples)
        labels = self.labels if self.config.unseen_labels == "refuse" else self._with_unseen(examples)
        probabilities_EC = self._probabilities(answers)
        unseen = np.zeros((len(examples), len(labels) - len(self.labels)))
        return labels, np.concatenate([probabilities_EC, unseen], axis=1), gold_E

    def _probabilities(self, answers: Sequence[Answer]) -> np.ndarray:
        return np.array([list(answer.probabilities.values()) for answer in answers])
