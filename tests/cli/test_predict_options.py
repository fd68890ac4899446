"""`weft predict`: answers that are too unsure are taken away, and answers as csv."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

import weft as package

TEXTS = ["味道很好，还会再来", "cold and late", 'she said "good", 真的', "太贵了\nand cold"]
CALL = [word for text in TEXTS for word in ("--text", text)]


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_answers_below_a_probability_are_rejected(weft, model):
    answers = package.load("model").answer(TEXTS)
    bound = round(float(np.mean(sorted(one.probability for one in answers)[1:3])), 6)
    said = weft("predict", "model", *CALL, "--reject-below", f"{bound:.6f}")
    expected = [one.probability < bound for one in answers]
    assert sum(expected) == 2
    assert [one["rejected"] for one in lines(said.out)] == expected
    assert [one["answer"] for one in lines(said.out)] == [
        None if rejected else one.label for one, rejected in zip(answers, expected, strict=True)
    ]
    assert [one["probability"] for one in lines(said.out)] == [round(one.probability, 6) for one in answers]
    assert said.err == f"rejected 2 of 4 predictions: confidence below {bound:g}\n"


@pytest.mark.parametrize("bound", ["0", "1.5", "-0.2", "nan"])
def test_a_bound_is_a_probability(refused, model, bound):
    refused("predict", "model", "--text", "好", "--reject-below", bound, says=("--reject-below", "above 0 and up to 1"))


@pytest.mark.parametrize("options", [("--format", "csv"), ("--output", "out/answers.csv")])
def test_csv_has_what_lines_have(weft, model, options):
    expected = lines(weft("predict", "model", *CALL).out)
    said = weft("predict", "model", *CALL, *options)
    content = said.out or Path("out/answers.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert [list(row) for row in rows] == [["text", "answer", "probability"]] * 4
    assert [(row["text"], row["answer"], float(row["probability"])) for row in rows] == [
        (one["text"], one["answer"], one["probability"]) for one in expected
    ]


def test_the_format_that_is_asked_for_comes_before_the_name(weft, model):
    weft("predict", "model", *CALL, "--format", "jsonl", "--output", "answers.csv")
    assert len(lines(Path("answers.csv").read_text(encoding="utf-8"))) == 4


def test_a_rejected_answer_is_an_empty_field(weft, model):
    said = weft("predict", "model", "reviews.csv", "--format", "csv", "--reject-below", "1")
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert {(row["answer"], row["rejected"]) for row in rows} == {("", "True")}
    assert [int(row["line"]) for row in rows] == list(range(2, 42))


def test_pairs_from_options_and_from_a_file(weft, train):
    pairs = [("花呗", "huabei", "1"), ("花呗", "card", "0"), ("good", "好", "1"), ("good", "bad", "0")]
    rows = [f"{first} {number},{second} {number},{label}" for number in range(8) for first, second, label in pairs]
    Path("pairs.csv").write_text("\n".join(["问,答,same", *rows]) + "\n", encoding="utf-8")
    said = train("pairs.csv", "--text", "问,答", "--output", "pairs")
    assert said.code == 0, said
    found = lines(weft("predict", "pairs", "--text", "花呗 3", "--second", "card 3").out)
    assert [(one["text"], one["second"]) for one in found] == [("花呗 3", "card 3")]
    of_file = lines(weft("predict", "pairs", "pairs.csv").out)
    assert (of_file[13]["问"], of_file[13]["answer"]) == ("花呗 3", found[0]["answer"])
    assert json.loads(weft("evaluate", "pairs", "pairs.csv", "--json").out)["data"] == "pairs.csv, 32 texts"
    alone = weft("predict", "pairs", "--text", "花呗")
    assert (alone.code, alone.out) == (2, "")
    assert "expected a pair of texts, found one" in alone.err
    uneven = weft("predict", "pairs", "--text", "花呗", "--text", "好", "--second", "b")
    assert (uneven.code, uneven.out) == (2, "")
    assert "there are 2 --text and 1 --second" in uneven.err


def test_answers_of_a_folder_name_their_files(weft, model):
    for label, text in (("neg", "cold and late"), ("pos", "味道很好")):
        Path("texts", label).mkdir(parents=True)
        Path("texts", label, "1.txt").write_text(text, encoding="utf-8")
    found = lines(weft("predict", "model", "texts").out)
    assert [one["file"] for one in found] == ["texts/neg/1.txt", "texts/pos/1.txt"]
    assert not any("line" in one for one in found)


def test_columns_that_nobody_named_are_not_told(weft, train):
    Path("renamed.csv").write_text(Path("reviews.csv").read_text().replace("text,label", "评论,label"), "utf-8")
    assert train("renamed.csv", "--output", "renamed").code == 0
    Path("corpus.txt").write_text("味道很好\ncold and late\n", encoding="utf-8")
    assert weft("predict", "renamed", "corpus.txt").err == weft("predict", "renamed", typed="好 good\n").err == ""
    assert "(in training it was `评论`)" in weft("predict", "renamed", "reviews.csv").err
    Path("marked.txt").write_text("__label__a 好 good\n__label__b cold 太贵\n" * 20, encoding="utf-8")
    assert "guessed" not in train("marked.txt", "--output", "marked").err


BLANKS = "\n味道很好\n　\ncold and late\n\n"


@pytest.mark.parametrize("options", [(), ("--on-bad-row", "skip")])
def test_an_empty_line_has_an_empty_answer_in_its_place(weft, model, monkeypatch, options):
    monkeypatch.setattr("weft.cli.inputs.CHUNK", 2)
    said = weft("predict", "model", *options, typed=BLANKS)
    rows = lines(said.out)
    assert [row["line"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["text"] for row in rows] == [None, "味道很好", None, "cold and late", None]
    assert [row["answer"] is None for row in rows] == [True, False, True, False, True]
    assert len({tuple(row) for row in rows}) == 1
    many = "3 lines are empty, this is the first; each has an empty answer (--on-bad-row stop refuses it)"
    assert said.err == f"standard input:1: {many}\n"
    Path("新.txt").write_text(BLANKS, encoding="utf-8")
    assert weft("predict", "model", "新.txt", *options).out == said.out


def test_an_empty_line_is_an_empty_row_of_csv_and_is_not_rejected(weft, model):
    said = weft("predict", "model", "--format", "csv", "--reject-below", "1", typed=BLANKS)
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [row["line"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert [row["text"] for row in rows] == ["", "味道很好", "", "cold and late", ""]
    assert [row["rejected"] for row in rows] == ["False", "True", "False", "True", "False"]
    assert "rejected 2 of 2 predictions" in said.err


def test_an_empty_line_can_stop(refused, weft, model):
    Path("new.txt").write_text("好\n\n", encoding="utf-8")
    refused("predict", "model", "new.txt", "--on-bad-row", "stop", says=("new.txt:2: text is empty",))
    table = weft("predict", "model", "reviews.csv", "--on-bad-row", "skip")
    assert len(lines(table.out)) == 40


def test_texts_of_which_the_model_knows_nothing_are_said(weft, model):
    said = weft("predict", "model", "--text", "ωψφ ξζ", "--text", "the soup was good")
    assert said.code == 0
    assert len(said.out.splitlines()) == 2
    assert said.err.startswith("1 text of which the model knows no word:")
    assert weft("predict", "model", "--text", "the soup was good").err == ""
