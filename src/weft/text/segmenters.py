"""Word segmenters of other packages, for scripts without spaces: fugashi for Japanese, PyThaiNLP for Thai.

They are named in a setting and never taken for being there: the same settings give the same pieces everywhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import Literal

from weft.errors import MissingExtra
from weft.text.unspaced import whole

Segmenter = Literal["fugashi", "pythainlp"]
"""Names of the segmenters."""

Cut = Callable[[str], list[str]]
"""A function that cuts a run of characters into words."""

RUNS: dict[Segmenter, str] = {
    "fugashi": r"[[\p{Han}\p{Hiragana}\p{Katakana}ー\uff70]&&\p{L}]",
    "pythainlp": r"[\p{Thai}&&[\p{L}\p{M}]]",
}
"""Letters that each reads, as a class of a regular expression: Japanese words mix kana and Han."""


@cache
def segmenter(name: Segmenter) -> Cut:
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
