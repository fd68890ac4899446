"""Pairs of source and target as examples, and how a table is read as them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from weft.data.checks.source_target import Care, clean_pairs, overlap
from weft.data.examples.roles import find_column, must_have_header
from weft.data.sources import Row, Table
from weft.errors import InputError

SOURCES = ("source", "src", "input", "document", "article", "question", "mr", "原文", "源文", "输入")
TARGETS = ("target", "tgt", "output", "summary", "reference", "translation", "ref", "译文", "目标", "输出", "摘要")
FAR = 3.0
"""Ratio to the usual proportion of lengths from which on a pair is noted."""


@dataclass(frozen=True, slots=True)
class SourceTarget:
    """A source and its right targets; none if they are to be predicted."""

    source: str
    targets: tuple[str, ...] = ()
    line: int = field(default=0, compare=False, repr=False)

    @property
    def texts(self) -> tuple[str, ...]:
        """The source, for what reads examples of any kind."""
        return (self.source,)

    @property
    def whole(self) -> str:
        """Key of equal examples: their source."""
        return self.source

    @property
    def label(self) -> tuple[str, ...]:
        """The right targets."""
        return self.targets

    @property
    def stratum(self) -> str:
        """Group for an even split: there is only one."""
        return ""


def columns_for(table: Table, *, source: str | None, target: str | None) -> tuple[str, str]:
    """Find the columns of source and target: those named, else by usual names, else the only two.

    Several targets are joined by a comma. Raises InputError if it is unclear which are meant.
    """
    if len(table.columns) == 1:
        what = f"has one column, `{table.columns[0]}`, expected a source and a target"
        raise InputError(what, where=table.path, hint="give both in one file, or two files: train.en,train.zh")
    targets = target_columns(target, table) if target else ()
    source = find_column(table, named=source, usual=SOURCES, but=targets)
    if not targets:
        found = find_column(table, named=None, usual=TARGETS, but=(source,) if source else ())
        targets = (found,) if found else ()
    others = [name for name in table.columns if name not in (source, *targets)]
    if source is None and len(table.columns) == 2:
        if not targets:
            must_have_header(table)
        source = others[0]
        others = others[1:]
    if source is not None and not targets and len(others) == 1:
        targets = (others[0],)
    if source is None or not targets:
        what = f"which columns are the source and the target is not plain: {_listed(table)}"
        raise InputError(what, where=table.path, hint="name them: --source NAME --target NAME")
    if source in targets:
        raise InputError(f"`{source}` is named as the source and as the target", where=table.path)
    return source, ",".join(targets)


def columns_again(
    table: Table, *, source: str | None, target: str | None, trained: tuple[str | None, str | None]
) -> tuple[str, str]:
    """Find the columns of a further file: those named, else those of training, else as `columns_for` finds them.

    The order of columns decides nothing here: of two strange names none is taken for the source. Raises InputError if
    it is unclear which are meant.
    """
    source, target = source or _there(table, trained[0]), target or _there(table, trained[1])
    by_name = (find_column(table, named=None, usual=usual, but=()) for usual in (SOURCES, TARGETS))
    if not (source or target or any(by_name)):
        before = " and ".join(f"`{name}`" for name in trained)
        what = f"there are no columns {before}, as in training, among {_listed(table)}"
        raise InputError(what, where=table.path, hint="name the columns so, or say: --source NAME --target NAME")
    return columns_for(table, source=source, target=target)


def source_again(table: Table, *, named: str | None, trained: tuple[str | None, str | None]) -> str:
    """Find the column of the sources of a file to predict: that named, else that of training, else the obvious one.

    Obvious is a usual name, or the only column beside the target of training. Raises InputError otherwise.
    """
    known = named or _there(table, trained[0])
    found = find_column(table, named=known, usual=SOURCES, but=())
    others = [name for name in table.columns if name not in (trained[1] or "").split(",")]
    if found is None and len(others) == 1:
        found = others[0]
    if found is None:
        what = f"there is no column `{trained[0]}`, as in training, among {_listed(table)}"
        raise InputError(what, where=table.path, hint="name the one to read: --column NAME")
    return found


def _there(table: Table, trained: str | None) -> str | None:
    """Return the name of training if the table has it, or one of several between commas."""
    return trained if trained and {trained, *trained.split(",")} & set(table.columns) else None


def _listed(table: Table) -> str:
    return ", ".join(f"`{name}`" for name in table.columns)


def target_columns(named: str, table: Table) -> tuple[str, ...]:
    """Return the column of this name, or those of the names between commas. Raises InputError if one does not exist."""
    names = (named,) if named in table.columns else tuple(part.strip() for part in named.split(","))
    for name in names:
        find_column(table, named=name, usual=(), but=())
    return names


def source_targets_of(table: Table, *, source: str, target: str | None) -> Iterator[SourceTarget]:
    """Yield the pairs of a table; a row with an empty source or target is refused. Without `target`, sources alone."""
    names = target_columns(target, table) if target else ()
    for row in table:
        text = row.values.get(source, "")
        targets = tuple(one for name in names for one in _values(row, name) if one.strip())
        if not text.strip():
            table.reject(row.line, "source is empty", column=source)
        elif names and not targets:
            table.reject(row.line, "target is empty", column=names[0])
        else:
            yield SourceTarget(text, targets, row.line)


def cleaned_pairs(
    examples: Sequence[SourceTarget], *, longest_ratio: float | None, duplicates: Care
) -> tuple[list[SourceTarget], list[str]]:
    """Return an example for each target, without the pairs that are to be dropped, and notes.

    Pairs of unlike lengths are noted, but dropped only if a ratio is given.
    """
    pairs = [SourceTarget(one.source, (target,), one.line) for one in examples for target in one.targets]
    sources, targets = [one.source for one in pairs], [one.targets[0] for one in pairs]
    found = clean_pairs(sources, targets, longest_ratio=longest_ratio or FAR, duplicates=duplicates)
    kept, said = set(found.kept_N.tolist()), list(found.said)
    for noted in found.noted:
        if noted.rule == "ratio" and longest_ratio is None:
            kept |= set(noted.rows_N.tolist())
            advice = f"kept (task.longest_ratio={FAR:g} drops them)"
            said = [one.replace("dropped", advice) if one == noted.said else one for one in said]
    return [pair for row, pair in enumerate(pairs) if row in kept], said


def grouped(examples: Sequence[SourceTarget]) -> list[SourceTarget]:
    """Group examples by source, with all targets, in the order in which the sources first occur."""
    found: dict[str, list[SourceTarget]] = {}
    for example in examples:
        found.setdefault(example.source, []).append(example)
    return [
        SourceTarget(source, tuple(dict.fromkeys(target for one in same for target in one.targets)), same[0].line)
        for source, same in found.items()
    ]


def repeated_sources(parts: Mapping[str, Sequence[SourceTarget]], *, references: Literal["one", "all"]) -> list[str]:
    """Return notes on sources that occur in train too, and on those that have several targets."""
    sources = {name: [one.source for one in rows] for name, rows in parts.items()}
    train = sources.pop("train")
    found = [overlap(train, own, name=name) for name, own in sources.items()]
    said = [one.said for one in found if len(one.rows_N)]
    repeated = [name for name, own in sources.items() if len(set(own)) < 0.8 * len(own)]
    if repeated and references == "one":
        hint = "task.references=all takes the targets of one source as its references"
        said.append(f"many rows of {' and '.join(repeated)} have the source of another: {hint}")
    return said


def _values(row: Row, column: str) -> tuple[str, ...]:
    return row.lists.get(column) or (row.values.get(column, ""),)
