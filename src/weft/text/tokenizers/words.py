"""Tokenizers over words, Han characters or characters, with further views of each position."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from weft.errors import ConfigError
from weft.hashing import mix
from weft.text.cut_notes import cut_notes
from weft.text.cutting import Cutter, Cutting, CuttingConfig, TokenRow, as_pieces
from weft.text.segment import Pieces, Unit
from weft.text.spacing import spaced
from weft.text.tokenizers.base import Encoded, Letters, Tokenizer
from weft.text.tokenizers.char_ngrams import LetterSpan, letter_keys
from weft.text.tokenizers.vocab import PAD, UNKNOWN, HashedVocabulary, Vocabulary, VocabularyConfig, beyond

View = Literal["bigram", "word", "prefix", "suffix", "lower", "shape", "class", "letters"]
"""A further property of a position: it and its right neighbour, the word around it, its first or last three letters,
itself in lower case, its shape (`Xx` for `Oslo`, `d-d` for `1-2`), its place in the word around it with the part of
speech of that word in a Chinese dictionary (for tagging alone), or all its character n-grams."""


class PieceTokenizerConfig(CuttingConfig):
    """Base of the tokenizers over words, over Han characters and words, and over characters."""

    views: tuple[View, ...] = ()
    """Further views of each position; their embeddings are summed with that of the piece."""
    letters: LetterSpan = (3, 6)
    """Shortest and longest character n-grams of a word in view `letters`, its ends marked (Bojanowski et al. 2017,
    section 3.2); their mean embedding is a vector for words that training never saw, too, and single characters have
    none."""
    vocabulary: VocabularyConfig = VocabularyConfig()
    """Limits of the vocabularies, for the pieces and for each view."""

    @property
    def unit(self) -> Unit:
        """Unit that texts are cut into."""
        raise NotImplementedError

    named_settings: ClassVar[frozenset[str]] = frozenset({"kind", "views", "letters"})

    @model_validator(mode="after")
    def _letters_have_an_effect(self) -> Self:
        if "letters" not in self.views and self.letters != type(self).model_fields["letters"].default:
            raise ValueError("letters are read by view `letters` alone, which views lack")
        if "letters" in self.views and self.unit == "character":
            raise ValueError("single characters have no letters: take `mixed` or `word`, or leave view `letters` out")
        return self

    def cutting(self) -> Cutting:
        """Return the unit, and whether a view needs the words."""
        return Cutting(self.unit, covering="word" in self.views)

    def learn(self, texts: Sequence[str]) -> PieceTokenizer:
        """Learn the vocabulary of the pieces and of each view."""
        if "class" in self.views:
            hint = "leave it out; `word` has the words of the dictionary too"
            raise ConfigError("the view `class` is one of tagging alone", where="task.tokenizer.views", hint=hint)
        cutter = Cutter.learn(self)
        return self._learned(cutter, cutter.first(texts))

    def learn_tokens(self, tokens_R: Iterable[TokenRow]) -> PieceTokenizer:
        """Learn from texts that are cut already: each position is one of their tokens.

        Raises ConfigError for settings by which texts are cut, which change nothing here.
        """
        for name in ("stop_words", "dictionary", "dictionary_file", "segmenter"):
            if getattr(self, name):
                what = "has no effect: the tokens that get tags are those of the file"
                raise ConfigError(what, where=f"task.tokenizer.{name}", hint="leave it out")
        return self._learned(Cutter.learn(self), as_pieces(tokens_R, self.normalize))

    def _learned(self, cutter: Cutter, cut: Pieces) -> PieceTokenizer:
        pieces = Vocabulary.counted(_counts(cut, "piece"), self.vocabulary)
        known: dict[str, Vocabulary | HashedVocabulary] = {"piece": pieces}
        for view in _letters_last(self.views):
            if view == "letters":
                keys_N, counts_D, _ = letter_keys(cut.distinct, self.letters)
                times_D = _times(cut, "piece")
                known[view] = HashedVocabulary.learn(keys_N, self.vocabulary, times_N=np.repeat(times_D, counts_D))
            elif view == "bigram":
                ids_D = pieces.ids(cut.distinct)
                keys = (_neighbours(ids_D[part.pieces_N], part.lengths_R) for part in cut.parts())
                known[view] = HashedVocabulary.learn_parts(keys, self.vocabulary, total=len(cut.pieces_N))
            else:
                known[view] = Vocabulary.counted(_counts(cut, view), self.vocabulary)
        return PieceTokenizer(self, cutter, known)

    def load(self, folder: Path) -> PieceTokenizer:
        """Load the tokenizer that `PieceTokenizer.save` wrote."""
        known: dict[str, Vocabulary | HashedVocabulary] = {"piece": Vocabulary.load(folder / "piece.json")}
        for view in _letters_last(self.views):
            if view in ("bigram", "letters"):
                known[view] = HashedVocabulary.load(folder / f"{view}.safetensors")
            else:
                known[view] = Vocabulary.load(folder / f"{view}.json")
        return PieceTokenizer(self, Cutter.load(self, folder), known)

    def named(self) -> str:
        """Describe kind and views, as in `mixed + bigram + 3-6 letters inside words`."""
        letters = f"{self.letters[0]}-{self.letters[1]} letters inside words"
        return " + ".join([self.kind, *(letters if view == "letters" else view for view in self.views)])


class WordTokenizerConfig(PieceTokenizerConfig):
    """Words by Unicode rules, Chinese words by dictionary."""

    kind: Literal["word"] = "word"

    @property
    def unit(self) -> Unit:
        """Unit of the pieces: words."""
        return "word"


class MixedTokenizerConfig(PieceTokenizerConfig):
    """Characters of Han and other scripts without spaces, words of every other script."""

    kind: Literal["mixed"] = "mixed"

    @property
    def unit(self) -> Unit:
        """Unit of the pieces: Han characters and words."""
        return "mixed"


class CharTokenizerConfig(PieceTokenizerConfig):
    """Single characters of any script, spaces too: for names, identifiers, languages."""

    kind: Literal["char"] = "char"

    @property
    def unit(self) -> Unit:
        """Unit of the pieces: characters."""
        return "character"


class PieceTokenizer(Tokenizer):
    """Looks pieces and their views up in vocabularies; made by a config's `learn` or `load`."""

    def __init__(
        self, config: PieceTokenizerConfig, cutter: Cutter, known: Mapping[str, Vocabulary | HashedVocabulary]
    ) -> None:
        self.config, self.cutter, self.known = config, cutter, dict(known)
        self.whole_runs = cutter.whole_runs
        self.spells = "letters" in config.views and config.letters == (1, 1)
        self.sizes = tuple(len(vocabulary) for vocabulary in known.values())

    @property
    def pieces(self) -> Sequence[str] | None:
        """The pieces by id."""
        known = self.known["piece"]
        return known.pieces if isinstance(known, Vocabulary) else None

    @property
    def notes(self) -> list[str]:
        """The cut of scripts without spaces, and of Korean, where texts hold them."""
        views = self.config.views
        return cut_notes(
            self.cutter,
            pieces="character and pairs of characters" if "bigram" in views else "character",
            letters=self.config.letters if "letters" in views else None,
            words="{{kind: word, views: [bigram], segmenter: {}}}",
            parts="{kind: mixed, views: [bigram, letters], letters: [2, 4]}",
        )

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Cut many texts and look up each position in every view."""
        return self._encoded(self.cutter.cut(texts))

    def encode_tokens(self, tokens_R: Iterable[TokenRow]) -> Encoded:
        """Look up texts that are cut already: one position a token."""
        return self._encoded(as_pieces(tokens_R, self.config.normalize))

    def _encoded(self, cut: Pieces) -> Encoded:
        values_NW = np.empty((len(cut.pieces_N), len(self.sizes)), dtype=np.int32)
        letters = None
        for column, (view, vocabulary) in enumerate(self.known.items()):
            if isinstance(vocabulary, HashedVocabulary) and view == "letters":
                numbers_D, letters = self._letters(cut.distinct, vocabulary)
                values_NW[:, column] = numbers_D[cut.pieces_N]
            elif isinstance(vocabulary, Vocabulary):
                values_NW[:, column] = vocabulary.ids(_strings(cut, view))[_types(cut, view)]
            else:
                values_NW[:, column] = vocabulary.ids(_neighbours(values_NW[:, 0], cut.lengths_R))
        unknown = int((values_NW[:, 0] == UNKNOWN).sum())
        return Encoded(values_NW, cut.lengths_R, unknown, letters)

    def unknown_pieces(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the words or characters of each text that the vocabulary lacks, in their order."""
        cut, vocabulary = self.cutter.cut(texts), self.known["piece"]
        assert isinstance(vocabulary, Vocabulary)
        lacking_N = (vocabulary.ids(cut.distinct) == UNKNOWN)[cut.pieces_N]
        ends_R = np.cumsum(cut.lengths_R).tolist()
        return [
            [cut.distinct[number] for number in cut.pieces_N[start:end][lacking_N[start:end]].tolist()]
            for start, end in zip([0, *ends_R], ends_R, strict=False)
        ]

    def spell(self, ids: Iterable[int], copied: Sequence[str] = ()) -> Iterator[bytes]:
        """Yield the bytes of each piece: the exact text for characters; words are spaced by a guess."""
        known, first = self.pieces or (), self.sizes[0] + 1
        found = (
            "\ufffd" if number == UNKNOWN else known[number] if number < first else beyond(number - first, copied)
            for number in ids
            if number != PAD
        )
        pieces = filter(None, found)
        exact = self.config.unit == "character"
        return (part.encode() for part in (pieces if exact else spaced(pieces, whole_runs=self.whole_runs)))

    def _letters(self, distinct: Sequence[str], known: HashedVocabulary) -> tuple[np.ndarray, Letters]:
        """Number the distinct strings with known character n-grams from 1, others 0; and return these n-grams.

        So the work is done by word and not by position.
        """
        keys_N, counts_D, _ = letter_keys(distinct, self.config.letters)
        ids_N, owner_N = known.ids(keys_N), np.repeat(np.arange(len(distinct)), counts_D)
        known_D = np.bincount(owner_N[ids_N > 0], minlength=len(distinct))
        numbers_D = np.where(known_D > 0, np.cumsum(known_D > 0), 0)
        return numbers_D, Letters(ids_N[ids_N > 0], np.concatenate([[0], known_D[known_D > 0]]))

    def save(self, folder: Path) -> None:
        """Write one file a view, and the lists that texts are cut by."""
        self.cutter.save(folder)
        for view, vocabulary in self.known.items():
            suffix = "json" if isinstance(vocabulary, Vocabulary) else "safetensors"
            vocabulary.save(folder / f"{view}.{suffix}")


