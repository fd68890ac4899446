"""Finds texts that occur more than once, by digest.

Two texts are the same when they are equal except for white space at their ends; alike, when they differ further only in
case and blanks. Two pairs are so when both their texts are. A digest stands for a text, so that no second copy of all
texts is held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import repeat
from typing import Literal

import numpy as np

from weft.data.checks.findings import Finding, Part, Row, counted, verb

Sameness = Literal["same", "alike"]
_LACKING = 0
"""Key of a row that lacks a text."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """Rows that occur more than once in parts of the data, as (part, row) numbers.

    `again` are rows with a text of an earlier row of their part, each with that row; `across` rows of dev and test with
    a text of an earlier part; `torn` the groups of rows of one text that do not all have the same labels.
    """

    again: list[tuple[Place, Place]]
    across: list[tuple[Place, Place]]
    torn: list[list[Place]]


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a part, both by number."""

    part: int
    row: int


def digests(texts: Iterable[str], sameness: Sameness) -> list[bytes]:
    """Compute a digest of 16 bytes for each text, equal for texts that are the same (or alike)."""
    plain = (_plain(text, sameness) for text in texts)
    return [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in plain]


def _plain(text: str, sameness: Sameness) -> str:
    return text.strip() if sameness == "same" else " ".join(text.split()).casefold()


def find_repeats(parts: Sequence[Part], sameness: Sameness) -> Repeats:
    """Compare every row with the rows before it, part by part; rows that lack a text are skipped."""
    found = Repeats([], [], [])
    keys = [_keys(part, sameness) for part in parts]
    different, times = np.unique(np.concatenate(keys), return_counts=True)
    several = different[(times > 1) & (different != _LACKING)]
    first: dict[int, Place] = {}
    groups: dict[int, list[Place]] = {}
    for number, keys_N in enumerate(keys):
        own: dict[int, int] = {}
        # most texts stand once, and for them nothing is done
        for row in np.flatnonzero(np.isin(keys_N, several)).tolist():
            key = int(keys_N[row])
            earlier = own.setdefault(key, row)
            if earlier == row and key not in first:
                continue
            here = Place(number, row)
            if earlier != row:
                found.again.append((here, Place(number, earlier)))
            before = first.get(key) or Place(number, earlier)
            if before.part != number:
                found.across.append((here, before))
            groups.setdefault(key, [before]).append(here)
        for key, row in own.items():
            first.setdefault(key, Place(number, row))
    for group in groups.values():
        if len({frozenset(parts[place.part].names(place.row)) for place in group}) > 1:
            found.torn.append(group)
    return found


def _keys(part: Part, sameness: Sameness) -> np.ndarray:
    """Return 8 bytes for each row, uint64 [N], equal where its text, or both of its texts, are the same (or alike).

    What is read beside the text has to be the same too.
    """
    beside = part.beside or repeat("")
    return np.fromiter((_key(texts, sameness, own) for texts, own in zip(part.each, beside, strict=False)), np.uint64)


