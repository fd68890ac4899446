"""Examples of sequence-to-sequence tasks: a source and its targets, read from the rows of a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from weft.data.checks.source_target import Care, clean_pairs, overlap
from weft.data.examples.column_looks import are_numbers, sampled
from weft.data.examples.column_names import LABEL_NAMES, QUESTIONS
from weft.data.examples.conversations import exchanges_of
from weft.data.examples.header_row import are_attributed_pairs
from weft.data.examples.label_evidence import label_candidates
from weft.data.examples.nested_fields import sampled_fields
from weft.data.examples.roles import Role, has_columns
from weft.data.examples.standing_out import text_candidates
from weft.data.formats.value_looks import like_labels
from weft.data.sources import Table

SOURCES = ("source", "src", "input", "document", "article", "question", "mr", "原文", "正文", "文章", "源文", "输入")
TARGETS = (
    "target",
    "tgt",
    "output",
    "summary",
    "highlights",
    "reference",
    "translation",
    "ref",
    "译文",
    "目标",
    "输出",
    "摘要",
)
NAMED_TOGETHER = (
    *(("source", "target"), ("src", "tgt"), ("article", "highlights"), ("article", "summary"), ("document", "summary")),
    *(("原文", "译文"), ("源文", "译文"), ("原文", "摘要"), ("正文", "摘要"), ("文章", "摘要")),
)
"""Names of two columns that are those of source and target, and of no label."""
SOURCE = Role("source", SOURCES, looks="rest", again="name")
TARGET = Role(
    *("target", TARGETS),
    most=None,
    answer=True,
    looks="rest",
    again="name",
    alone="give both in one file, or two files: train.en,train.zh",
)
FAR = 3.0
"""Ratio of lengths, over the usual one, above which pairs are worth a note."""


_LANGUAGE = re.compile(
    r"(english|german|deutsch|french|français|spanish|español|italian|italiano|portuguese|português|dutch|nederlands"
    r"|russian|русский|ukrainian|українська|polish|polski|turkish|türkçe|arabic|hindi|vietnamese|tiếng việt|thai"
    r"|japanese|日本語|日语|日文|korean|한국어|韩语|韩文|chinese|mandarin|中文|汉语|漢語|粤语|文言文|白话文|英文|英语|英語"
    r"|法语|德语|俄语|法文|德文|俄文|泰文|泰语|越南语|西班牙语|中|英"
    r"|(en|eng|zh|zho|cn|chs|cht|yue|de|deu|fr|fra|es|spa|it|pt|nl|ru|uk|pl|tr|ar|hi|vi|th|ja|jp|jpn|ko|kor|fa|he|sv|da|fi"
    r"|cs|el|hu|ro)([-_][a-z]{2,4})?)",
    re.IGNORECASE,
)
"""Names and codes of languages, as columns of translations have them; `id` and `no` are more often others."""
_ASKED = (
    *(("question", "answer"), ("questions", "answers"), ("question", "reply"), ("问题", "答案"), ("问题", "回答")),
    *(("提问", "回答"), ("提问", "答案"), ("问", "答"), ("問題", "答案"), ("問題", "回答"), ("上联", "下联")),
)
"""Names of columns of what is asked and what is answered."""


@dataclass(frozen=True, slots=True)
class SourceTarget:
    """A source, and its right targets; none where the target is to be generated."""

    source: str
    targets: tuple[str, ...] = ()
    line: int = field(default=0, compare=False, repr=False)

    @property
    def texts(self) -> tuple[str, ...]:
        """Texts that are read: the source."""
        return (self.source,)

    @property
    def whole(self) -> str:
        """Key of equal examples: the source."""
        return self.source

    @property
    def label(self) -> tuple[str, ...]:
        """Label of the example: its targets."""
        return self.targets

    @property
    def stratum(self) -> str:
        """Group for an even split: there is only one."""
        return ""


def likely_pair(table: Table) -> tuple[str, ...]:
    """Return the columns of a table that are named as two languages, or as questions and their answers; else none."""
    names = {name.strip().casefold(): name for name in reversed(table.columns)}
    spoken = [name for name in table.columns if _LANGUAGE.fullmatch(name.strip())]
    if len(spoken) == 2:
        return tuple(spoken)
    return next((tuple(names[one] for one in pair) for pair in _ASKED if {*pair} <= {*names}), ())


def two_texts(table: Table) -> tuple[str, ...]:
    """Return the two columns of texts of a table that has two, and nothing that may be a label; else none."""
    samples = sampled_fields(table)
    texts = text_candidates([*samples], samples)
    return tuple(texts) if len(texts) == 2 and not label_candidates([*samples], samples) else ()


def plain_pair(table: Table) -> tuple[str, ...]:
    """Return the `likely_pair` of a table where nothing else may be meant: no labels, and no other column of texts."""
    pair, samples = likely_pair(table), {}
    if pair:
        samples = sampled(table)
    others = [name for name in samples if name not in pair]
    usual = {name.strip().casefold() for name in others} & {*LABEL_NAMES, *QUESTIONS[1]}
    told = any(like_labels(samples[name]) or are_numbers(samples[name]) for name in pair)
    return () if usual or told or text_candidates(others, samples) else pair


def are_pairs(table: Table) -> bool:
    """Whether columns have names that go together as source and target, or are pairs without names (Tatoeba)."""
    together = any(has_columns(table, Role("source", (one,)), Role("target", (two,))) for one, two in NAMED_TOGETHER)
    return together or table.form == "xml" or are_attributed_pairs(table) or bool(plain_pair(table))


def source_targets_of(table: Table, *, source: str, targets: Sequence[str]) -> Iterator[SourceTarget]:
    """Yield the pairs of a table; a row with an empty source or target is refused. Without `targets`, sources alone."""
    for row in table:
        text = row.values.get(source, "")
        found = tuple(one for name in targets for one in row.values_of(name) if one.strip())
        if not text.strip():
            table.reject(row.line, "source is empty", column=source, blank="source")
        elif targets and not found:
            table.reject(row.line, "target is empty", column=targets[0], blank="target")
        else:
            yield SourceTarget(text, found, row.line)


def exchanged(table: Table, *, columns: Sequence[str], answering: bool = False) -> Iterator[SourceTarget]:
    """Yield the answers of conversations, each with all that was said before; to be answered, that alone."""
    for line, one in exchanges_of(table, columns, answering=answering):
        yield SourceTarget(one.source, () if one.answer is None else (one.answer,), line)


def cleaned_pairs(
    examples: Sequence[SourceTarget], *, longest_ratio: float | None, duplicates: Care
) -> tuple[list[SourceTarget], list[str]]:
    """Return an example for each target, without the pairs that are to be dropped, and notes on these.

    Pairs of unlike lengths get a note, but dropped only where a ratio is given.
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


