"""Documents to train a language model on, and prompts to continue: examples, and how a table is read as them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

from weft.data.examples.conversations import exchanges_of
from weft.data.sources import Row, Table

BLOCK = 10_000
"""Number of characters after which a stream is cut at the next line end: no token spans two of these documents."""
BLOCKS = 20
"""Least number of documents of a stream that has as many lines: some of them are to be held out."""

ENOUGH = 8_000_000
"""Number of characters that are counted of many documents, in some seconds."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text whose probability is learned, or computed: of all of it, or from a character on, after a prompt."""

    text: str
    line: int = field(default=0, compare=False, repr=False)
    begin: int = 0

    @property
    def texts(self) -> tuple[str, ...]:
        """The text, for what reads examples of any kind."""
        return (self.text,)

    @property
    def learned(self) -> str:
        """The part whose probability counts."""
        return self.text[self.begin :]

    @property
    def whole(self) -> str:
        """Key of equal examples."""
        return self.text

    @property
    def label(self) -> None:
        """Label of the example: it has none."""
        return

    @property
    def stratum(self) -> str:
        """Group for an even split: there is only one."""
        return ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text to continue; an empty one asks for a text from its beginning."""

    text: str
    line: int = field(default=0, compare=False, repr=False)

    @property
    def texts(self) -> tuple[str, ...]:
        """Texts that must not be empty: none."""
        return ()


def documents_of(table: Table, *, column: str, unit: Literal["stream", "row"]) -> Iterator[Document]:
    """Yield the documents of a table, a row each; or, of a stream, its lines joined to 10,000 characters each or fewer.

    The strings of a list are lines. An empty text is refused; a blank line of a stream is part of it.
    """
    if unit == "row":
        for row in table:
            text = text_of(row, column)
            if text.strip():
                yield Document(text, row.line)
            else:
                table.reject(row.line, "text is empty", column=column, blank="text")
        return
    numbered = ((row.line, text_of(row, column) + "\n") for row in table)
    head, size = [], 0
    while size < BLOCK * BLOCKS and (line := next(numbered, None)):
        head.append(line)
        size += len(line[1])
    block = min(BLOCK, max(1, size // BLOCKS))
    lines: list[str] = []
    first = size = 0
    for number, text in chain(head, numbered):
        first = first or number
        lines.append(text)
        size += len(text)
        if size >= block:
            yield Document("".join(lines), first)
            lines, first, size = [], 0, 0
    if "".join(lines).strip():
        yield Document("".join(lines), first)


def some_of(documents: Sequence[Document]) -> Sequence[Document]:
    """Return every document, or of more than `ENOUGH` characters every second, or third, and so on."""
    every = -(-sum(len(one.text) for one in documents) // ENOUGH)
    return documents if every <= 1 else [one for place, one in enumerate(documents) if place % every == 0]


def prompts_of(table: Table, *, column: str) -> Iterator[Prompt]:
    """Yield the prompts of a table, a row each."""
    return (Prompt(text_of(row, column), row.line) for row in table)


def answers_of(table: Table, *, columns: Sequence[str]) -> Iterator[Document]:
    """Yield the answers of conversations, each after all that was said before, which is not learned."""
    for line, one in exchanges_of(table, columns):
        yield Document(one.prompt + (one.answer or ""), line, len(one.prompt))


def questions_of(table: Table, *, columns: Sequence[str]) -> Iterator[Prompt]:
    """Yield conversations to be answered, a row each."""
    return (Prompt(one.prompt, line) for line, one in exchanges_of(table, columns, answering=True))


def text_of(row: Row, column: str) -> str:
    """Return the text in a column, or the joined lines of a list of strings."""
    return "\n".join(row.lists[column]) if column in row.lists else row.values.get(column, "")
