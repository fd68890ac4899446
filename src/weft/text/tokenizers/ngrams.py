"""Hashes the n-grams of a text into a set without order, for a bag of n-grams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from weft.hashing import mix
from weft.text.cut_notes import cut_notes
from weft.text.cutting import Cutter, Cutting, CuttingConfig
from weft.text.segment import Pieces, Unit
from weft.text.tokenizers.base import Encoded, Tokenizer
from weft.text.tokenizers.char_ngrams import LetterSpan, key_of, letter_keys
from weft.text.tokenizers.vocab import HashedVocabulary, VocabularyConfig


class NgramTokenizerConfig(CuttingConfig):
    """N-grams of pieces like fastText's (Joulin et al. 2017, section 2.1), optionally with n-grams of characters."""

    kind: Literal["ngrams"] = "ngrams"
    unit: Unit = "mixed"
    """Unit of the pieces: words, Han characters and other words (`mixed`), or characters."""
    order: int = Field(default=2, ge=1, le=6)
    """Longest n-gram, in pieces; all shorter ones are used too."""
    letters: LetterSpan | None = None
    """Shortest and longest character n-grams inside words, their ends marked (Bojanowski et al. 2017); None: none."""
    words: Literal["none", "beside"] = "none"
    """Words of several Han characters: `beside` reads them beside the n-grams of characters, and `none` does not."""
    vocabulary: VocabularyConfig = VocabularyConfig(min_count=1, max_size=2_000_000)

    named_settings: ClassVar[frozenset[str]] = frozenset({"kind", "unit", "order", "letters", "words"})

    def cutting(self) -> Cutting:
        """Return the unit of the n-grams, and whether words are needed."""
        return Cutting(self.unit, covering=self.words == "beside")

    def learn(self, texts: Sequence[str]) -> NgramTokenizer:
        """Learn the known n-grams from training texts."""
        cutter = Cutter.learn(self)
        cut = cutter.first(texts)
        total = len(cut.pieces_N) * (self.order + 1 + (_LETTERS_A_PIECE if self.letters else 0))
        parts = (part.keys for part in _parts(self, cut))
        return NgramTokenizer(self, cutter, HashedVocabulary.learn_groups(parts, self.vocabulary, total=total))

    def load(self, folder: Path) -> NgramTokenizer:
        """Load the tokenizer that `NgramTokenizer.save` wrote."""
        return NgramTokenizer(self, Cutter.load(self, folder), HashedVocabulary.load(folder / "ngrams.safetensors"))

    def named(self) -> str:
        """Describe the n-grams, as in `1-3-grams of mixed pieces`."""
        letters = f" + {self.letters[0]}-{self.letters[1]} letters inside words" if self.letters else ""
        words = " + words" if self.words == "beside" else ""
        return f"{'1-' if self.order > 1 else ''}{self.order}-grams of {self.unit} pieces{words}{letters}"


