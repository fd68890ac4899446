"""Compares classifiers by their tables of predictions: means, spreads, intervals and paired tests.

Every model predicted the same texts: in folds, each text once a repeat, or a test set as a whole, once for each seed.
Letters: R repeats, N texts of a repeat.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Literal

import numpy as np

from weft.evaluation.answer_tables import Table, average, pooled, read_table
from weft.files import read_json
from weft.metrics.bootstrap import ClassScores, Score, class_scores, mean, scores
from weft.metrics.calibration import log_loss, reliability
from weft.metrics.classification import confusion, tally
from weft.metrics.significance import Difference, holm, mcnemar, randomization, resampled_t
from weft.run_folder import ANSWERS, SCORES

AVERAGE = "ensemble"
"""Name of the row for the ensemble that averages all models' probabilities."""
SURE = 0.05
"""Significance level: a difference counts if its adjusted p is below this."""
ENOUGH = 10
"""Number of folds, over all repeats, that detect differences of a usual size."""
SEEDS = 5
"""Number of seeds that show how much a model varies from one training to the next."""

Design = Literal["folds", "seeds"]
Runs = Mapping[str, Sequence[Sequence[Path]]]
"""Run folders of each model: repeats, and in each the folds (a single one if there are seeds)."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A score over all runs of a model; the deviation is that of a sample, 0 for a single run."""

    mean: float
    deviation: float
    each: list[float]


