import json

import pytest

from weft.data.examples.roles import find_roles
from weft.data.examples.span_questions import ROLES, Question, learnable, questions_of
from weft.data.formats.squad import Span
from weft.data.sources import open_table
from weft.errors import InputError
from weft.tasks.choices import implied
from weft.tasks.question_answering import QuestionAnsweringConfig

ROWS = [
    {"id": "1", "question": "谁发明了活字？", "context": "毕昇发明了活字。", "answers": [{"text": "毕昇", "start": 0}]},
    {"id": "2", "question": "Who?", "context": "Ada was first. Ada!", "answers": [{"text": "Ada", "start": 14}]},
    {"id": "3", "question": "Who?", "context": "Nobody.", "answers": []},
    {"id": "4", "question": "Where?", "context": "Here.", "answers": [{"text": "there", "start": 0}]},
]


def table_of(tmp_path, rows, name="qa.jsonl"):
    path = tmp_path / name
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return open_table(path)


def read(table, *, answering=False, **named):
    found = find_roles(table, ROLES, named=named, answering=answering)
    return list(questions_of(table, columns=found["text"], label=found.get("label", (None,))[0]))


def test_flat_rows_become_questions(tmp_path):
    first, second, none, lost = read(table_of(tmp_path, ROWS))
    assert first == Question("谁发明了活字？", "毕昇发明了活字。", (Span("毕昇", 0),))
    assert (second.answers, second.moved) == ((Span("Ada", 15),), 1)
    assert (none.answers, none.right) == ((), [])
    assert (lost.answers, lost.unplaced, lost.right) == ((), ("there",), ["there"])


def test_what_cannot_be_learned_is_left_out_and_counted(tmp_path):
    kept, said = learnable(read(table_of(tmp_path, ROWS)))
    assert [one.id for one in kept] == ["1", "2", "3"]
    assert said[0].startswith("1 answer not at its `answer_start`")
    assert said[1].startswith("1 question skipped")
    assert said[2] == "3 questions on 3 passages, 1 unanswerable"


def test_an_impossible_question_has_no_answer(tmp_path):
    rows = [{**ROWS[2], "is_impossible": True}, {"question": "谁？", "context": "无人。", "is_impossible": True}]
    assert [one.answers for one in read(table_of(tmp_path, rows))] == [(), ()]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({**ROWS[0], "is_impossible": True}, "`is_impossible` is true, and there is an answer"),
        ({**ROWS[2], "is_impossible": False}, "`is_impossible` is false, and there is no answer"),
        ({"id": "5", "question": "谁？", "context": "毕昇。", "answer_text": "毕昇"}, "has no `answers`"),
    ],
)
def test_a_question_whose_answers_cannot_be_told_is_refused(tmp_path, row, said):
    with pytest.raises(InputError, match=said):
        read(table_of(tmp_path, [ROWS[0], row]))


def test_blanks_around_an_answer_do_not_move_it(tmp_path):
    rows = [
        {**ROWS[0], "answers": [{"text": "毕昇 ", "start": 0}]},
        {**ROWS[1], "answers": [{"text": " Ada", "start": 14}]},
    ]
    assert [(one.answers, one.moved) for one in read(table_of(tmp_path, rows))] == [
        ((Span("毕昇", 0),), 0),
        ((Span("Ada", 15),), 0),
    ]


def test_a_table_of_plain_fields_is_read_too(tmp_path):
    path = tmp_path / "qa.csv"
    path.write_text("query,passage,answer,answer_start\nWho?,Ada or Ada,Ada,7\n谁？,毕昇,,\n", encoding="utf-8")
    one, none = read(open_table(path))
    assert (one.answers, none.answers) == ((Span("Ada", 7),), ())


def test_an_empty_passage_is_refused_with_its_line(tmp_path):
    table = table_of(tmp_path, [ROWS[0], {**ROWS[1], "context": " "}])
    with pytest.raises(InputError, match="context is empty") as caught:
        read(table)
    assert caught.value.where.endswith(":2")


def test_a_broken_answer_is_refused_with_its_line(tmp_path):
    with pytest.raises(InputError, match="question `2`: expected an answer") as caught:
        read(table_of(tmp_path, [ROWS[0], {**ROWS[1], "answers": [{"start": 3}]}]))
    assert caught.value.where.endswith(":2")


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({"text": "question"}, "is one column"),
        ({"text": "question,nowhere"}, "there is no column `nowhere`"),
        ({"label": "nowhere"}, "there is no column `nowhere`"),
    ],
)
def test_a_column_that_is_not_there_is_named(tmp_path, named, says):
    with pytest.raises(InputError, match=says):
        read(table_of(tmp_path, ROWS), **named)


def test_columns_of_odd_names_are_asked_for(tmp_path):
    table = table_of(tmp_path, [{"q": "x", "p": "y"}])
    with pytest.raises(InputError, match="cannot tell which column is the question"):
        read(table)
    assert read(table, text="q,p", answering=True) == [Question("x", "y")]


def test_questions_on_one_passage_are_known_by_it():
    one, other = Question("a", "p", (Span("p", 0),)), Question("b", "p", ())
    assert one.whole == other.whole
    assert one.label != other.label


@pytest.mark.parametrize(
    "names", [("原文", "提问", "答案"), ("文章", "问题", "答案"), ("context", "question", "answer")]
)
def test_answers_that_stand_in_their_passages_imply_the_task(tmp_path, names):
    passages = [f"Ada{n} was born in 18{n}0. 李明{n}住在上海。" for n in range(8)]
    rows = [[passage, "When, 何时?", f"18{n}0"] for n, passage in enumerate(passages)]
    path = tmp_path / "qa.csv"
    path.write_text(
        "\n".join(map(",".join, [names, *([one, "When?", said] for one, _, said in rows)])), encoding="utf-8"
    )
    table = open_table(path)
    assert implied((), table=table) is QuestionAnsweringConfig
    assert QuestionAnsweringConfig().resolved(table).text == (names[1], names[0])
    path.write_text("\n".join(map(",".join, [names, *([one, "Is it?", "是"] for one, _, _ in rows)])), encoding="utf-8")
    assert implied((), table=open_table(path)) is not QuestionAnsweringConfig