def paired(examples: Iterable[SourceTarget]) -> tuple[list[str], list[str]]:
    """Return the sources, each again for each of its targets, and the targets."""
    pairs = [(one.source, target) for one in examples for target in one.targets]
    return [source for source, _ in pairs], [target for _, target in pairs]


def grouped(examples: Sequence[SourceTarget]) -> list[SourceTarget]:
    """Return an example for each source, with all its targets, in the order in which the sources first stand."""
    found: dict[str, list[SourceTarget]] = {}
    for example in examples:
        found.setdefault(example.source, []).append(example)
    return [
        SourceTarget(source, tuple(dict.fromkeys(target for one in same for target in one.targets)), same[0].line)
        for source, same in found.items()
    ]


def repeated_sources(parts: Mapping[str, Sequence[SourceTarget]], *, references: Literal["one", "all"]) -> list[str]:
    """Return notes on sources that stand in train too, and on those with several targets."""
    sources = {name: [one.source for one in rows] for name, rows in parts.items()}
    train = sources.pop("train")
    found = [overlap(train, own, name=name) for name, own in sources.items()]
    said = [one.said for one in found if len(one.rows_N)]
    repeated = [name for name, own in sources.items() if len(set(own)) < 0.8 * len(own)]
    if repeated and references == "one":
        hint = "task.references=all takes the targets of one source as its references"
        said.append(f"many rows of {' and '.join(repeated)} have the source of another: {hint}")
    return said
