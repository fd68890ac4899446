"""Rows that are no examples are left out and counted: sums below a table, and what annotators rejected."""

import pytest

from weft.data.sources import open_table
from weft.tasks.classification import ClassificationConfig

HEAD = "text,label\nthe lamp broke,bad\n灯很好,good\n"


def read(path, content, **named):
    path.write_text(content, encoding="utf-8")
    table = open_table(path)
    config = ClassificationConfig(**named).resolved(table)
    return [(one.text, one.label) for one in config.read(table)], table.remarks, config


@pytest.mark.parametrize("sums", ["合计：,\n", "Total,\n", "总计,\n", ",Grand Total\n"])
def test_sums_below_a_table(tmp_path, sums):
    rows, remarks, _ = read(tmp_path / "a.csv", HEAD + sums)
    assert rows == [("the lamp broke", "bad"), ("灯很好", "good")]
    assert remarks == ["left out: rows of sums 1"]


def test_a_text_that_is_the_word_total_is_one(tmp_path):
    rows, remarks, _ = read(tmp_path / "a.csv", HEAD + "合计,good\n")
    assert (rows[-1], remarks) == (("合计", "good"), [])


PRODIGY = '{"text": "lamp %d 灯", "label": "%s", "answer": "%s"}\n'


def test_what_annotators_rejected(tmp_path):
    content = "".join(PRODIGY % (n, "ab"[n % 2], ["accept", "accept", "reject", "ignore"][n % 4]) for n in range(8))
    rows, remarks, _ = read(tmp_path / "a.jsonl", content)
    assert [text for text, _ in rows] == [f"lamp {n} 灯" for n in (0, 1, 4, 5)]
    assert remarks == ["left out: rows of answer `reject` 2, rows of answer `ignore` 2"]


def test_a_verdict_that_is_the_label_leaves_nothing_out(tmp_path):
    content = "".join(PRODIGY % (n, "spam", ["accept", "reject"][n % 2]) for n in range(8))
    for named in ({}, {"label": "answer"}):
        rows, remarks, config = read(tmp_path / "a.jsonl", content, **named)
        assert (len(rows), remarks, config.label) == (8, [], "answer")


def test_another_column_of_answers_is_left_alone(tmp_path):
    content = "".join(PRODIGY % (n, "ab"[n % 2], ["accept", "reject", "no"][n % 3]) for n in range(9))
    assert len(read(tmp_path / "a.jsonl", content, text="text", label="label")[0]) == 9
