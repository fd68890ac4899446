"""Answers that are spans of a passage: merged over its windows, compared with no answer, scored."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from weft.data.examples.span_questions import Question
from weft.metrics.answers import exact, f1, style_of
from weft.metrics.bootstrap import mean
from weft.metrics.calibration import logistic
from weft.metrics.floors import Floor, beside
from weft.metrics.systems import CorpusScore, mean_score
from weft.tasks.results import Scores


@dataclass(frozen=True, slots=True)
class Found:
    """A span of a passage, whose text is `passage[start:end]`, and the probability that it is the answer."""

    text: str
    start: int
    end: int
    probability: float


@dataclass(frozen=True, slots=True)
class SpanAnswer:
    """The answer to a question, its place in the passage, and its confidence.

    Where the passage has no answer the text is empty and start and end are 0. `probability` is the confidence in what
    is answered: that the part is right or, without an answer, that the best candidate is not. `none` and the
    probabilities of `candidates`, the best parts of the passage, are those of the model, which sum to at most 1.
    """

    text: str
    start: int
    end: int
    probability: float
    none: float = field(default=0.0, repr=False)
    candidates: tuple[Found, ...] = field(default=(), repr=False)

    def at(self, least: float) -> SpanAnswer:
        """Return the answer where the confidence in the best candidate is at least this, else no answer."""
        sure = self.probability if self.text else 1 - self.probability
        if self.candidates and sure >= least:
            best = self.candidates[0]
            return SpanAnswer(best.text, best.start, best.end, sure, self.none, self.candidates)
        return SpanAnswer("", 0, 0, 1 - sure, self.none, self.candidates)


@dataclass(frozen=True, slots=True)
class Rule:
    """Rule by which there is an answer, and the confidence in it, by its probability over that of none (the ratio).

    There is one from `threshold` on. The confidence is logistic in the logarithm of the ratio (Platt 1999); without an
    `offset` it is 50% at the threshold.
    """

    threshold: float = 1.0
    slope: float = 1.0
    offset: float | None = None

    def confidence(self, ratio: float) -> float:
        """Compute the probability that the best candidate is right."""
        offset = -self.slope * math.log(max(self.threshold, 1e-300)) if self.offset is None else self.offset
        return float(1 / (1 + np.exp(-np.clip(self.slope * math.log(max(ratio, 1e-300)) + offset, -700, 700))))


@dataclass(frozen=True, slots=True)
class RowSpans:
    """The best spans of one row in characters: their log odds against no answer, and the log of the sum of all odds."""

    odds_N: np.ndarray
    start_N: np.ndarray
    end_N: np.ndarray
    total: float


def merged(parts: Sequence[RowSpans], passage: str, *, always: bool, rule: Rule, keep: int) -> SpanAnswer:
    """Merge the spans of all rows of a passage to one answer.

    The odds of a span are against no answer in its own window, so that those of several windows can be compared and
    summed. With `always` there is an answer, whose confidence is its probability; else the rule decides.
    """
    best: dict[tuple[int, int], float] = {}
    for part in parts:
        for odds, start, end in zip(part.odds_N.tolist(), part.start_N.tolist(), part.end_N.tolist(), strict=True):
            if odds > best.get((start, end), -np.inf):
                best[start, end] = odds
    total = np.logaddexp.reduce([*(part.total for part in parts), *([] if always else [0.0])])
    ranked = sorted(best.items(), key=lambda one: -one[1])[:keep]
    candidates = tuple(
        Found(passage[start:end], start, end, float(np.exp(min(0.0, odds - total)))) for (start, end), odds in ranked
    )
    return decided(candidates, none=0.0 if always else float(np.exp(-total)), rule=rule)


def decided(candidates: tuple[Found, ...], *, none: float, rule: Rule) -> SpanAnswer:
    """Choose the best candidate, or no answer where that is more probable by more than the rule allows."""
    if not candidates:
        return SpanAnswer("", 0, 0, 1.0, none, candidates)
    best = candidates[0]
    sure = best.probability if none <= 0 else rule.confidence(best.probability / none)
    if none > 0 and best.probability < rule.threshold * none:
        return SpanAnswer("", 0, 0, 1 - sure, none, candidates)
    return SpanAnswer(best.text, best.start, best.end, sure, none, candidates)


def averaged(answers: Sequence[SpanAnswer], *, rule: Rule) -> SpanAnswer:
    """Average the probabilities that several models give to parts of one passage."""
    sums: dict[tuple[int, int, str], float] = {}
    for one in (found for answer in answers for found in answer.candidates):
        place = one.start, one.end, one.text
        sums[place] = sums.get(place, 0.0) + one.probability / len(answers)
    ranked = sorted(sums.items(), key=lambda one: -one[1])[: max(len(one.candidates) for one in answers)]
    candidates = tuple(Found(text, start, end, share) for (start, end, text), share in ranked)
    none = float(np.mean([one.none for one in answers]))
    return decided(candidates, none=none, rule=rule)


def best_rule(answers: Sequence[SpanAnswer], examples: Sequence[Question]) -> Rule:
    """Find the threshold with the best F1 on questions of which some have no answer, and fit the confidence to F1."""
    ratio_N, gain_N, right_N = np.zeros((3, len(answers)))
    for row, (answer, example) in enumerate(zip(answers, examples, strict=True)):
        text, share = (answer.candidates[0].text, answer.candidates[0].probability) if answer.candidates else ("", 0.0)
        style = style_of(example.question)
        right_N[row] = f1(text, example.right, style=style) if text else 0.0
        gain_N[row] = f1(text, example.right, style=style) - f1("", example.right, style=style)
        ratio_N[row] = share / max(answer.none, 1e-300)
    threshold = _best_threshold(ratio_N, gain_N)
    line = logistic(np.log(np.maximum(ratio_N, 1e-300)), right_N)
    return Rule(threshold) if line is None or line[0] <= 0 else Rule(threshold, *line)


def _best_threshold(ratio_N: np.ndarray, gain_N: np.ndarray) -> float:
    """Find the ratio from which answers gain most F1 over none."""
    order_N = np.argsort(-ratio_N, kind="stable")
    gained = np.concatenate([[0.0], np.cumsum(gain_N[order_N])])
    # where equals stand beside each other nothing can come between them
    edges = [place for place in range(len(gained)) if 0 < place < len(ratio_N) and
             ratio_N[order_N[place - 1]] > ratio_N[order_N[place]]] + [0, len(ratio_N)]  # fmt: skip
    place = max(edges, key=lambda one: gained[one])
    if place == 0:
        return float(2 * ratio_N.max(initial=0.5))
    last = ratio_N[order_N[place - 1]]
    return float(last if place == len(ratio_N) else np.sqrt(last * max(ratio_N[order_N[place]], last / 4)))


def matches(answers: Iterable[str], examples: Iterable[Question]) -> tuple[np.ndarray, np.ndarray]:
    """Compute exact match and F1 of each answer, [N] each."""
    rows = [
        (exact(answer, one.right, style=style), f1(answer, one.right, style=style))
        for answer, one in zip(answers, examples, strict=True)
        for style in [style_of(one.question)]
    ]
    exact_N, f1_N = np.array(rows, dtype=np.float64).reshape(-1, 2).T
    return exact_N, f1_N


def row_scores(answers: Iterable[str], examples: Iterable[Question]) -> dict[str, CorpusScore]:
    """Compute F1, which decides against simple methods, and exact match of each answer."""
    return _by_row(*matches(answers, examples))


def _by_row(exact_N: np.ndarray, f1_N: np.ndarray) -> dict[str, CorpusScore]:
    each = {"f1": f1_N, "exact_match": exact_N}
    return {name: mean_score(value_N, signature="mean over questions") for name, value_N in each.items()}


def scored(answers: Sequence[SpanAnswer], examples: Sequence[Question]) -> Scores:
    """Compute exact match and F1; details are those of questions with and without an answer, and their share."""
    exact_N, f1_N = matches([one.text for one in answers], examples)
    none_N = np.array([not one.right for one in examples])
    details: dict[str, Any] = {
        "counted_as": dict(Counter(style_of(one.question) for one in examples)),
        "with_answer": {"questions": int((~none_N).sum())},
        "without_answer": {"questions": int(none_N.sum())},
    }
    for name, ours_N in (("with_answer", ~none_N), ("without_answer", none_N)):
        if ours_N.any():
            details[name] |= {"exact_match": asdict(mean(exact_N[ours_N])), "f1": asdict(mean(f1_N[ours_N]))}
    if none_N.any():
        silent = {"always answering that there is none": Floor.of(row_scores([""] * len(examples), examples))}
        details |= beside(_by_row(exact_N, f1_N), silent)
    return Scores({"exact_match": mean(exact_N), "f1": mean(f1_N)}, details)


def recorded(answer: SpanAnswer, example: Question) -> dict[str, Any]:
    """Return a line of a table of answers."""
    known = {} if example.answers is None else {"answers": example.right}
    return {
        **({"id": example.id} if example.id else {}),
        "question": example.question,
        **known,
        "answer": answer.text,
        "start": answer.start,
        "end": answer.end,
        "probability": round(answer.probability, 6),
        "none": round(answer.none, 6),
        "alternatives": [asdict(one) | {"probability": round(one.probability, 6)} for one in answer.candidates],
        "passage": example.passage,
        **({"line": example.line} if example.line else {}),
    }
