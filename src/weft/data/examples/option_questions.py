"""Examples of multiple choice: questions on passages with their options, read from the rows of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase

from weft.data.checks.findings import counted
from weft.data.examples.column_looks import sampled
from weft.data.examples.column_names import REPLY_WORDS, by_name
from weft.data.examples.header_row import beside_texts
from weft.data.examples.roles import Role
from weft.data.examples.standing_out import has_word
from weft.data.formats.value_looks import like_texts
from weft.data.sources import Row, Table
from weft.errors import InputError

ROLES = (
    Role("question", ("question", "query", "问题", "問題", "题干", "題幹", "题目", "題目", "试题", "stem"), "text"),
    Role(
        *("passage", ("context", "passage", "article", "paragraph", "document", "文章", "原文", "材料")),
        setting="text",
    ),
    Role("options", ("options", "choices", "选项", "選項"), "text", most=None),
    Role("answer", ("answer", "label", "答案", "正确答案", "参考答案", "correct answer"), "label", answer=True),
)
"""The options are one column of lists, or several of one option each."""
WITHOUT_PASSAGE = tuple(role for role in ROLES if role.name != "passage")
"""The roles of questions that can be answered without a passage."""
_OPTION = re.compile(r"(?P<stem>(?:.*(?:option|choice|ending|选项|選項))?[ _-]?)(?P<mark>[a-z]|\d)", re.IGNORECASE)
"""A name of a column of one option, as `选项A`, `option_1` or `A`."""
_FEWEST_LETTERS = 3
"""Columns named by a letter alone that must be there to be of options."""
_BESIDE = (*REPLY_WORDS, "解析", "分析", "explanation", "analysis", "rationale")
"""Words in the names of columns that explain the answer."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A question on a passage, its options, and the number of the right one, from 0.

    The answer is None where it is to be predicted.
    """

    question: str
    passage: str
    options: tuple[str, ...] = ()
    answer: int | None = None
    line: int = field(default=0, compare=False, repr=False)
    id: str = field(default="", compare=False, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.options, str):
            hint = 'write weft.Choice(question, passage, ["...", "..."])'
            raise InputError("expected a list of options, found one text", where="options", hint=hint)
        if isinstance(self.passage, list | tuple):  # the turns of a dialogue
            object.__setattr__(self, "passage", "\n".join(self.passage))

    @property
    def texts(self) -> tuple[str, ...]:
        """Question, passage and options; where there is no passage, the question is read in its place."""
        return self.question, self.passage or self.question, *self.options

    @property
    def right(self) -> str | None:
        """The right option."""
        return None if self.answer is None else self.options[self.answer]

    @property
    def whole(self) -> str:
        """Key of equal examples: the passage, so that questions on one passage stay together, else the question."""
        return self.passage or self.question

    @property
    def label(self) -> tuple[str, tuple[str, ...], int | None]:
        """Label of the example, with the rest that makes it equal to another: question, options and answer."""
        return self.question, self.options, self.answer

    @property
    def stratum(self) -> str:
        """Group for an even split: there is only one, as whole passages are dealt out."""
        return ""


def choices_of(table: Table, *, columns: Sequence[str], label: str | None) -> Iterator[Choice]:
    """Yield the questions of a table; a row that lacks a part, or whose answer is none of its options, is refused."""
    alone = lacks_passage(columns)
    question, passage, *options = (columns[0], *columns) if alone else columns
    for row in table:
        asked, read, offered = _text(row, question), "" if alone else _text(row, passage), _options(row, options)
        empty = [name for name in (question, passage) if not _text(row, name).strip()]
        if empty:
            table.reject(row.line, f"{empty[0]} is empty", column=empty[0], blank=empty[0])
        elif len(offered) < 2 or not all(one.strip() for one in offered):
            one_text = not offered and row.values.get(options[0], "").strip()
            found = "a text that is no list" if one_text else "an empty one" if len(offered) > 1 else len(offered)
            table.reject(row.line, f"expected two options or more, found {found}", column=options[0])
        elif label is None:
            yield Choice(asked, read, offered, None, row.line, row.values.get("id", ""))
        elif not row.values.get(label, "").strip():
            table.reject(row.line, f"{label} is empty", column=label, blank=label)
        elif (answer := numbered(row.values.get(label, ""), offered)) is None:
            shown = ", ".join(f"`{one}`" for one in offered)
            what = f"the answer `{row.values.get(label, '')}` is none of the options {shown}"
            hint = "write its text, its letter (A is the first), or its number (0 is the first)"
            table.reject(row.line, what, column=label, hint=hint)
        else:
            yield Choice(asked, read, offered, answer, row.line, row.values.get("id", ""))


def option_columns(names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of one option each, known by the letters or numbers that end their names, in their order."""
    families: dict[str, list[str]] = {}
    for name in names:
        if found := _OPTION.fullmatch(name.strip()):
            family = families.setdefault(found["stem"].casefold(), [])
            family += [name] if _follows(found["mark"].upper(), family) else []
    enough = [own for stem, own in families.items() if len(own) >= (2 if stem else _FEWEST_LETTERS)]
    return tuple(enough[0]) if enough else ()


