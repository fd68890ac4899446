"""Finds signs that texts were damaged on their way: odd characters, wrong encodings, HTML tags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

import numpy as np

from weft.data.checks.findings import Finding, Part, Row, counted
from weft.data.checks.scripts import CLASSES, ODD, class_counts

# UTF-8 read as Western: a lead byte becomes one of these letters, and what follows it a sign that stands nowhere there.
_SIGNS = "\u0080-\u00bf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ€"
# UTF-8 read as GBK, two bytes at a time: the first two of a mark such as ，or 。are 锛 or 銆, and its third becomes a
# character with the first of what follows.
_THIRD, _LEAD = (0x80, 0x81, 0x82, 0x88, 0x89, 0x8A, 0x8B, 0x8C, 0x9A, 0x9B, 0x9F), range(0xE2, 0xF0)
_AFTER = "".join(bytes(pair).decode("gbk", "ignore") for pair in product(_THIRD, _LEAD))
MOJIBAKE = re.compile(
    rf"[ÂÃ][{_SIGNS}]|â€[{_SIGNS}]|[ãäåæçèé][{_SIGNS}]{{2}}"
    # U+FFFD written as UTF-8 and read as GBK is 锟斤拷; memory that was never written, read as GBK, is 烫烫烫 or 屯屯屯
    rf"|锟斤拷|烫烫烫|屯屯屯|[锛銆][{_AFTER}\ufffd?]"
)
MARKUP = re.compile(
    r"</?(?:a|b|br|i|p|u|em|li|ol|td|tr|ul|div|font|h[1-6]|img|script|span|strong|style|table)\b[^<>]{0,300}>"
    r"|&(?:nbsp|amp|lt|gt|quot|apos|#\d{2,5}|#x[0-9a-f]{2,5});",
    flags=re.IGNORECASE,
)

_NAMES = {
    "control": "control characters",
    "replacement": "U+FFFD",
    "private": "characters of private use",
    "invisible": "invisible marks",
}


def marks(parts: Sequence[Part]) -> list[Finding]:
    """Find odd characters, text that was read in a wrong encoding, and HTML."""
    return [_odd(parts), _mojibake(parts), _markup(parts)]


def _odd(parts: Sequence[Part]) -> Finding:
    rows: list[Row] = []
    texts_K, lost = np.zeros(len(ODD), dtype=np.int64), 0
    for part in parts:
        counts_NK = class_counts(part.texts)[:, -len(ODD) :]
        texts_K += (counts_NK > 0).sum(0)
        for row in np.flatnonzero(counts_NK.any(1)).tolist():
            note = ", ".join(
                f"{_NAMES[name]}: {times}" for name, times in zip(ODD, counts_NK[row], strict=True) if times
            )
            rows.append(part.row(row, note=note))
        lost += int((counts_NK[:, CLASSES.index("replacement") - len(CLASSES)] > 0).sum())
    title = "Odd characters"
    if not rows:
        return Finding("characters", title, "fine", "no control characters, no U+FFFD, nothing invisible")
    said = ", ".join(
        f"{_NAMES[name]} in {counted(n, 'text')}" for name, n in zip(ODD, texts_K.tolist(), strict=True) if n
    )
    fix = r"delete them: `re.sub(r'[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2060\ufeff]', '', text)`"
    if lost:
        fix = "make the file again from its source: U+FFFD stands where a character was lost"
    return Finding("characters", title, "error" if lost else "warning", said, len(rows), fix, rows)


def is_garbled(text: str) -> bool:
    """Whether a text looks as if it was read in a wrong encoding, or has characters that were lost."""
    return "\ufffd" in text or MOJIBAKE.search(text) is not None


def _mojibake(parts: Sequence[Part]) -> Finding:
    rows = _matching(parts, MOJIBAKE)
    title = "Wrong encoding"
    if not rows:
        return Finding("mojibake", title, "fine", "no text looks as if it was read in a wrong encoding")
    said = f"{counted(len(rows), 'text')} with signs such as `{rows[0].note}`"
    fix = "read the source again as UTF-8 and write the file anew; single rows can be fixed by `pip install ftfy`"
    return Finding("mojibake", title, "error", said, len(rows), fix, rows)


def _markup(parts: Sequence[Part]) -> Finding:
    rows = _matching(parts, MARKUP)
    if not rows:
        return Finding("markup", "HTML", "fine", "no tags or entities are left in the texts")
    said = f"{counted(len(rows), 'text')} with tags or entities such as `{rows[0].note}`"
    fix = "strip them, as with `re.sub(r'<[^>]+>', ' ', html.unescape(text))`: they say nothing about the text"
    return Finding("markup", "HTML", "warning", said, len(rows), fix, rows)


def _matching(parts: Sequence[Part], pattern: re.Pattern[str]) -> list[Row]:
    return [
        part.row(number, note=found[0])
        for part in parts
        for number, text in enumerate(part.texts)
        if (found := pattern.search(text))
    ]
