"""Spans in the fields of exports are tagging, unasked; the words of labels beside them are not."""

import csv
import io
import json

import pytest

from weft.data.sources import open_table
from weft.errors import InputError
from weft.tasks.choices import implied
from weft.tasks.classification import ClassificationConfig
from weft.tasks.tagging import TaggingConfig

TEXTS = {
    "Ada Lovelace left Oslo.": [("Ada Lovelace", "PER"), ("Oslo", "LOC")],
    "今天下雨。": [],
    "李明在上海。": [("李明", "PER")],
}


def spans(text):
    return [
        {"start": text.index(part), "end": text.index(part) + len(part), "text": part, "labels": [label]}
        for part, label in TEXTS[text]
    ]


def as_csv(_):
    file = io.StringIO()
    fields = [[text, json.dumps(spans(text), ensure_ascii=False) if spans(text) else "", 1] for text in TEXTS]
    csv.writer(file).writerows([["text", "label", "annotator"], *fields])
    return file.getvalue()


def of_python(_):
    file = io.StringIO()
    csv.writer(file).writerows([["text", "label"], *([text, repr(spans(text))] for text in TEXTS)])
    return file.getvalue()


def minimal(_):
    found = [{"text": text, "label": spans(text), "annotation_id": 1} for text in TEXTS]
    return json.dumps([{name: value for name, value in one.items() if value != []} for one in found])


def full(named):
    results = {
        text: [{"from_name": named, "to_name": "text", "type": "labels", "value": value} for value in spans(text)]
        for text in TEXTS
    }
    return json.dumps([{"id": 1, "data": {"text": text}, "annotations": [{"result": results[text]}]} for text in TEXTS])


@pytest.mark.parametrize(
    ("name", "content", "tags"),
    [
        ("ls.csv", as_csv, "label"),
        ("py.csv", of_python, "label"),
        ("min.json", minimal, "label"),
        ("full.json", full, "label"),
        ("full.json", full, "ner"),
    ],
)
@pytest.mark.parametrize("asked", [True, False])
def test_exports_of_label_studio(tmp_path, name, content, tags, asked):
    path = tmp_path / name
    path.write_text(content(tags), encoding="utf-8")
    table = open_table(path)
    assert implied((), table=table) is TaggingConfig
    config = TaggingConfig(tags=tags if asked else None).resolved(table)
    assert config.tags == tags
    read = {one.text: [(one.text[a:b], label) for a, b, label in one.spans] for one in config.read(table)}
    assert read == TEXTS


def test_objects_of_labels_with_surfaces_are_spans_unasked(tmp_path):
    objects = {
        text: {label: {part: [[text.index(part), text.index(part) + len(part) - 1]]} for part, label in found}
        for text, found in TEXTS.items()
    }
    path = tmp_path / "train.json"
    path.write_text("".join(json.dumps({"text": text, "label": objects[text]}) + "\n" for text in TEXTS))
    table = open_table(path)
    assert implied((), table=table) is TaggingConfig
    config = TaggingConfig().resolved(table)
    assert config.tags == "label"
    assert {one.text: [(one.text[a:b], label) for a, b, label in one.spans] for one in config.read(table)} == TEXTS
    path.write_text('{"text": "好 good", "label": {"name": {"polarity": [1, 2]}}}\n' * 3, encoding="utf-8")
    with pytest.raises(InputError, match="no tags to learn"):
        TaggingConfig().resolved(open_table(path))


def test_spans_are_never_labels_of_texts(tmp_path):
    path = tmp_path / "ls.csv"
    path.write_text(as_csv("label"), encoding="utf-8")
    with pytest.raises(InputError) as error:
        ClassificationConfig(text="text", label="label").resolved(open_table(path))
    assert (error.value.what, error.value.hint) == (
        "`label` holds lists, expected one label",
        "pass --tags label for spans of the texts",
    )


def test_a_span_with_two_labels_is_refused(tmp_path):
    path = tmp_path / "two.json"
    span = {"start": 0, "end": 2, "labels": ["PER", "ORG"]}
    path.write_text(json.dumps([{"text": "李明在家。", "label": [span]}]), encoding="utf-8")
    table = open_table(path)
    with pytest.raises(InputError, match="a span has no label"):
        list(TaggingConfig(tags="label").resolved(table).read(table))


def test_labels_beside_spans_are_learned_as_before(tmp_path):
    rows = [
        {"text": text, "intent": ["play", "放歌"][number % 2], "slots": spans(text)}
        for number, text in enumerate(TEXTS)
    ]
    path = tmp_path / "intents.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows * 4), encoding="utf-8")
    assert implied((), table=open_table(path)) is ClassificationConfig


def test_rejected_and_ignored_spans_of_prodigy_are_left_out(tmp_path):
    verdicts = ("accept", "reject", "ignore")
    rows = [
        {
            "text": text,
            "tokens": [{"text": text, "start": 0, "end": len(text), "id": 0}],
            "spans": [{"start": a["start"], "end": a["end"], "label": a["labels"][0]} for a in spans(text)],
            "answer": verdict,
        }
        for text, verdict in zip(TEXTS, verdicts, strict=True)
    ]
    path = tmp_path / "ner.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    table = open_table(path)
    assert implied((), table=table) is TaggingConfig
    assert [one.text for one in TaggingConfig().resolved(table).read(table)] == ["Ada Lovelace left Oslo."]
    assert table.remarks == ["left out: rows of answer `reject` 1, rows of answer `ignore` 1"]


def test_lines_of_words_and_tags_are_tagging_and_restored_to_be_answered(tmp_path):
    path = tmp_path / "199801.txt"
    path.write_text("北京/ns 的/u 茶/n\nI/PRP like/VBP tea/NN\n" * 3, encoding="utf-8")
    assert implied((), table=open_table(path)) is TaggingConfig
    trained = TaggingConfig().resolved(open_table(path))
    table = open_table(path)
    config = trained.for_inputs(table)
    assert [(one.text, one.spans) for one in config.read_inputs(table)][:2] == [
        ("北京的茶", None),
        ("I like tea", None),
    ]
    assert config.absent_notes(table.columns) == [
        "read as tokens with tags: texts are made of the tokens and answered, the tags left aside"
    ]
    plain = tmp_path / "plain.txt"
    plain.write_text("he and/or she\n茶/咖啡\n", encoding="utf-8")
    table = open_table(plain)
    assert [one.text for one in trained.for_inputs(table).read_inputs(table)] == ["he and/or she", "茶/咖啡"]


def test_places_of_javascript_are_mended(tmp_path):
    text = "😀👍 李明 likes Oslo"
    found = [
        {"start": 5, "end": 7, "text": "李明", "labels": ["PER"]},
        {"start": 14, "end": 18, "text": "Oslo", "labels": ["LOC"]},
    ]
    path = tmp_path / "emoji.json"
    path.write_text(json.dumps([{"text": text, "label": found}], ensure_ascii=False), encoding="utf-8")
    table = open_table(path)
    (one,) = TaggingConfig().resolved(table).read(table)
    assert [(text[a:b], label) for a, b, label in one.spans] == [("李明", "PER"), ("Oslo", "LOC")]
