"""Runs the data checks on pairs of a source and a target: on each text, and on both together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from weft.data.checks.damage import marks
from weft.data.checks.findings import Finding, Part, counted, part_of
from weft.data.checks.labels_and_lengths import lengths
from weft.data.checks.scripts import scripts
from weft.data.checks.source_target import Fanout, clean_pairs, overlap
from weft.data.examples.labelled import LabelledText
from weft.data.examples.roles import Names, as_option, find_roles
from weft.data.examples.source_target import FAR, SOURCE, TARGET
from weft.data.sources import Table
from weft.dataset import DataConfig
from weft.errors import InputError
from weft.experiments.inspection.inspect import bad_rows, han_scripts
from weft.training.reports import Note

SIDES = ("source", "target")
RULES = {
    "empty": (
        "Empty sources or targets",
        "remove these pairs: training leaves them out, but stops where they are half of the rows or more",
    ),
    "copies": ("Untranslated targets", "translate or remove them: they teach a model to copy"),
    "duplicates": ("Duplicates", "keep the first of each: the others add nothing new"),
    "ratio": (
        "Length ratios",
        f"check that both say the same; `--set task.longest_ratio={FAR:g}` leaves such pairs out of training",
    ),
}
"""Faults of pairs, each with its title and its fix."""


def inspect_pairs(
    data: DataConfig, *, source: str | None = None, target: str | None = None
) -> Iterator[Note | Finding]:
    """Check pairs, yielding notes and findings; columns are found as in training, and each target makes a pair.

    Raises InputError if a file cannot be read at all or its columns are unclear.
    """
    parts: list[Part] = []
    tables: dict[str, Table] = {}
    named: dict[str, Names] = {"source": source, "target": target}
    columns: dict[str, Names] | None = None
    for name, file in {"train": data.train, "dev": data.dev, "test": data.test}.items():
        if file:
            tables[name] = table = data.open(file, on_bad_row="skip")
            found = find_roles(table, (SOURCE, TARGET), named=named, trained=columns)
            columns = dict(found)
            parts.append(_read(name, table, found["source"][0], found["target"]))
            said = f"source from column `{found['source'][0]}`, target from column `{as_option(found['target'])}`"
            yield Note(f"{parts[-1].path}: {counted(len(parts[-1]), 'pair')}; {said}")
    yield bad_rows(tables)
    yield from _cleaned(parts)
    if len(parts) > 1:
        yield _overlap(parts)
    for number, side in enumerate(SIDES):
        half = [replace(part, texts=part.halves[number], halves=()) for part in parts]
        for one in (lengths(half), scripts(half), *han_scripts(half), *marks(half)):
            fix = one.fix.split(";")[0] if one.key == "lengths" else one.fix  # what follows is of texts with labels
            yield replace(one, key=f"{one.key}-{side}", title=f"{one.title}: {side}", fix=fix)


def _read(name: str, table: Table, source: str, targets: Sequence[str]) -> Part:
    rows = [
        LabelledText(row.values.get(source, ""), "", row.line, one)
        for row in table
        for column in targets
        for one in row.values_of(column)
    ]
    if not rows:
        raise InputError("no row can be read", where=table.source, hint=table.bad[0].what if table.bad else "")
    return part_of(name, table.path, rows, where=table.place)


def _cleaned(parts: Sequence[Part]) -> Iterator[Finding]:
    """Report the pairs that training would leave out or note, rule by rule, and sources with many targets."""
    cleaned = [clean_pairs(*part.halves, longest_ratio=FAR, duplicates="keep") for part in parts]
    for of_rule in zip(*(one.noted for one in cleaned), strict=True):
        found = [(part, one) for part, one in zip(parts, of_rule, strict=True) if len(one.rows_N)]
        rule = of_rule[0].rule
        title, fix = RULES[rule]
        if not found:
            yield Finding(rule, title, "fine", "none")
            continue
        rows = [part.row(row) for part, one in found for row in one.rows_N.tolist()]
        said = "; ".join(f"{part.name}: {one.said.rpartition(':')[0]}" for part, one in found)
        yield Finding(rule, title, "error" if rule == "empty" else "warning", said, len(rows), fix, rows)
    yield _fanout(parts, [one.fanout for one in cleaned])


def _fanout(parts: Sequence[Part], fanouts: Sequence[Fanout]) -> Finding:
    """Report the sources that have many targets."""
    title = "Sources with several targets"
    found = [(part, one) for part, one in zip(parts, fanouts, strict=True) if one.said]
    if not found:
        return Finding("fanout", title, "fine", "few or none")
    said = "; ".join(f"{part.name}: {one.said}" for part, one in found)
    fix = "if all targets are correct, `--set task.references=all` scores each source once against all of them"
    return Finding("fanout", title, "warning", said, sum(one.sources for _, one in found), fix)


def _overlap(parts: Sequence[Part]) -> Finding:
    """Report the sources of dev and test that occur in train too."""
    title, train = "Overlap between splits: sources", parts[0].halves[0]
    found = [(part, overlap(train, part.halves[0], name=part.name)) for part in parts[1:]]
    rows = [part.row(row) for part, one in found for row in one.rows_N.tolist()]
    if not rows:
        return Finding("overlap", title, "fine", "no source of dev or test is in train")
    fix = "remove them from train: scores on texts that the model was trained on are too good"
    said = "; ".join(one.said.rpartition(":")[0] for _, one in found if len(one.rows_N))
    return Finding("overlap", title, "error", said, len(rows), fix, rows)
