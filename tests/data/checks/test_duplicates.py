"""Repeats: what is the same, what is alike, and what stands in several parts, counted on small and on real data."""

import json
import lzma
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.data.checks.duplicates import Place, digests, empty_texts, find_repeats, repeats
from weft.data.checks.findings import Part, part_of
from weft.data.examples.labelled import LabelledText


def part(name: str, *rows: tuple[str, Any]) -> Part:
    texts, labels = zip(*rows, strict=True)
    return Part(name, f"{name}.csv", texts, labels, range(2, len(rows) + 2))


TRAIN = part(
    "train",
    ("房间很干净", "好评"),
    (" 房间很干净\n", "好评"),
    ("Never again", "neg"),
    ("never  AGAIN", "pos"),
    ("", "neg"),
    ("", "pos"),
)
TEST = part("test", ("房间很干净", "差评"), ("not seen", "pos"), ("NEVER again ", "neg"))


def test_same_is_equal_but_for_the_ends_and_alike_but_for_case_and_blanks():
    same, alike = find_repeats([TRAIN, TEST], "same"), find_repeats([TRAIN, TEST], "alike")
    assert same.again == [(Place(0, 1), Place(0, 0))]
    assert same.across == [(Place(1, 0), Place(0, 0))]
    assert same.torn == [[Place(0, 0), Place(0, 1), Place(1, 0)]]
    assert alike.again == [*same.again, (Place(0, 3), Place(0, 2))]
    assert alike.across == [*same.across, (Place(1, 2), Place(0, 2))]
    assert len(alike.torn) == 2


def test_what_is_read_beside_a_text_tells_rows_apart():
    rows = [
        LabelledText("房间很干净", "好评", 2, other={"price": "1"}),
        LabelledText("房间很干净", "差评", 3, other={"price": "9"}),
        LabelledText("房间很干净", "差评", 4, other={"price": "1"}),
    ]
    found = find_repeats([part_of("train", "train.csv", rows)], "same")
    assert found.again == [(Place(0, 2), Place(0, 0))]
    assert found.torn == [[Place(0, 0), Place(0, 2)]]


def test_findings_name_the_rows_and_their_twins():
    duplicates, overlap, contradictions = repeats([TRAIN, TEST])
    assert (
        duplicates.said
        == "1 row of train repeats the text of an earlier row; 1 more row when case and spaces are ignored"
    )
    assert [(row.where, row.note) for row in duplicates.rows] == [
        ("train.csv:3", "same as train line 2"),
        ("train.csv:5", "same but for case and spaces as train line 4"),
    ]
    assert (overlap.severity, overlap.count) == ("error", 1)
    assert overlap.said == "1 of 3 test texts is also in train; 1 more when case and spaces are ignored"
    assert [row.part for row in overlap.rows] == ["test", "test"]
    assert (contradictions.count, len(contradictions.rows)) == (2, 6)
    assert contradictions.rows[0].note == "`差评` in test line 2"


def test_nothing_is_found_where_every_text_stands_once():
    lone = [part("train", ("一", "a"), ("two", "b")), part("dev", ("三", "a"))]
    assert [(one.severity, one.count, one.fix) for one in repeats(lone)] == [("fine", 0, "")] * 3
    assert empty_texts(lone).severity == "fine"


def test_empty_rows():
    found = empty_texts([part("train", ("好", " "), (" \t", "b"), ("", ""), ("fine", "b"))])
    assert (found.severity, found.count) == ("error", 3)
    assert [row.note for row in found.rows] == ["no label", "no text", "neither text nor label"]


def test_sets_of_labels_are_compared_and_none_is_a_set_too():
    rows = [("好", ("财经", "体育")), ("好", ("体育", "财经")), ("fine", ("a",)), ("Fine", ()), ("", ("a",))]
    *_, contradictions = repeats([part("train", *rows)])
    assert contradictions.said == "0 texts with different sets of labels, 1 more when case and spaces are ignored"
    assert [row.note for row in contradictions.rows] == ["no label in train line 5", "`a` in train line 4"]
    found = empty_texts([part("train", *rows)])
    assert (found.said, [row.note for row in found.rows]) == ("1 row without a text", ["no text"])
    assert empty_texts([part("train", *rows[:4])]).said == "every row has a text"


def paired(*rows: tuple[str, str]) -> Part:
    texts, halves = ["\n".join(row) for row in rows], (*zip(*rows, strict=True),)
    return Part("train", "train.csv", texts, ["1"] * len(rows), range(2, len(rows) + 2), halves=halves)


def test_what_a_pair_lacks():
    found = empty_texts([paired(("好", "ok"), ("", "ok"), ("好", " "), ("", ""))])
    assert [row.note for row in found.rows] == ["no first text", "no second text", "no text"]
    assert empty_texts([paired(("好", "ok"))]).said == "every row has both texts and a label"


@given(st.lists(st.tuples(st.text("aA好 \n", max_size=3), st.text("aA好 \n", max_size=3)), min_size=1, max_size=12))
def test_pairs_repeat_where_both_texts_do(rows):
    for sameness, plain in (("same", str.strip), ("alike", lambda text: " ".join(text.split()).casefold())):
        keys = [tuple(map(plain, row)) for row in rows]
        expected = [row for row, key in enumerate(keys) if all(key) and key in keys[:row]]
        assert [here.row for here, _ in find_repeats([paired(*rows)], sameness).again] == expected


@given(st.lists(st.text("aA好 \t", max_size=4), max_size=12))
def test_digests_are_equal_where_the_texts_are(texts):
    for sameness, plain in (("same", str.strip), ("alike", lambda text: " ".join(text.split()).casefold())):
        found = digests(texts, sameness)
        assert [found.index(one) for one in found] == [[*map(plain, texts)].index(plain(text)) for text in texts]


def real(folder, name: str, file: str, label: str = "label") -> Part:
    with lzma.open(folder / name / f"{file}.jsonl.xz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return part(file, *((row["text"], str(row[label])) for row in rows))


@pytest.mark.parametrize(
    ("name", "files", "duplicates", "overlap"),
    [
        ("chnsenticorp", ("train", "test"), 1351, 331),
        ("tnews", ("train", "dev"), 3634, 1099),
        ("imdb", ("train", "test"), 96, 123),
    ],
)
def test_known_flaws_of_published_sets(weft_data, name, files, duplicates, overlap):
    found = find_repeats([real(weft_data, name, file) for file in files], "same")
    assert sum(here.part == 0 for here, _ in found.again) == duplicates
    assert len(found.across) == overlap
