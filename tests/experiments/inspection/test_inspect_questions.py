"""What the data doctor finds in questions on passages, English and Chinese ones."""

import json

import pytest

from weft.dataset import DataConfig
from weft.demo.questions import demo_questions, write
from weft.errors import InputError
from weft.experiments.inspection.inspect_questions import inspect_questions
from weft.training.reports import Note


def rows(path, *some):
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in some)
    path.write_text("".join(lines), encoding="utf-8")
    return str(path)


def row(question, context, answer, start=None):
    answers = [] if answer is None else [{"text": answer, **({} if start is None else {"answer_start": start})}]
    return {"question": question, "context": context, "answers": answers}


def findings(train, **others):
    found = inspect_questions(DataConfig(train=train, **others))
    return {one.key: one for one in found if not isinstance(one, Note)}


ADA = "Ada is old, Bob is young."
LI = "李明住在上海，王芳住在北京。"


def test_questions_without_fault_have_no_finding(tmp_path):
    write(tmp_path / "train.jsonl", demo_questions(60, seed=0))
    found = findings(str(tmp_path / "train.jsonl"))
    assert {one.severity for key, one in found.items() if not key.startswith("scripts")} == {"fine"}
    assert found["answers"].table[1][:2] == ("train", "60")


def test_answers_that_are_not_there_and_not_where_said(tmp_path):
    train = rows(
        tmp_path / "train.jsonl",
        row("Who is old?", ADA, "Ada", 0),
        row("Who is young?", ADA, "Bob", 3),
        row("谁住在上海？", LI, "赵磊"),
        row("谁住在北京？", LI, "王芳", 7),
    )
    found = findings(train)
    assert [one.text for one in found["lost"].rows] == ["谁住在上海？"]
    assert found["lost"].severity == "warning"
    assert [(one.text, one.line, one.second) for one in found["moved"].rows] == [("Who is young?", 2, ADA)]


def test_questions_asked_again_and_passages_on_both_sides(tmp_path):
    train = rows(
        tmp_path / "train.jsonl",
        row("Who is old?", ADA, "Ada"),
        row("who is  old?", ADA, "Bob"),
        row("谁住在上海？", LI, "李明"),
        row("谁住在上海？", LI, "李明"),
    )
    test = rows(tmp_path / "test.jsonl", row("谁住在北京？", LI, "王芳"), row("Who sings?", "Eve sings.", "Eve"))
    found = findings(train, test=test)
    assert [one.note for one in found["repeats"].rows] == ["same as line 1, other answers", "same as line 3"]
    assert (found["overlap"].severity, [one.text for one in found["overlap"].rows]) == ("error", ["谁住在北京？"])


def test_no_answer_in_test_alone_is_told(tmp_path):
    train = rows(tmp_path / "train.jsonl", row("Who is old?", ADA, "Ada"), row("谁住在上海？", LI, "李明"))
    test = rows(tmp_path / "test.jsonl", row("Who sings?", ADA, None))
    assert findings(train, test=test)["answers"].severity == "warning"
    assert findings(test)["answers"].severity == "error"


def test_bad_rows_are_listed_and_tags_in_passages_say_what_moves(tmp_path):
    train = rows(
        tmp_path / "train.jsonl",
        row("", ADA, "Ada"),
        row("谁住在上海？", f"<b>{LI}</b>", "李明"),
    )
    found = findings(train)
    assert [one.line for one in found["bad-rows"].rows] == [1]
    assert "answer_start" in found["markup-passage"].fix
    assert "answer_start" not in found["markup-question"].fix


def test_a_file_without_answers_is_refused(tmp_path):
    train = rows(tmp_path / "train.jsonl", {"question": "Who?", "context": ADA})
    with pytest.raises(InputError, match="which column is the answer"):
        findings(train)
