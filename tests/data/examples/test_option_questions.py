import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.data.examples.option_questions import ROLES, Choice, choices_of, learnable, numbered
from weft.data.examples.roles import find_roles
from weft.data.sources import open_table
from weft.errors import InputError

ROW = {
    "context": ["女：你住在哪儿？", "男：上海。"],
    "question": "男的住在哪儿？",
    "options": ["北京", "上海"],
    "answer": 1,
}
ENGLISH = {"context": "Ada lives in Oslo.", "question": "Where?", "options": ["Rome", "Oslo", "Bonn"], "answer": "B"}


def table(tmp_path, *rows, **options):
    path = tmp_path / "c.jsonl"
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), encoding="utf-8")
    return open_table(path, **options)


def read(found, text=None, label=None):
    columns = find_roles(found, ROLES, named={"text": text, "label": label})
    return list(choices_of(found, columns=columns["text"], label=columns["label"][0]))


def test_a_passage_is_a_text_or_the_turns_of_a_dialogue(tmp_path):
    one, other = read(table(tmp_path, ROW, ENGLISH))
    assert one == Choice("男的住在哪儿？", "女：你住在哪儿？\n男：上海。", ("北京", "上海"), 1)
    assert (other.right, other.line) == ("Oslo", 2)


def test_options_may_stand_in_columns_of_their_own(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("q,p,a,b,c,right\nWho?,Ada is.,Bob,Ada,Eve,B\n谁？,李明。,李明,王芳,,李明\n", encoding="utf-8")
    one, other = read(open_table(path), text="q,p,a,b,c", label="right")
    assert one.options == ("Bob", "Ada", "Eve")
    assert (one.right, other.right, other.options) == ("Ada", "李明", ("李明", "王芳"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"answer": 2}, r"the answer `2` is none of the options `北京`, `上海`"),
        ({"answer": "广州"}, "is none of the options"),
        ({"answer": None}, "answer is empty"),
        ({"options": ["北京"]}, "two options or more, found 1"),
        ({"options": ["北京", " "]}, "found an empty one"),
        ({"question": " "}, "question is empty"),
        ({"context": []}, "context is empty"),
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path, change, says):
    with pytest.raises(InputError, match=says) as caught:
        read(table(tmp_path, ENGLISH, {**ROW, **change}))
    assert caught.value.where.endswith("c.jsonl:2")
    found = table(tmp_path, ENGLISH, {**ROW, **change}, on_bad_row="skip")
    assert len(read(found)) == 1
    assert len(found.bad) == 1


def test_columns_that_are_not_there_are_named(tmp_path):
    found = table(tmp_path, {"context": "a", "question": "b", "answer": 0})
    with pytest.raises(InputError, match="cannot tell which column is the options"):
        read(found)
    with pytest.raises(InputError, match="there is no column `x`"):
        read(found, text="question,context,x")
    with pytest.raises(InputError, match="names 2 columns"):
        read(found, text="question,context")
    with pytest.raises(InputError, match="there is no column `y`"):
        read(table(tmp_path, ROW), label="y")


@given(st.lists(st.text(min_size=1), min_size=2, max_size=6, unique=True), st.data())
def test_an_answer_is_known_by_number_text_or_letter(options, data):
    place = data.draw(st.integers(0, len(options) - 1))
    assert numbered(str(place), options) == place
    if not (options[place].isascii() and options[place].isdecimal()):
        assert numbered(options[place], options) == place
    if "ABCDEF"[place] not in options:
        assert numbered("ABCDEF"[place], options) == place
    assert numbered(str(len(options)), [f"{one}x" for one in options]) is None


def test_what_is_found_is_said():
    rows = [Choice("几？", "一二", ("2", "3", "1"), 1), Choice("How many?", "one", ("1", "2"), 0)]
    kept, said = learnable(rows)
    assert kept == rows
    assert said == [
        "2 questions on 2 passages, with 2 to 3 options each",
        "1 answer may be the number or the text of an option: taken as its number",
    ]
    assert rows[0].right == "3"


def test_a_choice_from_python_is_read_as_a_file_is():
    assert Choice("谁？", ["女：是我。", "男：好。"], ("我", "他")).passage == "女：是我。\n男：好。"  # ty: ignore[invalid-argument-type]
    with pytest.raises(InputError, match="expected a list of options, found one text"):
        Choice("Who?", "a b c", "abc")  # ty: ignore[invalid-argument-type]
