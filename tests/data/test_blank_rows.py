"""Rows without a text or a right answer: left out and told, unless they are many."""

import pytest

from weft.data.blank_rows import BlankField, blank_notes, check_few
from weft.data.sources import open_table
from weft.dataset import DataConfig, read
from weft.errors import InputError
from weft.tasks.classification import ClassificationConfig
from weft.tasks.regression import RegressionConfig
from weft.tasks.seq2seq import Seq2SeqConfig

ROWS = ["味道很好,pos", "cold and late,neg", "太贵了,neg", "the soup was good,pos"] * 3


def written(path, header, rows):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return str(path)


def test_rows_without_a_text_or_a_label_are_left_out_and_told(tmp_path):
    rows = [*ROWS, " ,pos", "好吃,", "\u3000,neg", ",", *[",neg"] * 5]
    train = written(tmp_path / "a.csv", "text,label", rows)
    dev = written(tmp_path / "dev.csv", "text,label", [*ROWS, "好,"])
    found = read(DataConfig(train=train, dev=dev), ClassificationConfig(), seed=1)
    assert (len(found.train), len(found.dev)) == (12, 12)
    assert f"{train}: 7 of 20 rows have no text and are left out: lines 14, 16, 18, 19, 20, ..." in found.notes
    assert f"{train}: 1 of 20 rows has no label and is left out: line 15" in found.notes
    assert f"{dev}: 1 of 13 rows has no label and is left out: line 14" in found.notes


@pytest.mark.parametrize(
    ("task", "header", "row", "blank", "name"),
    [
        (RegressionConfig(), "text,value", "好,1.5", "bad,", "value"),
        (Seq2SeqConfig(), "source,target", "good,好", "bad, ", "target"),
        (ClassificationConfig(text=["a", "b"], label="c"), "a,b,c", "好,good,1", "好, ,0", "text"),
    ],
    ids=["value", "target", "second text"],
)
def test_half_of_the_rows_is_an_error_that_names_other_columns(tmp_path, task, header, row, blank, name):
    several = [f"{row}{number}" for number in range(3)]
    path = written(tmp_path / "a.csv", f"{header},more", [f"{one},m" for one in [*several, blank, blank]])
    notes = read(DataConfig(train=path, dev=path), task.model_copy(), seed=1).notes
    assert f"{path}: 2 of 5 rows have no {name} and are left out: lines 5, 6" in notes
    written(tmp_path / "a.csv", f"{header},more", [f"{one},m" for one in [*several, *[blank] * 3]])
    with pytest.raises(InputError, match=rf"a\.csv: 3 of 6 rows have no {name}.*, the first is line 5") as caught:
        read(DataConfig(train=path, dev=path), task.model_copy(), seed=1)
    assert "more), or pass --on-bad-row skip" in caught.value.hint
    skipped = read(DataConfig(train=path, dev=path, on_bad_row="skip"), task.model_copy(), seed=1)
    assert len(skipped.train) == 3


def test_by_hand_a_blank_row_stops_and_a_malformed_one_always_does(tmp_path):
    train = written(tmp_path / "a.csv", "text,label", [*ROWS, ",pos"])
    with pytest.raises(InputError, match=r"a\.csv:14: text is empty"):
        read(DataConfig(train=train, on_bad_row="stop"), ClassificationConfig(), seed=1)
    written(tmp_path / "a.csv", "text,label", [*ROWS, ",pos", "a,b,c"])
    with pytest.raises(InputError, match=r"a\.csv:15: has 3 fields"):
        read(DataConfig(train=train), ClassificationConfig(), seed=1)


def test_rows_of_several_files_are_named_by_their_own(tmp_path):
    one, two = (written(tmp_path / name, "text,label", [*ROWS, ",pos"]) for name in ("1.csv", "2.csv"))
    table = open_table(f"{one},{two}", on_bad_row="skip_blank")
    for row in table:
        if not row.values["text"]:
            table.refuse(row.line, BlankField("text"), column="text")
    assert blank_notes(table.blank, table.rows) == [f"2 of 26 rows have no text and are left out: {one}:14, {two}:14"]
    assert len(list(table)) == 26
    assert not table.blank, "each reading starts afresh"


def test_nothing_blank_is_no_error_in_any_number_of_rows():
    assert check_few([], 0, of=[], path="a.csv") is None
