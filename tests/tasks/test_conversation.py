"""Columns of instructions that are named by hand are read together, as they are unasked."""

import json

import pytest

from weft.data.sources import open_table
from weft.errors import InputError
from weft.tasks.seq2seq import Seq2SeqConfig

NAMES = [("instruction", "input", "output"), ("instruction", "context", "response"), ("指令", "输入", "输出")]


def table(tmp_path, names):
    rows = [("Translate 翻译", "马", "horse"), ("Say hello 问好", "", "hello")]
    path = tmp_path / "a.json"
    path.write_text(json.dumps([dict(zip(names, row, strict=True)) for row in rows]), encoding="utf-8")
    return open_table(path)


@pytest.mark.parametrize("names", NAMES, ids=" ".join)
def test_source_and_target_of_instructions_are_those_read_unasked(tmp_path, names):
    found = table(tmp_path, names)
    unasked = Seq2SeqConfig().resolved(found)
    asked = Seq2SeqConfig(source=",".join(names[:2]), target=names[2]).resolved(found)
    assert asked == unasked
    assert [(one.source, one.targets) for one in asked.read(found)] == [
        ("Translate 翻译\n马", ("horse",)),
        ("Say hello 问好", ("hello",)),
    ]
    one = Seq2SeqConfig(source=names[0], target=names[2]).resolved(found)
    assert (one.source, one.turns) == (names[0], ())


def test_other_sources_are_one_column_each_and_the_hint_works(tmp_path):
    found = table(tmp_path, ("a", "b", "c"))
    with pytest.raises(InputError, match="`a,b` names 2 columns, expected one") as caught:
        Seq2SeqConfig(source="a,b", target="c").resolved(found)
    assert caught.value.hint == (
        "pass --source a for one of them; to read them together, name the columns `instruction`, `input` and `output`"
        " in the file, and pass --task seq2seq alone"
    )
