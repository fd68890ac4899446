"""Columns without a usual name are known where one stands out: by a word, by its length, or in nested objects."""

import json

import pytest

from weft.data.examples.roles import LABEL, TEXT, find_roles
from weft.data.sources import open_table
from weft.errors import InputError

LONG = [f"The parcel {n} came late, 包裹在第{n}天才到，盒子也坏了, and the box was torn" for n in range(12)]
SHORT = [f"Parcel {n} late 包裹晚到" for n in range(12)]
KINDS = ["delivery", "质量", "delivery"] * 4
STATES = ["open", "closed"] * 6


def found(path, **columns):
    if columns:
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    roles = find_roles(open_table(path), (TEXT, LABEL), named={})
    return roles["text"][0], roles["label"][0]


@pytest.mark.parametrize(
    ("text", "other", "label", "state"),
    [
        ("Description", "Subject", "Case Reason", "Status"),
        ("问题描述", "概要", "投诉原因", "状态"),
        ("commentText", "summary", "ticket_type", "state"),
    ],
)
def test_a_word_or_the_length_tells_one_of_several_columns(tmp_path, text, other, label, state):
    path = tmp_path / "cases.jsonl"
    assert found(path, **{other: SHORT, text: LONG, state: STATES, label: KINDS}) == (text, label)
    assert found(path, **{other: SHORT, "a": LONG, state: STATES, label: KINDS}) == ("a", label)
    with pytest.raises(InputError, match="cannot tell which column is the text"):
        found(path, **{other: LONG, "a": LONG, state: STATES, label: KINDS})
    with pytest.raises(InputError, match="the label among"):
        found(path, **{other: SHORT, text: LONG, "priority": STATES, "severity": KINDS})


def test_ids_are_no_texts(tmp_path):
    ids = [f"{n:02d}424f7eeb3df9e2" for n in range(12)]
    assert found(tmp_path / "toxic.jsonl", id=ids, words=SHORT, label=KINDS) == ("words", "label")


@pytest.mark.parametrize(("text", "label"), [("body", "sentiment"), ("内容", "情感")])
def test_names_inside_objects_count_as_those_of_columns(tmp_path, text, label):
    path = tmp_path / "nested.jsonl"
    review = [{text: one, "by": {"name": "李"}} for one in LONG]
    meta = [{label: kind, "votes": 1} for kind in KINDS]
    assert found(path, review=review, meta=meta) == (f"review.{text}", f"meta.{label}")
    with pytest.raises(InputError, match="the label"):
        found(path, review=review, meta=meta, other=meta)
    assert found(path, review=review, meta=meta, label=STATES) == (f"review.{text}", "label")


@pytest.mark.parametrize(
    ("text", "label"), [("Freitext", "Kategorie"), ("Commentaire", "Catégorie"), ("Comentario", "Categoría")]
)
def test_usual_names_of_other_languages(tmp_path, text, label):
    assert found(tmp_path / "survey.jsonl", Datum=SHORT, **{label: KINDS, text: SHORT}) == (text, label)
