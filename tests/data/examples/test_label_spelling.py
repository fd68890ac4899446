"""Spellings of labels: whole floats are whole numbers, and what is alike is one where that is asked."""

import pytest

from tests.data.tables import written
from weft.data.examples.label_spelling import one_spelling, spelled
from weft.data.sources import open_table
from weft.tasks.classification import ClassificationConfig
from weft.tasks.multilabel import MultilabelConfig


def labels(path, **settings):
    table = open_table(path)
    config = ClassificationConfig(**settings).resolved(table)
    return config.label_spelling, [example.label for example in config.read(table)]


def file_of(folder, *names, name="a.csv"):
    return written(folder, "text,label\n" + "".join(f"房间 room {n},{label}\n" for n, label in enumerate(names)), name)


def test_whole_numbers_written_as_floats_are_whole_numbers(tmp_path):
    assert labels(file_of(tmp_path, "1.0", "0.0", "1", "-2.00")) == ("whole", ["1", "0", "1", "-2"])
    assert labels(file_of(tmp_path, "1.0", "nan", "2.0")) == ("whole", ["1", "nan", "2"])
    assert labels(file_of(tmp_path, "1", "0")) == ("exact", ["1", "0"])
    assert labels(file_of(tmp_path, "1.0", "1.1", "2.0")) == ("exact", ["1.0", "1.1", "2.0"])
    assert labels(file_of(tmp_path, "1.0", "好"))[1] == ["1.0", "好"]
    assert labels(file_of(tmp_path, "1.0", "0.0"), label_spelling="exact")[1] == ["1.0", "0.0"]


def test_a_further_file_is_read_as_that_of_training(tmp_path):
    config = ClassificationConfig().resolved(open_table(file_of(tmp_path, "1.0", "0.0")))
    other = open_table(file_of(tmp_path, "1", "0", "1.0", name="b.csv"))
    assert [one.label for one in config.for_table(other).read(other)] == ["1", "0", "1"]


@pytest.mark.parametrize(
    ("group", "one"),
    [
        (("pos", "POS", "Pos", " pos ", "ＰＯＳ"), "pos"),
        (("1", "1.0", "True", "TRUE", "１"), "1"),
        (("0", "0.0", "False"), "0"),
        (("Hotel  Room", "hotel room"), "hotel room"),
        (("好评", "好评　"), "好评"),
        (("1.5",), "1.5"),
    ],
)
def test_joined_spellings_are_one(group, one):
    assert {one_spelling(label) for label in group} == {spelled(label, "joined") for label in group} == {one}


def test_joined_labels_are_read_so_in_every_task(tmp_path):
    path = file_of(tmp_path, "pos", "POS", "neg")
    assert labels(path, label_spelling="joined")[1] == ["pos", "pos", "neg"]
    path = file_of(tmp_path, "A|a|B", "b", name="b.csv")
    config = MultilabelConfig(label_separator="|", label_spelling="joined").resolved(open_table(path))
    assert [one.label for one in config.read(open_table(path))] == [("a", "b"), ("b",)]