@dataclass(frozen=True, slots=True)
class Compared:
    """One model: scores by run and pooled, details of the pooled predictions, and its cost (means over its runs)."""

    name: str
    scores: dict[str, Spread]
    pooled: dict[str, Score]
    details: dict[str, Any]
    train_seconds: float
    texts_per_second: float
    size_bytes: float
    parameters: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two models, the more accurate first, and the significance of their difference.

    `accuracy` and `macro_f1` are differences over folds; None if there are none. `only_one` and `only_other` count the
    texts that only one of the two predicts right; `texts_p` is of McNemar's exact test on them or, with several
    repeats, of a randomisation test on how often each text is predicted right. `p` is the one that decides, adjusted
    for the number of pairs. `low` and `high` are the 95% interval of the difference, over folds or else over texts, not
    adjusted; None for fewer than 10 texts.
    """

    one: str
    other: str
    difference: float
    accuracy: Difference | None
    macro_f1: Difference | None
    only_one: int
    only_other: int
    texts_p: float
    p: float
    low: float | None
    high: float | None

    @property
    def significant(self) -> bool:
        """Whether the difference is more than chance."""
        return self.p < SURE

    @property
    def in_words(self) -> str:
        """The pair in a sentence."""
        interval = difference_interval(self.low, self.high, digits=1, scale=100)
        points = f"{100 * self.difference:.1f} points of accuracy, {interval}, {p_in_words(self.p)}"
        if self.significant:
            return f"{self.one} is better than {self.other} (by {points})"
        return f"no significant difference between {self.one} and {self.other} ({points})"

    def to_json(self) -> dict[str, Any]:
        """Convert all figures to JSON values; an infinite t becomes None."""
        over_folds = {
            score: None if found is None else {**asdict(found), "t": found.t if math.isfinite(found.t) else None}
            for score, found in (("accuracy", self.accuracy), ("macro_f1", self.macro_f1))
        }
        return {**asdict(self), **over_folds, "told_apart": self.significant, "said": self.in_words}


@dataclass(frozen=True, slots=True)
class Comparison:
    """All models, every pair of them, and the test that decided."""

    design: Design
    repeats: int
    folds: int
    texts: int
    decided_by: str
    models: list[Compared]
    pairs: list[Pair]

    @property
    def best(self) -> Compared:
        """The model of the highest mean accuracy, the ensemble apart."""
        return max(
            (model for model in self.models if model.name != AVERAGE), key=lambda model: model.scores["accuracy"].mean
        )

    @property
    def in_words(self) -> list[str]:
        """A sentence on the best model against each of the others."""
        return [pair.in_words for pair in self.pairs if self.best.name in (pair.one, pair.other)]

    @property
    def advice(self) -> str:
        """Question that the test leaves open: smaller differences if folds are few, other seeds if seeds are."""
        if self.design == "seeds":
            seeds = "1 seed" if self.repeats == 1 else f"{self.repeats} seeds"
            left_out = f"the test exchanges texts only: {seeds} do not show what other seeds would change; give {SEEDS}"
            return f"{left_out} or more" if self.pairs and self.repeats < SEEDS else ""
        few, runs = self.repeats * self.folds < ENOUGH, f"{self.repeats * self.folds} folds"
        if not few or all(pair.significant for pair in self.pairs):
            return ""
        weak = f"the corrected test has little power over {runs}, and shows large differences only"
        return f"{weak}; more folds or repeats ({ENOUGH} folds in all, --repeats) show smaller ones"

    def to_json(self) -> dict[str, Any]:
        """Convert all figures to JSON values."""
        pairs = [pair.to_json() for pair in self.pairs]
        found = {**asdict(self), "decides": "accuracy", "pairs": pairs}
        return {**found, "best": self.best.name, "said": self.in_words, "advice": self.advice}


def compare(runs: Runs, *, design: Design) -> Comparison:
    """Compare models by the `answers.jsonl` and `scores.json` in their run folders.

    Raises InputError where a table is damaged, or where two models did not answer the same texts.
    """
    tables = {
        name: [[read_table(folder / ANSWERS) for folder in folds] for folds in repeats]
        for name, repeats in runs.items()
    }
    facts = {
        name: [read_json(folder / SCORES) for folds in repeats for folder in folds] for name, repeats in runs.items()
    }
    if len(tables) > 1:
        every = list(tables.values())
        tables[AVERAGE] = [[average(fold) for fold in zip(*folds, strict=True)] for folds in zip(*every, strict=True)]
        facts[AVERAGE] = _costs_of_all(list(facts.values()))
    models = [_compared(name, tables[name], facts[name]) for name in tables]
    right_RN = {
        name: np.array([pooled(folds).right_N for folds in repeats], dtype=bool) for name, repeats in tables.items()
    }
    repeats, folds = len(right_RN[models[0].name]), len(next(iter(tables.values()))[0])
    ranked = sorted(models, key=lambda model: -model.scores["accuracy"].mean)
    pairs = [
        _pair(one, other, right_RN, test_share=1 / (folds - 1) if design == "folds" else None)
        for one, other in combinations(ranked, 2)
    ]
    adjusted = holm([pair.p for pair in pairs])
    return Comparison(
        design=design,
        repeats=repeats,
        folds=folds,
        texts=right_RN[models[0].name].shape[1],
        decided_by=_decided_by(design, runs=repeats * folds, pairs=len(pairs)),
        models=models,
        pairs=[replace(pair, p=p) for pair, p in zip(pairs, adjusted, strict=True)],
    )


def difference_interval(low: float | None, high: float | None, *, digits: int, scale: float = 1) -> str:
    """Describe the 95% interval of a difference, as in `95% interval -2.1 to 15.1`."""
    if low is None or high is None:
        return "too few texts for an interval"
    return f"95% interval {scale * low:.{digits}f} to {scale * high:.{digits}f}"


def p_in_words(p: float) -> str:
    """Format a p-value, as in `p = 0.030` or `p = 0.41`; near SURE with a digit more, as that decides."""
    if abs(p - SURE) < 0.005:
        return f"p = {p:.4f}"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.0995 else f"p = {p:.2f}"


def _costs_of_all(facts: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return the cost of the ensemble in each run: the sums, as every model has to be trained, stored and run."""
    names = ("train_seconds", "size_bytes", "parameters")
    return [
        {name: sum(model[name] for model in models) for name in names}
        | {"speed": {"texts_per_second": 1 / sum(1 / model["speed"]["texts_per_second"] for model in models)}}
        for models in zip(*facts, strict=True)
    ]


