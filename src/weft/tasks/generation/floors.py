"""Simple methods that write: the copied source, the first sentences, the target of the nearest training source."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weft.data.examples.source_target import SourceTarget
from weft.metrics.floors import Floor
from weft.metrics.lexical import TfIdf, words_of
from weft.metrics.overlap import bleu, chrf
from weft.metrics.rouge import rouge, tokens
from weft.metrics.systems import CorpusScore
from weft.text.sentences import sentence_ends

BLEU_TOKENS = 4
"""Length of the longest n-grams of BLEU: no shorter text has one, and a corpus of such texts a BLEU of 0."""
CHRF_TEXTS = 2_000
"""Largest number of texts whose chrF is counted, which takes longer than all other scores together."""
CHARACTERS, PRODUCTS = 20_000_000, 4_000_000_000
"""Limits of the training sources that are searched: their characters, and their number times the words to look up."""


def counted_floors(examples: Sequence[SourceTarget]) -> dict[str, Floor]:
    """Score the source itself as the target, where it is not over twice as long (Han counted by characters)."""
    if _much_longer(examples):
        return {}
    return {"the copied source": floor_of([one.source for one in examples], examples)}


def learned_floors(train: Sequence[SourceTarget], examples: Sequence[SourceTarget]) -> dict[str, Floor]:
    """Score the target of the nearest training source, and of long sources the first sentences (LEAD).

    The nearest is that with the largest cosine of the tf-idf of words, of Chinese of characters and pairs: what a
    translation memory offers. As many sentences are taken as targets of training have on average.
    """
    found = {}
    if _much_longer(examples):
        count = max(1, round(float(np.mean([len(sentence_ends(one.targets[0].strip())) for one in train]))))
        which = "sentence" if count == 1 else f"{count} sentences"
        leads = [first_sentences(one.source, count) for one in examples]
        found[f"the first {which} of the source"] = floor_of(leads, examples)
    kept = _searched(train, examples)
    of = "" if len(kept) == len(train) else f" of {len(kept):,}"
    texts = nearest_targets(kept, [one.source for one in examples])
    return {**found, f"the target of the nearest{of} training source{'s' if of else ''}": floor_of(texts, examples)}


def first_sentences(text: str, count: int) -> str:
    """Return the first sentences of a text that are not blank."""
    ends = sentence_ends(text)
    parts = [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    kept = [place for place, part in enumerate(parts) if part.strip()][:count]
    return "".join(parts[: kept[-1] + 1]).strip() if kept else ""


def nearest_targets(train: Sequence[SourceTarget], sources: Sequence[str]) -> list[str]:
    """Return the target of the training source nearest to each source; of equal ones the first."""
    index = TfIdf([one.source for one in train], features=words_of)
    return [train[int(index.scores(source).argmax())].targets[0] for source in sources]


def decisive(references: Sequence[Sequence[str]]) -> str:
    """Return the score that decides: `bleu`, or `chrf` where most references have fewer tokens than BLEU's four."""
    lengths = [len(tokens(text)) for texts in references for text in texts]
    return "chrf" if 2 * sum(length < BLEU_TOKENS for length in lengths) > len(lengths) else "bleu"


def row_scores(texts: Sequence[str], examples: Sequence[SourceTarget]) -> dict[str, CorpusScore]:
    """Compute the score that decides against simple methods, text by text."""
    references = [one.targets for one in examples]
    name = decisive(references)
    return {name: {"bleu": bleu, "chrf": chrf}[name](texts, references)}


def floor_of(texts: Sequence[str], examples: Sequence[SourceTarget]) -> Floor:
    """Score the texts of a simple method."""
    references = [one.targets for one in examples]
    further = {"chrf": chrf(texts, references)} if len(texts) <= CHRF_TEXTS else {}
    overlaps = {name: one.score for name, one in rouge(texts, references).items()}
    return Floor.of({**row_scores(texts, examples), **further, **overlaps})


def _much_longer(examples: Sequence[SourceTarget]) -> bool:
    source, target = (sum(len(tokens(text)) for text in part) for part in zip(*map(_both, examples), strict=True))
    return source > 2 * target


def _both(one: SourceTarget) -> tuple[str, str]:
    return one.source, one.targets[0]


def _searched(train: Sequence[SourceTarget], examples: Sequence[SourceTarget]) -> Sequence[SourceTarget]:
    """Return the training pairs to search: all, or of very many every n-th."""
    asked = sum(len({*words_of(one.source)}) for one in examples)
    characters = sum(len(one.source) for one in train)
    every = max(-(-characters // CHARACTERS), -(-len(train) * asked // PRODUCTS), 1)
    return train if every == 1 else [one for place, one in enumerate(train) if place % every == 0]
