"""Detects separators between several labels in one field."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from weft.data.sources import Table

_USUAL = "|;,/"
_PLAIN = "|;"
"""Separators that a single label seldom contains."""
_DOUBTFUL = ",，、"
"""Separators that a single label may contain: what stands between them has to stand alone in other labels, too."""
_ALONE = 0.8
_SHARE = 0.2
_SAMPLE = 1000


def separator_notes(labels: Sequence[str | Sequence[str] | None], *, separator: str | None) -> list[str]:
    """Return notes on the labels of all rows, read with a separator or (None) as one label each."""
    if separator is None:
        found = likely_separator([label for label in labels if isinstance(label, str)])
        why = f"many labels hold `{found}`, as if a text had several"
        return [f'{why}: pass --label-separator "{found}" if so'] if found else []
    if any(label is not None and len(label) > 1 for label in labels):
        return []
    single = [label[0] for label in labels if label]
    other = max(_USUAL, key=lambda mark: _holding(single, mark))
    if other == separator or not single or _holding(single, other) < _SHARE * len(single):
        return []
    why = f"no label contains the separator `{separator}`, and many contain `{other}`"
    return [f'{why}: pass --label-separator "{other}" if that stands between them']


def likely_separator(labels: Sequence[str]) -> str | None:
    """Return the separator in at least a fifth of the labels, if its parts occur in several labels; else None."""
    alone = {label.strip() for label in labels}
    for mark in _PLAIN + _DOUBTFUL:
        different = [part.strip() for label in set(labels) for part in label.split(mark)]
        known = {part for label in alone if mark in label for part in map(str.strip, label.split(mark))}
        if mark in _DOUBTFUL and len(known & alone) < _ALONE * len(known):
            continue
        often = _holding(labels, mark) >= max(1, _SHARE * len(labels))
        if often and len(set(different)) < len(different) and 2 * len(set(different)) <= _parts(labels, mark):
            return mark
    return None


def separator_hint(table: Table, column: str) -> str:
    """Return a hint for an empty label, if the other labels look as if a text had several; else nothing."""
    rows = islice(table.unchecked(), _SAMPLE)
    found = likely_separator([label for row in rows if (label := row.values.get(column, "").strip())])
    return f'pass --label-separator "{found}" if a text may have several labels, or none' if found else ""


def _holding(labels: Sequence[str], mark: str) -> int:
    return sum(mark in label for label in labels)


def _parts(labels: Sequence[str], mark: str) -> int:
    return sum(label.count(mark) + 1 for label in labels)
