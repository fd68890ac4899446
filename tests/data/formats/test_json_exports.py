"""Objects of exports: chats are turns, the answers that were kept among those asked for again; names are labels."""

import json

import pytest

from weft.data.examples.conversations import conversation_columns, exchanges_of
from weft.data.formats.json_exports import as_row, names_of
from weft.data.sources import open_table

TURNS = [("system", ""), ("user", "How do I sort? 怎么排序？"), ("assistant", "Use sorted.")]


def node(number, role, text, parent):
    author, content = {"role": role}, {"content_type": "text", "parts": [text, {"asset": 1}]}
    return {"id": f"n{number}", "message": {"author": author, "content": content}, "parent": parent}


def chatgpt():
    nodes = {f"n{n}": node(n, role, text, f"n{n - 1}" if n else None) for n, (role, text) in enumerate(TURNS)}
    again = {"n3": node(3, "assistant", "用 sorted。", "n1"), "n4": node(4, "tool", "x", "n3")}
    return {"title": "排序", "mapping": {**nodes, **again}, "current_node": "n4"}


CLAUDE = {
    "name": "a",
    "chat_messages": [{"sender": "human", "text": "好吗？"}, {"sender": "assistant", "text": "好。"}],
}


@pytest.mark.parametrize(("found", "answer"), [(chatgpt(), "用 sorted。"), (CLAUDE, "好。")])
def test_exports_of_chats_are_conversations(tmp_path, found, answer):
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([found] * 2, ensure_ascii=False), encoding="utf-8")
    table = open_table(path)
    columns = conversation_columns(table)
    assert columns == ("messages",)
    (_, first), _ = exchanges_of(table, columns)
    assert (len(first.turns), first.answer) == (1, answer)


def test_nodes_in_a_circle_end():
    found = as_row({"mapping": {"a": node(1, "user", "好", "b"), "b": node(2, "user", "hi", "a")}, "current_node": "a"})
    assert [one["content"] for one in found["messages"]] == ["hi", "好"]
    strange = {"mapping": {"a": None, "b": {"message": 3, "parent": []}}, "current_node": {}}
    assert as_row(strange) == strange


def test_names_stand_for_objects_that_are_little_else():
    assert names_of([{"id": 1, "name": "bug"}, {"name": "好"}]) == ["bug", "好"]
    for others in (
        [{"label": "a", "start": 1, "end": 2}],
        [{"name": "a"}, {"id": 3}],
        [{"label": "A", "text": "好"}],
        ["a"],
    ):
        assert names_of(others) == others