def _letters_last(views: Sequence[View]) -> list[View]:
    return sorted(views, key=lambda view: view == "letters")


def _types(cut: Pieces, view: str) -> np.ndarray:
    """Return for each position the number of the distinct string that a view is made from."""
    types_N = {"word": cut.words_N, "class": cut.classes_N}.get(view)
    return cut.pieces_N if types_N is None else types_N


def _strings(cut: Pieces, view: str) -> list[str]:
    """Return a view's string for each distinct string."""
    if view == "prefix":
        return [piece[:3] for piece in cut.distinct]
    if view == "suffix":
        return [piece[-3:] for piece in cut.distinct]
    if view == "lower":
        return [piece.lower() for piece in cut.distinct]
    if view == "shape":
        return [_shape(piece) for piece in cut.distinct]
    return cut.distinct


def _shape(piece: str) -> str:
    """Write a piece with X, x, d and c for capital, small letters, digits and other letters, runs of one kind once."""
    kinds = (
        "d"
        if one.isnumeric()
        else one
        if not one.isalpha()
        else "X"
        if one.isupper()
        else "x"
        if one.islower()
        else "c"
        for one in piece
    )
    return "".join(kind for kind, _ in groupby(kinds))


def _times(cut: Pieces, view: str) -> np.ndarray:
    """Count the positions whose view is made from each distinct string, int64 [D]."""
    times_D = np.zeros(len(cut.distinct), dtype=np.int64)
    for part in cut.parts():
        times_D += np.bincount(_types(part, view), minlength=len(times_D))
    return times_D


def _counts(cut: Pieces, view: str) -> Counter[str]:
    """Count the strings of a view."""
    counts: Counter[str] = Counter()
    for string, times in zip(_strings(cut, view), _times(cut, view).tolist(), strict=True):
        counts[string] += times
    return counts


def _neighbours(ids_N: np.ndarray, lengths_R: np.ndarray) -> np.ndarray:
    """Return a key for each position and its right neighbour; the last position of a text has 0 for a neighbour."""
    right = np.zeros_like(ids_N)
    right[:-1] = ids_N[1:]
    ends = np.cumsum(lengths_R)
    right[ends[ends > 0] - 1] = 0
    return mix((ids_N.astype(np.uint64) << np.uint64(32)) | right.astype(np.uint64))
