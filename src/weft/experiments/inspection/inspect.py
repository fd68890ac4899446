"""Runs the data checks on labelled texts, in order; the checks are in `weft.data.checks` and `label_errors`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from weft.config import validated
from weft.data.checks.damage import marks
from weft.data.checks.duplicates import empty_texts, repeats
from weft.data.checks.findings import SEVERITIES, Finding, Part, Row, counted, part_of
from weft.data.checks.labels_and_lengths import labels, lengths
from weft.data.checks.near_duplicates import near_duplicates
from weft.data.checks.scripts import scripts
from weft.data.checks.values import values
from weft.data.examples.labelled import LabelledText
from weft.data.examples.roles import LikeQuestions, as_option
from weft.data.formats.value_looks import like_texts
from weft.data.sources import Table
from weft.data.split import split
from weft.dataset import LEFT_OUT, DataConfig, Unanswered, for_scoring
from weft.errors import InputError, typed
from weft.experiments.inspection.label_errors import find_label_errors
from weft.files import write_json
from weft.report.pages.inspection import inspection_page
from weft.run_folder import PAGE
from weft.tasks.base import TaskConfig
from weft.tasks.choices import KINDS, implied
from weft.text.chinese import ScriptCounts, count_scripts
from weft.text.cut_notes import script_notes
from weft.text.normalize import NormalizeConfig, normalize
from weft.text.segment import segment
from weft.text.unspaced import texts_with
from weft.training.reports import Note

LabelErrors = Literal["find", "leave"]

UNKNOWN = 0.1
"""Share of tokens unknown to train from which on it is reported."""
REASONS = 5
"""Reasons at most that are named for rows that cannot be read."""
SOME, TEXTS = 20, 1 / 3
"""Number of rows, and share of different values among them, from which guessed labels may be texts of pairs."""
_MISSING_SHOWN = 15
_BLOCK = 1000


@dataclass(frozen=True, slots=True)
class _Read:
    """A file that was read: its table, the task with its columns, its rows."""

    table: Table
    task: Any
    part: Part


def inspect(
    data: DataConfig,
    *,
    text: str | None = None,
    label: str | None = None,
    value: str | None = None,
    label_separator: str | None = None,
    numbers: str | None = None,
    categories: str | None = None,
    kind: str | None = None,
    label_errors: LabelErrors = "find",
    seed: int = 0,
) -> Iterator[Note | Finding]:
    """Check labelled texts, yielding notes of progress, and each finding as it is made.

    Columns are found as in training, `text` being two joined by a comma if rows are pairs; with `label_separator` a
    text may have several labels, or none; `numbers` and `categories` are columns beside it, between commas, whose
    fields must be readable; `kind` names the task, if that does not imply it. Bad rows are findings here, and stop
    nothing. Raises InputError if a file cannot be read at all or its columns are unclear, ConfigError for a
    bad separator.
    """
    given = {"text": text, "label": label, "value": value, "label_separator": label_separator}
    given |= {"numbers": numbers, "categories": categories}
    named = {name: value for name, value in given.items() if value is not None}
    task = validated(KINDS[kind] if kind else implied(named), named)
    files = {"train": data.train, "dev": data.dev, "test": data.test}
    found: list[_Read] = []
    for name, file in files.items():
        if file:
            table = data.open(file, on_bad_row="skip")
            own = _scored(data, name, found[0].task, table) if found else _resolved(task, table)
            if own is None:
                yield Note(LEFT_OUT.format(file, typed(file)))
                continue
            found.append(_read(name, table, own))
            yield Note(f"{found[-1].part.path}: {counted(len(found[-1].part), 'row')}")
    parts = [one.part for one in found]
    yield from _form(found, guessed=not (text and (label or value)))
    if not (label or value or label_separator):
        yield from _pairs(found[0])
    yield empty_texts(parts)
    numbers_asked = task.answers_with == "number"
    yield from (
        values(parts, found[0].task.columns_of("value", found[0].table))
        if numbers_asked
        else labels(parts, column=as_option(found[0].task.label))
    )
    yield from (one for one in repeats(parts) if not (numbers_asked and one.key == "contradictions"))
    yield Note("searching near-duplicates")
    yield near_duplicates(parts)
    yield lengths(parts)
    yield scripts(parts)
    yield from han_scripts(parts)
    yield from unspaced_scripts(parts)
    yield from marks(parts)
    yield Note("comparing the vocabularies of the splits")
    yield unknown_tokens(parts, seed=seed)
    if label_errors == "find" and not numbers_asked:
        yield from find_label_errors(parts[0], seed=seed)


def _scored(data: DataConfig, part: str, task: TaskConfig, table: Table) -> TaskConfig | None:
    """Return the config for a dev or test set; None for the test part of a folder that has no labels."""
    try:
        return for_scoring(task, table, train=data.train)
    except Unanswered:
        if part != "test" or not data.brings_test:
            raise
        return None


def inspect_scores(data: DataConfig, task: Any) -> Iterator[Note | Finding]:
    """Check pairs of texts with a score of how alike they are, as `inspect` does; columns are found as in training.

    Raises InputError where the pairs have no score.
    """
    found = _resolved(task, data.open(data.train, on_bad_row="skip"))
    first, second = (as_option(one) for one in found.text)
    if found.value is None:
        hint = f"name it with --value; to look over both texts alone: weft inspect {typed(data.train)}"
        hint += f" --source {typed(first)} --target {typed(second)}"
        raise InputError("there is no column of scores", where=data.train, hint=hint)
    return inspect(data, text=f"{first},{second}", value=found.value)


def write_inspection(findings: Sequence[Finding], folder: Path, *, title: str) -> Path:
    """Write `inspection.json`, with every row, and `page.html`, whose path is returned."""
    ordered = in_order(findings)
    write_json(folder / "inspection.json", {"data": title, "findings": [one.to_json() for one in ordered]})
    return inspection_page(ordered, folder / PAGE, title=title)


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Sort findings, the worst first; equal ones stay in order."""
    return sorted(findings, key=lambda one: SEVERITIES[one.severity])


