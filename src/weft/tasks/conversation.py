"""Settings of tasks that can learn the answers of conversations and instructions."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Self

from weft.data.examples.column_settings import named_columns
from weft.data.examples.conversations import conversation_columns
from weft.data.examples.roles import Names, Role, as_option, settings_of
from weft.data.examples.source_target import plain_pair
from weft.data.sources import Table
from weft.errors import InputError, typed
from weft.inputs.tabular import ColumnNames
from weft.tasks.base import TaskConfig


class ConversationSettings(TaskConfig):
    """Settings shared by the tasks that read conversations, as well as texts."""

    turns: ColumnNames = ()
    """Column of conversations (`messages`), or columns of instruction, input and output; empty: found by these names
    where no other column is named. The loss is that of the answers alone."""

    @property
    def _named(self) -> dict[str, Names]:
        return {name: getattr(self, name) for name in settings_of(self.roles)}

    @property
    def all_roles(self) -> tuple[Role, ...]:
        """Roles of the columns that are read of a table; of conversations none."""
        return () if self.reads_turns else super().all_roles

    def resolved(self, table: Table) -> Self:
        """Return the config with the columns of conversations, or of a plain pair, named; else as for any text."""
        named = {name: named_columns(own, table.columns) for name, own in self._named.items()}
        together = conversation_columns(table)
        if len(together) > 2 and sorted(chain(*named.values())) == sorted(together):
            return self._reading(together)
        for role in self.roles:
            if role.most == 1 and len(names := named[role.place]) > 1:
                hint = f"pass --{role.place} {typed(names[0])} for one of them; to read them together, name the columns"
                hint += f" `instruction`, `input` and `output` in the file, and pass --task {self.kind} alone"
                what = f"`{as_option(names)}` names {len(names)} columns, expected one"
                raise InputError(what, where=table.path, hint=hint)
        if self.turns or not any(named.values()):
            turns = self.turns or together
            if turns:
                return self._reading(turns)
            both = sum(role.required for role in self.roles) > 1
            if both and (pair := plain_pair(table)):
                named = dict(zip(settings_of(self.roles), pair, strict=True))
                return super(ConversationSettings, self.model_copy(update=named)).resolved(table)
            if both and table.holds_chat:
                what = "holds messages of people, and no answers of an assistant to learn"
                written = '{"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]}'
                hint = f"pass --task language_model to learn the messages; conversations are written as {written}"
                raise InputError(what, where=table.path, hint=hint)
        return super().resolved(table)

    def for_table(self, table: Table, *, named: Mapping[str, Names] | None = None) -> Self:
        """Return the config for a further table: of conversations, where training was."""
        if self.turns and (turns := conversation_columns(table)):
            return self._reading(turns)
        return super().for_table(table, named=named)

    def for_inputs(self, table: Table, *, named: Mapping[str, Names] | None = None) -> Self:
        """Return the config for a table of inputs: of conversations to answer, or of texts that begin one each."""
        if self.turns and (turns := conversation_columns(table, answering=True)):
            return self._reading(turns)
        plain = self.model_copy(update={"turns": ()})
        return (
            super(ConversationSettings, plain).for_inputs(table, named=named).model_copy(update={"turns": self.turns})
        )

    @property
    def reads_turns(self) -> bool:
        """Whether conversations are read, and not texts from a column."""
        return bool(self.turns) and not any(self._named.values())

    def _reading(self, turns: tuple[str, ...]) -> Self:
        return self.model_copy(update={"turns": turns, **dict.fromkeys(settings_of(self.roles))})
