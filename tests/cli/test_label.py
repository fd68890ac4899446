"""`weft label` and `weft train --unlabelled`: files, round trips, mistakes in one grammar."""

import csv
from pathlib import Path

import pytest

from weft.files import read_json

SAID = ("the soup was good", "太贵了，不好吃", "a new place", "还行吧")
MANY = [f"{text}，{number}号" for number in range(20, 26) for text in SAID]


@pytest.fixture(autouse=True)
def _many(_here):
    Path("many.txt").write_text("\n".join([*MANY, "the soup was good 3"]) + "\n", encoding="utf-8")


def rows(name: str) -> list[dict[str, str]]:
    with Path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_proposed_rows_are_filled_in_and_learned_from(weft, model, train):
    said = weft("label", "model", "many.txt", "--count", "6", "--output", "to_label.csv")
    assert (said.code, said.out) == (0, "")
    assert "1 text is labelled or scored on already: left out" in said.err
    assert "fill in `label`, then weft train reviews.csv,to_label.csv --on-bad-row skip, with the opt" in said.err
    found = rows("to_label.csv")
    assert list(found[0]) == ["text", "label", "proposed", "confidence"]
    assert {one["text"] for one in found} <= set(MANY)
    assert {one["proposed"] for one in found} <= {"pos", "neg"}
    assert all(one["label"] == "" and 0.5 <= float(one["confidence"]) <= 1 for one in found)
    with Path("filled.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]))
        writer.writeheader()
        writer.writerows({**one, "label": "pos" if at < 4 else ""} for at, one in enumerate(found))
    again = train("reviews.csv,filled.csv", "--on-bad-row", "skip", "--output", "more")
    assert "left out filled.csv:6: label is empty\nleft out filled.csv:7: label is empty\n" in again.err
    assert "44 rows" in again.err


def test_a_first_set_without_a_model(weft):
    said = weft("label", "many.txt", "--count", "3", "--labelled", "reviews.csv")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "text,label"
    assert len(lines) == 4
    assert weft("label", "many.txt", "--count", "3", "--labelled", "reviews.csv").out == said.out


def test_mistakes_are_told(weft, model, refused):
    refused("label", "model", says=("is a run, and the file of texts is missing", "weft label model texts.txt"))
    refused("label", "a", "b", "c", says=("found 3 names",))
    refused("label", "model", "none.txt", says=("there is no such file",))
    refused("label", "nowhere", "many.txt", says=("there is no such folder",))
    refused("label", "model", "reviews.csv", says=("no text is left to be labelled",))
    refused("label", "many.txt", "--count", "0", says=("count",))
    refused("label", "many.txt", "--output", "reviews.csv", says=("is there already", "--overwrite"))


def test_unlabelled_texts_on_the_command_line(weft, train):
    said = train("reviews.csv", "--unlabelled", "many.txt", "--encoder", "cnn", "--output", "run")
    assert said.code == 0
    found = read_json(Path("run/scores.json"))["self_training"]
    assert found["unlabelled"] == 24
    assert found["said"] in said.err
    assert weft("evaluate", "run", "reviews.csv").code == 0
    train("--labelled=reviews.csv", "--unlabelled", "many.txt", "--encoder", "cnn", "--output", "again")
    assert Path("again/answers.jsonl").read_bytes() == Path("run/answers.jsonl").read_bytes()


def test_mistakes_with_unlabelled_texts_are_told(refused):
    refused("train", "--unlabelled=many.txt", says=("missing argument `SOURCE",))
    refused("train", "--labelled=no.csv", "--unlabelled", "many.txt", says=("no.csv: there is no such file",))
    refused("train", "reviews.csv", "--unlabelled", "none.txt", says=("none.txt: there is no such file",))
    refused("train", "reviews.csv", "--unlabelled", "reviews.csv", says=("no unlabelled text is left",))
    refused("train", "reviews.csv", "--unlabelled", "many.txt", "--learning-curve", says=("--learning-curve",))
    refused("train", "reviews.csv", "--unlabelled", "many.txt", "--value", "label", says=("self_training",))
