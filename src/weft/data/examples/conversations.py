"""Conversations and instructions: rows whose last answers are to be learned, given all that was said before.

The forms are those in use: a column of turns, `messages` with `role` and `content` (OpenAI) or `conversations` with
`from` and `value` (ShareGPT), and columns of an instruction, maybe an input, and an output (Alpaca). Each answer of an
assistant makes an exchange of its own. For a model that continues a text, turns are written one after another::

    <|user|>
    Is it good?
    <|assistant|>
    Yes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weft.data.blank_rows import BlankField
from weft.data.sources import Row, Table
from weft.errors import InputError

TURNS = ("messages", "conversations", "conversation", "对话")
"""Names of a column of turns."""
INSTRUCTIONS = (
    *(("instruction", "input", "output"), ("instruction", "output"), ("instruction", "input", "response")),
    *(("instruction", "context", "response"), ("instruction", "response"), ("prompt", "completion")),
    *(("prompt", "response"), ("query", "response"), ("指令", "输入", "输出"), ("指令", "输出")),
)
"""Names of columns that go together as what is asked, and the answer to it."""
_ROLES = {"human": "user", "gpt": "assistant", "bot": "assistant", "model": "assistant", "chatgpt": "assistant"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """The turns before an answer, each a role and what was said, and the answer; None where it is to be given."""

    turns: tuple[tuple[str, str], ...]
    answer: str | None = None

    @property
    def prompt(self) -> str:
        """All that stands before the answer, for a model that continues a text."""
        return "".join(f"<|{role}|>\n{said}\n" for role, said in self.turns) + "<|assistant|>\n"

    @property
    def source(self) -> str:
        """All that stands before the answer, for a model that writes a text for a text: roles where one answered."""
        if any(role == "assistant" for role, _ in self.turns):
            return "\n".join(f"{role}: {said}" for role, said in self.turns)
        return "\n".join(said for _, said in self.turns)


def conversation_columns(table: Table, *, answering: bool = False) -> tuple[str, ...]:
    """Return the columns of turns, or of instruction and output, of a table; none where it has no such columns.

    Where it is to be answered, there need be no output.
    """
    names = {name.strip().casefold(): name for name in reversed(table.columns)}
    for turns in TURNS:
        if turns in names:
            return (names[turns],)
    for columns in INSTRUCTIONS:
        wanted = columns[:-1] if answering and columns[-1] not in names else columns
        if all(name in names for name in wanted) and (len(wanted) > 1 or len(names) == 1):
            return tuple(names[name] for name in wanted)
    return ()


def exchanges_of(table: Table, columns: Sequence[str], *, answering: bool = False) -> Iterator[tuple[int, Exchange]]:
    """Yield the exchanges of a table, with the line of each; a row without one is refused.

    Where it is to be answered, each row makes one, which ends before its last answer.
    """
    for row in table:
        try:
            found = _exchanges(row, columns, answering=answering)
        except InputError as error:
            table.refuse(row.line, error, column=columns[0])
        else:
            yield from ((row.line, one) for one in found)


def _exchanges(row: Row, columns: Sequence[str], *, answering: bool) -> list[Exchange]:
    if len(columns) == 1 and columns[0].strip().casefold() in TURNS:
        turns = _turns(row, columns[0])
        places = [place for place, (role, _) in enumerate(turns) if role == "assistant" and place]
        if answering:
            return [Exchange(tuple(turns[: places[-1]] if places and places[-1] == len(turns) - 1 else turns))]
        if not places:
            raise InputError("has no answer of an assistant", hint='write {"role": "assistant", "content": "..."}')
        found = [Exchange(tuple(turns[:place]), turns[place][1]) for place in places]
    else:
        *asked, last = [row.values.get(name, "") for name in columns]
        asked = [*asked, last] if answering and not _is_output(columns[-1]) else asked
        said = "\n".join(part for part in asked if part.strip())
        if not said.strip():
            raise BlankField(columns[0])
        found = [Exchange((("user", said),), None if answering else last)]
    if any(one.answer is not None and not one.answer.strip() for one in found):
        raise BlankField("answer", "an answer is empty")
    return found


def _is_output(name: str) -> bool:
    return any(name.strip().casefold() == columns[-1] for columns in INSTRUCTIONS)


def _turns(row: Row, column: str) -> list[tuple[str, str]]:
    found = row.whole.get(column, row.values.get(column))
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except (ValueError, RecursionError):
            found = None
    if not isinstance(found, list) or not found:
        raise InputError(f"expected turns in `{column}`", hint='write [{"role": "user", "content": "..."}, ...]')
    return [_turn(one) for one in found]


def _turn(found: Any) -> tuple[str, str]:
    if isinstance(found, Mapping):
        role, said = found.get("role", found.get("from")), found.get("content", found.get("value"))
        if isinstance(said, list):  # parts, of which texts are read
            said = "\n".join(str(one["text"]) for one in said if isinstance(one, Mapping) and "text" in one)
        if isinstance(role, str) and isinstance(said, str):
            return _ROLES.get(role.casefold(), role.casefold()), said
    raise InputError("expected a turn with `role` and `content`, or `from` and `value`")