def _key(texts: Iterable[str], sameness: Sameness, beside: str) -> int:
    plain = [_plain(text, sameness) for text in texts]
    if "" in plain:
        return _LACKING
    whole = (plain[0] if len(plain) == 1 else f"{len(plain[0])} {' '.join(plain)}") + beside
    return int.from_bytes(blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def repeats(parts: Sequence[Part]) -> list[Finding]:
    """Find texts that repeat, that occur in several parts, or that have contradicting labels."""
    same, alike = find_repeats(parts, "same"), find_repeats(parts, "alike")
    return [
        _again(parts, same.again, alike.again),
        *([_across(parts, same.across, alike.across)] if len(parts) > 1 else []),
        _torn(parts, same.torn, alike.torn),
    ]


def _again(parts: Sequence[Part], same: Sequence[tuple[Place, Place]], alike: Sequence[tuple[Place, Place]]) -> Finding:
    rows = _pairs(parts, same, alike)
    again = Counter(parts[here.part].name for here, _ in same)
    said = ", ".join(f"{counted(times, 'row')} of {name}" for name, times in again.items()) or "no row"
    said += f" {verb('repeat', max(1, len(same)))} the {parts[0].thing} of an earlier row"
    said += (
        f"; {counted(len(alike) - len(same), 'more row')} when case and spaces are ignored"
        if len(alike) > len(same)
        else ""
    )
    if not rows:
        return Finding("duplicates", "Duplicates", "fine", f"no {parts[0].thing} occurs twice in its split")
    how = "" if parts[0].halves or parts[0].beside else ", as in `rows[~rows.text.str.strip().duplicated()]`"
    fix = f"keep the first row of each{how}: the others add nothing new"
    return Finding("duplicates", "Duplicates", "warning", said, len(same), fix, rows)


def _across(
    parts: Sequence[Part], same: Sequence[tuple[Place, Place]], alike: Sequence[tuple[Place, Place]]
) -> Finding:
    said = []
    for number, part in enumerate(parts):
        for other in range(number):
            texts = sum((here.part, before.part) == (number, other) for here, before in same)
            if texts:
                said.append(
                    f"{texts:,} of {len(part):,} {part.name} {part.thing}s"
                    f" {'is' if texts == 1 else 'are'} also in {parts[other].name}"
                )
    if len(alike) > len(same):
        said.append(f"{len(alike) - len(same):,} more when case and spaces are ignored")
    title, thing = "Overlap between splits", parts[0].thing
    if not said:
        return Finding("overlap", title, "fine", f"no {thing} of one split is in another")
    how = (
        ""
        if parts[0].halves or parts[0].beside
        else ", as in `train[~train.text.str.strip().isin(test.text.str.strip())]`"
    )
    fix = f"remove the rows that they repeat{how}:"
    fix += f" scores on a {thing} that the model was trained on are too good"
    return Finding("overlap", title, "error", "; ".join(said), len(same), fix, _pairs(parts, same, alike))


def _torn(parts: Sequence[Part], same: Sequence[Sequence[Place]], alike: Sequence[Sequence[Place]]) -> Finding:
    title, thing, several = "Contradicting labels", parts[0].thing, parts[0].several
    labels = "different sets of labels" if several else "several labels"
    if not alike:
        return Finding("contradictions", title, "fine", f"no {thing} has {labels}")
    rows: list[Row] = []
    for group in alike:
        names = [parts[place.part].names(place.row) for place in group]
        for place, own in zip(group, names, strict=True):
            other, theirs = next(pair for pair in zip(group, names, strict=True) if set(pair[1]) != set(own))
            said = f"`{', '.join(theirs)}`" if theirs else "no label"
            rows.append(parts[place.part].row(place.row, note=f"{said} in {parts[other.part].place(other.row)}"))
    said = f"{counted(len(same), thing)} with {labels}"
    said += f", {len(alike) - len(same):,} more when case and spaces are ignored" if len(alike) > len(same) else ""
    which = "labels" if several else "label"
    fix = f"decide which {which} each {thing} has, and give all its rows {'those' if several else 'that one'},"
    fix += " or remove them"
    return Finding("contradictions", title, "warning", said, len(alike), fix, rows)


def _pairs(
    parts: Sequence[Part], same: Sequence[tuple[Place, Place]], alike: Sequence[tuple[Place, Place]]
) -> list[Row]:
    known = {here for here, _ in same}
    rows = [parts[here.part].row(here.row, note=f"same as {parts[one.part].place(one.row)}") for here, one in same]
    return rows + [
        parts[here.part].row(here.row, note=f"same but for case and spaces as {parts[one.part].place(one.row)}")
        for here, one in alike
        if here not in known
    ]


def empty_texts(parts: Sequence[Part]) -> Finding:
    """Find rows without a text, or, unless a text may have none, without a label."""
    rows = [
        part.row(number, note=lacks)
        for part in parts
        for number, texts in enumerate(part.each)
        if (lacks := _lacking(texts, labelled=part.several or bool(part.names(number))))
    ]
    if not rows:
        said = ("both texts" if parts[0].halves else "a text") + ("" if parts[0].several else " and a label")
        return Finding("empty", "Empty rows", "fine", f"every row has {said}")
    fix = "remove these rows: training leaves them out, but stops where they are half of the rows or more"
    said = f"{counted(len(rows), 'row')} without a text{'' if parts[0].several else ' or a label'}"
    return Finding("empty", "Empty rows", "error", said, len(rows), fix, rows)


def _lacking(texts: Sequence[str], *, labelled: bool) -> str:
    """Name the columns that a row lacks."""
    empty = [which for which, text in zip(("first", "second"), texts, strict=False) if not text.strip()]
    if not empty:
        return "" if labelled else "no label"
    text = "text" if len(empty) == len(texts) else f"{empty[0]} text"
    return f"no {text}" if labelled else f"neither {text} nor label"
