"""Precision, recall and F1 of labelled spans, by the definitions of `conlleval` and, for words, of SIGHAN.

A predicted span is right where a true one has the same start, end and label (Tjong Kim Sang and De Meulder 2003). A
word of a segmented text is a span, of which those that training never had count apart (Sproat and Emerson 2003).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from weft.metrics.systems import CorpusScore, intervals

Spans = Collection[tuple[int, int, str]]
"""Spans of a text: start, end, label."""
NONE = "–"
"""Name of no span, in a confusion matrix."""
MISSES = 20
"""Number of the most frequent mistakes that are kept."""
_HITS, _FOUND, _TRUE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class TaggedPair:
    """A text with its true and its predicted spans."""

    text: str
    true: Spans
    found: Spans


def span_scores(pairs: Sequence[TaggedPair], known: Collection[str], *, prefix: str) -> dict[str, CorpusScore]:
    """Count what the scores of all spans are made of, by text.

    The scores are `<prefix>_f1`, `<prefix>_precision`, `<prefix>_recall`, `exact_match` (texts whose spans are all
    right), `seen_recall` and `unseen_recall`: of true spans whose strings are among the `known` ones, and of others.
    """
    counts_N8 = np.array([_counts(one, known) for one in pairs], dtype=np.float64).reshape(-1, 8)
    parts = {
        f"{prefix}_f1": ("spans right", counts_N8[:, :3], f1),
        f"{prefix}_precision": ("spans right", counts_N8[:, [_HITS, _FOUND]], _ratio),
        f"{prefix}_recall": ("spans right", counts_N8[:, [_HITS, _TRUE]], _ratio),
        "exact_match": ("texts right", np.stack([counts_N8[:, 7], np.ones(len(pairs))], 1), _ratio),
        "seen_recall": ("spans of known strings right", counts_N8[:, 3:5], _ratio),
        "unseen_recall": ("spans of unknown strings right", counts_N8[:, 5:7], _ratio),
    }
    return {name: CorpusScore(*part) for name, part in parts.items()}


def scores_by_label(pairs: Sequence[TaggedPair]) -> list[dict[str, Any]]:
    """Compute precision, recall and F1 of each label with their intervals, the labels in order of their counts."""
    support = Counter(label for one in pairs for _, _, label in one.true)
    labels = [label for label, _ in support.most_common()]
    labels += sorted({label for one in pairs for _, _, label in one.found} - {*labels})
    numbers = {label: number for number, label in enumerate(labels)}
    counts_NL3 = np.zeros((len(pairs), len(labels), 3))
    for row, one in enumerate(pairs):
        true = {*one.true}
        for span in one.found:
            counts_NL3[row, numbers[span[2]], _FOUND] += 1
            counts_NL3[row, numbers[span[2]], _HITS] += span in true
        for span in one.true:
            counts_NL3[row, numbers[span[2]], _TRUE] += 1
    found = []
    for number, label in enumerate(labels):
        counts_N3 = counts_NL3[:, number]
        parts = {
            "precision": CorpusScore("", counts_N3[:, [_HITS, _FOUND]], _ratio),
            "recall": CorpusScore("", counts_N3[:, [_HITS, _TRUE]], _ratio),
            "f1": CorpusScore("", counts_N3, f1),
        }
        found.append({"label": label, **intervals(parts), "support": support[label]})
    return found


def confusions(pairs: Sequence[TaggedPair], labels: Sequence[str]) -> np.ndarray:
    """Count the labels of true spans (rows) that were given to the same places (columns); the last one is no span."""
    numbers = {label: number for number, label in enumerate(labels)}
    counts = np.zeros((len(labels) + 1, len(labels) + 1), dtype=np.int64)
    for one in pairs:
        true, found = ({span[:2]: span[2] for span in spans} for spans in (one.true, one.found))
        for place in {*true, *found}:
            row, column = (numbers.get(side.get(place, ""), len(labels)) for side in (true, found))
            counts[row, column] += 1
    return counts


def commonest_mistakes(pairs: Sequence[TaggedPair]) -> list[dict[str, Any]]:
    """Count the mistakes of each string: true label and predicted one, NONE where one has no span; the most first."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for one in pairs:
        true, found = ({span[:2]: span[2] for span in spans} for spans in (one.true, one.found))
        for place in {*true, *found}:
            labels = true.get(place, NONE), found.get(place, NONE)
            if labels[0] != labels[1]:
                counts[one.text[slice(*place)], *labels] += 1
    ordered = sorted(counts.items(), key=lambda mistake: (-mistake[1], mistake[0]))[:MISSES]
    return [{"text": text, "true": true, "predicted": found, "times": times} for (text, true, found), times in ordered]


def values_of(scores: Mapping[str, CorpusScore]) -> dict[str, float]:
    """Return the values of scores without intervals."""
    return {name: one.value for name, one in scores.items()}


def spans_of_words(words: Sequence[str]) -> set[tuple[int, int, str]]:
    """Return the words of a text as spans of its characters, blanks left out."""
    ends = [0, *accumulate(map(len, words))]
    return {(start, end, "") for start, end in pairwise(ends)}


def longest_matches(text: str, words: Collection[str], *, longest: int) -> list[tuple[int, int, str]]:
    """Cut a text into the longest words of a list from left to right; what is in none is a word of one character."""
    found, start = [], 0
    while start < len(text):
        if text[start].isspace():
            start += 1
            continue
        ends = range(min(start + longest, len(text)), start, -1)
        end = next((end for end in ends if text[start:end] in words), start + 1)
        found.append((start, end, ""))
        start = end
    return found


def f1(sums: np.ndarray) -> np.ndarray:
    """Compute F1 from sums [..., 3] of right, found and true spans; 0 where there are none."""
    return 2 * sums[..., _HITS] / np.maximum(1, sums[..., _FOUND] + sums[..., _TRUE])


def _counts(one: TaggedPair, known: Collection[str]) -> list[int]:
    true, found = {*one.true}, {*one.found}
    right = true & found
    seen = {span for span in true if one.text[span[0] : span[1]] in known}
    seen_right = len(right & seen)
    hits = [len(right), len(found), len(true)]
    return [*hits, seen_right, len(seen), len(right) - seen_right, len(true) - len(seen), int(true == found)]


def _ratio(sums: np.ndarray) -> np.ndarray:
    return sums[..., 0] / np.maximum(1, sums[..., 1])
