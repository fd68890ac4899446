"""JSON lines, fastText and plain text: every line gives its values or its fault."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.tables import fault, relaxed, rows, values, written
from weft.data.sources import Row, open_table


def test_json_lines(tmp_path):
    text = (
        '\n{"text": "好\\n看", "label": true, "n": 1.50}\n\n{"label": 12345678901234567890, "text": null, "x": "y"}\n'
    )
    table = open_table(written(tmp_path, text, "reviews.jsonl"))
    assert table.columns == ("text", "label", "n")
    assert list(table) == [
        Row({"text": "好\n看", "label": "true", "n": "1.50"}, 2),
        Row({"label": "12345678901234567890", "x": "y"}, 4),
    ]


def test_nested_values_harm_only_who_asks_for_them(tmp_path):
    table = open_table(written(tmp_path, '{"text": "a", "tags": ["b"], "of": {"c": 1}}\n', "a.json"))
    assert table.columns == ("text", "tags", "of")
    assert list(table) == [Row({"text": "a"}, 1, {"tags": ("b",)})]


def test_lists_of_strings_stand_beside_the_values(tmp_path):
    lines = (
        '{"source": "马", "targets": ["a horse", "马匹"], "years": [1900, 2.50]}\n'
        '{"source": "a", "targets": [], "mixed": ["b", null], "deep": [["c"]], "true": [true]}\n'
    )
    table = open_table(written(tmp_path, lines, "a.jsonl"))
    assert table.columns == ("source", "targets", "years")
    first, second = table
    assert first == Row({"source": "马"}, 1, {"targets": ("a horse", "马匹"), "years": ("1900", "2.50")})
    assert second == Row({"source": "a"}, 2)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"text": "a" "b"}', "is not JSON: expecting ',' delimiter at column 14"),
        ("text", "is not JSON: expecting value at column 1"),
        ('{"text": NaN}', "has `NaN`, which is not a JSON value"),
        ('{"text": -Infinity}', "has `-Infinity`, which is not a JSON value"),
        ('"text"', "is not an object"),
        ('["text"]', "is not an object"),
        ("{}", "is not an object"),
        ('{"text": "\\ud83d"}', "half a character"),
        ('{"a": ' * 100_000, "is nested too deep"),
    ],
)
def test_json_faults(tmp_path, line, what):
    path = written(tmp_path, f'{{"text": "a"}}\n{line}\n{{"text": "b"}}\n', "reviews.ndjson")
    assert fault(path).where == f"{path}:2"
    assert what in fault(path).what
    table = open_table(path, on_bad_row="skip")
    assert [row.line for row in table] == [1, 3]
    assert what in table.bad[0].what


def test_json_columns_are_those_of_the_first_good_line(tmp_path):
    path = written(tmp_path, '{"text"\n{"text": "a", "label": null}\n', "reviews.jsonl")
    assert fault(path).where == f"{path}:1"
    table = open_table(path, on_bad_row="skip")
    assert table.columns == ("text", "label")
    assert list(table) == [Row({"text": "a"}, 2)]
    assert [bad.line for bad in table.bad] == [1]
    nothing = written(tmp_path, "nothing\nof the kind\n", "nothing.jsonl")
    assert fault(nothing, on_bad_row="skip").what == "has no line that is a JSON object"


def test_an_emoji_written_as_two_escapes(tmp_path):
    assert rows(open_table(written(tmp_path, '{"text": "\\ud83d\\ude00"}\n', "a.jsonl"))) == [(1, ("😀",))]


@relaxed
@given(table=st.lists(st.dictionaries(values, values, min_size=1, max_size=3), min_size=1, max_size=5))
def test_what_json_writes_is_read(tmp_path, table):
    for ascii_only in (True, False):
        lines = [json.dumps(record, ensure_ascii=ascii_only) for record in table]
        found = open_table(written(tmp_path, "\n".join(lines), "reviews.jsonl"))
        assert [(row.line, row.values) for row in found] == list(enumerate(table, 1))


def test_plain_text(tmp_path):
    table = open_table(written(tmp_path, "第一行\r\n\r\n  second, line \n", "corpus.txt"))
    assert (table.form, table.columns) == ("txt", ("text",))
    assert rows(table) == [(1, ("第一行",)), (2, ("",)), (3, ("  second, line ",))]


def test_fasttext(tmp_path):
    path = written(tmp_path, "\n__label__好评 房间 很好\n__label__neg\tnot good\n", "train.txt")
    table = open_table(path)
    assert table.columns == ("label", "text")
    assert rows(table) == [(2, ("好评", "房间 很好")), (3, ("neg", "not good"))]


def test_fasttext_with_several_labels(tmp_path):
    path = written(tmp_path, "__label__a __label__新闻 房间 很好\n__label__b not good\n", "train.txt")
    first, second = open_table(path)
    assert first == Row({"text": "房间 很好"}, 1, {"label": ("a", "新闻")})
    assert second == Row({"text": "not good", "label": "b"}, 2)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("a text alone", "has no label, expected `__label__NAME` before the text"),
        ("__label__b", "has a label and no text"),
        ("__label__b  ", "has a label and no text"),
        ("__label__ a text", "the label after `__label__` is empty"),
        ("__label__b a text __label__c", "has labels before and after the text"),
    ],
)
def test_fasttext_faults(tmp_path, line, what):
    path = written(tmp_path, f"__label__a fine\n{line}\n__label__a good\n", "train.txt")
    assert (fault(path).where, fault(path).what) == (f"{path}:2", what)
    assert [row.line for row in open_table(path, on_bad_row="skip")] == [1, 3]
