"""Counts the scripts and odd characters of texts, by Unicode's classes of code points.

Each code point has one class, looked up in one table, so that a corpus is counted at the speed of memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import regex

from weft.data.checks.findings import Finding, Part, Row, counted

SCRIPTS = ("Latin", "Han", "Kana", "Hangul", "Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari", "Thai", "other")
"""Scripts of letters; `other` is every other script."""
ODD = ("control", "replacement", "private", "invisible")
"""Classes of characters that no text needs: C0 and C1 controls (except tab and line ends), U+FFFD, private use, and
marks without width, except the joiners that emoji and some scripts are written with."""
CLASSES = ("rest", *SCRIPTS, *ODD)

_PATTERNS = {
    "other": r"\p{L}",
    **{name: rf"[\p{{Script={name}}}&&\p{{L}}]" for name in SCRIPTS if name not in ("Kana", "other")},
    "Kana": r"[[\p{Script=Hiragana}\p{Script=Katakana}ー]&&\p{L}]",
    "control": r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]",
    "replacement": "\ufffd",
    "private": r"\p{Co}",
    "invisible": "[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff]",
}
_BLOCK = 1 << 22
"""Number of characters that are looked up at once."""

_RARE = 0.02
"""Share of the texts below which a script is reported as unlike the rest."""
_FOREIGN = 0.1
"""Largest share of letters of other scripts in such a text: a name in Latin does not make a text foreign."""
_FEWEST_LETTERS = 3
"""Least number of letters that a text needs for its script to be determined."""


def class_counts(texts: Sequence[str]) -> np.ndarray:
    """Count the characters of each of `CLASSES` in each text, int64 [N, classes]."""
    table = _table()
    counts_NK = np.zeros((len(texts), len(CLASSES)), dtype=np.int64)
    for first, block in text_blocks(texts, _BLOCK):
        lengths = np.fromiter(map(len, block), dtype=np.int64, count=len(block))
        codes = np.frombuffer("".join(block).encode("utf-32-le", "surrogatepass"), dtype="<u4")
        cells = np.repeat(np.arange(len(block)) * len(CLASSES), lengths) + table[codes]
        counted_K = np.bincount(cells, minlength=len(block) * len(CLASSES))
        counts_NK[first : first + len(block)] = counted_K.reshape(len(block), len(CLASSES))
    return counts_NK


def scripts(parts: Sequence[Part]) -> Finding:
    """Count the scripts that the texts are written in, and find texts in another than nearly all."""
    letters = [class_counts(part.texts)[:, 1 : 1 + len(SCRIPTS)] for part in parts]
    all_NK = np.concatenate(letters)
    told_N = all_NK.sum(1) >= _FEWEST_LETTERS
    mainly_K = np.bincount(all_NK.argmax(1)[told_N], minlength=len(SCRIPTS))
    total_K = all_NK.sum(0)
    shown = [number for number in np.argsort(-total_K, kind="stable").tolist() if total_K[number]]
    table = [("script", "letters", "texts mainly in it")] + [
        (SCRIPTS[number], f"{total_K[number]:,} ({total_K[number] / total_K.sum():.1%})", f"{mainly_K[number]:,}")
        for number in shown
    ]
    rare = {number for number in shown if 0 < mainly_K[number] < _RARE * told_N.sum()}
    rows: list[Row] = []
    for part, letters_NK in zip(parts, letters, strict=True):
        main_N, enough_N = letters_NK.argmax(1), letters_NK.sum(1) >= _FEWEST_LETTERS
        usual_N = np.delete(letters_NK, sorted(rare), axis=1).sum(1)
        odd_N = enough_N & np.isin(main_N, sorted(rare)) & (usual_N < _FOREIGN * letters_NK.sum(1))
        rows += [part.row(row, note=SCRIPTS[main_N[row]]) for row in np.flatnonzero(odd_N).tolist()]
    main = " and ".join(SCRIPTS[number] for number in shown if mainly_K[number] >= _RARE * max(1, told_N.sum()))
    said = f"the texts are mainly in {main or 'no script of letters'}"
    if not rows:
        return Finding("scripts", "Scripts", "fine", said, table=table)
    others = dict.fromkeys("another script" if row.note == "other" else row.note for row in rows)
    said += f"; {counted(len(rows), 'text')} in {', '.join(others)}"
    fix = "check that these rows belong here: a model learns little about a script that it hardly sees"
    return Finding("scripts", "Scripts", "warning", said, len(rows), fix, rows, table)


def text_blocks(texts: Sequence[str], characters: int) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield texts in blocks of at least `characters` characters, each with the number of its first text."""
    first = size = 0
    for number, text in enumerate(texts):
        size += len(text)
        if size >= characters:
            yield first, texts[first : number + 1]
            first, size = number + 1, 0
    if first < len(texts):
        yield first, texts[first:]


@lru_cache(maxsize=1)
def _table() -> np.ndarray:
    """Build the table of the class of each code point, uint8 [1,114,112]."""
    table = np.zeros(0x110000, dtype=np.uint8)
    # halves of surrogate pairs are no characters, and stand as blanks
    every = "".join(" " if 0xD800 <= code < 0xE000 else chr(code) for code in range(0x110000))
    for name, pattern in _PATTERNS.items():
        for run in regex.finditer(f"(?:{pattern})+", every, flags=regex.VERSION1):
            table[run.start() : run.end()] = CLASSES.index(name)
    return table