def _follows(mark: str, family: Sequence[str]) -> bool:
    return ord(mark) == ord(family[-1].strip()[-1].upper()) + 1 if family else mark in "A01"


def lacks_passage(columns: Sequence[str]) -> bool:
    """Whether columns are a question and its options alone, by their number or by the names of all but the first."""
    return len(columns) == 2 or (len(columns) > 2 and option_columns(columns[1:]) == tuple(columns[1:]))


def question_columns(table: Table) -> tuple[str, ...]:
    """Return the columns of a question, its passage, if there is one, and its options, by their names; else none.

    A column of texts that may be a passage under another name leaves it open.
    """
    question, passage, listed = (by_name(table, role.usual, but=()) for role in ROLES[:3])
    options = option_columns(table.columns) or ((listed,) if listed else ())
    if not (question and options) or passage:
        return (question, passage, *options) if question and passage and options else ()
    known = (question, *options, by_name(table, ROLES[3].usual, but=()))
    others = {name: values for name, values in sampled(table).items() if name not in known and like_texts(values)}
    doubt = any(not (beside_texts(values) or has_word(name, _BESIDE)) for name, values in others.items())
    return () if doubt else (question, *options)


def numbered(answer: str, options: Sequence[str]) -> int | None:
    """Find the option of an answer by its number from 0, its text, or its letter from A; None: none of them."""
    if answer.isascii() and answer.isdecimal() and int(answer) < len(options):
        return int(answer)
    if answer in options:
        return options.index(answer)
    place = ascii_uppercase.find(answer.strip().upper()) if len(answer.strip()) == 1 else -1
    return place if 0 <= place < len(options) else None


def learnable(examples: Sequence[Choice]) -> tuple[list[Choice], list[str]]:
    """Return all examples, with notes on the number of options and on answers that may be read in two ways."""
    several = sorted({len(one.options) for one in examples})
    options = f"{several[0]}" if len(several) == 1 else f"{several[0]} to {several[-1]}"
    passages = len({one.passage for one in examples})
    on = f"on {counted(passages, 'passage')}" if any(one.passage for one in examples) else "without a passage"
    said = [f"{counted(len(examples), 'question')} {on}, with {options} options each"]
    doubtful = sum(str(one.answer) in one.options and one.right != str(one.answer) for one in examples)
    if doubtful:
        said.append(f"{counted(doubtful, 'answer')} may be the number or the text of an option: taken as its number")
    return list(examples), said


def _text(row: Row, column: str) -> str:
    """Read a text, or the turns of a dialogue, a line each."""
    return "\n".join(row.lists.get(column, ())) or row.values.get(column, "")


def _options(row: Row, columns: Sequence[str]) -> tuple[str, ...]:
    if len(columns) == 1:
        return row.lists.get(columns[0], ())
    found = [row.values.get(column, "") for column in columns]
    while found and not found[-1].strip():  # a row may have fewer options than there are columns
        found.pop()
    return tuple(found)
