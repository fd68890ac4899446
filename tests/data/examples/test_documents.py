"""Texts to learn to write: a row each, or one long text in passages; and prompts."""

import json

import numpy as np
import pytest

from tests.data.tables import written
from weft.data.columns import Ragged, begun
from weft.data.examples.documents import BLOCK, BLOCKS, Document, Prompt, documents_of, prompts_of, text_of
from weft.data.sources import Row, open_table
from weft.errors import InputError

POEM = "春眠不觉晓，\n处处闻啼鸟。\n\n夜来风雨声，\n花落知多少。\n"


def stream(path):
    table = open_table(str(path))
    return list(documents_of(table, column=table.columns[0], unit="stream"))


def test_a_row_is_a_text_of_its_own(tmp_path):
    path = written(tmp_path, 'text\n"two\nlines"\n好看\n', "rows.csv")
    found = list(documents_of(open_table(str(path)), column="text", unit="row"))
    assert found == [Document("two\nlines"), Document("好看")]
    assert [one.line for one in found] == [2, 4]


@pytest.mark.parametrize("empty", ["", " ", "\u3000"], ids=repr)
def test_an_empty_text_is_refused_by_its_line(tmp_path, empty):
    rows = "".join(json.dumps({"text": text}) + "\n" for text in ("good", empty, "好"))
    path = written(tmp_path, rows, "rows.jsonl")
    with pytest.raises(InputError, match="text is empty") as caught:
        list(documents_of(open_table(str(path)), column="text", unit="row"))
    assert caught.value.where == f"{path}:2"
    table = open_table(str(path), on_bad_row="skip")
    assert list(documents_of(table, column="text", unit="row")) == [Document("good"), Document("好")]
    assert [bad.line for bad in table.bad] == [2]


def test_a_stream_is_its_lines_put_together_again(tmp_path):
    found = stream(written(tmp_path, POEM, "poem.txt"))
    assert "".join(one.text for one in found) == POEM
    assert [one.line for one in found] == sorted(one.line for one in found)
    lines = POEM.splitlines(keepends=True)
    for one in found:
        assert "".join(lines[one.line - 1 :]).startswith(one.text)
        assert one.text.endswith("\n")


def test_a_short_stream_is_cut_so_that_some_of_it_can_be_held_out(tmp_path):
    lines = [f"line {number}, 第{number}行\n" for number in range(200)]
    found = stream(written(tmp_path, "".join(lines), "some.txt"))
    assert BLOCKS / 2 < len(found) <= BLOCKS
    assert "".join(one.text for one in found) == "".join(lines)


def test_passages_of_a_long_stream_end_at_the_first_line_end_after_the_block(tmp_path):
    line = "字" * 99 + "\n"
    found = stream(written(tmp_path, line * (BLOCK * BLOCKS // 100 + 150), "long.txt"))
    assert {len(one.text) for one in found[:-1]} == {BLOCK}
    assert len(found[-1].text) == 5000
    assert [one.line for one in found[:3]] == [1, 101, 201]


def test_a_stream_may_begin_with_a_blank_line_and_blanks_at_its_end_are_no_passage(tmp_path):
    found = stream(written(tmp_path, "\n\ngood\n" + "\n" * 3, "blank.txt"))
    assert found[0].line == 1
    assert "".join(one.text for one in found).rstrip() == "\n\ngood"


def test_the_strings_of_a_list_are_lines():
    row = Row({"title": "春晓"}, 3, {"paragraphs": ("春眠不觉晓", "处处闻啼鸟")})
    assert text_of(row, "paragraphs") == "春眠不觉晓\n处处闻啼鸟"
    assert text_of(row, "title") == "春晓"
    assert text_of(row, "absent") == ""


def test_prompts_are_rows_and_may_be_empty(tmp_path):
    path = written(tmp_path, '{"text": "The"}\n{"text": ""}\n{"text": "春眠"}\n', "prompts.jsonl")
    found = list(prompts_of(open_table(str(path)), column="text"))
    assert found == [Prompt("The"), Prompt(""), Prompt("春眠")]
    assert [one.line for one in found] == [1, 2, 3]
    assert found[1].texts == ()


def test_what_an_example_is_known_by():
    document = Document("a text", 3)
    assert (document.texts, document.whole, document.label, document.stratum) == (("a text",), "a text", None, "")
    assert document == Document("a text", 9)


def test_every_row_begins_with_the_symbol():
    rows = begun(Ragged.of(np.array([[3, 9], [4, 9], [5, 9]], dtype=np.int32), np.array([2, 0, 1])), 7)
    assert rows.values.tolist() == [[7], [3], [4], [7], [7], [5]]
    assert rows.lengths_R.tolist() == [3, 1, 2]
    assert rows.values.dtype == np.int32
