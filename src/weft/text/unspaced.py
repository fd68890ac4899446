"""Scripts without spaces between words: their characters as readers see them, and which texts hold them.

A character is a letter with its marks: a Thai consonant with its vowels and tone, a Khmer or Burmese one with what is
stacked below it. Unicode's extended grapheme clusters (Annex 29) are the same but for those stacks and for some Burmese
vowels, which they cut off. Han has no spaces either, but a dictionary of its own, in `segment`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import regex

NO_SPACES = r"\p{Hiragana}\p{Katakana}ー\uff70\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts besides Han that put no spaces between words, as part of a class of a regular expression."""
LETTER = rf"[[{NO_SPACES}]&&[\p{{L}}\p{{M}}]]"
"""A letter or mark of these scripts, but no digit or punctuation mark."""
# Thai and Lao `am`, whole or in the two parts that NFKC makes of it, stands around the consonant before it, and is a
# letter to Unicode; joiners have no width.
_MARK = r"(?:[\p{M}\u0e33\u0eb3\u200c\u200d]|(?<=[\u0e4d\u0ecd])[\u0e32\u0eb2])"
_STACKS = r"(?<=[\u17d2\u1039])"  # after these two signs, a Khmer or Burmese letter stands below the one before it
CLUSTER = rf"(?:{LETTER}{_MARK}*(?:{_STACKS}{LETTER}{_MARK}*)*)"
"""A character of these scripts as a reader sees it; needs `regex.VERSION1`."""

KANA, THAI, LAO, KHMER, BURMESE, KOREAN = "Japanese kana", "Thai", "Lao", "Khmer", "Burmese", "Korean"
# by code points, for the standard library: it looks through a text in a tenth of the time that classes of Unicode take
_RANGES = {
    KANA: "\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d",
    THAI: "\u0e01-\u0e3a\u0e40-\u0e4e",
    LAO: "\u0e81-\u0ede",
    KHMER: "\u1780-\u17d3",
    BURMESE: "\u1000-\u103f",
    KOREAN: "\u1100-\u11ff\uac00-\ud7a3",
}
_SCRIPTS = {name: re.compile(f"[{codes}]") for name, codes in _RANGES.items()}
_ANY = re.compile(f"[{''.join(_RANGES.values())}]")
_GOES_ON = regex.compile(rf"{_MARK}|{_STACKS}.", flags=regex.VERSION1)
_CLUSTER = regex.compile(CLUSTER, flags=regex.VERSION1)
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}ー]")
_HANGUL = regex.compile(r"\p{Hangul}")


def texts_with(texts: Iterable[str]) -> Counter[str]:
    """Count the texts that hold each of these scripts, and Korean, by the script's name."""
    found: Counter[str] = Counter()
    for text in texts:
        if not text.isascii() and _ANY.search(text):
            found.update(name for name, pattern in _SCRIPTS.items() if pattern.search(text))
    return found


def clusters(texts: Iterable[str]) -> int:
    """Count the characters of these scripts, as readers see them."""
    return sum(len(_CLUSTER.findall(text)) for text in texts if not text.isascii())


def unspaced_share(texts: Sequence[str]) -> float:
    """Return the share of these scripts among the characters of all letters with their marks, 0 to 1."""
    return clusters(texts) / max(1, _letters(texts))


def kana_share(texts: Sequence[str]) -> float:
    """Return the share of Japanese kana among the letters, 0 to 1."""
    return _share(_KANA, texts)


def hangul_share(texts: Sequence[str]) -> float:
    """Return the share of Korean syllables among the letters, 0 to 1."""
    return _share(_HANGUL, texts)


def whole(words: Iterable[str]) -> list[str]:
    """Join each part of a character to the word before it, and leave empty words out."""
    joined: list[str] = []
    for word in filter(None, words):
        text = (joined[-1][-1:] if joined else "") + word
        if joined and _GOES_ON.match(text, 1):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _share(pattern: re.Pattern[str], texts: Sequence[str]) -> float:
    found = sum(len(pattern.findall(text)) for text in texts if not text.isascii())
    return found / max(1, sum(len(regex.findall(r"\p{L}", text)) for text in texts)) if found else 0.0


def _letters(texts: Sequence[str]) -> int:
    """Count letters with their marks, of these scripts and of all others."""
    every = rf"{CLUSTER}|\p{{L}}"
    return sum(len(regex.findall(every, text, flags=regex.VERSION1)) for text in texts)
