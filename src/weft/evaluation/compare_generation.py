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

from weft.decoding.token_loss import Reference
from weft.errors import InputError
from weft.evaluation.compare import SURE, Design, Runs, Spread, p_in_words, spread
from weft.files import read_json
from weft.metrics.overlap import overlap
from weft.metrics.significance import holm
from weft.metrics.systems import CorpusScore, compare, intervals
from weft.tasks.generation.generator import GeneratedText
from weft.tasks.generation.scores import text_scores

DECIDES = {"bleu": "BLEU", "bits_per_byte": "bits a byte"}
"""Scores by which models are ranked and tested, for generated and for scored texts, with their titles."""
SHOWN = ("bleu", "chrf", "rougeL", "bits_per_byte", "perplexity", "log_loss")
"""Scores of each run that are reported, if it has them."""


@dataclass(frozen=True, slots=True)
class GeneratedAnswers:
    """The results of one run: what was given to it, and for each the generated text, or the nats and tokens."""

    keys: list[Any]
    made: list[Any]

    @property
    def scores(self) -> dict[str, CorpusScore]:
        """Scores that models are compared by."""
        if isinstance(self.made[0], str):
            return overlap(self.made, [references for _, references in self.keys])
        answers = [GeneratedText("", 0.0, (), reference) for reference in self.made]
        return {"bits_per_byte": text_scores(answers, self.keys)["bits_per_byte"]}


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


def compare_written(runs: Runs, *, design: Design) -> WrittenComparison:
    """Compare models by the `answers.jsonl` and `scores.json` in their run folders.

    Raises InputError if a table is damaged, or if two models did not generate for the same sources.
    """
    wrote = {
        name: [_pooled([read_generated(one / "answers.jsonl") for one in folds]) for folds in repeats]
        for name, repeats in runs.items()
    }
    first = next(iter(wrote.values()))
    for repeats in wrote.values():
        if any(mine.keys != theirs.keys for mine, theirs in zip(repeats, first, strict=True)):
            raise InputError("the models were not given the same texts, or not with the same references")
    scores = {name: repeats[0].scores for name, repeats in wrote.items()}
    decides = next(name for name in DECIDES if name in next(iter(scores.values())))
    models = [_model(name, runs[name], scores[name]) for name in runs]
    higher = next(iter(scores.values()))[decides].better == "higher"
    ranked = sorted(models, key=lambda model: model["scores"][decides]["mean"], reverse=higher)
    pairs = [_pair(one["name"], other["name"], scores) for one, other in combinations(ranked, 2)]
    for pair, p in zip(pairs, holm([pair[decides]["p_randomization"] for pair in pairs]), strict=True):
        ahead = pair[decides]["difference"]["value"] * (1 if higher else -1)
        pair |= {"difference": ahead, "p": p, "told_apart": p < SURE}
        pair["said"] = _in_words(pair, decides)
    folds = len(next(iter(runs.values()))[0])
    return WrittenComparison(
        design, len(first), folds, len(first[0].made), decides, ranked[0]["name"], models=models, pairs=pairs
    )


def read_generated(path: Path) -> GeneratedAnswers:
    """Read an `answers.jsonl`. Raises InputError for a line without a source, references and an answer, or a loss."""
    keys, made = [], []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                record = json.loads(line)
                if "log_loss" in record:
                    keys.append(str(record["text"]))
                    made.append(Reference(record["log_loss"] * record["tokens"], record["tokens"]))
                else:
                    keys.append((str(record["source"]), tuple(record["references"])))
                    made.append(str(record["answer"]))
            except (ValueError, KeyError, TypeError):
                what = "expected a source, its references, and the answer; or a text and its loss"
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
    facts = [read_json(one / "scores.json") for folds in repeats for one in folds]
    each: dict[str, Spread] = {
        score: spread([one["scores"][score]["value"] for one in facts])
        for score in SHOWN
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
    found, digits = pair[decides]["difference"], 1 if decides == "bleu" else 3
    interval = "too few texts for an interval"
    if found["low"] is not None:
        ends = sorted(end if decides == "bleu" else -end for end in (found["low"], found["high"]))
        interval = "95% interval " + " to ".join(f"{end:.{digits}f}" for end in ends)
    points = f"by {pair['difference']:.{digits}f} {DECIDES[decides]}, {interval}, {p_in_words(pair['p'])}"
    if pair["told_apart"]:
        return f"{pair['one']} is better than {pair['other']} ({points})"
    return f"{pair['one']} and {pair['other']} cannot be told apart ({points})"
