"""Compares models by their tables of generated or scored texts: means, intervals and paired tests.

Every model generated for the same sources, or scored the same texts: in folds, each once a repeat, or a test set as a
whole, once for each seed. Intervals and tests are on the texts of the first repeat or seed, all folds together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

from weft.errors import InputError
from weft.evaluation.compare import SURE, Design, Runs, Spread, difference_interval, p_in_words, spread
from weft.files import read_json
from weft.metrics.names import measure
from weft.metrics.significance import holm
from weft.metrics.systems import CorpusScore, compare, intervals
from weft.run_folder import ANSWERS, SCORES
from weft.tasks.base import TaskConfig


@dataclass(frozen=True, slots=True)
class GeneratedAnswers:
    """The results of one run: what was given to it, and for each the generated text, or the nats and tokens."""

    keys: list[Any]
    made: list[Any]


@dataclass(frozen=True, slots=True)
class WrittenComparison:
    """All models with their scores and costs, every pair of them with its tests, and notes."""

    design: Design
    repeats: int
    folds: int
    texts: int
    decides: str
    best: str
    models: list[dict[str, Any]]
    pairs: list[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """Convert all figures to JSON values."""
        said = [pair["said"] for pair in self.pairs if self.best in (pair["one"], pair["other"])]
        decided = "approximate randomisation over the texts (Riezler and Maxwell 2005)"
        adjusted = f", p adjusted for {len(self.pairs)} pairs (Holm 1979)" if len(self.pairs) > 1 else ""
        more = "" if self.repeats > 1 or self.design == "folds" else "one seed does not show what others would change"
        return {**asdict(self), "decided_by": decided + adjusted, "said": said, "advice": more}


def compare_written(runs: Runs, task: TaskConfig, *, design: Design) -> WrittenComparison:
    """Compare models by the `answers.jsonl` and `scores.json` in their run folders.

    Raises InputError if a table is damaged, or if two models did not generate for the same sources.
    """
    wrote = {
        name: [_pooled([read_generated(one / ANSWERS, task) for one in folds]) for folds in repeats]
        for name, repeats in runs.items()
    }
    first = next(iter(wrote.values()))
    for repeats in wrote.values():
        if any(mine.keys != theirs.keys for mine, theirs in zip(repeats, first, strict=True)):
            raise InputError("the models were not given the same texts, or not with the same references")
    scores = {name: task.corpus_scores(repeats[0].keys, repeats[0].made) for name, repeats in wrote.items()}
    decides = next(name for name in task.compared_by if name in next(iter(scores.values())))
    models = [_model(name, runs[name], scores[name]) for name in runs]
    higher = measure(decides).better == "higher"
    ranked = sorted(models, key=lambda model: model["scores"][decides]["mean"], reverse=higher)
    pairs = [_pair(one["name"], other["name"], scores) for one, other in combinations(ranked, 2)]
    for pair, p in zip(pairs, holm([pair[decides]["p_randomization"] for pair in pairs]), strict=True):
        ahead = pair[decides]["difference"]["value"] * (1 if higher else -1)
        pair |= {"difference": ahead, "p": p, "told_apart": p < SURE}
        ends = pair[decides]["difference"]["low"], pair[decides]["difference"]["high"]
        ends = ends if higher or ends[0] is None else (-ends[1], -ends[0])
        pair |= {"low": ends[0], "high": ends[1]}
        pair["said"] = _in_words(pair, decides)
    folds = len(next(iter(runs.values()))[0])
    return WrittenComparison(
        design, len(first), folds, len(first[0].made), decides, ranked[0]["name"], models=models, pairs=pairs
    )


def read_generated(path: Path, task: TaskConfig) -> GeneratedAnswers:
    """Read an `answers.jsonl`. Raises InputError for a line that no model of the task has written."""
    keys, made = [], []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                given, one = task.comparable(json.loads(line))
                keys.append(given)
                made.append(one)
            except (ValueError, KeyError, TypeError):
                what = f"expected what was given to a model of task `{task.kind}`, and its answer"
                raise InputError(what, where=f"{path}:{number}") from None
    if not keys:
        raise InputError("there are no answers", where=str(path))
    return GeneratedAnswers(keys, made)


def _pooled(folds: Sequence[GeneratedAnswers]) -> GeneratedAnswers:
    """Join several folds to one table, ordered by what was given, so that models can be compared."""
    pairs = [pair for one in folds for pair in zip(one.keys, one.made, strict=True)]
    pairs = sorted(pairs, key=lambda pair: pair[0]) if len(folds) > 1 else pairs
    return GeneratedAnswers([key for key, _ in pairs], [made for _, made in pairs])


def _model(name: str, repeats: Sequence[Sequence[Path]], scores: Mapping[str, CorpusScore]) -> dict[str, Any]:
    facts = [read_json(one / SCORES) for folds in repeats for one in folds]
    each: dict[str, Spread] = {
        score: spread([one["scores"][score]["value"] for one in facts])
        for score in facts[0]["scores"]
        if all(score in one["scores"] for one in facts)
    }
    return {
        "name": name,
        "scores": {score: asdict(one) for score, one in each.items()},
        "pooled": {score: asdict(one) for score, one in intervals(scores).items()},
        "signatures": {score: one.signature for score, one in scores.items()},
        "train_seconds": fmean(one["train_seconds"] for one in facts),
        "texts_per_second": fmean(one["speed"]["texts_per_second"] for one in facts),
        "size_bytes": fmean(one["size_bytes"] for one in facts),
        "parameters": fmean(one["parameters"] for one in facts),
    }


def _pair(one: str, other: str, scores: Mapping[str, Mapping[str, CorpusScore]]) -> dict[str, Any]:
    found = {name: asdict(result) for name, result in compare(scores[one], scores[other]).items()}
    return {"one": one, "other": other, **found}


def _in_words(pair: Mapping[str, Any], decides: str) -> str:
    known = measure(decides)
    digits = 1 if known.form == "points" else 3
    interval = difference_interval(pair["low"], pair["high"], digits=digits)
    points = f"{pair['difference']:.{digits}f} {known.called}, {interval}, {p_in_words(pair['p'])}"
    if pair["told_apart"]:
        return f"{pair['one']} is better than {pair['other']} (by {points})"
    return f"no significant difference between {pair['one']} and {pair['other']} ({points})"
