"""Runs the data checks on labelled images or sounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from weft.data.checks.duplicates import find_repeats, repeats
from weft.data.checks.findings import Finding, Part, counted
from weft.data.checks.images import blank, cells_of, same_looks, sizes
from weft.data.checks.labels_and_lengths import labels
from weft.data.checks.sounds import clipped, lengths, silent
from weft.data.examples.roles import as_option
from weft.data.formats.media_files import content_hash
from weft.dataset import DataConfig, for_scoring
from weft.errors import InputError
from weft.experiments.inspection.inspect import bad_rows
from weft.tasks.base import TaskConfig
from weft.training.reports import Note


def inspect_media(data: DataConfig, task: TaskConfig) -> Iterator[Note | Finding]:
    """Check labelled images or sounds, yielding notes and findings; columns are found by the settings of a task.

    Raises InputError if a file cannot be read at all or its columns are unclear.
    """
    parts: list[Part] = []
    labelled = task.answers_with in ("label", "labels")
    tables = {}
    resolved: Any = None
    for name, file in {"train": data.train, "dev": data.dev, "test": data.test}.items():
        if not file:
            continue
        tables[name] = table = data.open(file, on_bad_row="skip")
        own: Any = for_scoring(resolved, table, train=data.train) if resolved else task.resolved(table)
        resolved = resolved or own
        rows = list(own.read(table))
        if not rows:
            raise InputError("no row can be read", where=table.source, hint=table.bad[0].what if table.bad else "")
        called = own.media[0].kind
        paths, lines = [own.file_of(row) for row in rows], [row.line for row in rows]
        known = [""] * len(rows) if task.answers_with == "number" else [row.label or "" for row in rows]
        parts.append(Part(name, table.path, paths, known, lines, where=table.place, called=called))
        yield Note(f"{table.path}: {counted(len(rows), called)}")
    yield bad_rows(tables)
    if labelled:
        yield from labels(parts, column=as_option(getattr(resolved, "label", None)))
    files = [replace(part, texts=[content_hash(path).hex() for path in part.texts]) for part in parts]
    paths_of = {(part.name, line): path for part in parts for line, path in zip(part.lines, part.texts, strict=True)}
    for finding in repeats(files):
        fix = finding.fix.replace(", as in `rows[~rows.text.str.strip().duplicated()]`", "")
        fix = fix.replace(", as in `train[~train.text.str.strip().isin(test.text.str.strip())]`", "")
        rows = [replace(row, text=paths_of[row.part, row.line]) for row in finding.rows]
        yield replace(finding, fix=fix, rows=rows)
    yield from (_heard if parts[0].called == "sound" else _seen)(parts, _repeated(files))


def _seen(parts: Sequence[Part], known: set[int]) -> Iterator[Note | Finding]:
    yield Note("comparing what the images look like")
    cells_NK = cells_of(parts)
    yield same_looks(parts, cells_NK, known=known)
    yield blank(parts, cells_NK)
    yield sizes(parts)


def _heard(parts: Sequence[Part], known: set[int]) -> Iterator[Note | Finding]:
    del known
    yield silent(parts)
    yield clipped(parts)
    yield lengths(parts)


def _repeated(files: Sequence[Part]) -> set[int]:
    """Return the numbers, over all parts, of images whose files are the same as an earlier one."""
    found = find_repeats(files, "same")
    starts = [sum(map(len, files[:number])) for number in range(len(files))]
    return {starts[here.part] + here.row for here, _ in (*found.again, *found.across)}
