"""Several labels for a text, or none: each is decided alone, by a threshold of its own that is tuned after training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import compress
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from weft.data.batch import Moves
from weft.data.checks.findings import listed
from weft.data.columns import Columns, Share
from weft.data.examples.base import place_of
from weft.data.examples.label_spelling import spelled
from weft.data.examples.labelled import LabelledText, in_order
from weft.data.examples.roles import LABEL, LABEL_NAMES, TEXT, Names, Role, named_columns
from weft.data.examples.several_labels import columns_of_lists, columns_separated, has_lists, labels_in, yes_and_no
from weft.data.sources import Row, Table
from weft.errors import ConfigError, InputError
from weft.inputs.base import Input
from weft.metrics.calibration import reliability, tempered
from weft.metrics.floors import Floor, beside
from weft.metrics.multilabel import MIDDLE, log_losses, quick_scores, scores, thresholds, without_loss
from weft.metrics.systems import CorpusScore
from weft.tasks.averages import mean_probabilities
from weft.tasks.base import AnswerForm
from weft.tasks.label_settings import LabelTaskConfig
from weft.tasks.label_task import LabelTask, always
from weft.tasks.losses import BinaryLossConfig, binary_cross_entropy
from weft.tasks.results import Loss, Scores
from weft.tasks.teaching import Uncertain


@dataclass(frozen=True, slots=True)
class LabelsAnswer:
    """The labels whose probability reaches their threshold, and the probability of every label."""

    labels: tuple[str, ...]
    probabilities: Mapping[str, float] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class LabelsBatch(Moves):
    """A source of B rows and the labels of each, bool [B, C]; None when predicting."""

    source: Any
    truth_BC: Tensor | None


class MultilabelConfig(LabelTaskConfig):
    """Settings of multi-label classification: a text has any number of labels."""

    kind: Literal["multilabel"] = "multilabel"
    answers_with: ClassVar[AnswerForm] = "labels"
    headline: ClassVar[tuple[str, ...]] = ("micro_f1", "macro_f1")
    implied_by: ClassVar[tuple[str, ...]] = ("label_separator",)
    # any column is one of labels, all missed
    roles: ClassVar[tuple[Role, ...]] = (TEXT, replace(LABEL, again="exact", most=None))
    label: Names = None
    """Column of the labels, or the columns that say yes or no of each label; None: guessed from the file, and named in
    the run."""
    label_separator: str | None = Field(default=None, min_length=1)
    """Separator between the labels in one field, such as `|`; lists of labels and columns of yes and no need none."""
    loss: BinaryLossConfig = BinaryLossConfig()

    @property
    def weighs_labels(self) -> bool:
        """Whether the loss weighs rare labels up."""
        return self.loss.class_weights != "none"

    @property
    def has_plain_loss(self) -> bool:
        """Whether all settings of the loss are the defaults, but for weights of the decisions."""
        return self.loss == BinaryLossConfig(class_weights=self.loss.class_weights)

    @property
    def separator(self) -> str | None:
        """Separator between the labels of one row."""
        return self.label_separator

    @classmethod
    def fits(cls, table: Table, *, label: str | None) -> bool:
        """Whether a column of labels, or one alone, holds lists, or columns without such a name say yes or no."""
        if label is not None:
            names = named_columns(label, table.columns)
            return len(names) > 1 if set(names) <= {*table.columns} and len(names) != 1 else has_lists(table, label)
        usual = [name for name in table.columns if name.strip().casefold() in LABEL_NAMES]
        return has_lists(table, usual[0]) if usual else bool(_columns_of_labels(table))

    def resolved(self, table: Table) -> Self:
        """Return a copy with both columns named.

        Raises ConfigError where labels in one field have no separator, and are no lists.
        """
        usual = any(name.strip().casefold() in LABEL_NAMES for name in table.columns)
        several = () if self.label or usual else _columns_of_labels(table)
        if not self.label and self.label_separator:
            several = columns_separated(table, self.label_separator) or several
        config = (
            super(MultilabelConfig, self.model_copy(update={"label": several})).resolved(table)
            if several
            else (super().resolved(table))
        )
        columns = config.columns_of("label", table)
        if config.label_separator is None and len(columns) == 1 and not has_lists(table, columns[0]):
            raise ConfigError("is not set", where="task.label_separator", hint='pass --label-separator "|"')
        return config

    def lacks_answer(self, row: Row) -> bool:
        """Whether no field for labels is there: an empty one says that there is no label."""
        names = named_columns(self.label, tuple(row.values))
        return not any(name in row.values or name in row.lists or row.whole.get(name) == [] for name in names)

    def answer_of(self, row: Row) -> tuple[str, ...]:
        """Read the labels of a row, each once; of an empty field, none. Raises InputError where there is no field."""
        found = labels_in(row, named_columns(self.label, tuple(row.values)), self.label_separator)
        return tuple(dict.fromkeys(spelled(label, self.label_spelling) for label in found))

    def inspected_answer(self, row: Row) -> tuple[str, ...]:
        """Read the labels of a row as the checks of data compare them."""
        return self.answer_of(row)

    def filter_training(self, examples: Sequence[Any]) -> tuple[Sequence[Any], list[str]]:
        """Return all examples, with notes on how the labels stand in their field."""
        examples, notes = super().filter_training(examples)
        lists = isinstance(self.label, str) and not self.label_separator
        return examples, [*notes, f"`{self.label}` holds lists: a text may have several labels"] if lists else notes

    def comparable(self, record: Mapping[str, Any]) -> tuple[Any, Any]:
        """Read text and truth, and the answer, from a line of a table of answers."""
        return (record.get("text"), sorted(map(str, record["labels"]))), sorted(map(str, record["answer"]))

    def learn(self, examples: Sequence[LabelledText], read: Input[Any, Any] | None = None) -> Multilabel:
        """Learn labels and tokenizer from training examples. Raises InputError where no text has a label."""
        counts = Counter(label for example in examples for label in _labels(example))
        if not counts:
            raise InputError("no text has a label", hint="is task.label the right column?")
        labels = in_order(counts)
        config, read = self.learned_input(examples, read, classes=2, scores=len(labels))
        return Multilabel(config, read, labels, [counts[label] for label in labels], texts=len(examples))

    def load(self, folder: Path, read: Input[Any, Any] | None = None) -> Multilabel:
        """Load what `Multilabel.save` wrote."""
        saved = self.saved(folder, read)
        return Multilabel(self, saved.read, saved.labels, saved.counts, texts=saved.texts).restore(saved.tuned)


def _columns_of_labels(table: Table) -> tuple[str, ...]:
    """Return the columns that say yes or no of labels, else the only one that holds lists of them."""
    lists = columns_of_lists(table)
    return yes_and_no(table) or (lists if len(lists) == 1 else ())


class Multilabel(Uncertain, LabelTask):
    """Any number of labels for a text.

    Labels that no training text had cannot be answered: where texts to be scored have them, they count as missed.
    """

    config: MultilabelConfig
    metric: ClassVar[str] = "micro_f1"
    tie_metric: ClassVar[str | None] = "log_loss"
    metrics: ClassVar[tuple[str, ...]] = (
        *("micro_f1", "macro_f1", "micro_precision", "micro_recall", "exact_match", "hamming_loss", "log_loss"),
    )

    def __init__(
        self,
        config: MultilabelConfig,
        read: Input[Any, Any],
        labels: Sequence[str],
        counts: Sequence[int],
        *,
        texts: int,
    ) -> None:
        super().__init__(config, read, labels, counts)
        self.texts = texts
        self.threshold_C = np.full(len(self.labels), MIDDLE)

    def learned(self) -> dict[str, Any]:
        """Return the content of `labels.json`, with the number of training texts."""
        return {**super().learned(), "texts": self.texts}

    def tuned(self) -> dict[str, Any]:
        """Return temperature and thresholds."""
        return {**super().tuned(), "thresholds": self.threshold_C.tolist()}

    def restore(self, tuned: Mapping[str, Any]) -> Self:
        """Take up temperature and thresholds."""
        self.threshold_C = np.array(tuned.get("thresholds", self.threshold_C))
        return super().restore(tuned)

    @property
    def tunes(self) -> tuple[str, ...]:
        """Names of all that is tuned: thresholds, and a temperature where that is asked."""
        return ("thresholds", *super().tunes)

    def tune(self, answers: Sequence[LabelsAnswer], examples: Sequence[LabelledText]) -> list[str]:
        """Fit the temperature where that is asked, then the thresholds for the best F1 of each label.

        A label keeps 0.5 where its own threshold would lower the micro F1 of all.
        """
        probabilities_EC, truth_EC = self._probabilities(answers), self.targets(examples)
        said = self.calibrate(_yes_and_no(probabilities_EC), truth_EC.ravel().astype(np.int64))
        probabilities_EC = self._tempered(probabilities_EC)
        before = quick_scores(probabilities_EC >= MIDDLE, truth_EC)["micro_f1"]
        self.threshold_C = without_loss(thresholds(probabilities_EC, truth_EC), probabilities_EC, truth_EC)
        after = quick_scores(probabilities_EC >= self.threshold_C, truth_EC)["micro_f1"]
        shown = listed([f"`{label}` {cut:.2f}" for label, cut in zip(self.labels, self.threshold_C, strict=True)])
        moved = f"micro F1 {after:.4f}, with 0.5 for all {before:.4f}"
        return [*said, f"thresholds with the best F1 of each label on the dev set: {shown} ({moved})"]

    def right(self, answers: Sequence[LabelsAnswer], examples: Sequence[LabelledText]) -> np.ndarray:
        """Return whether each answer is exactly the labels, bool [E]."""
        return np.array([{*one.labels} == {*_labels(other)} for one, other in zip(answers, examples, strict=True)])

    def stand_in(self, example: LabelledText) -> LabelledText:
        """Return a text without labels."""
        return replace(example, label=())

    def units(self, examples: Sequence[LabelledText]) -> int:
        """Count the decisions on labels."""
        return len(examples) * len(self.labels)

    def targets(self, examples: Sequence[LabelledText]) -> np.ndarray:
        """Return the labels of each text, bool [E, C]; labels that were never learned have no column."""
        truth_EC = np.zeros((len(examples), len(self.labels)), dtype=bool)
        for row, example in enumerate(examples):
            truth_EC[row, [self.numbers[label] for label in _labels(example) if label in self.numbers]] = True
        return truth_EC

    def check(self, examples: Sequence[LabelledText]) -> list[str]:
        """Refuse examples whose labels were all never learned; name those of the labels that were not."""
        found = [(label, example) for example in examples for label in _labels(example)]
        missed = [(label, example) for label, example in found if label not in self.numbers]
        if not missed:
            return []
        if len(missed) == len(found):
            hint = f"known labels: {listed([f'`{label}`' for label in self.labels])}; is it the right column?"
            where = place_of(missed[0][1])
            what = f"no label is one that the model was trained on, `{missed[0][0]}` is the first of them"
            raise InputError(what, where=where, hint=hint)
        names = listed([f"`{label}`" for label in dict.fromkeys(label for label, _ in missed)])
        line = missed[0][1].line
        first = f" (the first in line {line})" if line else ""
        return [f"labels without a training text count as missed: {names}{first}"]

    def with_answers(self, columns: Columns, examples: Sequence[LabelledText]) -> Columns:
        """Add `label` as a row of bools to encoded texts, where all are given."""
        columns = super().with_answers(columns, examples)
        labels = [label for example in examples for label in _labels(example)]
        unlearned = Share(sum(label not in self.numbers for label in labels), len(labels))
        return replace(columns, facts={**columns.facts, "unlearned": unlearned})

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Describe labels and texts, and count the labels that cannot be predicted."""
        unlearned = {name: part.facts["unlearned"] for name, part in columns.items() if part.facts["unlearned"]}
        said = [
            f"{share:.1%} of the labels of {name} have no training text and count as missed"
            for name, share in unlearned.items()
        ]
        return [*super().notes(columns), *said]

    def collate(self, columns: Columns, rows: np.ndarray) -> LabelsBatch:
        """Gather and pad some rows."""
        truth = columns.fixed.get("label")
        return LabelsBatch(self.input.collate(columns, rows), None if truth is None else torch.from_numpy(truth[rows]))

    def decisions(self, batch: LabelsBatch) -> Tensor:
        """Return which labels hold, bool [B, C]."""
        assert batch.truth_BC is not None
        return batch.truth_BC

    def decision_weights(self, truth_RC: Tensor) -> Tensor:
        """Return the weight of each decision, [R, C]."""
        if self.config.loss.class_weights == "none":
            return torch.ones(1, 1)
        weights = [max(1, self.texts - count) / count for count in self.counts]
        return torch.where(truth_RC, torch.tensor(weights), 1.0)

    def loss(self, model: nn.Module, batch: LabelsBatch, step: int) -> Loss:  # noqa: ARG002  (no schedule here)
        """Compute binary cross-entropy, summed over rows and labels; the count is the number of these decisions."""
        if batch.truth_BC is None:
            raise InputError("there are texts without labels among those to learn from")
        logits_BC = model(batch.source)
        return binary_cross_entropy(logits_BC, batch.truth_BC, self.config.loss, counts=self.counts, texts=self.texts)

    def predict(self, model: nn.Module, batch: LabelsBatch) -> list[np.ndarray]:
        """Predict the probability of each label for each row, float64 [C]."""
        return list(model(batch.source).double().sigmoid().cpu().numpy())

    def answers(self, parts: Sequence[np.ndarray], columns: Columns) -> list[LabelsAnswer]:
        """Average over the rows of each text, and take the labels that reach their thresholds."""
        return self._answers(self._tempered(self.merged(parts, columns)))

    def uncertainty(self, answers: Sequence[LabelsAnswer]) -> np.ndarray:
        """Return one minus how far the label of which a model is least certain lies from its threshold, [E]."""
        probabilities_EC = np.array([[one.probabilities[label] for label in self.labels] for one in answers])
        room_EC = np.where(probabilities_EC < self.threshold_C, self.threshold_C, 1 - self.threshold_C)
        return 1 - (np.abs(probabilities_EC - self.threshold_C) / np.maximum(room_EC, 1e-9)).min(1)

    def proposal(self, answer: LabelsAnswer) -> tuple[str, float]:
        """Return the labels with their separator, and the lowest probability of a yes or a no among all labels."""
        sure = (one if label in answer.labels else 1 - one for label, one in answer.probabilities.items())
        return (self.config.separator or "|").join(answer.labels), min(sure)

    def average(self, answers: Sequence[Sequence[LabelsAnswer]]) -> list[LabelsAnswer]:
        """Average the probabilities of several models, and take the labels that reach the thresholds of this one."""
        return self._answers(mean_probabilities(answers, self.labels))

    def quick_scores(self, answers: Sequence[LabelsAnswer], examples: Sequence[LabelledText]) -> dict[str, float]:
        """Compute micro and macro scores, exact match, Hamming loss and log loss."""
        rows = self._rows(answers, examples)
        loss = float(log_losses(self._probabilities(answers), self.targets(examples)).mean())
        return {**quick_scores(rows.guess_EC, rows.truth_EC), "log_loss": loss}

    def score(self, answers: Sequence[LabelsAnswer], examples: Sequence[LabelledText]) -> Scores:
        """Compute all scores; details are those of each label, texts with all labels right, and calibration bins."""
        rows, probabilities_EC, truth_EC = (
            self._rows(answers, examples),
            self._probabilities(answers),
            self.targets(examples),
        )
        found = scores(rows.guess_EC, rows.truth_EC, loss_N=log_losses(probabilities_EC, truth_EC))
        unknown = [None] * (len(rows.labels) - len(self.labels))
        details = {
            "labels": rows.labels,
            **beside(_row_scores(rows.guess_EC, rows.truth_EC), self._commonest(rows)),
            "exact": {"right": int((rows.guess_EC == rows.truth_EC).all(1).sum()), "texts": len(examples)},
            "per_class": [
                {"label": label, **asdict(one), "threshold": cut}
                for label, one, cut in zip(
                    rows.labels, found.labels, [*self.threshold_C.tolist(), *unknown], strict=True
                )
            ],
            "calibration": reliability(_yes_and_no(probabilities_EC), truth_EC.ravel().astype(np.int64)).to_json(),
        }
        return Scores(found.overall, details)

    def row_scores(self, answers: Sequence[LabelsAnswer], examples: Sequence[LabelledText]) -> dict[str, CorpusScore]:
        """Compute micro F1 row by row."""
        rows = self._rows(answers, examples)
        return _row_scores(rows.guess_EC, rows.truth_EC)

    def _commonest(self, rows: _Rows) -> dict[str, Floor]:
        """Score always predicting the commonest labels: as many as have the best micro F1 on the training texts."""
        order, counts = np.argsort(-np.array(self.counts), kind="stable"), np.sort(self.counts)[::-1]
        many_C = np.arange(1, len(order) + 1)
        best = int(np.argmax(2 * np.cumsum(counts) / (many_C * self.texts + counts.sum())))
        guess_EC = np.zeros_like(rows.truth_EC)
        guess_EC[:, order[: best + 1]] = True
        decides = _row_scores(guess_EC, rows.truth_EC)["micro_f1"]
        return {
            always([self.labels[one] for one in order[: best + 1]]): Floor(
                quick_scores(guess_EC, rows.truth_EC), decides
            )
        }

    def record(self, answer: LabelsAnswer, example: LabelledText) -> dict[str, Any]:
        """Return text, labels where they are known, answer and every probability; labels in the model's order."""
        given = sorted(_labels(example), key=lambda label: self.numbers.get(label, len(self.labels)))
        known = {} if example.label is None else {"labels": given}
        probabilities = {label: round(value, 6) for label, value in answer.probabilities.items()}
        return {
            **example.record,
            **known,
            "answer": list(answer.labels),
            "probabilities": probabilities,
            **example.origin,
        }

    def _answers(self, probabilities_EC: np.ndarray) -> list[LabelsAnswer]:
        given_EC = probabilities_EC >= self.threshold_C
        return [
            LabelsAnswer(tuple(compress(self.labels, given)), dict(zip(self.labels, row, strict=True)))
            for given, row in zip(given_EC.tolist(), probabilities_EC.tolist(), strict=True)
        ]

    def _tempered(self, probabilities_EC: np.ndarray) -> np.ndarray:
        return tempered(_yes_and_no(probabilities_EC), self.temperature)[:, 1].reshape(probabilities_EC.shape)

    def _probabilities(self, answers: Sequence[LabelsAnswer]) -> np.ndarray:
        return np.array([list(answer.probabilities.values()) for answer in answers])

    def _rows(self, answers: Sequence[LabelsAnswer], examples: Sequence[LabelledText]) -> _Rows:
        unknown = {label for example in examples for label in _labels(example)} - self.numbers.keys()
        labels = [*self.labels, *in_order(dict.fromkeys(unknown, 0))]
        numbers = {label: number for number, label in enumerate(labels)}
        guess_EC, truth_EC = np.zeros((2, len(examples), len(labels)), dtype=bool)
        for row, (answer, example) in enumerate(zip(answers, examples, strict=True)):
            guess_EC[row, [numbers[label] for label in answer.labels]] = True
            truth_EC[row, [numbers[label] for label in _labels(example)]] = True
        return _Rows(labels, guess_EC, truth_EC)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Return answers and truth, bool [E, C], of the labels that were learned, then of those only in the truth."""

    labels: list[str]
    guess_EC: np.ndarray
    truth_EC: np.ndarray


def _row_scores(guess_EC: np.ndarray, truth_EC: np.ndarray) -> dict[str, CorpusScore]:
    hits_E, decided_E = 2 * (guess_EC & truth_EC).sum(1), guess_EC.sum(1) + truth_EC.sum(1)
    return {"micro_f1": CorpusScore("micro F1", np.stack([hits_E, decided_E], 1).astype(float), _ratio)}


def _ratio(sums: np.ndarray) -> np.ndarray:
    return sums[..., 0] / np.maximum(sums[..., 1], 1)


def _labels(example: LabelledText) -> tuple[str, ...]:
    return (example.label,) if isinstance(example.label, str) else tuple(map(str, example.label or ()))


def _yes_and_no(probabilities_EC: np.ndarray) -> np.ndarray:
    """Return each label of each text as a decision between two, no and yes, [E * C, 2]."""
    return np.stack([1 - probabilities_EC, probabilities_EC], -1).reshape(-1, 2)
