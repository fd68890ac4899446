"""Columns beside a text on the command line: what is missing, unseen or misnamed is told, with what mends it."""

import contextlib
import json
import re
import shutil
from pathlib import Path

import pytest

import weft as package
from tests.cli.conftest import write_csv
from weft.config import validated

HEADER = "text,price,brand,label"
ROWS = [
    (f"{text} {number}", str(number * 7 % 30), brand, "yes" if number * 7 % 30 > 15 else "no")
    for number in range(20)
    for text, brand in (("a good soup", "Lumo"), ("味道很好", "云杉"))
]
TABLE = {"kind": "tabular", "numbers": ["price"], "categories": ["brand"]}
BESIDE = {"text": "text", "numbers": ["price"], "categories": ["brand"], "encoder": "bag"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two models of a moment's training: `beside` reads a text and two columns, `alone` the columns."""
    place = tmp_path_factory.mktemp("priced")
    with contextlib.chdir(place):
        write_csv(ROWS, "priced.csv", HEADER)
        for name, task in (("beside", BESIDE), ("alone", {"inputs": [TABLE]})):
            settings = {"data": {"train": "priced.csv"}, "task": {"label": "label", **task}}
            settings |= {"training": {"epochs": 1}, "device": "cpu"}
            for _ in package.train(validated(package.RunConfig, settings), name):
                pass
    return place


@pytest.fixture
def model(folders):
    """A copy of the model that reads a text and columns, and the file that it learned from, `priced.csv`."""
    shutil.copy(folders / "priced.csv", ".")
    return str(shutil.copytree(folders / "beside", "beside"))


@pytest.fixture
def alone(folders):
    """A copy of the model that reads columns alone, and the file that it learned from, `priced.csv`."""
    shutil.copy(folders / "priced.csv", ".")
    return str(shutil.copytree(folders / "alone", "alone"))


def test_evaluating_counts_what_is_missing_or_unseen(model, weft):
    write_csv([("good", "", "Lumo", "yes"), ("很好", "3", "Brin", "no")], "test.csv", HEADER)
    said = weft("evaluate", model, "test.csv").err
    assert "test.csv: missing, of 2 rows: `price` 1" in said
    assert "test.csv: not known from training (2 rows of it at least), of 2 rows: `brand` 1" in said


def test_a_column_of_numbers_or_categories_is_not_guessed_to_be_the_text(model, weft):
    write_csv([("Lumo", "3"), ("云杉", "5")], "no_text.csv", "brand,price")
    said = weft("predict", model, "no_text.csv")
    assert "there is no column `text`, which was read in training, among `brand`, `price`" in said.err
    assert "hint: pass --column NAME" in said.err
    write_csv([("Lumo", "3", "good"), ("云杉", "5", "很好")], "other.csv", "brand,price,words")
    said = weft("predict", model, "other.csv")
    assert (said.code, len(said.out.splitlines())) == (0, 2)
    assert "text from column `words`" in said.err


def test_a_model_of_columns_alone_has_its_columns_on_its_page_and_a_file_as_the_next_step(weft, alone):
    inputs = "task.inputs=[{kind: tabular, numbers: [price], categories: [brand]}]"
    said = weft("train", "priced.csv", "--set", inputs, "--set", "training.epochs=1", "--output", "again")
    assert "next: weft predict again FILE" in said.out + said.err
    page = (Path("again") / "page.html").read_text(encoding="utf-8")
    assert '<th scope="col">Columns</th>' in page
    assert re.search(r"price: \d+ \| brand: (Lumo|云杉)<", page)
    (record, *_) = weft("predict", alone, "priced.csv").out.splitlines()
    assert {name: json.loads(record)[name] for name in ("price", "brand")} == {"price": "0", "brand": "Lumo"}


def test_a_file_without_a_text_is_told_of_inputs_alone(weft, alone):
    del alone
    rows = [(price, brand, label) for _, price, brand, label in ROWS]
    write_csv(rows, "columns.csv", "price,brand,label")
    said = weft("train", "columns.csv", "--numbers", "price", "--categories", "brand").err
    hint = re.search(r'pass --set "(task.inputs=[^"]*)"', said)
    assert hint, said
    assert weft("train", "columns.csv", "--set", hint[1], "--set", "training.epochs=1").code == 0


def test_a_student_of_columns_alone_is_no_encoder_of_texts(weft, alone):
    for arguments in (("--student", "bag"), ()):
        said = weft("distil", alone, *arguments)
        assert (said.code, said.out) == (2, "")
        assert "encodes texts, and this model reads no text but columns: `price`, `brand`" in said.err
    small = "{kind: tabular, numbers: [price], categories: [brand], encoder: {width: 4}}"
    Path("small.yaml").write_text(f"task: {{inputs: [{small}]}}\ntraining: {{epochs: 1}}\n", encoding="utf-8")
    assert weft("distil", alone, "--student", "small.yaml", "--output", "taught").code == 0
    assert package.load("taught/student").task.config.inputs[0].encoder.width == 4


def test_the_hint_of_a_bad_number_lists_all_of_them(weft):
    rows = [(f"{text}{'，' * place}", "cheap" if place in (3, 7) else price, brand, label)
            for place, (text, price, brand, label) in enumerate(ROWS)]  # fmt: skip
    write_csv(rows, "odd.csv", HEADER)
    said = weft("train", "odd.csv", "--numbers", "price", "--categories", "brand").err
    assert "odd.csv:5: expected a number, found `cheap`" in said
    command = re.search(r"weft (inspect .*) lists all of them", said)
    assert command, said
    weft(*command[1].split(), "--no-label-errors", "--output", "found")
    (bad,) = [one for one in json.loads(Path("found/inspection.json").read_text(encoding="utf-8"))["findings"]
              if one["key"] == "bad-rows"]  # fmt: skip
    assert [(row["line"], row["note"]) for row in bad["rows"]] == [
        (5, "expected a number, found `cheap`"), (9, "expected a number, found `cheap`")
    ]  # fmt: skip
    assert "has no such option" in weft("inspect", "odd.csv", "--task", "question_answering", "--numbers", "price").err


def test_settings_of_columns_that_are_wrong_are_named(alone, weft):
    del alone

    def said(*arguments):
        return weft("train", "priced.csv", *arguments).err

    twice = "the column `price` is named twice, among numbers and categories"
    assert said("--numbers", "price,price") == f"weft: task: {twice}\n"
    assert twice in said("--numbers", "price", "--categories", "brand,price")
    assert "did you mean `brand`?" in said("--categories", "brnad")
    kinds = "task.fusion.kind: expected `auto`, `concatenated`, `gated` or `product`, found `foo`"
    assert kinds in said("--numbers", "price", "--set", "task.fusion=foo")
    gated = ("--set", "task.fusion=gated", "--set", "training.epochs=1", "--encoder", "bag", "--output", "gated")
    assert weft("train", "priced.csv", "--numbers", "price, ", *gated).code == 0
    assert package.load("gated").task.config.fusion.kind == "gated"


def test_comparing_and_distilling_take_the_columns_that_training_takes(model, weft):
    beside = ("--numbers", "price", "--categories", "brand", "--set", "training.epochs=1", "--quiet")
    assert weft("compare", "priced.csv", "--encoders", "bag", "--folds", "2", "--output", "compared", *beside).code == 0
    (settings, *_) = [path.read_text(encoding="utf-8") for path in Path("compared").rglob("*.yaml")]
    assert re.search(r"numbers:\n *- price\n *categories:\n *- brand", settings)
    said = weft("distil", model, "--student", "bag", *beside[:2], *beside[4:], "--alone", "skip", "--output", "taught")
    assert said.code == 0, said.err
    assert package.load("taught/student").task.config.numbers == ("price",)


def test_a_file_whose_rows_are_all_bad_is_an_error_that_lists_them(model, weft):
    write_csv([("", "3", "Lumo"), ("很好", "cheap", "Lumo")], "bad.csv", "text,price,brand")
    said = weft("predict", model, "bad.csv", "--on-bad-row", "skip", "--output", "answers.csv")
    assert said.code == 2
    assert said.err.splitlines() == [
        "left out bad.csv:2: text is empty",
        "left out bad.csv:3: expected a number, found `cheap`",
        "weft: bad.csv: no row is left to answer",
    ]
    assert not Path("answers.csv").exists()


def test_a_file_that_lacks_a_column_is_told_how_to_be_answered(model, weft):
    write_csv([("soup 汤", "red")], "lacking.csv", "text,brand")
    said = weft("predict", model, "lacking.csv").err
    assert "there is no column `price`" in said
    assert "hint: add the column: empty fields are read as missing" in said


def test_a_training_file_whose_rows_are_all_bad_is_an_error_that_says_why(weft):
    write_csv([(f"很好 {row}", "cheap", "pos") for row in range(3)], "bad.csv", "text,price,label")
    said = weft("train", "bad.csv", "--numbers", "price", "--on-bad-row", "skip").err
    assert (
        "bad.csv: no row is left to read, since all 3 are bad, as bad.csv:2: expected a number, found `cheap`" in said
    )


def test_a_further_text_without_a_column_is_named_in_the_settings(weft):
    rows = [(f"soup {row}", f"a fine {row}", str(row % 2)) for row in range(20)]
    write_csv(rows, "two.csv", "first,other,label")
    said = weft("train", "two.csv", "--text", "first", "--set", "task.inputs=[{kind: text}]").err
    assert "cannot tell which column is the text among `first`, `other`, `label`" in said
    assert "hint: name it in task.inputs, as {kind: text, column: NAME}\n" in said
    assert "--column" not in said


def test_a_column_of_categories_is_not_guessed_to_be_the_label(weft):
    write_csv([(f"soup {row}", f"{row % 3}", f"{row % 2}") for row in range(20)], "a.csv", "text,category,good")
    said = weft("train", "a.csv", "--categories", "category", "--encoder", "bag", "--set", "training.epochs=1")
    assert "label from column `good`" in said.err + said.out


def test_plain_texts_are_answered_with_their_columns_missing_and_say_so_once(model, alone, weft):
    Path("plain.txt").write_text("good\n\n很好\n", encoding="utf-8")
    told = "`price`, `brand` are read as missing: plain texts have no further columns\n"
    ways = [
        weft("predict", model, "--text", "good", "--text", "很好"),
        weft("predict", model, typed="good\n很好\n"),
        weft("predict", model, "plain.txt"),
    ]
    found = [[json.loads(line) for line in said.out.splitlines()] for said in ways]
    answers = [[one["probabilities"] for one in rows if one["answer"]] for rows in found]
    assert answers[0] == answers[1] == answers[2]
    assert [said.err.count(told) for said in ways] == [1, 1, 1]
    for said in (weft("predict", alone, "plain.txt"), weft("predict", alone, "--text", "good")):
        assert (said.code, said.out) == (2, "")
        assert "this model reads no text, but columns: `price`, `brand`" in said.err
    Path("labelled.txt").write_text("__label__yes good\n__label__no 一般\n", encoding="utf-8")
    assert "no column `price` among `label`, `text`" in weft("train", "labelled.txt", "--numbers", "price").err


def test_texts_without_labels_may_be_plain_lines_for_a_student_of_columns_too(model, weft):
    Path("plain.txt").write_text("a fine soup\n味道一般\n", encoding="utf-8")
    said = weft("distil", model, "--student", "bag", "--unlabelled", "plain.txt", "--set", "training.epochs=1")
    assert "plain.txt: `price`, `brand` are read as missing" in said.err + said.out
