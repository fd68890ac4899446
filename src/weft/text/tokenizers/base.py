"""What every tokenizer owes: texts in, numbers out, and back; knows none of the kinds (see `choices`)."""

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
    """The letter n-grams of U distinct words: their ids end to end, int32 [N], and how many each word has, [U].

    Word 0 has none: it stands for padding and for whatever has no known letters.
    """

    ids_N: np.ndarray
    lengths_U: np.ndarray


@dataclass(frozen=True, slots=True)
class Encoded:
    """The ids of R texts, end to end: int32 [N, W], W views of each position, and the length of each text, [R].

    View 0 is the piece itself; further views (its neighbour, the word around it) describe the same position.
    """

    values_NW: np.ndarray
    lengths_R: np.ndarray
    unknown: int
    """How many pieces of these texts the vocabulary lacks."""
    letters: Letters | None = None
    """Where the last view is the letters of the word: that column has the numbers of words in here."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The special ids that a pre-trained model expects around one text, and around two."""

    before: tuple[int, ...]
    between: tuple[int, ...]
    """After the first of two texts."""
    after: tuple[int, ...]
    """After the only or the second text."""

    def room(self, texts: int) -> int:
        """How many positions they take."""
        return len(self.before) + len(self.after) + (len(self.between) if texts > 1 else 0)


class Tokenizer(ABC):
    """Turns texts into ids; learned from training texts, saved and loaded as a folder of plain files."""

    ordered: ClassVar[bool] = True
    """False where ids are a set without positions (hashed n-grams): only a bag reads those."""
    reversible: ClassVar[bool] = True
    """Whether ids can be turned back into text; each kind says how exactly."""
    frame: Frame | None = None
    """The special ids that a model expects around its texts; None: it expects none."""
    config: Any
    """The config of its kind that it was learned by."""
    never: tuple[int, ...] = (PAD, UNKNOWN)
    """Ids of view 0 that are no text: padding and unknown pieces, and what else a tokenizer keeps for itself."""
    sizes: tuple[int, ...]
    """How many ids each view has, padding included; of letters, how many n-grams."""

    @property
    def pieces(self) -> Sequence[str] | None:
        """The strings of view 0 by id, of which 0 and 1 stand for padding and unknown pieces; None: it has none."""
        return None

    @property
    def counted(self) -> str:
        """The sizes of the vocabularies of all views, in words."""
        return f"vocabulary size{'s' if len(self.sizes) > 1 else ''} {' + '.join(f'{size:,}' for size in self.sizes)}"

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> Encoded:
        """The ids of many raw texts at once."""

    def spell(self, ids: Iterable[int]) -> Iterator[bytes]:  # noqa: ARG002
        """What each id of view 0 adds to the text, in UTF-8, as soon as the id is there; padding adds nothing.

        A part may end inside a character (see `stream`). Unknown pieces are `�`. Raises ConfigError where no text can
        be made of ids.
        """
        hint = "take `bpe`, `unigram`, `bytes`, `wordpiece`, `char`, `mixed` or `word`"
        raise ConfigError("text cannot be made of these ids: they have no order", where="tokenizer", hint=hint)

    def decode(self, rows: Sequence[Sequence[int]] | Sequence[np.ndarray]) -> list[str]:
        """The text of each row of ids of view 0, padding left out; bytes that are no character are `�`.

        Raises ConfigError where no text can be made of ids.
        """
        lists = (row.tolist() if isinstance(row, np.ndarray) else row for row in rows)
        return [b"".join(self.spell(row)).decode("utf-8", "replace") for row in lists]

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write what was learned into an existing folder."""


class TokenizerConfig(Config):
    """Base of the configs of tokenizers; each says how one is learned and how it is loaded."""

    kind: str
    normalize: NormalizeConfig = NormalizeConfig()

    def learn(self, texts: Sequence[str]) -> Tokenizer:
        """A tokenizer learned from training texts."""
        raise NotImplementedError

    def load(self, folder: Path) -> Any:
        """The tokenizer that was saved in a folder."""
        raise NotImplementedError

    def named(self) -> str:
        """What it is, in a few words; the kind, unless a kind says more."""
        return self.kind

    named_settings: ClassVar[frozenset[str]] = frozenset({"kind"})
    """The settings that `named` tells of."""

    def describe(self) -> str:
        """For people: what it is, and every setting that is not by default, as in `bpe, size 4000, case keep`."""
        plain = {name: field.get_default() for name, field in type(self).model_fields.items()}
        told = {name: getattr(self, name) for name in plain if name not in self.named_settings}
        return ", ".join([self.named(), *_changed(told, plain)])


def _changed(settings: dict[str, Any], plain: dict[str, Any]) -> list[str]:
    """Each setting that is not the plain one, by its own name and without that of its parent."""
    changed: list[str] = []
    for name, value in settings.items():
        if isinstance(value, Config) and type(value) is type(plain[name]):
            changed += _changed(dict(value), dict(plain[name]))
        elif value != plain[name]:
            many = isinstance(value, tuple) and len(value) > 3
            shown = f"of {len(value)}" if many else " ".join(value) if isinstance(value, tuple) else value
            changed.append(f"{name} {shown}")
    return changed
