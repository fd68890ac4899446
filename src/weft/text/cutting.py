"""Cuts texts into words or characters by a tokenizer's own stop words and dictionary; looks nothing up.

Both lists are read when a tokenizer is learned and saved with it: a trained folder needs no other file.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import regex
import rjieba
from pydantic import field_validator, model_validator

from weft.config import read_saved
from weft.errors import ConfigError
from weft.files import write_json
from weft.store import Pile, parts
from weft.text.normalize import NormalizeConfig, normalize
from weft.text.segment import Numbers, Pieces, Rules, Unit, rules_of, segment
from weft.text.segmenters import RUNS, Cut, Package, TrainedSegmenter, trained_segmenter
from weft.text.tokenizers.base import TokenizerConfig
from weft.text.unspaced import texts_with
from weft.text.word_lists import read_dictionary, read_stop_words

SEGMENTER = "segmenter"
"""Folder of a trained segmenter beside the lists."""


@dataclass(frozen=True, slots=True)
class Cutting:
    """Unit that texts are cut into, and whether the word around each piece is needed."""

    unit: Unit
    covering: bool = False


class CuttingConfig(TokenizerConfig):
    """Base of the tokenizers that cut texts into words or Han characters."""

    stop_words: tuple[str, ...] = ()
    """Words to leave out: `en`, `zh` (short lists without negations), or the path of a text file with a word a line.

    They are removed where a text is cut into them as words, which for Han text the dictionary decides: the `的` in
    `目的` stays, also where pieces are single characters."""
    dictionary: tuple[str, ...] = ()
    """Han words to add to the dictionary, each cut as one word."""
    dictionary_file: str | None = None
    """Path of a text file with further words for the dictionary, one at the start of each line; the rest of a line is
    ignored."""
    segmenter: Package | str | None = None
    """Word segmenter for scripts without spaces: `fugashi` for Japanese, its Han too, `pythainlp` for Thai, or a folder
    that `weft train` taught to cut words, which cuts Han too and is copied into the model; None cuts such scripts, but
    for Han, into characters."""

    @property
    def trained(self) -> str | None:
        """The folder of a trained segmenter, where one is named."""
        return None if self.segmenter in RUNS else self.segmenter

    def cutting(self) -> Cutting:
        """Return the unit to cut texts into, and whether words are needed."""
        raise NotImplementedError

    @field_validator("stop_words", "dictionary", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _lists_have_an_effect(self) -> Self:
        way = self.cutting()
        if self.stop_words and way.unit == "character":
            raise ValueError("stop_words are words, and texts are cut into characters: take `mixed` or `word`")
        by_words = way.unit == "word" or way.covering or self.stop_words
        if (self.dictionary or self.dictionary_file) and not by_words:
            raise ValueError("a dictionary changes nothing here, where no words are cut: take `word`, or view `word`")
        if self.segmenter and not by_words:
            raise ValueError("a segmenter changes nothing here, where no words are cut: take `word`, or view `word`")
        if self.segmenter == "fugashi" and (self.dictionary or self.dictionary_file):
            raise ValueError("a dictionary changes nothing where `fugashi` cuts Han too: leave one of both out")
        if self.normalize.space == "keep" and way.unit != "character":
            raise ValueError("white space cannot be kept where texts are cut into words: take `bpe`, `bytes` or `char`")
        return self


@dataclass(frozen=True, slots=True)
class _Saved:
    """Content of `cutting.json`."""

    stop_words: list[str] = field(default_factory=list)
    dictionary: list[str] = field(default_factory=list)
    whole_runs: bool = True
    texts: dict[str, int] = field(default_factory=dict)


class Cutter:
    """Normalizes texts and cuts them by its own lists; made by `Cutter.learn` or `Cutter.load`.

    The pieces of the texts that a vocabulary is learned from are kept until texts are next cut, so that encoding the
    training texts does not cut them again.
    """

    def __init__(
        self,
        config: CuttingConfig,
        *,
        stop_words: Sequence[str] = (),
        dictionary: Sequence[str] = (),
        whole_runs: bool = False,
        texts: Mapping[str, int] | None = None,
        trained: TrainedSegmenter | None = None,
    ) -> None:
        self.trained = trained
        self.config, self.stop_words, self.dictionary = config, list(stop_words), list(dictionary)
        self.whole_runs = whole_runs
        self.texts = dict(texts or {})
        """Number of the texts that were learned from, in all and with each script that has no spaces."""
        self._without = frozenset(form for word in stop_words for form in _forms(word))
        self._rules = _rules(config, dictionary, whole_runs=whole_runs, trained=trained)
        self._kept: _Kept | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # a segmenter cannot be copied or pickled: it is made anew of the same lists
        return partial(Cutter, self.config, **self._saved(), trained=self.trained), ()

    @classmethod
    def learn(cls, config: CuttingConfig) -> Cutter:
        """Read the lists that a config names. Raises ConfigError for a word that cannot be cut as one."""
        stop_words = _alike(read_stop_words(config.stop_words), config.normalize)
        path = config.dictionary_file
        inline = _alike(config.dictionary, config.normalize)
        words = _alike([*inline, *(read_dictionary(Path(path)) if path else ())], config.normalize)
        trained = _trained(config, Path(config.trained or ""), words)
        cutter = cls(config, stop_words=stop_words, dictionary=words, trained=trained)
        for word in cutter.dictionary if trained is None else ():
            if not regex.fullmatch(r"\p{Han}+", word) or cutter._rules.cut(word) != [word]:
                hint = (
                    "a word of a dictionary is of common Han characters alone; other scripts have spaces or a segmenter"
                )
                where = "dictionary" if word in inline else str(path)
                raise ConfigError(f"`{word}` cannot be cut as one word", where=where, hint=hint)
        return cutter

    @classmethod
    def load(cls, config: CuttingConfig, folder: Path) -> Cutter:
        """Load the lists that `save` wrote; folders of before it wrote any have runs of kana or Thai as words."""
        path = folder / "cutting.json"
        saved = read_saved(path, _Saved) if path.exists() else _Saved()
        return cls(config, **asdict(saved), trained=_trained(config, folder / SEGMENTER, saved.dictionary))

    def save(self, folder: Path) -> None:
        """Write `cutting.json`, and a trained segmenter whole into a folder of its own."""
        write_json(folder / "cutting.json", self._saved())
        if self.trained is not None:
            self.trained.save(folder / SEGMENTER)

    def _saved(self) -> dict[str, Any]:
        lists = {"stop_words": self.stop_words, "dictionary": self.dictionary}
        return {**lists, "whole_runs": self.whole_runs, "texts": self.texts}

    def first(self, texts: Sequence[str]) -> Pieces:
        """Cut texts to learn a vocabulary from, and keep their pieces for the next `cut`."""
        hashes = array("q")

        def seen() -> Iterator[Sequence[str]]:
            for part in parts(texts):
                hashes.extend(map(hash, part))
                held.update(texts_with(part))
                yield part

        held: Counter[str] = Counter()
        pieces = self._cut(seen(), covering=self.config.cutting().covering)
        self.texts = {"all": len(hashes), **dict(sorted(held.items()))} if held else {}
        self._kept = _Kept(np.array(hashes, dtype=np.int64), pieces)
        return pieces

    def cut(self, texts: Sequence[str]) -> Pieces:
        """Cut raw texts into pieces."""
        kept = self._kept  # replaced as a whole and never changed: threads may cut at once
        found, self._kept = kept.next(texts) if kept else (None, None)
        return found or self._cut(parts(texts), covering=self.config.cutting().covering)

    def with_words(self, texts: Sequence[str]) -> Pieces:
        """Cut raw texts into pieces, with the word around each piece."""
        return self._cut(parts(texts), covering=True)

    def _cut(self, some: Iterable[Sequence[str]], *, covering: bool) -> Pieces:
        """Cut texts that come part by part; large results are kept in files."""
        numbers, pieces, lengths, words = Numbers(), Pile(), Pile(), Pile()
        for texts in some:
            plain, unit = normalize(texts, self.config.normalize), self.config.cutting().unit
            cut = segment(plain, unit, covering=covering, without=self._without, rules=self._rules, numbers=numbers)
            pieces.add(cut.pieces_N)
            lengths.add(cut.lengths_R)
            if cut.words_N is not None:
                words.add(cut.words_N)
        return Pieces(list(numbers), pieces.done(), lengths.done(), words.done() if covering else None)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Pieces of the texts that were learned from, with the texts' hashes [R], for when they come again in order."""

    hashes_R: np.ndarray
    pieces: Pieces
    row: int = 0
    """Number of texts that have come again."""
    piece: int = 0
    """Number of pieces of these texts."""

    def next(self, texts: Sequence[str]) -> tuple[Pieces | None, _Kept | None]:
        """Return the pieces of some texts and what is kept after them; None for what there is no more of."""
        rows = slice(self.row, self.row + len(texts))
        if self.hashes_R[rows].tolist() != list(map(hash, texts)):
            return None, None
        if len(texts) == len(self.hashes_R):
            return self.pieces, None
        lengths_R = self.pieces.lengths_R[rows]
        some = slice(self.piece, self.piece + int(lengths_R.sum()))
        after = replace(self, row=rows.stop, piece=some.stop) if rows.stop < len(self.hashes_R) else None
        return self.pieces.some(some, lengths_R), after


