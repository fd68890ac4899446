"""Nothing outside of `tasks` knows a task by its class or its kind, but what is made for one task."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from imports import PACKAGE, House, Module

from weft.tasks.choices import KINDS

EXCEPTED = frozenset({"tasks", "export", "estimators", "demo", "__init__"})
"""Rooms whose modules are of one task each: exporters, estimators, data made for a task; and the public face."""
KNOWN = tuple(f"weft.tasks.{name}" for name in ("base", "choices", "generation", "results", "segmenting", "teaching"))
"""The contracts of tasks, and the table of them."""

COMMON = frozenset({"joint", "transcription"})
"""Words that name something else too: a question and its passage are read in one row by the reader `joint`, and
transcripts stand in a column `transcription`."""


def faults(folder: Path) -> list[str]:
    """The imports of modules of tasks, and the words for tasks, in the rooms of a package that may have none."""
    house = House(folder)
    others = [module for name, module in house.modules.items() if house.room(name) not in EXCEPTED]
    imports = [
        f"{module.shown}:{found.line}: imports {found.target}"
        for module in others
        for found in house.imports[module.name]
        if house.room(found.target) == "tasks" and not found.target.startswith(KNOWN)
    ]
    words = [f"{module.shown}:{line}: has the word `{kind}`" for module in others for line, kind in _words(module)]
    return imports + words


def _words(module: Module) -> Iterator[tuple[int, str]]:
    """The string literals that are a kind of task: docstrings are longer, and so are sentences that name one."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and node.value in {*KINDS} - COMMON:
            yield node.lineno, node.value


def test_tasks_are_known_to_tasks_alone():
    found = faults(PACKAGE)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("from weft.tasks.seq2seq import Seq2SeqTask", "imports weft.tasks.seq2seq"),
        ("def late():\n    from weft.tasks import seq2seq", "imports weft.tasks.seq2seq"),
        ("if task.kind == 'seq2seq':\n    pass", "has the word `seq2seq`"),
    ],
)
def test_a_switch_over_tasks_is_caught(tmp_path, code, said):
    for name, text in {"tasks/seq2seq.py": "", "tasks/texts.py": "", "report/planted.py": code}.items():
        path = tmp_path / "weft" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (fault,) = faults(tmp_path / "weft")
    assert said in fault
