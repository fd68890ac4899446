"""Examples of extractive question answering: questions on passages with the spans of their answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from weft.data.checks.findings import counted
from weft.data.examples.column_names import by_name
from weft.data.examples.roles import Role
from weft.data.formats.squad import Span, answers_of, spans_of
from weft.data.sources import Row, Table
from weft.errors import InputError

ROLES = (
    Role("question", ("question", "query", "问题", "提问", "問題", "提問"), "text"),
    Role(
        *(
            "passage",
            (
                "context",
                "passage",
                "paragraph",
                "document",
                "text",
                "段落",
                "文章",
                "原文",
                "上下文",
                "材料",
                "文段",
                "篇章",
            ),
        ),
        setting="text",
    ),
    Role("answer", ("answers", "answer", "label", "答案", "回答"), "label", answer=True),
)
_LOOKED_AT, _FEW, _MOST = 100, 5, 0.8
"""Rows that are searched for answers, different answers that may be labels, and share that stands in the passages."""
ANSWERS = Role("answers", ("answers",))
"""The column that only questions with spans have."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question on a passage, and the answers that stand in it: none where it does not answer the question.

    Answers are None where they are to be predicted. `unplaced` answers do not stand in the passage, and `moved` counts
    those that stand elsewhere in it than their data says.
    """

    question: str
    passage: str
    answers: tuple[Span, ...] | None = None
    line: int = field(default=0, compare=False, repr=False)
    id: str = field(default="", compare=False, repr=False)
    moved: int = field(default=0, compare=False, repr=False)
    unplaced: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def texts(self) -> tuple[str, str]:
        """Question and passage."""
        return self.question, self.passage

    @property
    def right(self) -> list[str]:
        """Texts of the right answers, those that do not stand in the passage too."""
        return list(dict.fromkeys([*(one.text for one in self.answers or ()), *self.unplaced]))

    @property
    def whole(self) -> str:
        """Key of equal examples: the passage, so that questions on one passage stay together."""
        return self.passage

    @property
    def label(self) -> tuple[str, list[tuple[int, str]] | None]:
        """Label of the example, with the rest that makes it equal to another: question and answers."""
        known = self.answers
        return self.question, None if known is None else [(one.start, one.text) for one in known]

    @property
    def stratum(self) -> str:
        """Group for an even split: there is only one, as whole passages are dealt out, with or without answers."""
        return ""


def answered_in_passages(table: Table) -> bool:
    """Whether columns are named as questions, passages and answers, and most of the answers stand in the passages.

    Answers of a few kinds, such as yes and no, are labels.
    """
    question, passage, answer = (by_name(table, role.usual, but=()) for role in ROLES)
    if not (question and passage and answer):
        return False
    rows = [row.values for row in islice(table.unchecked(), _LOOKED_AT)]
    given = [(row[answer].strip(), row.get(passage, "")) for row in rows if row.get(answer, "").strip()]
    standing = sum(said in read and len(said) < len(read) for said, read in given)
    return len({said for said, _ in given}) > _FEW and standing >= _MOST * len(given)


def questions_of(table: Table, *, columns: Sequence[str], label: str | None) -> Iterator[Question]:
    """Yield the questions of a table; a row without a question or a passage is refused. Without `label`, no answers."""
    question, passage = columns
    for row in table:
        empty = [name for name in (question, passage) if not row.values.get(name, "").strip()]
        if empty:
            what = "is a list, expected a text" if empty[0] in row.lists else "is empty"
            lacks = "" if empty[0] in row.lists else empty[0]
            table.reject(row.line, f"{empty[0]} {what}", column=empty[0], blank=lacks)
            continue
        name = row.values.get("id", "")
        asked, read = row.values[question], row.values[passage]
        if label is None:
            yield Question(asked, read, line=row.line, id=name)
            continue
        try:
            answers = _answers(row, label)
        except InputError as error:
            table.reject(row.line, f"{f'question `{name}`: ' if name else ''}{error.what}", column=label)
            continue
        spans, moved, _ = spans_of(read, answers)
        known = {span.text for span in spans}
        unplaced = tuple(found for found, _ in answers if found.strip() not in known)
        yield Question(asked, read, tuple(spans), row.line, name, moved, unplaced)


def _answers(row: Row, label: str) -> list[tuple[str, int | None]]:
    start, impossible = row.values.get("answer_start", "").strip(), row.values.get("is_impossible")
    found = row.whole.get(label, row.values.get(label))
    if found is None and label not in row.whole and impossible != "true":
        raise InputError(f"has no `{label}`, which is an empty list where the passage has no answer")
    answers = answers_of({"text": found, "start": start} if isinstance(found, str) and start else found)
    if impossible in ("true", "false") and (impossible == "true") == bool(answers):
        raise InputError(f"`is_impossible` is {impossible}, and there is {'an' if answers else 'no'} answer")
    return answers


def learnable(examples: Sequence[Question]) -> tuple[list[Question], list[str]]:
    """Return the questions without those none of whose answers stand in the passage, and notes on them."""
    kept = [one for one in examples if one.answers or not one.unplaced]
    moved, lost = sum(one.moved for one in examples), [one for one in examples if one.unplaced and not one.answers]
    said = [f"{counted(moved, 'answer')} not at its `answer_start`: the nearest occurrence is used"] if moved else []
    if lost:
        said.append(f"{counted(len(lost), 'question')} skipped: no answer is in the passage{_such_as(lost)}")
    none = sum(not one.answers for one in kept)
    passages = len({one.passage for one in kept})
    return kept, [*said, f"{len(kept):,} questions on {counted(passages, 'passage')}, {none:,} unanswerable"]


def _such_as(lost: Sequence[Question]) -> str:
    """Quote the first of some questions and its answer that is not in the passage, in short."""
    first = lost[0]
    return f", such as `{first.unplaced[0][:40]}` for `{first.question[:60]}`"
