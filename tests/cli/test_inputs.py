"""Inputs of answering: sides of training as plain lines, texts that a model cannot read, records of one form."""

import gzip
import json
from pathlib import Path

import pytest

STRANGE = "the model has never seen `☃`, so it cannot continue from it"
EMPTY = f"春.txt:2: {STRANGE}: it has an empty answer\n"


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_side_of_training_is_read_as_plain_lines(weft, translator, refused):
    text = "he sees 3 cats\n\nhe sees 4 dogs\n"
    Path("test.en").write_text(text, encoding="utf-8")
    Path("test.en.gz").write_bytes(gzip.compress(text.encode()))
    Path("test.zh").write_text("他看见3只猫\n他\n他\n", encoding="utf-8")
    expected = weft("generate", "translator", typed=text).out
    for name in ("test.en", "test.en.gz", "test.en,test.zh"):
        assert weft("generate", "translator", name).out == expected, name
    assert [one["line"] for one in lines(weft("predict", "translator", "test.en").out)] == [1, 2, 3]
    says = ("its name ends in `.zh`", "plain lines end in .txt", "named together, as in train.de,train.en")
    refused("generate", "translator", "test.zh", says=says)
    refused("evaluate", "translator", "test.en", says=("its name ends in `.en`", *says[1:]))


@pytest.mark.parametrize("verb", ["generate", "predict"])
def test_a_text_that_cannot_be_read_is_named_or_left_blank(weft, poet, refused, verb):
    Path("春.txt").write_text("春\n春☃\n眠\n", encoding="utf-8")
    refused(verb, "poet", "春.txt", says=(f"春.txt:2: {STRANGE}", "--on-bad-row skip to leave its answer empty"))
    refused(verb, "poet", "--text", "春", "--text", "☃", says=(f"--text 2: {STRANGE}", "every character\n"))
    said = weft(verb, "poet", "春.txt", "--on-bad-row", "skip", *(("--json",) if verb == "generate" else ()))
    assert (said.code, said.err) == (0, EMPTY)
    assert [(one["line"], one["answer"] is None) for one in lines(said.out)] == [(1, False), (2, True), (3, False)]


def test_a_text_that_cannot_be_read_is_left_blank_in_a_stream_too(weft, poet):
    Path("春.txt").write_text("春\n春☃\n眠\n", encoding="utf-8")
    call = ("generate", "poet", "春.txt", "--stream", "--greedy", "--max-length", "1")
    assert f"春.txt:2: {STRANGE}" in weft(*call).err
    said = weft(*call, "--on-bad-row", "skip")
    assert (said.code, said.err) == (0, EMPTY)


def test_generate_and_predict_give_one_record(weft, translator, poet):
    for folder in ("translator", "poet"):
        call = (folder, "--text", "3", "--greedy")
        given = weft("generate", *call, "--json").out
        assert given == weft("predict", *call).out
        assert lines(given)[0]["alternatives"] == []


def test_a_language_model_takes_no_strange_column(refused, poet):
    Path("books.csv").write_text("title,review\n春,眠\n", encoding="utf-8")
    says = "books.csv: there is no column `poem`, as in training, among `title`, `review`"
    refused("evaluate", "poet", "books.csv", says=(says, "read: --text NAME"))
    refused("generate", "poet", "books.csv", says=(says, "read: --column NAME"))


def test_a_folder_of_texts_or_with_parts_is_answered(weft, model):
    texts = {"train/好评/1": "很好", "test/好评/1": "好", "test/差评/2": "bad\nbad", "new/1": "good", "new/2": "差"}
    for place, text in texts.items():
        path = Path("set") / f"{place}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    flat = weft("predict", str(model), "set/new")
    assert flat.err.splitlines()[0] == "set/new: each of its 2 files is read as a text"
    assert [one["file"] for one in lines(flat.out)] == ["set/new/1.txt", "set/new/2.txt"]
    parts = weft("predict", str(model), "set")
    assert parts.err.splitlines()[0] == "set: of its parts set/test is read (test)"
    assert {one["text"] for one in lines(parts.out)} == {"好", "bad\nbad"}