@dataclass(frozen=True, slots=True)
class TokenRow:
    """Tokens of a text that is cut already; for each the word around it and its place there, or nothing (empty)."""

    tokens: Sequence[str]
    words: Sequence[str] = ()
    classes: Sequence[str] = ()


def as_pieces(tokens_R: Iterable[TokenRow], config: NormalizeConfig) -> Pieces:
    """Normalize texts that are cut already, token by token, as pieces."""
    numbers, lengths = Numbers(), array("q")
    pieces, words, classes = array("i"), array("i"), array("i")
    for row in tokens_R:
        for found, strings in ((pieces, row.tokens), (words, row.words), (classes, row.classes)):
            found.extend(map(numbers.__getitem__, strings))
        lengths.append(len(row.tokens))
    distinct = Numbers()
    renumbered_D = np.array([distinct[piece] for piece in normalize(list(numbers), config)] or [0], dtype=np.int32)
    each = (renumbered_D[np.array(one, dtype=np.int32)] for one in (pieces, words, classes))
    pieces_N, words_N, classes_N = each
    return Pieces(list(distinct), pieces_N, np.array(lengths, dtype=np.int64), words_N, classes_N)


def _alike(words: Iterable[str], config: NormalizeConfig) -> list[str]:
    """Normalize words like the texts; each once, short ones first."""
    return sorted({word for word in normalize(list(words), config) if word}, key=lambda word: (len(word), word))


def _forms(word: str) -> set[str]:
    """Return the spellings of a stop word: with either apostrophe, and capitalised as at the start of a sentence."""
    return {form for mark in "'’" for form in (word.replace("'", mark), word.replace("'", mark).capitalize())}


def _trained(config: CuttingConfig, folder: Path, words: Sequence[str]) -> TrainedSegmenter | None:
    return trained_segmenter(folder, words, named=config.trained) if config.trained else None


def _rules(
    config: CuttingConfig, dictionary: Sequence[str], *, whole_runs: bool, trained: TrainedSegmenter | None
) -> Rules:
    if trained is not None:
        return rules_of(ends=trained.ends)
    return rules_of(han=_han_cut(dictionary), named=config.segmenter, whole_runs=whole_runs)  # ty: ignore


def _han_cut(dictionary: Sequence[str]) -> Cut:
    """Return a segmenter with additional words; a new object, so that no two models share their words."""
    if not dictionary:
        return rjieba.cut
    segmenter = rjieba.Jieba()
    for word in dictionary:  # short ones first: a word then outweighs those it is made of
        segmenter.add_word(word, None, None)
    return segmenter.cut
