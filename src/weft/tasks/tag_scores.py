"""Scores of tagging, and what simple methods get on the same texts: the commonest tag of a token, the longest match."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from weft.data.examples.tag_schemes import TagSet, decode
from weft.data.examples.tagged import Form
from weft.metrics.floors import Floor, beside
from weft.metrics.systems import CorpusScore, intervals
from weft.metrics.tagging import (
    NONE,
    TaggedPair,
    commonest_mistakes,
    confusions,
    longest_matches,
    scores_by_label,
    span_scores,
    spans_of_words,
    values_of,
)
from weft.tasks.results import Scores
from weft.text.segment import han_share
from weft.text.tokens import token_places

QUICK: Mapping[Form, tuple[str, ...]] = {
    "spans": ("span_f1", "span_precision", "span_recall", "exact_match"),
    "words": ("word_f1", "word_precision", "word_recall", "exact_match"),
    "tokens": ("accuracy", "exact_match"),
}
"""The scores of each form that are computed while training, the first of which chooses the best weights."""
MOST = 40
"""Largest number of labels of a confusion matrix."""


@dataclass(frozen=True, slots=True)
class Known:
    """Strings of the spans of training, and the commonest tag of each token there."""

    strings: frozenset[str]
    tags: Mapping[str, str]
    otherwise: str
    """The commonest tag of all, for a token that training never had."""

    @classmethod
    def of(cls, strings: Iterable[str], counts: Mapping[tuple[str, str], int]) -> Self:
        """Count tags by token; of equal counts the first by name."""
        best: dict[str, tuple[int, str]] = {}
        total: Counter[str] = Counter()
        for (token, tag), times in sorted(counts.items()):
            total[tag] += times
            if token not in best or times > best[token][0]:
                best[token] = times, tag
        otherwise = max(sorted(total), key=total.__getitem__, default="")
        return cls(frozenset(strings), {token: tag for token, (_, tag) in best.items()}, otherwise)

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave."""
        return cls(frozenset(found["strings"]), found["tags"], found["otherwise"])

    def to_json(self) -> dict[str, Any]:
        """Return the content for a file; tokens with the commonest tag of all are left out."""
        tags = {token: tag for token, tag in self.tags.items() if tag != self.otherwise}
        return {"strings": sorted(self.strings), "tags": tags, "otherwise": self.otherwise}

    def commonest(self, text: str, places: Sequence[tuple[int, int]], tags: TagSet) -> list[tuple[int, int, str]]:
        """Predict the spans of the commonest tags of the tokens of a text, read as `conlleval` reads them."""
        found = decode([self.tags.get(text[start:end], self.otherwise) for start, end in places], tags.scheme)
        return [(places[first][0], places[last - 1][1], label) for first, last, label in found.spans]

    def longest_match(self, text: str) -> list[tuple[int, int, str]]:
        """Cut a text into the longest words of training from left to right."""
        return longest_matches(text, self.strings, longest=max(map(len, self.strings), default=1))

    def floors(
        self, pairs: Sequence[TaggedPair], places_E: Sequence[Sequence[tuple[int, int]]], tags: TagSet, form: Form
    ) -> dict[str, list[TaggedPair]]:
        """Answer the texts of some pairs by simple methods, by name; of segmented texts by words of lists too."""
        commonest, match, dictionary = [], [], []
        chinese = form == "words" and han_share([one.text for one in pairs]) > 0.5
        for one, places in zip(pairs, places_E, strict=True):
            commonest.append(TaggedPair(one.text, one.true, self.commonest(one.text, places, tags)))
            if form == "words":
                match.append(TaggedPair(one.text, one.true, self.longest_match(one.text)))
            if chinese:
                words = [(start, end, "") for start, end in token_places(one.text, "word")]
                dictionary.append(TaggedPair(one.text, one.true, words))
        methods = {"the commonest tag of each token": commonest, "the longest match": match, "jieba": dictionary}
        return {name: found for name, found in methods.items() if found}


def scores_of(pairs: Sequence[TaggedPair], known: Known | None, form: Form) -> dict[str, CorpusScore]:
    """Count what the scores of a form are made of; without what training knew, none by known and unknown strings."""
    prefix = {"spans": "span", "words": "word", "tokens": "token"}[form]
    found = span_scores(pairs, known.strings if known else (), prefix=prefix)
    if form == "tokens":
        accuracy = found.pop("token_recall")
        found = {"accuracy": accuracy, **{name: one for name, one in found.items() if not name.startswith("token_")}}
    lacking = () if known else ("seen_recall", "unseen_recall")
    return {name: one for name, one in found.items() if name not in lacking}


def quick_scores(pairs: Sequence[TaggedPair], form: Form) -> dict[str, float]:
    """Compute the scores that are watched in training."""
    found = values_of(scores_of(pairs, None, form))
    return {name: found[name] for name in QUICK[form]}


def scored(pairs: Sequence[TaggedPair], floors: Mapping[str, Sequence[TaggedPair]], known: Known, form: Form) -> Scores:
    """Compute all scores with their intervals.

    Details are those of simple methods, of each label, the confusions of labels and the commonest mistakes.
    """
    own = scores_of(pairs, known, form)
    values = intervals(own)
    for name, least in (("seen_recall", True), ("unseen_recall", False)):
        if not any((one.text[start:end] in known.strings) == least for one in pairs for start, end, _ in one.true):
            del values[name]  # of no spans there is no share
    details: dict[str, Any] = {
        "form": form,
        **beside(own, {name: Floor.of(scores_of(ones, known, form)) for name, ones in floors.items()}),
        "mistakes": commonest_mistakes(pairs),
    }
    if form != "words":
        classes = scores_by_label(pairs)
        labels = [one["label"] for one in classes][:MOST]
        details["per_class"] = [
            {name: value if name in ("label", "support") else asdict(value) for name, value in one.items()}
            for one in classes
        ]
        details["labels"] = [*labels, NONE]
        details["confusion"] = confusions(pairs, labels).tolist()
    return Scores(values, details)


def comparable(line: Mapping[str, Any], form: Form) -> TaggedPair:
    """Read the spans of a line of a table of answers. Raises KeyError or TypeError where it has none."""
    if form == "words":
        return TaggedPair(line["text"], spans_of_words(line["label"]), spans_of_words(line["answer"]))
    true, found = ({(one["start"], one["end"], one["label"]) for one in line[name]} for name in ("label", "answer"))
    return TaggedPair(line["text"], true, found)
