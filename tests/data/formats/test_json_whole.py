"""JSON that is one value: arrays, wrapped lists and tables by column are rows, each with its line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.tables import fault, relaxed, values, written
from weft.data.formats import json_whole
from weft.data.sources import open_table
from weft.errors import InputError
from weft.tasks.language_model import LanguageModelConfig
from weft.tasks.seq2seq import Seq2SeqConfig

ROWS = [{"text": "房间很干净", "label": 1}, {"text": "a dull [story], {badly} told", "label": 0}]
SHOWN = [{"text": "房间很干净", "label": "1"}, {"text": "a dull [story], {badly} told", "label": "0"}]


def found(path, **options):
    return [dict(row.values) for row in open_table(path, **options)]


@pytest.mark.parametrize("indent", [None, 0, 1])
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize(
    "value",
    [
        ROWS,
        {"data": ROWS},
        {"version": 2, "data": ROWS},
        {"data": {"list": ROWS}},
        {"code": 0, "data": {"total": 2, "list": ROWS}},
        {"status": "ok", "count": 2, "posts": ROWS},
        {"text": {"0": ROWS[0]["text"], "1": ROWS[1]["text"]}, "label": {"0": 1, "1": 0}},
        {"text": [ROWS[0]["text"], ROWS[1]["text"]], "label": [1, 0]},
        {"columns": ["text", "label"], "index": [0, 1], "data": [[one["text"], one["label"]] for one in ROWS]},
    ],
)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_every_form_of_export(tmp_path, value, indent, ascii_only, name):
    table = open_table(written(tmp_path, json.dumps(value, indent=indent, ensure_ascii=ascii_only), name))
    assert table.columns == ("text", "label")
    for _ in range(2):
        assert [dict(row.values) for row in table] == SHOWN


def test_objects_of_several_lines_one_after_another(tmp_path):
    content = "\n\n".join(json.dumps(one, indent=2, ensure_ascii=False) for one in ROWS)
    table = open_table(written(tmp_path, content, "a.json"))
    assert [(row.line, dict(row.values)) for row in table] == [(1, SHOWN[0]), (6, SHOWN[1])]


def test_the_lines_of_rows_and_faults(tmp_path):
    path = written(tmp_path, '\n[\n {"text": "好"},\n\n {"text":\n  "b"}, 3,\n {"text": "c"}\n]\n', "a.json")
    assert (fault(path).where, fault(path).what[:16]) == (f"{path}:6", "is not an object")
    table = open_table(path, on_bad_row="skip")
    assert [row.line for row in table] == [3, 5, 7]
    assert [bad.place for bad in table.bad] == [f"{path}:6"]
    path = written(tmp_path, '{"data": [\n{"text": "好"},\n{"text" "b"}\n]}', "b.json")
    assert (fault(path).where, fault(path).what) == (f"{path}:3", "is not JSON: expecting ':' delimiter at column 9")
    path = written(tmp_path, '[{"text": "好"}\n{"text": "b"}]', "c.json")
    assert (fault(path).where, fault(path).what) == (f"{path}:2", "is not JSON: expecting ',' delimiter at column 1")
    path = written(tmp_path, '[{"text": "\\ud83d"}]', "d.json")
    assert "half a character" in fault(path).what
    path = written(tmp_path, "[" * 100_000, "e.json")
    assert fault(path).what == "is nested too deep"
    path = written(tmp_path, '{"text": {"0": "好", "1": ""}, "label": {"0": "a", "1": "b"}}', "f.json")
    assert open_table(path).place(2) == f"{path}, row 2"


def test_several_lists_are_not_chosen_among(tmp_path):
    error = fault(written(tmp_path, json.dumps({"posts": ROWS, "users": ROWS}), "a.json"))
    assert error.what == "has several lists of objects: `posts`, `users`"
    assert "jq -c '.posts[]'" in error.hint
    assert found(written(tmp_path, json.dumps({"data": ROWS, "users": ROWS}), "b.json")) == SHOWN


def test_a_row_of_its_own_stays_one(tmp_path):
    for line in ('{"text": "好", "tags": ["a"], "of": {"b": 1}}', '{"text": "so it is", "turns": [{"a": "b"}]}'):
        assert found(written(tmp_path, line, "a.jsonl")) == [{"text": json.loads(line)["text"]}]


def test_a_broken_first_line_of_json_lines_is_one_bad_row(tmp_path):
    for broken in ('{"text": "cut o', '{"text":', '{"text": "a" "b"}', "{"):
        path = written(tmp_path, broken + '\n{"text": "好"}\n{"text": "b"}\n', "a.jsonl")
        assert fault(path).where == f"{path}:1"
        assert found(path, on_bad_row="skip") == [{"text": "好"}, {"text": "b"}]


def test_a_whole_that_is_too_large_is_refused_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr(json_whole, "MOST_CHARACTERS", 1000)
    path = written(tmp_path, json.dumps(ROWS * 50, indent=1), "a.json")
    assert "is one JSON value of over 1,000 characters" in fault(path).what
    assert "jq -c '.[]'" in fault(path).hint


@relaxed
@given(table=st.lists(st.dictionaries(values, values, min_size=1, max_size=3), min_size=2, max_size=5), data=st.data())
def test_what_json_writes_is_read(tmp_path, table, data):
    indent = data.draw(st.sampled_from([None, 0, 2]))
    content = json.dumps(table, indent=indent, ensure_ascii=data.draw(st.booleans()))
    assert found(written(tmp_path, content, "a.json")) == table


def test_messages_of_people_are_rows_with_their_senders(tmp_path):
    messages = [
        {"id": 1, "from": "Anna", "text": "hello"},
        {"id": 2, "type": "service", "actor": "Ben", "text": ""},
        {"id": 3, "from": "Ben", "text": ["看这里 ", {"type": "link", "text": "http://x.example"}]},
        {"id": 4, "from": "Anna", "text": "好的"},
        {"id": 5, "from": "Ben", "text": "bye"},
    ]
    path = tmp_path / "result.json"
    path.write_text(json.dumps({"name": "Group chat", "messages": messages}, indent=1), encoding="utf-8")
    table = open_table(path)
    assert [(row.values["sender"], row.values["text"]) for row in table] == [
        ("Anna", "hello"),
        ("Ben", "看这里 http://x.example"),
        ("Anna", "好的"),
        ("Ben", "bye"),
    ]
    with pytest.raises(InputError, match="no answers of an assistant"):
        Seq2SeqConfig().resolved(open_table(path))
    assert LanguageModelConfig().resolved(open_table(path)).text == "text"
    turns = [{"role": "user", "from": "x", "content": "hi"}] * 5
    path.write_text(json.dumps({"messages": turns}), encoding="utf-8")
    assert open_table(path).columns == ("messages",)
