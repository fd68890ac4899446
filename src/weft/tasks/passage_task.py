"""The common part of tasks with questions on passages: columns, the rule of the split, notes, rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from weft.data.columns import Columns
from weft.data.examples.roles import Names
from weft.inputs.question_passage import PassageSettings
from weft.tasks.base import TaskConfig


class PassageTaskConfig(TaskConfig, PassageSettings):
    """Settings shared by the tasks with questions on passages."""

    texts: ClassVar[tuple[str, ...]] = ("question", "passage")
    text: Names = None
    label: str | None = None

    @property
    def split_rule(self) -> str:
        """Rule by which examples are held out, in a sentence."""
        return "questions on one passage are kept in one split"

    def data_notes(
        self, parts: Mapping[str, Sequence[Any]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """Count the questions of the other parts that are on passages of the training part."""
        del files, named
        known = {one.passage for one in parts["train"]} - {""}
        seen = {name: sum(one.passage in known for one in rows) for name, rows in parts.items() if name != "train"}
        return [
            f"{count:,} questions of {name} are on passages that are in train too"
            for name, count in seen.items()
            if count
        ]


def rows_by_example(columns: Columns) -> list[list[int]]:
    """Return the rows of each example, in the order of the examples: a long passage has several."""
    of: dict[int, list[int]] = {}
    for row, owner in enumerate(columns.owner_R.tolist()):
        of.setdefault(owner, []).append(row)
    return list(of.values())
