"""Answers of tagging: windows merged, the best tags, their spans with probabilities, several models as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from weft.data.columns import Columns
from weft.data.examples.tag_schemes import TagSet, decode
from weft.data.examples.tagged import Form, LabelledSpan, TaggedText
from weft.errors import InputError
from weft.inputs.question_passage import text_of
from weft.metrics.tagging import TaggedPair
from weft.models.crf import Transitions, best_path, chain
from weft.tasks.passage_task import rows_by_example
from weft.tasks.word_list import WordList

BATCH = 1 << 14
"""Number of tokens, padding included, that are decoded at once."""


@dataclass(frozen=True, slots=True)
class Potentials:
    """Scores by which the tags of a text are decided: of each token [N, C], and of a tag behind another."""

    scores_NC: np.ndarray
    first_C: np.ndarray
    between_CC: np.ndarray
    last_C: np.ndarray

    @property
    def transitions(self) -> Transitions:
        """The scores of tags behind each other, in float64."""
        moves = (self.first_C, self.between_CC, self.last_C)
        return Transitions(*(torch.from_numpy(one).double() for one in moves))


@dataclass(frozen=True, slots=True)
class FoundSpan:
    """A span that was predicted: its characters in the text as given, its label, and its probability."""

    start: int
    end: int
    label: str
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class TagAnswer:
    """The predicted spans of a text, in order, and the probability of all of them together."""

    text: str
    spans: tuple[FoundSpan, ...]
    probability: float
    potentials: Potentials = field(compare=False, repr=False)
    places: tuple[tuple[int, int], ...] = field(compare=False, repr=False)

    @property
    def words(self) -> list[str]:
        """The strings of the spans: of a segmented text its words."""
        return [span.text for span in self.spans]


def merged(
    parts: Sequence[Potentials], columns: Columns, tags: TagSet, words: WordList | None = None
) -> list[TagAnswer]:
    """Merge the rows of each text: of a token in several windows, the scores of that with most context around it.

    The words of a list, if any, score higher.
    """
    texts, places, found = [], [], []
    for rows in rows_by_example(columns):
        texts.append(text_of(columns.ragged["letters"], rows[0]))
        own = [columns.ragged["places"].flat(np.array([row]))[0] for row in rows]
        if len(rows) == 1:
            places.append(own[0])
            found.append(parts[rows[0]])
            continue
        count, first = int(columns.fixed["of"][rows[0]]), columns.fixed["from"][rows]
        scores_NC = np.zeros((count, parts[rows[0]].scores_NC.shape[1]), dtype=np.float32)
        places_N2, context_N = np.zeros((count, 2), dtype=np.int32), np.full(count, -1)
        for start, row, own_M2 in zip(first.tolist(), rows, own, strict=True):
            size, whole = len(own_M2), int(columns.cost_R[row])
            place_M = columns.ragged["first"].flat(np.array([row]))[0][:, 0]
            left_M = place_M + (whole if start == 0 else 0)
            right_M = whole - 2 - place_M + (whole if start + size == count else 0)
            here = slice(start, start + size)
            better_M = np.minimum(left_M, right_M) > context_N[here]
            scores_NC[here][better_M] = parts[row].scores_NC[better_M]
            context_N[here][better_M] = np.minimum(left_M, right_M)[better_M]
            places_N2[here] = own_M2
        one = parts[rows[0]]
        places.append(places_N2)
        found.append(Potentials(scores_NC, one.first_C, one.between_CC, one.last_C))
    each = [tuple((start, end) for start, end in one.tolist()) for one in places]
    if words is not None:
        found = [
            replace(one, scores_NC=one.scores_NC + words.bonus(text, own, tags))
            for one, text, own in zip(found, texts, each, strict=True)
        ]
    return decided(texts, each, found, tags)


def decided(
    texts: Sequence[str],
    places: Sequence[tuple[tuple[int, int], ...]],
    found: Sequence[Potentials],
    tags: TagSet,
) -> list[TagAnswer]:
    """Decide on the best tags of each text, texts of like lengths at once."""
    answers: list[Any] = [None] * len(texts)
    order = sorted(range(len(texts)), key=lambda one: len(places[one]))
    while order:
        rows = [order.pop()]
        most = max(1, BATCH // max(1, len(places[rows[0]])))
        while order and len(rows) < most and found[order[-1]].between_CC is found[rows[0]].between_CC:
            rows.append(order.pop())
        for row, spans, probability in zip(rows, *_decode([found[row] for row in rows], tags), strict=True):
            own, text = places[row], texts[row]
            each = (
                FoundSpan(start, end, label, text[start:end], value)
                for first, last, label, value in spans
                for start, end in _whole(own[first:last], label)
            )
            answers[row] = TagAnswer(text, tuple(each), probability, found[row], own)
    return answers


def _whole(places: Sequence[tuple[int, int]], label: str) -> list[tuple[int, int]]:
    """Return the characters of a span of tokens; a word, which has no label, ends at a blank."""
    breaks = [place for place in range(1, len(places)) if places[place][0] > places[place - 1][1]]
    ends = [0, *(breaks if not label else ()), len(places)]
    return [(places[first][0], places[last - 1][1]) for first, last in pairwise(ends)]


def averaged(answers: Sequence[Sequence[TagAnswer]], tags: TagSet) -> list[TagAnswer]:
    """Average the scores of several models that have the same tags, and decide by these."""
    if not answers or len({tuple((one.text, one.places) for one in given) for given in answers}) > 1:
        raise InputError("expected answers of one or more models to the same texts, cut into the same tokens")
    found = []
    for of_one in zip(*answers, strict=True):
        if len({one.potentials.between_CC.shape for one in of_one}) > 1:
            raise InputError("the models do not have the same tags")
        names = ("scores_NC", "first_C", "between_CC", "last_C")
        found.append(
            Potentials(*(np.mean([getattr(one.potentials, name) for one in of_one], axis=0) for name in names))
        )
    first = answers[0]
    return decided([one.text for one in first], [one.places for one in first], found, tags)


def pair_of(answer: TagAnswer, example: TaggedText) -> TaggedPair:
    """Return true and predicted spans of a text."""
    found = {(span.start, span.end, span.label) for span in answer.spans}
    return TaggedPair(example.text, {*map(tuple, example.spans or ())}, found)  # ty: ignore[invalid-argument-type]


def record(answer: TagAnswer, example: TaggedText, form: Form) -> dict[str, Any]:
    """Return a line of a table of answers: spans as objects, words as strings."""
    if form == "words":
        found: list[Any] = answer.words
        true = [example.text[span.start : span.end] for span in example.spans or ()]
    else:
        found = [_span(example.text, span) | {"probability": round(span.probability, 6)} for span in answer.spans]
        true = [_span(example.text, span) for span in example.spans or ()]
    return {
        "text": example.text,
        **({} if example.spans is None else {"label": true}),
        "answer": found,
        "probability": round(answer.probability, 6),
        **({"line": example.line} if example.line else {}),
    }


def _span(text: str, span: FoundSpan | LabelledSpan) -> dict[str, Any]:
    return {"text": text[span.start : span.end], "label": span.label, "start": span.start, "end": span.end}


def _decode(found: Sequence[Potentials], tags: TagSet) -> tuple[list[list[tuple[int, int, str, float]]], list[float]]:
    """Find the best path of some texts: spans of tokens with their probabilities, and the probability of the path."""
    lengths = [len(one.scores_NC) for one in found]
    scores_BTC = torch.zeros((len(found), max(1, *lengths), len(tags.names)), dtype=torch.float64)
    for row, one in enumerate(found):
        scores_BTC[row, : lengths[row]] = torch.from_numpy(one.scores_NC)
    mask_BT = torch.arange(scores_BTC.shape[1]) < torch.tensor(lengths)[:, None]
    moves = found[0].transitions
    path_BT = best_path(scores_BTC, mask_BT, moves)
    paths = chain(scores_BTC, mask_BT, moves)
    at_BT1 = path_BT[..., None]
    before_BT, behind_BT = (one.gather(2, at_BT1)[..., 0] for one in (paths.forward_BTC, paths.backward_BTC))
    steps_BT = scores_BTC.gather(2, at_BT1)[..., 0]
    steps_BT[:, 1:] += moves.between_CC[path_BT[:, :-1], path_BT[:, 1:]]
    walked_BT = steps_BT.cumsum(1)
    spans, sure = [], []
    columns = (path_BT, before_BT - walked_BT, walked_BT + behind_BT, paths.partition_B)
    for length, path, opens_T, closes_T, total in zip(lengths, *(one.numpy() for one in columns), strict=True):
        own = decode([tags.names[tag] for tag in path[:length].tolist()], tags.scheme).spans
        spans.append(
            [
                (first, last, label, float(np.exp(min(0.0, opens_T[first] + closes_T[last - 1] - total))))
                for first, last, label in own
            ]
        )
        sure.append(float(np.exp(min(0.0, opens_T[0] + closes_T[length - 1] - total))) if length else 1.0)
    return spans, sure
