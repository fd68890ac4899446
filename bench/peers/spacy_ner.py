"""The named entity recogniser of spaCy with its default settings for a processor, on tokens as given.

Needs `spacy`: pip install spacy, or `--target FOLDER` and FOLDER behind the others on the path.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.training.batchers import minibatch_by_words

Spans = Sequence[tuple[int, int, str]]
"""Spans of tokens: first, behind the last, label."""


def train(sentences: Sequence[tuple[Sequence[str], Spans]], *, epochs: int, seed: int) -> Any:
    """Train a blank English pipeline: `ner` over hashed embeddings and convolutions, batches of 1,000 words."""
    spacy.util.fix_random_seed(seed)
    draw, nlp = random.Random(seed), spacy.blank("en")
    nlp.add_pipe("ner")
    examples = []
    for words, spans in sentences:
        right = Doc(nlp.vocab, words=list(words))
        right.ents = [Span(right, first, last, label=label) for first, last, label in spans]
        examples.append(Example(Doc(nlp.vocab, words=list(words)), right))
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(epochs):
        draw.shuffle(examples)
        for batch in minibatch_by_words(examples, size=1000):
            nlp.update(list(batch), sgd=optimizer, drop=0.1)
    return nlp


def tag(nlp: Any, sentences: Sequence[Sequence[str]]) -> list[list[tuple[int, int, str]]]:
    """Find the spans of some sentences."""
    docs = nlp.pipe((Doc(nlp.vocab, words=list(words)) for words in sentences), batch_size=256)
    return [[(one.start, one.end, one.label_) for one in doc.ents] for doc in docs]
