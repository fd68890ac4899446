"""Texts that stand more than once: knows when two texts are the same, by digest; not what they say.

Two texts are the same when they are equal but for white space at their ends; alike, when they differ further only in
case and blanks. A digest stands for a text, so that no second copy of all texts is held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from weft.data.findings import Finding, Part, Row, all_rows, counted, verb

Sameness = Literal["same", "alike"]


@dataclass(frozen=True, slots=True)
class Repeats:
    """What stands more than once in parts of the data, as (part, row) numbers.

    `again` are rows with a text of an earlier row of their part, each with that row; `across` rows of dev and test
    with a text of an earlier part; `torn` the groups of rows of one text that have several labels.
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
    """16 bytes for each text, equal for texts that are the same (or alike)."""
    if sameness == "same":
        plain = (text.strip() for text in texts)
    else:
        plain = (" ".join(text.split()).casefold() for text in texts)
    return [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in plain]


def find_repeats(parts: Sequence[Part], sameness: Sameness) -> Repeats:
    """Compare every row with the rows before it, part by part; rows without a text are passed over."""
    found = Repeats([], [], [])
    first: dict[bytes, Place] = {}
    groups: dict[bytes, list[Place]] = {}
    nothing = digests([""], sameness)[0]
    for number, part in enumerate(parts):
        own: dict[bytes, int] = {}
        for row, digest in enumerate(digests(part.texts, sameness)):
            earlier = own.setdefault(digest, row)
            # most texts stand once, and for them this is all that is done
            if (earlier == row and digest not in first) or digest == nothing:
                continue
            here = Place(number, row)
            if earlier != row:
                found.again.append((here, Place(number, earlier)))
            before = first.get(digest) or Place(number, earlier)
            if before.part != number:
                found.across.append((here, before))
            groups.setdefault(digest, [before]).append(here)
        for digest, row in own.items():
            first.setdefault(digest, Place(number, row))
    for group in groups.values():
        if len({parts[place.part].labels[place.row].strip() for place in group}) > 1:
            found.torn.append(group)
    return found


def repeats(parts: Sequence[Part]) -> list[Finding]:
    """Look for texts that repeat, that stand in several parts, and whose labels contradict each other."""
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
    said += f" {verb('repeat', max(1, len(same)))} the text of an earlier row"
    said += f"; {counted(len(alike) - len(same), 'more row')} but for case and blanks" if len(alike) > len(same) else ""
    if not rows:
        return Finding("duplicates", "Duplicates", "fine", "every text stands once in its part")
    fix = "keep the first row of each, as in `rows[~rows.text.str.strip().duplicated()]`: the others say nothing new"
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
                    f"{texts:,} of {len(part):,} {part.name} texts also {verb('stand', texts)} in {parts[other].name}"
                )
    if len(alike) > len(same):
        said.append(f"{len(alike) - len(same):,} more but for case and blanks")
    title = "Texts in several parts"
    if not said:
        return Finding("overlap", title, "fine", "no text of one part stands in another")
    fix = "remove the rows named beside them, as in `train[~train.text.str.strip().isin(test.text.str.strip())]`:"
    fix += " a model that has learned a text by heart scores better than it reads"
    return Finding("overlap", title, "error", "; ".join(said), len(same), fix, _pairs(parts, same, alike))


def _torn(parts: Sequence[Part], same: Sequence[Sequence[Place]], alike: Sequence[Sequence[Place]]) -> Finding:
    title = "Contradicting labels"
    if not alike:
        return Finding("contradictions", title, "fine", "no text stands with several labels")
    rows: list[Row] = []
    for group in alike:
        labels = [parts[place.part].labels[place.row].strip() for place in group]
        for place, label in zip(group, labels, strict=True):
            other, said = next(pair for pair in zip(group, labels, strict=True) if pair[1] != label)
            rows.append(parts[place.part].row(place.row, note=f"`{said}` in {parts[other.part].place(other.row)}"))
    said = f"{counted(len(same), 'text')} with several labels"
    said += f", {len(alike) - len(same):,} more but for case and blanks" if len(alike) > len(same) else ""
    fix = "decide which label each text has, and give all its rows that one, or remove them"
    return Finding("contradictions", title, "warning", said, len(alike), fix, rows)


def _pairs(
    parts: Sequence[Part], same: Sequence[tuple[Place, Place]], alike: Sequence[tuple[Place, Place]]
) -> list[Row]:
    known = {here for here, _ in same}
    rows = [parts[here.part].row(here.row, note=f"as {parts[one.part].place(one.row)}") for here, one in same]
    return rows + [
        parts[here.part].row(here.row, note=f"but for case and blanks as {parts[one.part].place(one.row)}")
        for here, one in alike
        if here not in known
    ]


def empty_texts(parts: Sequence[Part]) -> Finding:
    """Look for rows without a text or without a label."""
    rows = [
        part.row(number, note="no text" if part.labels[number].strip() else "neither text nor label")
        if not part.texts[number].strip()
        else part.row(number, note="no label")
        for part, number in all_rows(parts)
        if not (part.texts[number].strip() and part.labels[number].strip())
    ]
    if not rows:
        return Finding("empty", "Empty rows", "fine", "every row has a text and a label")
    fix = "remove these rows, or pass `--on-bad-row skip` to leave them out; without it training stops at the first"
    return Finding("empty", "Empty rows", "error", f"{counted(len(rows), 'row')} without a text or a label",
                   len(rows), fix, rows)  # fmt: skip
