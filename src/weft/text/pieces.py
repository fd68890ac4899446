"""Tokenizers over words, Han characters or characters, with further views of each position; see `bpe` for subwords."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from weft.text.normalize import normalize
from weft.text.segment import Pieces, Unit, segment
from weft.text.tokenizer import Encoded, Tokenizer, TokenizerConfig
from weft.text.vocab import UNKNOWN, HashedVocabulary, Vocabulary, VocabularyConfig, mix

View = Literal["bigram", "word", "prefix", "suffix"]
"""What else is seen at a position: its right neighbour too, the word around it, its first or last three letters."""


class PieceTokenizerConfig(TokenizerConfig):
    """Base of the three kinds below."""

    views: tuple[View, ...] = ()
    """Further views of each position; their embeddings are summed with that of the piece."""
    vocabulary: VocabularyConfig = VocabularyConfig()
    """Counts and sizes, for the pieces and for each view."""

    @property
    def unit(self) -> Unit:
        """The unit that texts are cut into."""
        raise NotImplementedError

    def learn(self, texts: Sequence[str]) -> PieceTokenizer:
        """Learn the vocabulary of the pieces and of each view."""
        cut = segment(normalize(texts, self.normalize), self.unit, covering="word" in self.views)
        pieces = Vocabulary.learn(cut.pieces, self.vocabulary)
        known: dict[str, Vocabulary | HashedVocabulary] = {"piece": pieces}
        for view in self.views:
            if view == "bigram":
                known[view] = HashedVocabulary.learn(_neighbours(pieces.ids(cut.pieces), cut.lengths), self.vocabulary)
            else:
                known[view] = Vocabulary.learn(_strings(cut, view), self.vocabulary)
        return PieceTokenizer(self, known)

    def load(self, folder: Path) -> PieceTokenizer:
        """Load what `PieceTokenizer.save` wrote."""
        known: dict[str, Vocabulary | HashedVocabulary] = {"piece": Vocabulary.load(folder / "piece.json")}
        for view in self.views:
            if view == "bigram":
                known[view] = HashedVocabulary.load(folder / f"{view}.safetensors")
            else:
                known[view] = Vocabulary.load(folder / f"{view}.json")
        return PieceTokenizer(self, known)

    def describe(self) -> str:
        """Kind and views, as in `mixed + bigram + word`."""
        return " + ".join([self.kind, *self.views])


class WordTokenizerConfig(PieceTokenizerConfig):
    """Words by Unicode rules, Chinese words by dictionary."""

    kind: Literal["word"] = "word"

    @property
    def unit(self) -> Unit:
        """Words."""
        return "word"


class MixedTokenizerConfig(PieceTokenizerConfig):
    """Han characters one by one, words of every other script."""

    kind: Literal["mixed"] = "mixed"

    @property
    def unit(self) -> Unit:
        """Han characters and words."""
        return "mixed"


class CharTokenizerConfig(PieceTokenizerConfig):
    """Single characters of any script, spaces too: for names, identifiers, languages."""

    kind: Literal["char"] = "char"

    @property
    def unit(self) -> Unit:
        """Characters."""
        return "character"


class PieceTokenizer(Tokenizer):
    """Looks pieces and their views up in vocabularies; made by a config's `learn` or `load`."""

    def __init__(self, config: PieceTokenizerConfig, known: dict[str, Vocabulary | HashedVocabulary]) -> None:
        self.config, self.known = config, known
        self.sizes = tuple(len(vocabulary) for vocabulary in known.values())

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Cut many texts and look up each position in every view."""
        config = self.config
        cut = segment(normalize(texts, config.normalize), config.unit, covering="word" in config.views)
        values_NW = np.empty((len(cut.pieces), len(self.sizes)), dtype=np.int32)
        for column, (view, vocabulary) in enumerate(self.known.items()):
            if isinstance(vocabulary, Vocabulary):
                values_NW[:, column] = vocabulary.ids(_strings(cut, view))
            else:
                values_NW[:, column] = vocabulary.ids(_neighbours(values_NW[:, 0], cut.lengths))
        unknown = int((values_NW[:, 0] == UNKNOWN).sum())
        return Encoded(values_NW, np.asarray(cut.lengths, dtype=np.int64), unknown)

    def save(self, folder: Path) -> None:
        """One file a view."""
        for view, vocabulary in self.known.items():
            suffix = "json" if isinstance(vocabulary, Vocabulary) else "safetensors"
            vocabulary.save(folder / f"{view}.{suffix}")


def _strings(cut: Pieces, view: str) -> list[str]:
    if view == "word":
        return cut.covering or []
    if view == "prefix":
        return [piece[:3] for piece in cut.pieces]
    if view == "suffix":
        return [piece[-3:] for piece in cut.pieces]
    return cut.pieces


def _neighbours(ids_N: np.ndarray, lengths: Sequence[int]) -> np.ndarray:
    """A key for each position and its right neighbour; the last position of a text has 0 for a neighbour."""
    right = np.zeros_like(ids_N)
    right[:-1] = ids_N[1:]
    ends = np.cumsum(np.asarray(lengths, dtype=np.int64))
    right[ends[ends > 0] - 1] = 0
    return mix((ids_N.astype(np.uint64) << np.uint64(32)) | right.astype(np.uint64))