class NgramTokenizer(Tokenizer):
    """Hashes the n-grams of texts and keeps the known ones; made by its config's `learn` or `load`.

    `group_V` has the group of each n-gram, [V]: those of one piece, of two (and words) and so on, then those of so many
    characters; None where it was saved without.
    """

    ordered = False
    reversible = False

    def __init__(self, config: NgramTokenizerConfig, cutter: Cutter, known: HashedVocabulary) -> None:
        self.config, self.cutter, self.known = config, cutter, known
        self.sizes, self.group_V = (len(known),), known.group_V

    @property
    def notes(self) -> list[str]:
        """The cut of scripts without spaces, and of Korean, where texts hold them."""
        order = self.config.order
        return cut_notes(
            self.cutter,
            pieces=f"character, in runs of up to {order} characters" if order > 1 else "character",
            letters=self.config.letters,
            words="{{kind: ngrams, unit: word, segmenter: {}}}",
            parts="{kind: ngrams, letters: [2, 4]}",
        )

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Encode each text as the set of its known n-grams, ascending; a text may have none."""
        values, lengths, unknown = [_NONE], [_NONE.astype(np.int64)], 0
        for part in _parts(self.config, self.cutter.cut(texts)):
            ids_N = self.known.ids(np.concatenate(part.keys))
            found = ids_N > 0
            sorted_N = np.sort(np.concatenate(part.owners)[found] << 32 | ids_N[found])
            pair_N = sorted_N[np.diff(sorted_N, prepend=-1) > 0]  # each once; `np.unique` takes a hundred times as long
            values.append((pair_N & 0xFFFFFFFF).astype(np.int32))
            lengths.append(np.bincount(pair_N >> 32, minlength=part.texts))
            unknown += int((~found).sum())
        return Encoded(np.concatenate(values)[:, None], np.concatenate(lengths), unknown)

    def save(self, folder: Path) -> None:
        """Write the known buckets, and the lists that texts are cut by."""
        self.cutter.save(folder)
        self.known.save(folder / "ngrams.safetensors")


@dataclass(frozen=True, slots=True)
class _Part:
    """N-grams of some texts, by group: a key for each, uint64 [N], and the index of its text, [N]; in no order."""

    keys: list[np.ndarray]
    owners: list[np.ndarray]
    texts: int


def _parts(config: NgramTokenizerConfig, cut: Pieces) -> Iterator[_Part]:
    """Yield the n-grams of some thousand texts at a time: they take many times the memory of the pieces."""
    key_of_type = np.fromiter(map(key_of, cut.distinct), np.uint64, len(cut.distinct))
    letters = letter_keys(cut.distinct, config.letters) if config.letters else None
    for part in cut.parts():
        types_N, lengths_R = part.pieces_N, part.lengths_R
        owner_N = np.repeat(np.arange(len(lengths_R)), lengths_R)
        keys, owners = _runs_of_pieces(key_of_type[types_N], owner_N, order=config.order)
        if part.words_N is not None:
            longer_N = part.words_N != types_N
            pair = min(
                1, len(keys) - 1
            )  # most are of two characters, and say much the same as pairs: they weigh with them
            keys[pair] = np.concatenate([keys[pair], mix(key_of_type[part.words_N[longer_N]] ^ _PRIME)])
            owners[pair] = np.concatenate([owners[pair], owner_N[longer_N]])
        if letters is not None:
            values, counts, sizes = letters
            places_N = _runs((np.cumsum(counts) - counts)[types_N], counts[types_N])
            letters_N, sizes_N, owners_N = values[places_N], sizes[places_N], np.repeat(owner_N, counts[types_N])
            assert config.letters is not None
            for size in range(config.letters[0], config.letters[1] + 1):
                of_size_N = np.flatnonzero(sizes_N == size)
                keys.append(letters_N[of_size_N])
                owners.append(owners_N[of_size_N])
        yield _Part(keys, owners, len(lengths_R))


def _runs_of_pieces(
    single_N: np.ndarray, owner_N: np.ndarray, *, order: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the keys of all n-grams of one piece, of two, and so on, and the texts of each."""
    keys, owners = [mix(single_N)], [owner_N]
    rolling = single_N
    for size in range(2, order + 1):
        # the n-gram that starts at a position: the shorter one there, and the piece after it
        rolling = mix(rolling[:-1] * _PRIME + np.uint64(size)) + single_N[size - 1 :]
        whole = owner_N[: len(rolling)] == owner_N[size - 1 :]
        keys.append(mix(rolling)[whole])
        owners.append(owner_N[: len(rolling)][whole])
    return keys, owners


_PRIME = np.uint64(0x9E3779B97F4A7C15)
_NONE = np.zeros(0, dtype=np.int32)
_LETTERS_A_PIECE = 5  # about; only for how large a table is made


def _runs(starts_N: np.ndarray, counts_N: np.ndarray) -> np.ndarray:
    """Return the numbers start, start + 1, ... of each run, end to end."""
    offsets_N = np.cumsum(counts_N) - counts_N
    return np.arange(int(counts_N.sum())) - np.repeat(offsets_N - starts_N, counts_N)
