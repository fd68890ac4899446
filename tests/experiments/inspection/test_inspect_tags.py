"""What the data doctor finds in texts with tags, in segmented words and in spans, English and Chinese ones."""

import json

import pytest

from weft.config import validated
from weft.dataset import DataConfig
from weft.demo.names import demo_names, write
from weft.errors import InputError
from weft.experiments.inspection.inspect_tags import inspect_tags
from weft.tasks.tagging import TaggingConfig
from weft.training.reports import Note


def findings(train, tags=None, **others):
    found = inspect_tags(DataConfig(train=str(train), **others), validated(TaggingConfig, {"tags": tags}))
    return {one.key: one for one in found if not isinstance(one, Note)}


def conll(path, *sentences):
    lines = ("\n".join(" ".join(pair) for pair in one) + "\n\n" for one in sentences)
    path.write_text("".join(lines), encoding="utf-8")
    return path


OSLO = [("Ada", "B-PER"), ("in", "O"), ("Oslo", "B-LOC")]
SHANGHAI = [("上", "B-LOC"), ("海", "I-LOC"), ("好", "O")]


def test_texts_without_fault(tmp_path):
    write(tmp_path / "train.jsonl", demo_names(40))
    found = findings(tmp_path / "train.jsonl", "spans")
    faults = {key for key, one in found.items() if one.severity != "fine"}
    assert faults <= {"duplicates", "scripts", "labels"}
    assert found["files"].table[1][2] == "40"
    assert found["files"].said == "labelled spans"


def test_broken_sequences_labels_and_splits(tmp_path):
    train = conll(tmp_path / "a.conll", *[OSLO, SHANGHAI] * 6, [("Bob", "I-PER"), ("x", "O")], [("", "")][:0])
    test = conll(tmp_path / "b.conll", OSLO, [("巴", "B-ORG"), ("黎", "I-ORG")])
    found = findings(train, test=str(test))
    (row,) = found["broken"].rows
    assert (row.text, row.note) == ("Bob x", "bio is broken in line 49")
    assert found["labels"].severity == "error"
    assert "1 not in train: `ORG`" in found["labels"].said
    assert found["labels"].table[1][:3] == ("LOC", "12", "1")
    assert [one.text for one in found["overlap"].rows] == ["Ada in Oslo"]
    assert found["unseen"].said == "33.3% of the spans of test are not in train"


def test_contradicting_tags_and_odd_labels(tmp_path):
    lines = [*[OSLO] * 19, [("Ada", "B-PER"), ("in", "O"), ("Oslo", "O")], *[SHANGHAI] * 19]
    lines += [[("去", "O"), ("上", "B-ORG"), ("海", "I-ORG")]]
    found = findings(conll(tmp_path / "a.conll", *lines))
    assert found["contradictions"].said.startswith("1 text with unlike tags")
    assert "give all its rows those" in found["contradictions"].fix
    notes = {one.text: one.note for one in found["odd-tags"].rows}
    assert notes == {
        "Ada in Oslo": "`Oslo` has no label, 19 of 20 have `LOC`",
        "去上海": "`上海` has `ORG`, 19 of 20 have `LOC`",
    }


def test_words_cut_otherwise_than_most(tmp_path):
    lines = [*["他 在 上海 市"] * 12, "我 去 上 海", "good day"]
    (tmp_path / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    found = findings(tmp_path / "a.txt")
    assert found["files"].said == "segmented words"
    assert "labels" not in found
    assert [(one.text, one.note) for one in found["odd-tags"].rows] == [
        ("我去上海", "`上海` has several words, 12 of 13 have one word")
    ]
    (tmp_path / "b.txt").write_text("他 在 上海\n他在 上海\n", encoding="utf-8")
    assert findings(tmp_path / "b.txt")["contradictions"].said.startswith("1 text with unlike words")


def test_rows_that_cannot_be_read_are_listed(tmp_path):
    rows = [{"text": "上海好", "spans": [[0, 2, "LOC"]]}, {"text": "Oslo", "spans": [[0, 9, "LOC"]]}]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = findings(path, "spans")
    assert [one.line for one in found["bad-rows"].rows] == [2]
    path.write_text(json.dumps(rows[1]), encoding="utf-8")
    with pytest.raises(InputError, match="no row can be read"):
        findings(path, "spans")