def han_scripts(parts: Sequence[Part]) -> Iterator[Finding]:
    """Find simplified Chinese among traditional texts, or the other way round; yields nothing without either."""
    title, names = "Simplified and traditional Chinese", ("simplified", "traditional")
    counts = [[count_scripts([text]) for text in part.texts] for part in parts]
    main_of = [[_script(one) for one in of_part] for of_part in counts]
    total = Counter(name for of_part in main_of for name in of_part if name)
    table = [("split", *names)] + [
        (part.name, *(f"{Counter(of_part)[name]:,}" for name in names))
        for part, of_part in zip(parts, main_of, strict=True)
    ]
    if not total:
        return
    usual, unusual = sorted(names, key=lambda name: -total[name])
    if not total[unusual]:
        yield Finding("han", title, "fine", f"all texts are in {usual} characters", table=table)
        return
    rows = [
        part.row(row, note=unusual)
        for part, of_part in zip(parts, main_of, strict=True)
        for row, name in enumerate(of_part)
        if name == unusual
    ]
    said = f"{total[usual]:,} texts are mainly in {usual} characters, {total[unusual]:,} in {unusual} ones"
    fix = f"write all in one script, as with `OpenCC('{'t2s' if usual == 'simplified' else 's2t'}').convert(text)`:"
    fix += " to a model the two forms of a character are unrelated"
    yield Finding("han", title, "warning", said, len(rows), fix, rows, table)


def unspaced_scripts(parts: Sequence[Part]) -> Iterator[Finding]:
    """Say how texts of scripts without spaces, and Korean ones, will be cut; yields nothing without any."""
    held = {part.name: texts_with(part.texts) for part in parts}
    total = sum(map(len, parts))
    said = script_notes(sum(held.values(), Counter()), total)
    if said:
        names = sorted(set().union(*held.values()))
        table = [("split", *names), *((part, *(f"{of[name]:,}" for name in names)) for part, of in held.items())]
        yield Finding("unspaced", "Scripts without spaces", "fine", "; ".join(said), table=table)


def _script(counts: ScriptCounts) -> str:
    """Return the script of most characters of one script alone; none for fewer than two of them."""
    simplified, traditional = counts.simplified, counts.traditional
    if max(simplified, traditional) < 2 or simplified == traditional:
        return ""
    return "traditional" if traditional > simplified else "simplified"


def unknown_tokens(parts: Sequence[Part], *, seed: int = 0) -> Finding:
    """Count the tokens (words, and single Han) of the other parts, or of a held-out tenth, that train lacks."""
    train, others = parts[0].texts, {part.name: part.texts for part in parts[1:]}
    title = "Out-of-vocabulary words"
    if not others:
        strata = [parts[0].stratum(row) for row in range(len(train))]
        halves = split(strata, train, share=0.1, seed=seed) if len(train) >= 20 else None
        if halves is None or not len(halves.dev):
            return Finding("unknown", title, "fine", "not checked: there are too few texts")
        others = {"a held-out tenth": [train[row] for row in halves.dev.tolist()]}
        train = [train[row] for row in halves.train.tolist()]
    known = set(_tokens(train))
    said, worst, missing = [], 0.0, Counter[str]()
    for name, texts in others.items():
        tokens = _tokens(texts)
        lacking = Counter({token: times for token, times in tokens.items() if token not in known})
        share = lacking.total() / max(1, tokens.total())
        different = len(lacking) / max(1, len(tokens))
        said.append(f"{share:.1%} of the tokens of {name} are not in train, {different:.1%} of its vocabulary")
        worst = max(worst, share)
        missing += lacking
    table = [("token", "times"), *((token, f"{times:,}") for token, times in missing.most_common(_MISSING_SHOWN))]
    sentence = "; ".join(said)
    if worst < UNKNOWN:
        return Finding("unknown", title, "fine", sentence, table=table if missing else ())
    fix = "train on texts more like these, or on more; of an unknown word a model sees its letters at most"
    return Finding("unknown", title, "warning", sentence, len(missing), fix, table=table)


