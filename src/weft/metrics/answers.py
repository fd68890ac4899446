"""Scores answers found in a passage by exact match and F1.

Two ways to count. `squad` is that of SQuAD 1.1 and 2.0 (Rajpurkar et al. 2016, section 6.1; 2018): lower case, without
punctuation and articles; F1 over words. `cmrc` is that of the script of CMRC 2018 (Cui et al. 2019, section 4): lower
case, without the punctuation that the script lists; each character of Chinese and of other scripts without spaces
counts, and each word of anything else; F1 over the longest run of these that both share. That script cuts words with
nltk, this one with `weft.text.segment`.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from weft.text.segment import han_share, split_words
from weft.text.unspaced import unspaced_share

Style = Literal["squad", "cmrc"]
"""Way of comparing answers."""

_MARKS = str.maketrans("", "", "-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
_HAN = re.compile("([\u4e00-\u9fa5])")


def style_of(question: str) -> Style:
    """Return `cmrc` for a question that is mostly in Chinese or another script without spaces, else `squad`."""
    return "cmrc" if han_share([question]) + unspaced_share([question]) > 0.5 else "squad"


def exact(answer: str, right: Sequence[str], *, style: Style) -> float:
    """Return 1 if an answer equals a right one but for punctuation and case; else 0.

    By the rule of SQuAD 2.0's script, right answers of which nothing is left without these are none, and where there is
    none an answer is right of which nothing is left.
    """
    plain = _plain_words if style == "squad" else _plain_marks
    return float(any(plain(answer) == plain(one) for one in _known(right, style)))


def f1(answer: str, right: Sequence[str], *, style: Style) -> float:
    """Return the best F1 of an answer over the right ones, 0 to 1; without a right one as `exact` does."""
    return max(_f1(answer, one, style) for one in _known(right, style))


def _known(right: Sequence[str], style: Style) -> list[str]:
    plain = _plain_words if style == "squad" else _plain_marks
    return [one for one in right if plain(one)] or [""]


def _f1(answer: str, right: str, style: Style) -> float:
    cut = str.split if style == "squad" else _units
    given, known = (cut(_plain_words(one) if style == "squad" else _plain_marks(one)) for one in (answer, right))
    if not given or not known:
        return float(given == known)
    common = (Counter(given) & Counter(known)).total() if style == "squad" else _longest_run(given, known)
    return 2 * common / (len(given) + len(known))


def _plain_words(text: str) -> str:
    text = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def _plain_marks(text: str) -> str:
    return text.lower().strip().translate(_MARKS)


def _units(text: str) -> list[str]:
    """Split a text into characters of Chinese and words of anything else."""
    parts = _HAN.split(text)
    return [unit for part in parts for unit in ((part,) if _HAN.fullmatch(part) else split_words(part))]


def _longest_run(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of the longest run that both share."""
    longest, before = 0, [0] * (len(other) + 1)
    for unit in one:
        now = [0] * (len(other) + 1)
        for place, match in enumerate(other, 1):
            if unit == match:
                now[place] = before[place - 1] + 1
        longest, before = max(longest, *now), now
    return longest
