"""`weft answer`, and the other verbs on questions."""

import contextlib
import json
import shutil
from pathlib import Path

import pytest

import weft as package
from weft.cli.answer import shown
from weft.config import validated
from weft.demo.questions import demo_questions, write
from weft.tasks.span_answers import Found, SpanAnswer

TINY = {"encoder": {"kind": "gru", "width": 8, "hidden": 6}, "span": {"hidden": 6}}
PASSAGE = "Anna lives in Oslo.\n李明住在上海。\n"


@pytest.fixture(scope="session")
def asked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("asked")
    settings = {"data": {"train": "qa.jsonl"}, "task": {"kind": "question_answering", **TINY}, "device": "cpu"}
    with contextlib.chdir(folder):
        write(Path("qa.jsonl"), demo_questions(60))
        config = validated(package.RunConfig, {**settings, "training": {"epochs": 1}})
        for _ in package.train(config, "model"):
            pass
    return folder / "model"


@pytest.fixture
def reader(asked):
    """A copy of a model that was trained for a moment, `reader`, with a passage and some questions beside it."""
    Path("passage.txt").write_text(PASSAGE, encoding="utf-8")
    write(Path("qa.jsonl"), demo_questions(12, seed=1))
    return shutil.copytree(asked, Path("reader"))


def test_an_answer_is_shown_in_its_place(weft, reader):
    said = weft("answer", str(reader), "--passage", "passage.txt", "--question", "Where does Anna live?")
    assert said.code == 0, said.err
    assert "confidence" in said.out
    said = weft("answer", "reader", "--passage", "passage.txt", "--question", "谁？", "--question", "Who?", "--json")
    for line in said.out.splitlines():
        found = json.loads(line)
        assert found["answer"] == PASSAGE[found["start"] : found["end"]]
        assert found["alternatives"]


def test_an_answer_is_marked_where_it_stands():
    given = SpanAnswer("Oslo", 14, 18, 0.6, 0.1, ())
    assert str(shown(given, PASSAGE, marked=False)).splitlines()[1] == "  Anna lives in [Oslo]. 李明住在上海。 "
    assert str(shown(given, PASSAGE, marked=True)).splitlines()[1] == "  Anna lives in Oslo. 李明住在上海。 "
    none = SpanAnswer("", 0, 0, 0.9, 0.9, (Found("Oslo.\n李明", 14, 22, 0.1),))
    assert str(shown(none, PASSAGE, marked=False)) == "not in the text  (confidence 90%; best candidate `Oslo. 李明`)"


def test_from_which_confidence_there_is_an_answer_is_said_at_asking(weft, reader):
    ask = ("answer", "reader", "--passage", "passage.txt", "--question", "Where does Anna live?")
    (never,), (always,) = (weft(*ask, "--no-answer-below", least).out.splitlines()[:1] for least in ("1", "0"))
    assert never.startswith("not in the text  (confidence ")
    assert not always.startswith("not in the text")
    sure = [float(line.split("confidence ")[1].split("%")[0]) for line in (never, always)]
    assert sum(sure) == pytest.approx(100, abs=1)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            ("answer", "reader", "--passage", "Anna lives in Oslo.", "--question", "Who?"),
            "expected a file, found `Anna",
        ),
        (("predict", "reader", "--text", "Who?"), "the passage is missing"),
    ],
)
def test_a_passage_that_is_not_there_is_told(refused, reader, call, says):
    refused(*call, says=(says,))


def test_questions_are_asked_for_where_none_is_given(weft, reader):
    said = weft("answer", str(reader), "--passage", "passage.txt", typed="李明住在哪里？\nWho?\n\n")
    assert said.code == 0
    assert said.out.count("confidence") >= 2


def test_the_passage_can_come_from_standard_input(weft, reader):
    said = weft("answer", str(reader), "--passage", "-", "--question", "Who?", "--json", typed=PASSAGE)
    assert said.code == 0
    assert json.loads(said.out)["question"] == "Who?"


def test_a_file_is_evaluated_and_predicted(weft, reader):
    kinds = weft("evaluate", str(reader), "qa.jsonl").out
    assert "with an answer" in kinds
    assert "unanswerable" in kinds
    said = weft("evaluate", str(reader), "qa.jsonl", "--json")
    assert said.code == 0, said.err
    assert set(json.loads(said.out)["scores"]) == {"exact_match", "f1"}
    said = weft("predict", str(reader), "qa.jsonl")
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert len(rows) == 12
    assert all(row["answer"] == row["passage"][row["start"] : row["end"]] for row in rows)
    said = weft("predict", str(reader), "--text", "Who?", "--second", "Anna did.")
    assert json.loads(said.out)["passage"] == "Anna did."


def test_the_page_shows_answers_in_their_passages(reader):
    page = (reader / "page.html").read_text(encoding="utf-8")
    assert "<mark" in page
    assert "Exact match" in page


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["reader", "--passage", "nowhere.txt", "--question", "Who?"], "nowhere.txt"),
        (["reader", "--passage", "passage.txt", "--question", " "], "question is empty"),
        (["reader", "--passage", "-"], "standard input is the passage"),
        (["reader", "--question", "Who?"], "--passage"),
        (["nowhere", "--passage", "passage.txt", "--question", "Who?"], "no such folder"),
    ],
)
def test_mistakes_are_told(refused, reader, arguments, says):
    refused("answer", *arguments, says=(says,))


def test_a_classifier_answers_no_questions(refused, model):
    Path("passage.txt").write_text(PASSAGE, encoding="utf-8")
    refused(
        "answer", "model", "--passage", "passage.txt", "--question", "Who?", says=("finds no answers in a passage",)
    )


def test_a_broken_file_is_named_with_its_line(refused):
    rows = ['{"question": "Who?", "context": "Ada.", "answers": ["Ada"]}', '{"question": "", "context": "Ada."}']
    Path("broken.jsonl").write_text("\n".join(rows), encoding="utf-8")
    options = ("--task", "question_answering", "--encoder", "cnn")
    refused("train", "broken.jsonl", *options, says=("broken.jsonl: 1 of 2 rows has no question", "line 2\n"))


def test_piped_questions_are_all_answered_and_none_is_asked_for(weft, reader):
    said = weft("answer", str(reader), "--passage", "passage.txt", typed="李明住在哪里？\n\nWho?\n")
    assert said.out.count("confidence") >= 2
    assert "question:" not in said.out + said.err
