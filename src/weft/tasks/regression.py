"""Regression: one number of a text or several, with intervals that cover what they state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from weft.config import read_saved
from weft.data.batch import Moves
from weft.data.blank_rows import BlankField
from weft.data.checks.findings import in_digits
from weft.data.checks.labels_and_lengths import damage_notes
from weft.data.checks.values import FAR, outliers, written
from weft.data.columns import Columns
from weft.data.examples.base import place_of
from weft.data.examples.labelled import LabelledText, SoftLabelledText
from weft.data.examples.roles import TEXT, Names, Role, as_option, named_columns
from weft.data.examples.valued import VALUE, absent_hint, number_of
from weft.data.formats.decimal_commas import with_point
from weft.data.sources import Row, Table
from weft.errors import ConfigError, InputError
from weft.files import write_json
from weft.inputs.base import Input
from weft.metrics.conformal import fewest_rows, margins
from weft.metrics.regression import regression_scores
from weft.metrics.systems import CorpusScore
from weft.tasks.base import TUNED, AnswerForm, Doctor
from weft.tasks.deciding_settings import DecidingTaskConfig
from weft.tasks.deciding_task import DecidingTask
from weft.tasks.number_answers import Found, NumberAnswer, array_of, averaged, read_numbers, record
from weft.tasks.number_losses import NumberLossConfig, NumberTeacherConfig, number_loss, taught_number_loss
from weft.tasks.number_scores import scored
from weft.tasks.results import Loss, Scores
from weft.tasks.teaching import Student, Targets, Teacher

FILE = "values.json"
"""File of the columns, and of the mean and deviation of their training values."""


@dataclass(frozen=True, slots=True)
class NumberBatch(Moves):
    """A source of B rows and their standardised values [B, K], None when predicting; NaN where only a teacher answered.

    Answers of a teacher are values too, [B, K]; None where there is no teacher.
    """

    source: Any
    value_BK: Tensor | None
    taught_BK: Tensor | None = None


class RegressionConfig(Student, DecidingTaskConfig):
    """Settings of regression: a text has a number, or several."""

    kind: Literal["regression"] = "regression"
    teacher_settings: ClassVar[type[Any]] = NumberTeacherConfig
    answers_with: ClassVar[AnswerForm] = "number"
    roles: ClassVar[tuple[Role, ...]] = (TEXT, VALUE)
    headline: ClassVar[tuple[str, ...]] = ("r2", "pearson", "mae")
    page: ClassVar[str] = "numbers"
    inspected_as: ClassVar[Doctor | None] = "labels"
    implied_by: ClassVar[tuple[str, ...]] = ("value",)
    offer: ClassVar[str] = "--value NAME for a column of numbers to predict"
    compared_by: ClassVar[tuple[str, ...]] = ("r2", "mae", "rmse", "pearson", "spearman")
    compared_kinds: ClassVar[tuple[str, ...]] = ("bag", "cnn", "lstm", "transformer")
    teaches: ClassVar[bool] = True
    value: Names = None
    """Column of the number, or a list of several that are predicted together; None: guessed from the file, and named in
    the run."""
    loss: NumberLossConfig = NumberLossConfig()
    coverage: float = Field(default=0.9, gt=0, lt=1)
    """Share of true values that the interval of a prediction is to hold, which is fitted on the dev set after training
    (conformal prediction); 0.9 is usual, and needs 9 dev rows."""

    @property
    def has_plain_loss(self) -> bool:
        """Whether all settings of the loss are the defaults, so that ridge regression minimises it."""
        return self.loss == NumberLossConfig()

    def answer_of(self, row: Row) -> tuple[float, ...]:
        """Read the numbers of a row. Raises InputError for one that is missing or no number."""
        names = named_columns(self.value, tuple(row.values))
        found = []
        for name in names:
            try:
                field = row.values.get(name, "")
                found.append(number_of(with_point(field) if name in row.decimal_commas else field))
            except InputError as error:
                error.what += f" (column `{name}`)" if len(names) > 1 else ""
                raise
        return tuple(found)

    def hint_on(self, table: Table, column: str, error: InputError) -> str:
        """Return the hint at the one word that stands for an absent number in several rows, else that of an error."""
        alone = len(self.columns_of("value", table)) == 1
        return (absent_hint(table, column) if alone and not isinstance(error, BlankField) else "") or error.hint

    def inspected_answer(self, row: Row) -> str:
        """Read the numbers of a row as the checks of data compare them."""
        return written(self.answer_of(row))

    def names(self, count: int) -> tuple[str, ...]:
        """Return names of so many numbers: their columns, where there are any."""
        if count == 1:
            return (self.value,) if isinstance(self.value, str) else self.value or ("value",)
        return named_columns(self.value, ()) or tuple(f"value{number}" for number in range(1, count + 1))

    def data_notes(
        self, parts: Mapping[str, Sequence[LabelledText]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """Describe the values of the training set, outliers, damaged texts, and texts of train in other parts."""
        del files, named
        notes, train = [], parts["train"]
        values_EK = np.array([one.label for one in train if one.label], dtype=np.float64)
        for name, values_E in zip(self.names(values_EK.shape[1]), values_EK.T, strict=True):
            mean, deviation = values_E.mean(), values_E.std()
            low, high, middle, spread = (in_digits(one, 4) for one in (values_E.min(), values_E.max(), mean, deviation))
            notes.append(f"`{name}`: from {low} to {high}, mean {middle}, standard deviation {spread}")
            far = int(outliers(values_E, mean, deviation).sum()) if deviation else 0
            if far:
                what = f"{far:,} {'value lies' if far == 1 else 'values lie'} more than {FAR} standard deviations away"
                notes.append(f"`{name}`: {what}; task.loss.kind=huber minds outliers less")
        notes += damage_notes([text for one in train for text in one.texts]) if self.reads_text else []
        texts = {one.whole for one in train}
        for name, rows in parts.items():
            if name != "train" and (again := sum(one.whole in texts for one in rows)):
                notes.append(f"{again:,} of {len(rows):,} {name} texts also in train: their scores are too good")
        return notes

    def learn(self, examples: Sequence[LabelledText], read: Input[Any, Any] | None = None) -> Regression:
        """Learn inputs, means and deviations. Raises InputError where all values of a column are the same."""
        values_EK = np.array([one.label for one in examples if one.label is not None], dtype=np.float64)
        if len(values_EK) < 2:
            raise InputError(f"expected at least two texts with a value, found {len(values_EK)}")
        mean_K, deviation_K = values_EK.mean(0), values_EK.std(0)
        names = self.names(len(mean_K))
        for name, deviation, value in zip(names, deviation_K, values_EK[0], strict=True):
            if deviation <= 1e-12 * max(1.0, abs(value)):
                hint = "is task.value the right column?"
                raise InputError(f"all values of `{name}` are {value:g}: there is nothing to learn", hint=hint)
        config, read = self.learned_input(examples, read, classes=1, scores=len(names))
        return Regression(config, read, _Values(list(names), mean_K.tolist(), deviation_K.tolist(), read.texts))

    def load(self, folder: Path, read: Input[Any, Any] | None = None) -> Regression:
        """Load what `Regression.save` wrote."""
        found, path = read_saved(folder / FILE, _Values), folder / TUNED
        tuned = read_saved(path, dict[str, list[float]]) if path.exists() else {}
        return Regression(self, read or self.loaded_input(folder, each=found.each), found).restore(tuned)

    def comparable(self, record: Mapping[str, Any]) -> tuple[Any, Any]:
        """Read texts and true values, and the predicted ones, from a line of a table of answers."""
        texts = tuple(str(record[name]) for name in ("text", "second") if name in record)
        return (texts, repr(record.get("columns")), read_numbers(record["value"])), read_numbers(record["answer"])

    def corpus_scores(self, given: Sequence[Any], made: Sequence[Any]) -> dict[str, CorpusScore]:
        """Compute the scores by which models that predicted the same texts are compared."""
        found = regression_scores(np.array([true for *_, true in given]), np.array(made))
        return {name: found[name] for name in self.compared_by}


@dataclass(frozen=True, slots=True)
class _Values:
    """Columns with the mean and the deviation of their training values, and the texts of an example."""

    names: Annotated[list[str], Field(min_length=1)]
    mean: list[float]
    deviation: list[float]
    each: Annotated[int, Field(ge=0, le=2)] = 1


class Regression(Teacher, DecidingTask):
    """Numbers of a text: inputs, the columns, and the mean and deviation by which they are standardised."""

    config: RegressionConfig
    linear_floor: ClassVar[str] = "ridge regression on tf-idf"
    decides_right: ClassVar[bool] = False
    metric: ClassVar[str] = "r2"
    metrics: ClassVar[tuple[str, ...]] = ("r2", "rmse", "mae", "pearson", "spearman")

    def __init__(self, config: RegressionConfig, read: Input[Any, Any], values: _Values) -> None:
        super().__init__(config, read)
        self.values, self.names = values, list(values.names)
        self.mean_K, self.deviation_K = np.array(values.mean), np.array(values.deviation)
        self.margin_K: np.ndarray | None = None

    @property
    def outputs(self) -> int:
        """Number of outputs: of each column one, or its three quantiles."""
        return len(self.names) * (3 if self.config.loss.kind == "quantile" else 1)

    def save(self, folder: Path) -> None:
        """Write the inputs' files, `values.json`, and `tuned.json` where intervals were fitted."""
        self.input.save(folder)
        each = {} if self.each == 1 else {"each": self.each}
        learned = {"names": self.names, "mean": self.values.mean, "deviation": self.values.deviation, **each}
        write_json(folder / FILE, learned)
        if self.margin_K is not None:
            write_json(folder / TUNED, {"margins": self.margin_K.tolist()})

    def restore(self, tuned: Mapping[str, Any]) -> Self:
        """Take up the margins of the intervals."""
        self.margin_K = np.array(tuned["margins"]) if "margins" in tuned else None
        return self

    def build_model(self) -> nn.Module:
        """Build encoder and head, with fresh weights."""
        return self.input.build_classifier(self.config.classifier, classes=self.outputs)

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:
        """Start each encoder from trained parts. Raises ConfigError where a teacher is missing that the loss needs."""
        if self.config.loss.teacher is not None and "taught" not in columns.fixed:
            hint = "leave it out, or train with `weft distil`, which asks a teacher"
            raise ConfigError("no teacher has answered these texts", where="task.loss.teacher", hint=hint)
        return self.input.initialize(model, columns, [np.arange(len(columns))])

    def stand_in(self, example: LabelledText) -> LabelledText:
        """Return a text with the mean values of training."""
        return replace(example, label=tuple(self.mean_K.tolist()))

    def targets(self, examples: Sequence[LabelledText]) -> np.ndarray:
        """Return the true values of examples, [E, K]. Raises InputError for one without as many as were learned."""
        for one in examples:
            if one.label is None or len(one.label) != len(self.names):
                found = 0 if one.label is None else len(one.label)
                what = f"expected {len(self.names)} value{'s' if len(self.names) > 1 else ''}, found {found or 'none'}"
                raise InputError(what, where=place_of(one))
        return np.array([one.label for one in examples], dtype=np.float64).reshape(-1, len(self.names))

    def answer_arrays(self, examples: Sequence[LabelledText]) -> dict[str, np.ndarray]:
        """Return standardised `value`, NaN for none, and `taught` where a teacher has answered, float32 [E, K]."""
        taught = [one for one in examples if isinstance(one, SoftLabelledText)]
        if not taught or len(taught) < len(examples):
            known = all(one.label is not None for one in examples)
            return {"value": self._standardised(self.targets(examples))} if known else {}
        unknown = (np.nan,) * len(self.names)
        value_EK = np.array([unknown if one.label is None else one.label for one in taught], dtype=np.float64)
        taught_EK = np.array([one.soft for one in taught], dtype=np.float64)
        return {"value": self._standardised(value_EK), "taught": self._standardised(taught_EK)}

    def check(self, examples: Sequence[LabelledText]) -> list[str]:
        """Refuse examples without values."""
        self.targets(examples)
        return []

    def collate(self, columns: Columns, rows: np.ndarray) -> NumberBatch:
        """Gather and pad some rows."""
        value_BK, taught_BK = (
            torch.from_numpy(columns.fixed[name][rows]) if name in columns.fixed else None
            for name in ("value", "taught")
        )
        return NumberBatch(self.input.collate(columns, rows), value_BK, taught_BK)

    def decisions(self, batch: NumberBatch) -> Tensor:
        """Return the standardised values of rows, [B, K]."""
        assert batch.value_BK is not None
        return batch.value_BK

    def decision_weights(self, truth_RC: Tensor) -> Tensor:  # noqa: ARG002  (all count alike)
        """Return the weight of every row, [1, 1]."""
        return torch.ones(1, 1)

    def loss(self, model: nn.Module, batch: NumberBatch, step: int) -> Loss:  # noqa: ARG002  (no schedule here)
        """Compute the loss of standardised values, summed over rows; the count is that of rows."""
        if batch.value_BK is None:
            raise InputError("there are texts without a value among those to learn from")
        scores_BC = model(batch.source)
        found_BKQ = scores_BC.to(torch.promote_types(scores_BC.dtype, torch.float32)).unflatten(
            1, (len(self.names), -1)
        )
        config, coverage = self.config.loss, self.config.coverage
        if batch.taught_BK is not None and config.teacher is not None:
            return taught_number_loss(found_BKQ, batch.value_BK, batch.taught_BK, config, coverage=coverage)
        return number_loss(found_BKQ, batch.value_BK, config, coverage=coverage)

    def predict(self, model: nn.Module, batch: NumberBatch) -> list[np.ndarray]:
        """Predict the standardised outputs of each row, float64 [C]."""
        return list(model(batch.source).double().cpu().numpy())

    def answers(self, parts: Sequence[np.ndarray], columns: Columns) -> list[NumberAnswer]:
        """Average over the rows of each text, and return to the unit of the values."""
        found_EKQ = self.merged(parts, columns).reshape(-1, len(self.names), self.outputs // len(self.names))
        found_EKQ = found_EKQ * self.deviation_K[:, None] + self.mean_K[:, None]
        value_EK, low_EK, high_EK = found_EKQ[..., 0], None, None
        if found_EKQ.shape[2] > 1:
            low_EK, high_EK = found_EKQ[..., 1:].min(-1), found_EKQ[..., 1:].max(-1)
        if self.margin_K is not None:
            low_EK = (value_EK if low_EK is None else low_EK) - self.margin_K
            high_EK = (value_EK if high_EK is None else high_EK) + self.margin_K
        if low_EK is not None and high_EK is not None:  # quantiles are learned apart, and may cross
            low_EK, high_EK = np.minimum(low_EK, value_EK), np.maximum(high_EK, value_EK)
        return Found(value_EK, low_EK, high_EK).answers(self.names)

    @property
    def tunes(self) -> tuple[str, ...]:
        """Name of what is tuned: the intervals."""
        return ("intervals",)

    def tune(self, answers: Sequence[NumberAnswer], examples: Sequence[LabelledText]) -> list[str]:
        """Fit the margins of the intervals, so that they hold the stated share of the values of the dev set."""
        value_EK, coverage = array_of(answers), self.config.coverage
        ends = [value_EK if answers[0].low is None else array_of(answers, part) for part in ("low", "high")]
        self.margin_K = margins(self.targets(examples), ends[0], ends[1], coverage=coverage)
        if self.margin_K is None:
            rows, fewest = len(examples), fewest_rows(coverage)
            return [f"no intervals: {rows} dev rows are too few to cover {coverage:.0%}, which takes {fewest} (--dev)"]
        shown = _in_words(self.names, self.margin_K.tolist(), learned=answers[0].low is not None)
        return [f"intervals that hold {coverage:.0%} of the values of {len(examples):,} dev rows: {shown}"]

    def average(self, answers: Sequence[Sequence[NumberAnswer]]) -> list[NumberAnswer]:
        """Average the values and the ends of the intervals of several models."""
        return averaged(answers, self.names)

    def quick_scores(self, answers: Sequence[NumberAnswer], examples: Sequence[LabelledText]) -> dict[str, float]:
        """Compute errors, explained variance and correlations."""
        return {name: one.value for name, one in self.row_scores(answers, examples).items()}

    def samples(self, answers: Sequence[NumberAnswer], examples: Sequence[LabelledText]) -> list[dict[str, str]]:
        """Return the answers to the first three texts."""
        found = []
        for given, one in list(zip(answers, examples, strict=True))[:3]:
            numbers = (
                ", ".join(in_digits(float(number), 4) for number in numbers)
                for numbers in (given.values.values(), one.label or ())
            )
            answer, true = numbers
            found.append({"answer": answer, "source": " | ".join(one.texts), "reference": true})
        return found

    def score(self, answers: Sequence[NumberAnswer], examples: Sequence[LabelledText]) -> Scores:
        """Compute all scores; details are those of each column, of predicting the mean, and of the intervals."""
        known = bool(answers) and answers[0].low is not None and self.margin_K is not None
        ends = (array_of(answers, "low"), array_of(answers, "high")) if known else None
        return scored(
            self.names,
            self.targets(examples),
            array_of(answers),
            mean_K=self.mean_K,
            ends=ends,
            coverage=self.config.coverage,
        )

    def record(self, answer: NumberAnswer, example: LabelledText) -> dict[str, Any]:
        """Return the text, its values where they are known, the predicted ones, and the ends of their intervals."""
        return record(answer, example)

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Describe the values and the inputs."""
        return [
            f"predicts {as_option(tuple(self.names))}, standardised by the training values",
            *self.input.notes(columns),
        ]

    def check_students(self, train: Sequence[LabelledText]) -> None:
        """Refuse pairs for single texts, or the other way round, and other numbers of values."""
        if self.each != len(train[0].texts):
            what = "one of teacher and training file has pairs of texts, the other single ones"
            raise InputError(what, hint="name the columns that the teacher was trained on")
        self.targets(train)

    def questions(self, examples: Sequence[LabelledText]) -> list[LabelledText]:
        """Return every text."""
        return list(examples)

    def said(self, answer: NumberAnswer) -> list[float]:
        """Return the values, with seven digits."""
        return [float(f"{value:.7g}") for value in answer.values.values()]

    def lessons(
        self,
        asked: Sequence[LabelledText],
        said: Sequence[Sequence[float]],
        *,
        train: Sequence[LabelledText],
        targets: Targets,
    ) -> list[LabelledText]:
        """Return texts with the teacher's values."""
        del train, targets
        return [SoftLabelledText.of(one, tuple(found)) for one, found in zip(asked, said, strict=True)]

    def _standardised(self, values_EK: np.ndarray) -> np.ndarray:
        return ((values_EK - self.mean_K) / self.deviation_K).astype(np.float32)

    def row_scores(self, answers: Sequence[NumberAnswer], examples: Sequence[LabelledText]) -> dict[str, CorpusScore]:
        """Compute all scores row by row; R² decides, which has the order of RMSE and no unit."""
        return regression_scores(self.targets(examples), array_of(answers))


def _in_words(names: Sequence[str], margins: Sequence[float], *, learned: bool) -> str:
    """Write the margins of intervals: half their width, or how far the ends that quantiles gave are moved."""
    if not learned:
        return ", ".join(f"`{name}` ±{in_digits(by, 4)}" for name, by in zip(names, margins, strict=True))
    moved = (("narrowed" if by < 0 else "widened", in_digits(abs(by), 4)) for by in margins)
    said = (f"`{name}` {way} by {by} on each side" for name, (way, by) in zip(names, moved, strict=True))
    return f"those of the quantiles, {', '.join(said)}"
