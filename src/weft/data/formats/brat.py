"""Reads folders of brat's standoff format (Stenetorp et al., 2012): a text in `x.txt`, its annotations in `x.ann`.

A line of a text-bound annotation is `T1<tab>Drug 22 31<tab>metformin`, places in characters, the end not included.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from weft.data.formats.encodings import detect, open_bytes
from weft.data.formats.shared_encodings import encoding_of
from weft.errors import InputError

SPANS = ("text", "spans")
"""Columns of a folder of brat."""
_KINDS = {
    "R": "relations",
    "*": "relations",
    "E": "events",
    "A": "attributes",
    "M": "attributes",
    "N": "normalizations",
    "#": "notes",
}
"""Annotations that are no spans, by the first letter of their lines."""


def brat_files(folder: str) -> tuple[str, ...]:
    """List the texts of a folder that have annotations beside them, by name; none where there are none such."""
    return tuple(str(file) for file in sorted(Path(folder).glob("*.txt")) if file.with_suffix(".ann").is_file())


def brat_rows(files: Sequence[str], encoding: str) -> Iterator[tuple[int, dict[str, Any] | InputError]]:
    """Yield the texts with their spans, numbered from 1; one with a span that is not in its text is an InputError."""
    for number, file in enumerate(files, 1):
        try:
            yield number, _read(file, encoding, Counter())
        except InputError as error:
            yield number, error


def brat_remarks(folder: str, files: Sequence[str], encoding: str) -> tuple[str, ...]:
    """Say what is not read: spans in pieces, all but the longest of overlapping ones, relations, texts alone."""
    left: Counter[str] = Counter()
    for file in files:
        with suppress(InputError):  # which is told when the row is read
            _read(file, encoding, left)
    left["texts without .ann"] = len([*Path(folder).glob("*.txt")]) - len(files)
    said = ", ".join(f"{kind} {times:,}" for kind, times in left.items() if times)
    return ("read as brat: the spans of the .ann files", *([f"left out: {said}"] if said else []))


def _read(file: str, encoding: str, left: Counter[str]) -> dict[str, Any]:
    with io.TextIOWrapper(open_bytes(file), encoding=encoding_of(file, encoding), newline="") as lines:
        text = lines.read()
    return {"text": text, "spans": _longest(_spans(file, text, left), left)}


def _spans(file: str, text: str, left: Counter[str]) -> list[tuple[int, int, str]]:
    """Read the spans beside a text; `left` counts what is none. Raises InputError for a line that does not fit."""
    ann = Path(file).with_suffix(".ann")
    with io.TextIOWrapper(open_bytes(ann), encoding=detect(ann)) as opened:
        lines = opened.read().split("\n")
    found = []
    for number, line in enumerate(lines, 1):
        if not line.startswith("T"):
            if line.strip():
                left[_KINDS.get(line[0], "other lines")] += 1
            continue
        _, _, rest = line.partition("\t")
        placed, _, surface = rest.partition("\t")
        if ";" in placed:
            left["spans in pieces"] += 1
            continue
        label, *places = placed.split() or [""]
        if len(places) != 2 or not all(map(str.isdecimal, places)):
            raise InputError(f"{ann}:{number}: expected `T1<tab>LABEL START END<tab>TEXT`", hint="mend the line")
        start, end = map(int, places)
        if surface and text[start:end].split() != surface.split():
            what = f"{ann}:{number}: `{surface}` does not stand at {start} to {end}, but `{text[start:end]}`"
            raise InputError(what, hint="is the text the one that was annotated? places are characters from 0")
        found.append((start, end, label))
    return found


def _longest(spans: Sequence[tuple[int, int, str]], left: Counter[str]) -> list[list[Any]]:
    """Return the spans without those that overlap a longer one, in order."""
    kept: list[tuple[int, int, str]] = []
    for span in sorted({*spans}, key=lambda one: (one[0] - one[1], one)):
        if any(span[0] < other[1] and other[0] < span[1] for other in kept):
            left["spans that overlap a longer one"] += 1
        else:
            kept.append(span)
    return [[str(start), str(end), label] for start, end, label in sorted(kept)]
