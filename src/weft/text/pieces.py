"""Tokenizers over words, Han characters or characters, with further views of each position; see `subwords` for less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from weft.text.cutting import Cutter, Cutting, CuttingConfig
from weft.text.segment import Pieces, Unit
from weft.text.tokenizer import Encoded, Tokenizer
from weft.text.vocab import UNKNOWN, HashedVocabulary, Vocabulary, VocabularyConfig, mix

View = Literal["bigram", "word", "prefix", "suffix"]
"""What else is seen at a position: its right neighbour too, the word around it, its first or last three letters."""


class PieceTokenizerConfig(CuttingConfig):
    """Base of the three kinds below."""

    views: tuple[View, ...] = ()
    """Further views of each position; their embeddings are summed with that of the piece."""
    vocabulary: VocabularyConfig = VocabularyConfig()
    """Counts and sizes, for the pieces and for each view."""

    @property
    def unit(self) -> Unit:
        """The unit that texts are cut into."""
        raise NotImplementedError

    named_settings: ClassVar[frozenset[str]] = frozenset({"kind", "views"})

    def cutting(self) -> Cutting:
        """Into the unit, with the words where a view needs them."""
        return Cutting(self.unit, covering="word" in self.views)

    def learn(self, texts: Sequence[str]) -> PieceTokenizer:
        """Learn the vocabulary of the pieces and of each view."""
        cutter = Cutter.learn(self)
        cut = cutter.first(texts)
        pieces = Vocabulary.counted(_counts(cut, "piece"), self.vocabulary)
        known: dict[str, Vocabulary | HashedVocabulary] = {"piece": pieces}
        for view in self.views:
            if view == "bigram":
                keys_N = _neighbours(pieces.ids(cut.distinct)[cut.pieces_N], cut.lengths_R)
                known[view] = HashedVocabulary.learn(keys_N, self.vocabulary)
            else:
                known[view] = Vocabulary.counted(_counts(cut, view), self.vocabulary)
        return PieceTokenizer(self, cutter, known)

    def load(self, folder: Path) -> PieceTokenizer:
        """Load what `PieceTokenizer.save` wrote."""
        known: dict[str, Vocabulary | HashedVocabulary] = {"piece": Vocabulary.load(folder / "piece.json")}
        for view in self.views:
            if view == "bigram":
                known[view] = HashedVocabulary.load(folder / f"{view}.safetensors")
            else:
                known[view] = Vocabulary.load(folder / f"{view}.json")
        return PieceTokenizer(self, Cutter.load(self, folder), known)

    def named(self) -> str:
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

    def __init__(
        self, config: PieceTokenizerConfig, cutter: Cutter, known: Mapping[str, Vocabulary | HashedVocabulary]
    ) -> None:
        self.config, self.cutter, self.known = config, cutter, dict(known)
        self.sizes = tuple(len(vocabulary) for vocabulary in known.values())

    @property
    def pieces(self) -> Sequence[str] | None:
        """The pieces by id."""
        known = self.known["piece"]
        return known.pieces if isinstance(known, Vocabulary) else None

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Cut many texts and look up each position in every view."""
        cut = self.cutter.cut(texts)
        values_NW = np.empty((len(cut.pieces_N), len(self.sizes)), dtype=np.int32)
        for column, (view, vocabulary) in enumerate(self.known.items()):
            if isinstance(vocabulary, Vocabulary):
                values_NW[:, column] = vocabulary.ids(_strings(cut, view))[_types(cut, view)]
            else:
                values_NW[:, column] = vocabulary.ids(_neighbours(values_NW[:, 0], cut.lengths_R))
        unknown = int((values_NW[:, 0] == UNKNOWN).sum())
        return Encoded(values_NW, cut.lengths_R, unknown)

    def save(self, folder: Path) -> None:
        """One file a view, and the lists that texts are cut by."""
        self.cutter.save(folder)
        for view, vocabulary in self.known.items():
            suffix = "json" if isinstance(vocabulary, Vocabulary) else "safetensors"
            vocabulary.save(folder / f"{view}.{suffix}")


def _types(cut: Pieces, view: str) -> np.ndarray:
    """For each position, the number of the distinct string that a view is made from."""
    return cut.words_N if view == "word" and cut.words_N is not None else cut.pieces_N


def _strings(cut: Pieces, view: str) -> list[str]:
    """What a view shows of each distinct string."""
    if view == "prefix":
        return [piece[:3] for piece in cut.distinct]
    if view == "suffix":
        return [piece[-3:] for piece in cut.distinct]
    return cut.distinct


def _counts(cut: Pieces, view: str) -> Counter[str]:
    """How often a view shows each string."""
    counts: Counter[str] = Counter()
    times_D = np.bincount(_types(cut, view), minlength=len(cut.distinct))
    for string, times in zip(_strings(cut, view), times_D.tolist(), strict=True):
        counts[string] += times
    return counts


def _neighbours(ids_N: np.ndarray, lengths_R: np.ndarray) -> np.ndarray:
    """A key for each position and its right neighbour; the last position of a text has 0 for a neighbour."""
    right = np.zeros_like(ids_N)
    right[:-1] = ids_N[1:]
    ends = np.cumsum(lengths_R)
    right[ends[ends > 0] - 1] = 0
    return mix((ids_N.astype(np.uint64) << np.uint64(32)) | right.astype(np.uint64))
