"""The interface of every tokenizer: texts to ids, and back. The kinds are listed in `choices`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from weft.config import Config
from weft.errors import ConfigError
from weft.text.normalize import NormalizeConfig
from weft.text.tokenizers.vocab import PAD, UNKNOWN


@dataclass(frozen=True, slots=True)
class Letters:
    """Character n-grams of U distinct words: their ids end to end, int32 [N], and the number of each word's, [U].

    Word 0 has none: it stands for padding and for every string without known n-grams.
    """

    ids_N: np.ndarray
    lengths_U: np.ndarray


@dataclass(frozen=True, slots=True)
class Encoded:
    """Ids of R texts, end to end: int32 [N, W], W views of each position, and the length of each text, [R].

    View 0 is the piece itself; further views (its neighbour, the word around it) describe the same position.
    """

    values_NW: np.ndarray
    lengths_R: np.ndarray
    unknown: int
    """Number of pieces of these texts that the vocabulary lacks."""
    letters: Letters | None = None
    """Character n-grams of words; if given, the last view indexes the words in here."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Special ids that a pre-trained model expects around one text, and around two."""

    before: tuple[int, ...]
    between: tuple[int, ...]
    """Ids after the first of two texts."""
    after: tuple[int, ...]
    """Ids after the only or the second text."""

    def room(self, texts: int) -> int:
        """Return the number of positions that they take."""
        return len(self.before) + len(self.after) + (len(self.between) if texts > 1 else 0)


class Tokenizer(ABC):
    """Turns texts into ids; learned from training texts, saved and loaded as a folder of plain files."""

    ordered: ClassVar[bool] = True
    """False if ids are a set without positions (hashed n-grams): only a bag reads those."""
    reversible: ClassVar[bool] = True
    """Whether ids can be turned back into text; each kind says how exactly."""
    frame: Frame | None = None
    """Special ids that a model expects around its texts; None: it expects none."""
    whole_runs: bool = False
    """Whether a run of kana or Thai is one piece, as in models from before such scripts were cut."""
    spells: bool = False
    """Whether its `Letters` are all characters of a word, in order."""
    config: Any
    """Config that the tokenizer was learned by."""
    never: tuple[int, ...] = (PAD, UNKNOWN)
    """Ids of view 0 that are no text: padding and unknown pieces, and others that a tokenizer reserves."""
    sizes: tuple[int, ...]
    """Number of ids of each view, padding included; of character n-grams, the number of n-grams."""

    @property
    def pieces(self) -> Sequence[str] | None:
        """The strings of view 0 by id, of which 0 and 1 stand for padding and unknown pieces; None: it has none."""
        return None

    @property
    def counted(self) -> str:
        """The size of each view's vocabulary, for people."""
        return f"vocabulary size{'s' if len(self.sizes) > 1 else ''} {' + '.join(f'{size:,}' for size in self.sizes)}"

    @property
    def notes(self) -> list[str]:
        """Notes for users on how the texts are cut, a sentence each."""
        return []

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> Encoded:
        """Encode many raw texts at once."""

    def unknown_pieces(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the pieces of each text that the vocabulary lacks, in their order."""
        return [[] for _ in texts]

    def spell(self, ids: Iterable[int], copied: Sequence[str] = ()) -> Iterator[bytes]:  # noqa: ARG002
        """Yield the text of each id of view 0, in UTF-8, as soon as the id is there; padding adds nothing.

        The ids from `sizes[0]` + 1 on are the `copied` pieces, of which the vocabulary knows nothing. A part may end
        inside a character (see `stream`). Unknown pieces are `�`. Raises ConfigError if no text can be made of the ids.
        """
        hint = "take `bpe`, `unigram`, `bytes`, `wordpiece`, `char`, `mixed` or `word`"
        raise ConfigError("text cannot be made of these ids: they have no order", where="tokenizer", hint=hint)

    def decode(
        self, rows: Sequence[Sequence[int]] | Sequence[np.ndarray], copied: Sequence[Sequence[str]] | None = None
    ) -> list[str]:
        """Decode each row of ids of view 0, without padding; bytes that are no character become `�`.

        The ids from `sizes[0]` + 1 on are the `copied` pieces of each row. Raises ConfigError if no text can be made of
        the ids.
        """
        lists = (row.tolist() if isinstance(row, np.ndarray) else row for row in rows)
        if copied is None:
            return [b"".join(self.spell(row)).decode("utf-8", "replace") for row in lists]
        both = zip(lists, copied, strict=True)
        return [b"".join(self.spell(row, pieces)).decode("utf-8", "replace") for row, pieces in both]

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write what was learned into an existing folder."""


class TokenizerConfig(Config):
    """Base of the configs of tokenizers: each learns and loads one kind."""

    kind: str
    normalize: NormalizeConfig = NormalizeConfig()

    def learn(self, texts: Sequence[str]) -> Tokenizer:
        """Learn a tokenizer from training texts."""
        raise NotImplementedError

    def load(self, folder: Path) -> Any:
        """Load the tokenizer that was saved in a folder."""
        raise NotImplementedError

    def named(self) -> str:
        """Describe the tokenizer in a few words: its kind, unless a kind says more."""
        return self.kind

    named_settings: ClassVar[frozenset[str]] = frozenset({"kind"})
    """Settings that `named` covers."""

    def describe(self) -> str:
        """Describe the kind and every setting that is not the default, as in `bpe, size 4000, case keep`."""
        plain = {name: field.get_default() for name, field in type(self).model_fields.items()}
        shown = {name: getattr(self, name) for name in plain if name not in self.named_settings}
        return ", ".join([self.named(), *_changed(shown, plain)])


def _changed(settings: dict[str, Any], plain: dict[str, Any]) -> list[str]:
    """List each setting that differs from the default, by its own name without that of its parent."""
    changed: list[str] = []
    for name, value in settings.items():
        if isinstance(value, Config) and type(value) is type(plain[name]):
            changed += _changed(dict(value), dict(plain[name]))
        elif value != plain[name]:
            many = isinstance(value, tuple) and len(value) > 3
            shown = f"of {len(value)}" if many else " ".join(value) if isinstance(value, tuple) else value
            changed.append(f"{name} {shown}")
    return changed
