"""Word segmenters for scripts without spaces: fugashi for Japanese, PyThaiNLP for Thai, and models that weft trained.

They are named in a setting and never taken for being there: the same settings give the same pieces everywhere. Models
stand on a higher floor than texts: a trained one is opened by a function that `weft.bundle` hands down.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Literal, Protocol

from weft.errors import ConfigError, MissingExtra
from weft.text.unspaced import whole

Package = Literal["fugashi", "pythainlp"]
"""Names of the segmenters of other packages."""

Cut = Callable[[str], list[str]]
"""A function that cuts a run of characters into words."""

Ends = Callable[[Sequence[str]], list[list[int]]]
"""A function that finds where the words of each text end, in characters and in order."""

RUNS: dict[Package, str] = {
    "fugashi": r"[[\p{Han}\p{Hiragana}\p{Katakana}ー\uff70]&&\p{L}]",
    "pythainlp": r"[\p{Thai}&&[\p{L}\p{M}]]",
}
"""Letters that each reads, as a class of a regular expression: Japanese words mix kana and Han."""


class TrainedSegmenter(Protocol):
    """A trained model that cuts texts into words."""

    def ends(self, texts: Sequence[str]) -> list[list[int]]:
        """Return where the words of each text end, in characters and in order; texts are cut in batches."""
        ...

    def save(self, folder: Path) -> None:
        """Write the model, whole, into a folder."""
        ...


Opener = Callable[[Path, Sequence[str]], TrainedSegmenter]
"""A function that opens the folder of a trained segmenter, with the words of a list that it prefers."""
_opener: Opener | None = None


def opens_trained(function: Opener) -> Opener:
    """Name the function that opens trained segmenters; a decorator."""
    global _opener
    _opener = function
    return function


def trained_segmenter(folder: Path, words: Sequence[str], *, named: str) -> TrainedSegmenter:
    """Open a folder that `weft train` wrote. Raises ConfigError for what is no folder, and what `opens_trained` raises.

    `named` is the setting as the user wrote it.
    """
    if not folder.is_dir():
        hint = "expected `fugashi`, `pythainlp`, or the folder of a model that `weft train` taught to cut words"
        raise ConfigError(f"there is no segmenter `{named}`", where="tokenizer.segmenter", hint=hint)
    assert _opener is not None, "import weft.bundle, which opens trained folders"
    return _opener(folder, words)


@cache
def segmenter(name: Package) -> Cut:
    """Return the function that cuts a run into words, no character of which is parted. Raises MissingExtra without it.

    `fugashi` is MeCab (Kudo, Yamamoto and Matsumoto 2004) with the dictionary `unidic-lite`; `pythainlp` takes the
    longest matching words of its own dictionary (its engine `newmm`).
    """
    return _fugashi() if name == "fugashi" else _pythainlp()


def _fugashi() -> Cut:
    try:
        from fugashi import Tagger  # ty: ignore
        from unidic_lite import DICDIR  # ty: ignore
    except ImportError as error:
        raise MissingExtra(error.name or "fugashi", extra="japanese") from None
    tagger, alone = Tagger(f'-r {os.devnull} -d "{DICDIR}"'), Lock()  # a tagger has one lattice

    def cut(run: str) -> list[str]:
        with alone:
            return whole([word.surface for word in tagger(run)])

    return cut


def _pythainlp() -> Cut:
    try:
        from pythainlp.tokenize import word_tokenize  # ty: ignore
    except ImportError as error:
        raise MissingExtra(error.name or "pythainlp", extra="thai") from None
    return lambda run: whole(word_tokenize(run, engine="newmm"))
