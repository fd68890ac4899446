"""Copying from sources: whether it is worth it, and ids for the pieces of a source that the vocabulary lacks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import regex

from weft.data.columns import Ragged
from weft.errors import ConfigError
from weft.models.copying import CopyingSettings
from weft.text.segment import sampled
from weft.text.tokenizers.subwords import SubwordTokenizerConfig
from weft.text.tokenizers.vocab import UNKNOWN
from weft.text.unspaced import NO_SPACES

RARE = 0.05
"""A word is rare that stands in at most this share of the targets."""
OFTEN = 0.2
"""Share of the rare words of targets, standing in their own source, from which on copying is worth its time: of image
captions in two languages 1 to 7 in 100 do, of data and their descriptions 42, of e-mails and their subjects 43."""
WORDS_A_COPIED_PIECE = 300
"""Number of words of the texts for each subword that is learned where they are copied: of more subwords many would be
names that training has often, and unlike them new names would be cut into pieces."""
PAIRS = 10_000
"""About the number of pairs that are looked at; the others are taken to be like them."""
_WORD = regex.compile(rf"[\p{{Han}}{NO_SPACES}]|[\p{{L}}\p{{M}}\p{{N}}]+")
_SPACED = rf"(?![\p{{Han}}{NO_SPACES}])[\p{{L}}\p{{N}}]"
"""The beginning of a word in a script that puts spaces between words."""
_MARKED = regex.compile(rf"([\p{{P}}\p{{S}}])((?!\p{{N}}){_SPACED}[\p{{L}}\p{{M}}\p{{N}}]+)")
_FREE = regex.compile(rf"(?<!\S){_SPACED}[\p{{L}}\p{{M}}\p{{N}}]+")


def shared_rare_words(sources: Sequence[str], targets: Sequence[str]) -> float:
    """Return the share of the rare words of targets that stand in their own source.

    Of Chinese and other scripts without spaces each character is a word.
    """
    sources, targets = sampled(sources, about=PAIRS), sampled(targets, about=PAIRS)
    words = [_WORD.findall(target) for target in targets]
    counts = Counter(word for row in words for word in {*row})
    most = max(1, RARE * len(targets))
    rare, shared = 0, 0
    for source, row in zip(sources, words, strict=True):
        wanted = [word for word in row if counts[word] <= most]
        known = {*_WORD.findall(source)} if wanted else set()
        rare, shared = rare + len(wanted), shared + sum(word in known for word in wanted)
    return shared / max(1, rare)


def copies(decoder: Any, sources: Sequence[str], targets: Sequence[str]) -> bool:
    """Whether a decoder copies if it has one vocabulary with its sources: as it is set, or as these pairs decide."""
    if not isinstance(decoder, CopyingSettings) or decoder.copying != "auto":
        return getattr(decoder, "copying", "no") == "yes"
    return decoder.needs_positions and shared_rare_words(sources, targets) >= OFTEN


def not_copied(sources: Sequence[str], targets: Sequence[str]) -> list[str]:
    """Return the words of each target that do not stand in its source, joined by spaces."""
    pairs = zip(sampled(sources, about=PAIRS), sampled(targets, about=PAIRS), strict=True)
    known = (({*_WORD.findall(source)}, _WORD.findall(target)) for source, target in pairs)
    return [" ".join(word for word in words if word not in found) for found, words in known]


def with_copying(decoder: Any, sources: Sequence[str], targets: Sequence[str], *, vocabulary: str) -> Any:
    """Return a copy of a decoder's config in which `copying` is decided, if it can copy.

    Raises ConfigError where copying is asked for and source and target have a vocabulary each.
    """
    if not isinstance(decoder, CopyingSettings) or decoder.copying == "no":
        return decoder
    if decoder.copying == "yes" and vocabulary != "shared":
        what = "source and target have a vocabulary each: a token of one is none of the other"
        raise ConfigError(what, where="task.decoder.copying", hint="set task.vocabulary=shared, or leave copying out")
    able = vocabulary == "shared" and copies(decoder, sources, targets)
    return decoder.model_copy(update={"copying": "yes" if able else "no"})


def spaced_after(tokenizer: Any, sources: Sequence[str], targets: Sequence[str]) -> str:
    """Return the marks after which a word of a source mostly stands after a space in its target: `[` of `name[Ada]`.

    The first subword of a word after a space holds this space, and so is no subword of the word after such a mark: it
    could not be copied. For other tokenizers that makes no difference, and there are no such marks.
    """
    if not isinstance(tokenizer, SubwordTokenizerConfig) or tokenizer.kind == "wordpiece":
        return ""
    votes: Counter[str] = Counter()
    for source, target in zip(sampled(sources, about=PAIRS), sampled(targets, about=PAIRS), strict=True):
        if found := _MARKED.findall(source):
            free, bound = {*_FREE.findall(target)}, {word for _, word in _MARKED.findall(target)}
            for mark, word in found:
                votes[mark] += (word in free) - (word in bound)
    return "".join(sorted(mark for mark, count in votes.items() if count > 0))


def spaced(texts: Sequence[str], marks: str) -> Sequence[str]:
    """Return texts with a space between one of these marks and a word; between digits a mark stays as it is."""
    if not marks:
        return texts
    any_mark = "|".join(map(regex.escape, marks))
    place = regex.compile(rf"(?<=(?<!\p{{N}})(?:{any_mark}))(?={_SPACED})")
    return [place.sub(" ", text) for text in texts]


class UnknownPieces:
    """Numbers of the pieces of R sources that the vocabulary lacks, each row from 0 on, at most `slots` of a row.

    They are the ids from `first` on, which mean something else in each row.
    """

    def __init__(self, rows: int, *, first: int, slots: int) -> None:
        self.first, self.slots = first, slots
        self.numbers: list[dict[str, int]] = [{} for _ in range(rows)]

    def number(self, rows: Ragged, unknown: Sequence[Sequence[str]], *, learn: bool) -> Ragged:
        """Return rows of ids with those of unknown pieces in place of `UNKNOWN`.

        Args:
            rows: ids [N, 1] of each row.
            unknown: the pieces that are `UNKNOWN` there, in their order; those beyond the end of a row do not count.
            learn: number the pieces of sources; else those of targets stay unknown that are in no source.

        """
        places_N = np.flatnonzero(rows.values[:, 0] == UNKNOWN)
        if not len(places_N) or not self.slots:
            return rows
        values = rows.values.copy()
        owner_N = np.searchsorted(rows.offsets_R1, places_N, side="right") - 1
        met: dict[int, int] = defaultdict(int)
        for place, row in zip(places_N.tolist(), owner_N.tolist(), strict=True):
            piece, numbers = unknown[row][met[row]], self.numbers[row]
            met[row] += 1
            if learn and len(numbers) < self.slots:
                numbers.setdefault(piece, len(numbers))
            if piece in numbers:
                values[place, 0] = self.first + numbers[piece]
        return Ragged(values, rows.offsets_R1)

    def stored(self) -> Ragged:
        """Return the pieces of each row as code points, int32 [N, 1], 0 behind each piece."""
        texts = ["".join(f"{piece}\0" for piece in numbers) for numbers in self.numbers]
        points_N = np.frombuffer("".join(texts).encode("utf-32-le"), dtype="<i4").astype(np.int32)
        return Ragged.of(points_N[:, None], np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)))


def pieces_of(stored: Ragged, rows: np.ndarray) -> list[tuple[str, ...]]:
    """Read the pieces of some rows, in the order of their numbers, from what `UnknownPieces.stored` returned."""
    texts = [
        stored.values[stored.offsets_R1[row] : stored.offsets_R1[row + 1], 0].astype("<i4").tobytes() for row in rows
    ]
    return [tuple(text.decode("utf-32-le").split("\0")[:-1]) for text in texts]
