import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.data.examples.span_questions import questions_of
from weft.data.formats.squad import Span, answers_of, placed, question_rows, spans_of
from weft.data.sources import open_table
from weft.errors import InputError

SQUAD = {
    "version": "v2.0",
    "data": [
        {
            "title": "Printing",
            "paragraphs": [
                {
                    "context": "Bi Sheng invented movable type. 毕昇发明了活字印刷。",
                    "qas": [
                        {
                            "id": "a",
                            "question": "Who invented it?",
                            "answers": [{"text": "Bi Sheng", "answer_start": 0}],
                            "is_impossible": False,
                        },
                        {"id": "b", "question": "谁发明了纸？", "answers": [], "is_impossible": True},
                    ],
                }
            ],
        }
    ],
}


@pytest.mark.parametrize("indent", [None, 2])
def test_the_nested_form_is_read_as_rows(tmp_path, indent):
    path = tmp_path / "qa.json"
    path.write_text(json.dumps(SQUAD, ensure_ascii=False, indent=indent), encoding="utf-8")
    rows = list(open_table(path))
    assert [row.values["question"] for row in rows] == ["Who invented it?", "谁发明了纸？"]
    assert [row.line for row in rows] == [1, 2]
    assert rows[0].values["title"] == "Printing"
    assert rows[1].values["is_impossible"] == "true"
    assert answers_of(rows[0].whole["answers"]) == [("Bi Sheng", 0)]


@pytest.mark.parametrize(
    "written",
    [
        '{{"data": {data}, "version": 2.0}}',
        '{{"version": 2.0, "data": {data}}}',
        '{{"version": null, "data": {data}}}',
        '{{"meta": {{"语言": ["zh", "en"]}}, "data": {data}}}',
        '{{"version": "v2.0",\n"data": {data}}}\n',
        '\n\n  {{\n"data":\n{data}\n}}',
        "{data}",
    ],
)
def test_the_nested_form_is_known_by_its_content(tmp_path, written):
    path = tmp_path / "qa.json"
    path.write_text(written.format(data=json.dumps(SQUAD["data"], ensure_ascii=False)), encoding="utf-8")
    assert [row.values["question"] for row in open_table(path)] == ["Who invented it?", "谁发明了纸？"]


@pytest.mark.parametrize("line", ['{"data": "x", "text": "好"}', '{"question": "x", "context": "y"}'])
def test_an_object_a_line_is_no_nested_form(tmp_path, line):
    path = tmp_path / "qa.json"
    path.write_text(line, encoding="utf-8")
    (row,) = open_table(path)
    assert row.values == json.loads(line)


def test_a_broken_question_is_named_by_its_path(tmp_path):
    broken = json.loads(json.dumps(SQUAD))
    del broken["data"][0]["paragraphs"][0]["qas"][1]["question"]
    path = tmp_path / "qa.json"
    path.write_text(json.dumps(broken), encoding="utf-8")
    with pytest.raises(InputError, match=r"qa\.json data\[0\]\.paragraphs\[0\]\.qas\[1\]: has no `question`"):
        list(open_table(path))
    table = open_table(path, on_bad_row="skip")
    assert len(list(table)) == 1
    assert table.bad[0].place == f"{path} data[0].paragraphs[0].qas[1]"


@pytest.mark.parametrize("way", ["stop", "skip"])
def test_an_empty_question_is_named_by_its_path_and_by_no_line(tmp_path, way):
    broken = {"data": [*SQUAD["data"], json.loads(json.dumps(SQUAD["data"][0]))]}
    broken["data"][1]["paragraphs"][0]["qas"][1]["question"] = "　"
    path = tmp_path / "问答.json"
    path.write_text(json.dumps(broken, indent=1), encoding="utf-8")
    table = open_table(path, on_bad_row=way)
    where = f"{path} data[1].paragraphs[0].qas[1]"
    for _ in range(2):  # a table can be read again
        if way == "stop":
            with pytest.raises(InputError, match="question is empty") as raised:
                list(questions_of(table, columns=("question", "context"), label="answers"))
            assert raised.value.where == where
        else:
            assert len(list(questions_of(table, columns=("question", "context"), label="answers"))) == 3
            assert [(bad.place, bad.what) for bad in table.bad] == [(where, "question is empty")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"data": [{"paragraphs": []}, {"title": "题"}]}', r"expected a list `data\[1\].paragraphs`"),
        ('{"data": [{"paragraphs": []}, 3]}', "expected an object"),
        ('{"data": [\n{"title": }]}', "is not JSON"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, text, says):
    path = tmp_path / "qa.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says) as caught:
        list(open_table(path))
    assert str(path) in caught.value.where


@pytest.mark.parametrize(
    "found",
    [
        [{"text": "毕昇", "answer_start": "3"}, {"text": "毕昇", "start": 3}],
        {"text": ["毕昇"], "answer_start": [3]},
        {"text": "毕昇", "answer_start": 3},
        {"text": ["毕昇"], "answer_start": [3.0]},
        {"text": ["毕昇"], "answer_start": ["3.0"]},
    ],
)
def test_answers_are_read_in_every_form_in_use(found):
    assert answers_of(found) == [("毕昇", 3)]


def test_texts_alone_are_answers_too():
    assert answers_of("Bi Sheng") == [("Bi Sheng", None)]
    assert answers_of(["a", "b", "a"]) == [("a", None), ("b", None)]
    assert answers_of(None) == answers_of([]) == answers_of("") == answers_of({"text": [], "answer_start": []}) == []


@pytest.mark.parametrize(
    "found", [[3], [{"start": 3}], [{"text": "a", "start": "x"}], {"text": ["a", "b"], "start": [1]}]
)
def test_anything_else_is_no_answer(found):
    with pytest.raises(InputError, match=r"expected (an answer|a whole number|as many)"):
        answers_of(found)


def test_an_answer_that_is_not_where_it_is_said_to_be_is_looked_for_nearby():
    passage = "one two one two one"
    assert placed(passage, "one", 8) == Span("one", 8)
    assert placed(passage, "one", 10) == Span("one", 8)
    assert placed(passage, "one", None) == Span("one", 0)
    assert placed(passage, "three", 2) is None
    assert placed("是 毕昇 发明", " 毕昇 ", 1) == Span("毕昇", 2)


def test_moved_and_absent_answers_are_counted():
    assert spans_of("毕昇发明活字", [("毕昇", 0), ("活字", 2), ("纸", 1)]) == ([Span("毕昇", 0), Span("活字", 4)], 1, 1)


@given(st.text("ab 一", max_size=12), st.text("ab 一", max_size=3), st.none() | st.integers(-2, 14))
def test_an_answer_stands_where_it_is_placed(passage, text, start):
    span = placed(passage, text, start)
    if span is not None:
        assert passage[span.start : span.end] == span.text == text.strip() != ""
    else:
        assert not text.strip() or text.strip() not in passage


def test_rows_of_all_articles_have_paths_of_their_own():
    twice = {"data": SQUAD["data"] * 2}
    assert [path for path, _ in question_rows(json.dumps(twice))] == [
        f"data[{article}].paragraphs[0].qas[{place}]" for article in (0, 1) for place in (0, 1)
    ]