def _compared(name: str, repeats: Sequence[Sequence[Table]], facts: Sequence[Mapping[str, Any]]) -> Compared:
    by_run = [_scores(table) for folds in repeats for table in folds]
    by_repeat = [pooled(folds) for folds in repeats]
    labels = by_repeat[0].labels
    matrices = [confusion(table.gold_N, table.probabilities_NC.argmax(1), len(labels)) for table in by_repeat]
    # each repeat has the same texts: intervals are averaged, as pooling the repeats would take them for new texts
    intervals = [scores(table.probabilities_NC, table.gold_N) for table in by_repeat]
    by_class = zip(*(class_scores(matrix) for matrix in matrices), strict=True)
    whole = pooled(by_repeat)
    details = {
        "labels": labels,
        "confusion": np.sum(matrices, axis=0).tolist(),
        "per_class": [{"label": label, **_mean_class(each)} for label, each in zip(labels, by_class, strict=True)],
        "calibration": reliability(whole.probabilities_NC, whole.gold_N).to_json(),
    }
    return Compared(
        name=name,
        scores={score: spread([run[score] for run in by_run]) for score in by_run[0]},
        pooled={score: _mean([repeat[score] for repeat in intervals]) for score in intervals[0]},
        details=details,
        train_seconds=fmean(run["train_seconds"] for run in facts),
        texts_per_second=fmean(run["speed"]["texts_per_second"] for run in facts),
        size_bytes=fmean(run["size_bytes"] for run in facts),
        parameters=fmean(run["parameters"] for run in facts),
    )


def _scores(table: Table) -> dict[str, float]:
    counted = tally(confusion(table.gold_N, table.probabilities_NC.argmax(1), len(table.labels))).overall()
    named = {name: float(counted[name]) for name in ("accuracy", "macro_f1")}
    return {**named, "log_loss": log_loss(table.probabilities_NC, table.gold_N)}


def spread(values: list[float]) -> Spread:
    """Compute mean and standard deviation of a score over runs."""
    return Spread(fmean(values), stdev(values) if len(values) > 1 else 0.0, values)


def _mean(parts: Sequence[Score]) -> Score:
    value, ends = fmean(score.value for score in parts), [(score.low, score.high) for score in parts]
    known = [(low, high) for low, high in ends if low is not None and high is not None]
    return Score(value, *map(fmean, zip(*known, strict=True))) if len(known) == len(ends) else Score(value)


def _mean_class(parts: Sequence[ClassScores]) -> dict[str, Any]:
    names = ("precision", "recall", "f1")
    return {name: asdict(_mean([getattr(scores, name) for scores in parts])) for name in names} | {
        "support": parts[0].support
    }


def _pair(one: Compared, other: Compared, right_RN: Mapping[str, np.ndarray], *, test_share: float | None) -> Pair:
    """Compare two models, with a p that is not adjusted yet."""
    first_RN, second_RN = right_RN[one.name], right_RN[other.name]
    texts = mcnemar(first_RN.ravel(), second_RN.ravel())
    several = len(first_RN) > 1
    texts_p = randomization(first_RN.mean(0) - second_RN.mean(0)) if several else texts.p
    accuracy, macro_f1 = (
        None
        if test_share is None
        else resampled_t(np.subtract(one.scores[score].each, other.scores[score].each), test_share=test_share)
        for score in ("accuracy", "macro_f1")
    )
    apart = mean((first_RN.mean(0) - second_RN.mean(0)).astype(float)) if accuracy is None else accuracy
    return Pair(
        one=one.name,
        other=other.name,
        difference=one.scores["accuracy"].mean - other.scores["accuracy"].mean,
        accuracy=accuracy,
        macro_f1=macro_f1,
        only_one=texts.only_first,
        only_other=texts.only_second,
        texts_p=texts_p,
        p=accuracy.p if accuracy else texts_p,
        low=apart.low,
        high=apart.high,
    )


def _decided_by(design: Design, *, runs: int, pairs: int) -> str:
    if design == "folds":
        test = f"the corrected resampled t-test over {runs} folds (Nadeau and Bengio 2003)"
    elif runs == 1:
        test = "McNemar’s exact test over the texts"
    else:
        test = "a randomisation test over the texts (Noreen 1989)"
    return test + (f", p adjusted for {pairs} pairs (Holm 1979)" if pairs > 1 else "")
