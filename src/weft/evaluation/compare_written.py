"""Tables of written answers in, a comparison of models out: means, intervals, paired tests; trains and draws nothing.

Every model wrote for the same sources: in folds, each source once a repeat, or a test part as a whole, once for each
seed. The tests are on the texts of the first repeat or seed.
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
from weft.evaluation.compare import SURE, Design, Runs, Spread, p_in_words, spread
from weft.files import read_json
from weft.metrics.overlap import overlap
from weft.metrics.significance import holm
from weft.metrics.systems import CorpusScore, compare, intervals

DECIDES = "bleu"
"""The score by which models are ranked and tested."""


@dataclass(frozen=True, slots=True)
class Written:
    """What one run wrote: sources with their references, and the text for each."""

    keys: list[tuple[str, tuple[str, ...]]]
    texts: list[str]


@dataclass(frozen=True, slots=True)
class WrittenComparison:
    """All models with their scores and costs, every pair of them with its tests, and what is to be said."""

    design: Design
    repeats: int
    folds: int
    texts: int
    models: list[dict[str, Any]]
    pairs: list[dict[str, Any]]

    @property
    def best(self) -> str:
        """The name of the model of the highest mean score."""
        return max(self.models, key=lambda model: model["scores"][DECIDES]["mean"])["name"]

    def to_json(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        said = [pair["said"] for pair in self.pairs if self.best in (pair["one"], pair["other"])]
        decided = "approximate randomisation over the texts (Riezler and Maxwell 2005)"
        adjusted = f", p adjusted for {len(self.pairs)} pairs (Holm 1979)" if len(self.pairs) > 1 else ""
        more = "" if self.repeats > 1 or self.design == "folds" else "one seed does not show what others would change"
        return {**asdict(self), "decided_by": decided + adjusted, "best": self.best, "said": said, "advice": more}


def compare_written(runs: Runs, *, design: Design) -> WrittenComparison:
    """Compare models by the `answers.jsonl` and `scores.json` in their run folders.

    Raises InputError where a table is damaged, or where two models did not write for the same sources.
    """
    wrote = {
        name: [_pooled([read_written(one / "answers.jsonl") for one in folds]) for folds in repeats]
        for name, repeats in runs.items()
    }
    first = next(iter(wrote.values()))
    for repeats in wrote.values():
        if any(mine.keys != theirs.keys for mine, theirs in zip(repeats, first, strict=True)):
            raise InputError("the models did not write for the same sources, or not with the same references")
    scores = {name: _scores(repeats[0]) for name, repeats in wrote.items()}
    models = [_model(name, runs[name], scores[name]) for name in runs]
    ranked = sorted(models, key=lambda model: -model["scores"][DECIDES]["mean"])
    pairs = [_pair(one["name"], other["name"], scores) for one, other in combinations(ranked, 2)]
    for pair, p in zip(pairs, holm([pair["p"] for pair in pairs]), strict=True):
        pair["p"] = p
        pair["said"] = _in_words(pair)
    folds = len(next(iter(runs.values()))[0])
    return WrittenComparison(design, len(first), folds, len(first[0].texts), models, pairs)


def read_written(path: Path) -> Written:
    """Read an `answers.jsonl`. Raises InputError for a line without a source, references or an answer."""
    keys, texts = [], []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                record = json.loads(line)
                keys.append((str(record["source"]), tuple(record["references"])))
                texts.append(str(record["answer"]))
            except (ValueError, KeyError, TypeError):
                what = "expected a source, its references, and the answer"
                raise InputError(what, where=f"{path}:{number}") from None
    if not keys:
        raise InputError("there are no answers", where=str(path))
    return Written(keys, texts)


def _pooled(folds: Sequence[Written]) -> Written:
    """Several folds as one table, by their sources, so that models can stand side by side."""
    pairs = [pair for one in folds for pair in zip(one.keys, one.texts, strict=True)]
    pairs = sorted(pairs, key=lambda pair: pair[0]) if len(folds) > 1 else pairs
    return Written([key for key, _ in pairs], [text for _, text in pairs])


def _scores(written: Written) -> dict[str, CorpusScore]:
    return overlap(written.texts, [references for _, references in written.keys])


def _model(name: str, repeats: Sequence[Sequence[Path]], scores: Mapping[str, CorpusScore]) -> dict[str, Any]:
    facts = [read_json(one / "scores.json") for folds in repeats for one in folds]
    each: dict[str, Spread] = {
        score: spread([one["scores"][score]["value"] for one in facts])
        for score in ("bleu", "chrf", "rougeL", "log_loss")
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
    """The pair, with a p that is not adjusted yet."""
    found = {name: asdict(result) for name, result in compare(scores[one], scores[other]).items()}
    return {"one": one, "other": other, **found, "p": found[DECIDES]["p_randomization"]}


def _in_words(pair: Mapping[str, Any]) -> str:
    found = pair[DECIDES]["difference"]
    points = f"by {found['value']:.1f} BLEU ({found['low']:.1f} to {found['high']:.1f}), {p_in_words(pair['p'])}"
    if pair["p"] < SURE:
        return f"{pair['one']} is better than {pair['other']} ({points})"
    return f"{pair['one']} and {pair['other']} cannot be told apart ({points})"
