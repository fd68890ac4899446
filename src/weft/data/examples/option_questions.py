"""Multiple-choice questions as examples, and how a table is read as them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from string import ascii_uppercase

from weft.data.checks.findings import counted
from weft.data.sources import Row, Table
from weft.errors import InputError

NAMES = {
    "question": ("question", "query", "问题", "問題"),
    "passage": ("context", "passage", "article", "paragraph", "document", "文章", "原文", "材料"),
    "options": ("options", "choices", "选项", "選項"),
    "answer": ("answer", "label", "答案"),
}
"""Usual names of columns."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A question on a passage, its options, and the index of the right one, from 0.

    Without an answer (None) it is to be predicted.
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
        """Question, passage and options."""
        return self.question, self.passage, *self.options

    @property
    def right(self) -> str | None:
        """The right option."""
        return None if self.answer is None else self.options[self.answer]

    @property
    def whole(self) -> str:
        """Key of equal examples: questions on one passage stay together."""
        return self.passage

    @property
    def label(self) -> tuple[str, tuple[str, ...], int | None]:
        """The rest of an example's identity: question, options and answer."""
        return self.question, self.options, self.answer

    @property
    def stratum(self) -> str:
        """Group for an even split: there is only one, as passages are split."""
        return ""


def find_columns(table: Table, *, text: str | None, label: str | None) -> tuple[str, str | None]:
    """Find the columns `question,passage,options` and that of the answer: as named, else by usual names.

    The options are one column of lists, or several of one option each; the answer's is None if there is none. Raises
    InputError if question, passage or options do not exist.
    """
    names = {name.lower(): name for name in table.columns}
    usual = {part: next((names[one] for one in known if one in names), None) for part, known in NAMES.items()}
    named = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    hint = "pass --text QUESTION,PASSAGE,OPTIONS --label ANSWER; options of a column each as A,B,C,D"
    if text is not None and len(named) < 3:
        what = f"`{text}` names {len(named)} columns, expected those of question, passage and options"
        raise InputError(what, where=table.path, hint=hint)
    found = named or (usual["question"], usual["passage"], usual["options"])
    columns = ", ".join(f"`{name}`" for name in table.columns)
    for part, column in zip(("question", "passage", *["options"] * (len(found) - 2)), found, strict=True):
        if column not in table.columns:
            what = f"there is no column `{column}`" if column else f"cannot tell which column is the {part}"
            raise InputError(f"{what} among {columns}", where=table.path, hint=hint)
    if label is not None and label not in table.columns:
        raise InputError(f"there is no column `{label}` among {columns}", where=table.path, hint=hint)
    return ",".join(map(str, found)), label or usual["answer"]


def choices_of(table: Table, *, text: str, label: str | None) -> Iterator[Choice]:
    """Yield the questions of a table; a row that lacks a part, or whose answer is none of its options, is refused."""
    question, passage, *options = text.split(",")
    for row in table:
        asked, read, offered = _text(row, question), _text(row, passage), _options(row, options)
        empty = [name for name, found in ((question, asked), (passage, read)) if not found.strip()]
        if empty:
            table.reject(row.line, f"{empty[0]} is empty", column=empty[0])
        elif len(offered) < 2 or not all(one.strip() for one in offered):
            one_text = not offered and row.values.get(options[0], "").strip()
            found = "a text that is no list" if one_text else "an empty one" if len(offered) > 1 else len(offered)
            table.reject(row.line, f"expected two options or more, found {found}", column=options[0])
        elif label is None:
            yield Choice(asked, read, offered, None, row.line, row.values.get("id", ""))
        elif (answer := numbered(row.values.get(label, ""), offered)) is None:
            shown = ", ".join(f"`{one}`" for one in offered)
            what = f"the answer `{row.values.get(label, '')}` is none of the options {shown}"
            hint = "write its text, its letter (A is the first), or its number (0 is the first)"
            table.reject(row.line, what, column=label, hint=hint)
        else:
            yield Choice(asked, read, offered, answer, row.line, row.values.get("id", ""))


def numbered(answer: str, options: Sequence[str]) -> int | None:
    """Return the index of an answer: a number from 0, the text of an option, or a letter from A; None: none of them."""
    if answer.isascii() and answer.isdecimal() and int(answer) < len(options):
        return int(answer)
    if answer in options:
        return options.index(answer)
    place = ascii_uppercase.find(answer.strip().upper()) if len(answer.strip()) == 1 else -1
    return place if 0 <= place < len(options) else None


def learnable(examples: Sequence[Choice]) -> tuple[list[Choice], list[str]]:
    """Return all examples, with notes: the numbers of options, and answers that may be read in two ways."""
    several = sorted({len(one.options) for one in examples})
    options = f"{several[0]}" if len(several) == 1 else f"{several[0]} to {several[-1]}"
    passages = len({one.passage for one in examples})
    said = [f"{counted(len(examples), 'question')} on {counted(passages, 'passage')}, with {options} options each"]
    doubtful = sum(str(one.answer) in one.options and one.right != str(one.answer) for one in examples)
    if doubtful:
        said.append(f"{counted(doubtful, 'answer')} may be the number or the text of an option: taken as its number")
    return list(examples), said


def plain_scores(examples: Sequence[Choice]) -> dict[str, float]:
    """Compute the accuracy of baselines: a random option, the longest, the one with the most overlap with the passage.

    Overlap is the number of characters that occur in the passage; of equal options the first is chosen.
    """
    longest = [max(one.options, key=len) == one.right for one in examples]
    common = [max(one.options, key=partial(_common, set(one.passage))) == one.right for one in examples]
    found = {"chance": [1 / len(one.options) for one in examples], "longest": longest, "most_in_passage": common}
    return {name: sum(values) / max(1, len(examples)) for name, values in found.items()}


def _common(passage: set[str], option: str) -> int:
    return sum(letter in passage for letter in option if letter.isalnum())


def _text(row: Row, column: str) -> str:
    """Return a text, or the turns of a dialogue, a line each."""
    return "\n".join(row.lists.get(column, ())) or row.values.get(column, "")


def _options(row: Row, columns: Sequence[str]) -> tuple[str, ...]:
    if len(columns) == 1:
        return row.lists.get(columns[0], ())
    found = [row.values.get(column, "") for column in columns]
    while found and not found[-1].strip():  # a row may have fewer options than there are columns
        found.pop()
    return tuple(found)