def _tokens(texts: Sequence[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for first in range(0, len(texts), _BLOCK):
        cut = segment(normalize(texts[first : first + _BLOCK], NormalizeConfig()), "mixed")
        times_V = np.bincount(cut.pieces_N, minlength=len(cut.distinct))
        counts.update(dict(zip(cut.distinct, times_V.tolist(), strict=True)))
    return +counts


def _resolved(task: TaskConfig, table: Table) -> Any:
    """Find the columns of the task. Raises InputError, with a hint for pairs, where they are unclear."""
    try:
        return task.resolved(table)
    except InputError as error:
        others = (
            "pairs to translate are inspected with --source NAME --target NAME, and pairs of texts that are alike"
            " learned with weft train --task similarity --text A,B"
        )
        if isinstance(error, LikeQuestions):
            others = "to inspect them as questions, pass --task question_answering"
        hint = f"{error.hint}; {others}" if error.hint else others
        raise InputError(error.what, where=error.where, hint=hint) from None


def _read(name: str, table: Table, task: Any) -> _Read:
    """Read the rows as training does, but for what is empty: that is refused there, and stays here to be shown."""
    rows = []
    for row in table:
        texts = [row.values.get(column, "") for column in task.columns_of("text", table)]
        try:
            label = task.inspected_answer(row)
            for one in task.beside:
                one.value_of(row)
            rows.append(LabelledText(texts[0], label, row.line, (*texts, None)[1]))
        except InputError as error:
            table.reject(row.line, error.what, column=(*task.columns_of(task.answer_role.place, table), "")[0])
    if not rows:
        raise InputError("no row can be read", where=table.source, hint=table.bad[0].what if table.bad else "")
    return _Read(table, task, part_of(name, table.path, rows, where=table.place))


def _form(found: Sequence[_Read], *, guessed: bool) -> Iterator[Finding]:
    place = found[0].task.answer_role.place
    between = {";": "semicolons", "|": "bars", "\t": "tabs", ",": "commas", "": ""}
    table = [("split", "file", "rows", "form", "encoding", "delimiter", "text", place, "unused")]
    for one in found:
        text, label = as_option(one.task.text), as_option(getattr(one.task, place))
        answers = one.task.columns_of(place, one.table)
        taken = (*one.task.columns_of("text", one.table), *answers, *one.task.columns_beside)
        others = ", ".join(name for name in one.table.columns if name not in taken)
        form = (one.table.form, one.table.encoding, between.get(one.table.delimiter, one.table.delimiter))
        table.append((one.part.name, one.part.path, f"{len(one.part):,}", *form, text, label, others))
    table = list(zip(*(column for column in zip(*table, strict=True) if any(column[1:])), strict=True))
    text, label = as_option(found[0].task.text), as_option(getattr(found[0].task, place))
    said = f"text from column `{text}`, {place} from column `{label}`" + (" (guessed)" if guessed else "")
    named = f"--text {typed(text)} --{place} {typed(label)}"
    fix = f"if these are not the columns, name them: `{named}`" if guessed else ""
    yield Finding("files", "Files and columns", "fine", said, fix=fix, table=table)
    yield bad_rows({one.part.name: one.table for one in found})


def _pairs(read: _Read) -> Iterator[Finding]:
    """Find texts in the column that was guessed to be of labels: rows that may be pairs; else yields nothing."""
    answers = [one for one in read.part.labels if isinstance(one, str)]
    different = len({*answers})
    if read.part.halves or len(answers) < SOME or different < TEXTS * len(answers) or not like_texts([*{*answers}]):
        return
    label = as_option(read.task.label)
    said = f"`{label}`, guessed to be the label, holds texts: {different:,} different ones in {len(answers):,} rows"
    columns = typed(f"{as_option(read.task.text)},{label}")
    train = f"weft train {typed(read.part.path)} --task similarity --text {columns}"
    fix = (
        f"if the rows are pairs of texts that are alike, learn them so: `{train}`; else name the label: `--label NAME`"
    )
    yield Finding("pairs", "Pairs of texts", "warning", said, different, fix)


def bad_rows(tables: Mapping[str, Table]) -> Finding:
    """Report the rows that were left out of the tables of some parts as they were read."""
    rows = [
        Row(name, bad.line, bad.place, "", "", note=bad.what) for name, table in tables.items() for bad in table.bad
    ]
    title = "Unreadable rows"
    if rows:
        fix = "fix these lines, or skip them in training: `weft train --on-bad-row skip`"
        reasons = Counter(row.note for row in rows).most_common(REASONS)
        told = [f"{what} ({count:,})" if len(reasons) > 1 else what for what, count in reasons]
        said = f"{counted(len(rows), 'row')}: {'; '.join(told)}"
        return Finding("bad-rows", title, "error", said, len(rows), fix, rows)
    return Finding("bad-rows", title, "fine", "every row can be read")
