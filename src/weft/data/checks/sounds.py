"""Finds sounds that are silent, clipped, or very short or long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from weft.data.checks.findings import Finding, Part, Row, all_rows, counted
from weft.data.formats.sound_files import Heard, listen_to

SILENT = 0.001
"""Largest amplitude, of 1, below which nothing is heard: 60 dB below the loudest."""
CLIPPED = 0.001
"""Share of samples at full amplitude from which on the loudest parts of a sound were cut off."""
SHORT, LONG = 0.1, 30.0
"""Length in seconds below which hardly a syllable fits, and beyond which the rest is not read by default."""


def silent(parts: Sequence[Part]) -> Finding:
    """Find sounds in which nothing is heard."""
    rows = [part.row(row) for part, row in all_rows(parts) if listen_to(part.texts[row]).peak < SILENT]
    if not rows:
        return Finding("silent", "Silent sounds", "fine", "something is heard in every sound")
    said = f"{counted(len(rows), 'sound')} in which nothing is heard"
    return Finding("silent", "Silent sounds", "warning", said, len(rows), "remove them, or record them again", rows)


def clipped(parts: Sequence[Part]) -> Finding:
    """Find sounds whose loudest parts were cut off."""
    rows = [
        part.row(row, note=f"{heard.clipped:.1%} of its samples at full amplitude")
        for part, row in all_rows(parts)
        if (heard := listen_to(part.texts[row])).clipped >= CLIPPED
    ]
    if not rows:
        return Finding("clipped", "Clipped sounds", "fine", "no sound is cut off where it is loudest")
    said = f"{counted(len(rows), 'sound')} cut off where {'it is' if len(rows) == 1 else 'they are'} loudest"
    fix = "record with less gain; a few do little harm, many labels of one kind teach the gain"
    return Finding("clipped", "Clipped sounds", "warning", said, len(rows), fix, rows)


def lengths(parts: Sequence[Part]) -> Finding:
    """Describe lengths, rates and channels of the sounds, and find very short and very long ones."""
    table = [("split", "seconds", "rate", "channels")]
    rows: list[Row] = []
    for part in parts:
        all_heard = [listen_to(path) for path in part.texts]
        seconds = np.array([one.seconds for one in all_heard])
        range_of = f"{seconds.min():.2f} to {seconds.max():.2f}, median {np.median(seconds):.2f}"
        table.append((part.name, range_of, _several(all_heard, "rate"), _several(all_heard, "channels")))
        odd = [(row, one) for row, one in enumerate(seconds.tolist()) if not SHORT <= one <= LONG]
        rows += [replace(part.row(row), note=f"{one:.2f} seconds") for row, one in odd]
    if not rows:
        said = f"every sound has {SHORT:g} to {LONG:g} seconds"
        return Finding("lengths", "Lengths", "fine", said, table=table)
    said = f"{counted(len(rows), 'sound')} shorter than {SHORT:g} s or longer than {LONG:g} s"
    fix = "are they cut as meant? of a long one only the beginning is read (task.sound.seconds)"
    return Finding("lengths", "Lengths", "warning", said, len(rows), fix, rows, table)


def _several(all_heard: Sequence[Heard], of: str) -> str:
    found = sorted({getattr(one, of) for one in all_heard})
    return ", ".join(f"{one:,}" for one in found[:4]) + (" and others" if len(found) > 4 else "")
