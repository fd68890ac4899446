"""Parquet: its rows are those of the same table as JSON lines, a block at a time, and damage is an input error."""

import json
import sys

import pytest

from tests.data.tables import fault, rows, written
from weft.data.examples.roles import LABEL, TEXT, find_roles
from weft.data.formats import encodings, parquet
from weft.data.sources import open_table
from weft.errors import MissingExtra

arrow = pytest.importorskip("pyarrow")
arrow_parquet = pytest.importorskip("pyarrow.parquet")

TABLE = {
    "text": ["房间很干净", "never again", None, "太贵了"],
    "label": [1, 0, 1, 0],
    "verified": [True, None, False, True],
    "stars": [4.5, None, 1.0, float("nan")],
    "tags": [["clean"], [], None, ["dear"]],
}


def saved(folder, columns, name="reviews.parquet", **options):
    arrow_parquet.write_table(arrow.table(columns), folder / name, **options)
    return folder / name


def test_values_are_those_of_json_lines(tmp_path):
    columns = {**TABLE, "stars": [4.5, None, 1.0, 0.25]}
    lines = [json.dumps(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]
    table = open_table(saved(tmp_path, columns))
    same = open_table(written(tmp_path, "\n".join(lines), "reviews.jsonl"))
    assert (table.form, table.columns) == ("parquet", same.columns)
    assert rows(table) == rows(table) == rows(same)
    assert find_roles(table, (TEXT, LABEL), named={}) == {"text": ("text",), "label": ("label",)}


def test_missing_values_are_left_out(tmp_path):
    found = [dict(row.values) for row in open_table(saved(tmp_path, TABLE))]
    assert found[1] == {"text": "never again", "label": "0"}
    assert found[2] == {"label": "1", "verified": "false", "stars": "1.0"}
    assert found[3] == {"text": "太贵了", "label": "0", "verified": "true"}


def test_categories_and_wide_strings(tmp_path):
    labels = arrow.array(["好评", "差评", None, "好评"]).dictionary_encode()
    wide = arrow.array(TABLE["text"], arrow.large_string())
    found = [dict(row.values) for row in open_table(saved(tmp_path, {"text": wide, "label": labels}))]
    assert found == [{"text": "房间很干净", "label": "好评"}, {"text": "never again", "label": "差评"}, {},
                     {"text": "太贵了", "label": "好评"}]  # fmt: skip


def test_rows_are_numbered_over_groups_and_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "_BLOCK", 3)
    texts = [f"第 {number} 行" for number in range(20)]
    path = saved(tmp_path, {"text": texts, "label": ["a", "b"] * 10}, row_group_size=7)
    assert rows(open_table(path)) == [(n, (text, "ab"[(n - 1) % 2])) for n, text in enumerate(texts, 1)]


def test_faults(tmp_path):
    assert fault(written(tmp_path, b"PAR1 no more", "a.parquet")).what.startswith("is not a sound parquet file: ")
    assert fault(saved(tmp_path, {"text": [], "label": []}, "b.parquet")).what == "has no rows"
    assert fault(tmp_path / "c.parquet").what == "there is no such file"
    twice = arrow.Table.from_arrays([arrow.array(["a"]), arrow.array(["b"])], names=["text", "text"])
    arrow_parquet.write_table(twice, tmp_path / "d.parquet")
    assert fault(tmp_path / "d.parquet").what == "two columns are named `text`"


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    path = saved(tmp_path, TABLE)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra) as caught:
        open_table(path)
    assert caught.value.hint == 'pip install "weft[parquet]"'


def test_lists_and_structures_are_read(tmp_path):
    answers = [{"text": ["Oslo"], "answer_start": [14]}, {"text": [], "answer_start": []}]
    first, second = open_table(saved(tmp_path, {"tags": [["好", "b"], []], "answers": answers, "n": [[1, 2], None]}))
    assert first.lists == {"tags": ("好", "b"), "n": ("1", "2")}
    assert first.whole["answers"] == {"text": ["Oslo"], "answer_start": ["14"]}
    assert (second.lists, second.whole["tags"]) == ({}, [])


def test_labels_that_hugging_face_stores_as_numbers_have_their_names(tmp_path):
    features = {"label": {"names": ["差评", "pos"], "_type": "ClassLabel"}, "text": {"_type": "Value"}}
    table = arrow.table({"text": ["好", "b", "c"], "label": [1, 0, -1]})
    table = table.replace_schema_metadata({b"huggingface": json.dumps({"info": {"features": features}}).encode()})
    arrow_parquet.write_table(table, tmp_path / "train-00000-of-00001.parquet")
    assert rows(open_table(tmp_path)) == [(1, ("好", "pos")), (2, ("b", "差评")), (3, ("c",))]


@pytest.mark.parametrize("writer", ["new_stream", "new_file"])
def test_arrow_files(tmp_path, writer, monkeypatch):
    monkeypatch.setattr(parquet, "_BLOCK", 2)
    table = arrow.table({"text": ["好", "b", "c"], "label": ["x", "y", "x"]})
    (tmp_path / "train").mkdir()
    with getattr(arrow.ipc, writer)(str(tmp_path / "train" / "data-00000-of-00001.arrow"), table.schema) as file:
        file.write_table(table)
    for name in ("dataset_info.json", "state.json"):
        written(tmp_path / "train", "{}", name)
    written(tmp_path, '{"splits": ["train"]}', "dataset_dict.json")
    assert rows(open_table(tmp_path)) == [(1, ("好", "x")), (2, ("b", "y")), (3, ("c", "x"))]
    bad = written(tmp_path, b"nothing", "bad.arrow")
    assert fault(bad).what.startswith("is not a sound arrow file")


def repeated(value, times):
    return arrow.DictionaryArray.from_arrays(arrow.array([0] * times, arrow.int32()), arrow.array([value]))


def test_equal_values_of_a_small_file_are_one_object(tmp_path):
    path = saved(tmp_path, {"text": repeated("很好 good", 3), "n": [1, 2, 3]}, store_schema=False)
    first, second, _ = (row.values["text"] for row in open_table(path))
    assert first == "很好 good"
    assert first is second


@pytest.mark.parametrize("columns", [{"text": ("a 好", 300_000)}, {"text": ("a 好" * 10_000, 900)}])
def test_a_file_that_unpacks_to_far_more_than_texts_do_is_an_error(tmp_path, columns, monkeypatch):
    monkeypatch.setattr(encodings, "MOST_UNPACKED", 1 << 20)
    path = saved(tmp_path, {name: repeated(*one) for name, one in columns.items()}, store_schema=False)
    assert "unpacks to over 1,000 times its size" in fault(path).what


def test_texts_that_are_not_utf_8_are_damage(tmp_path):
    texts = arrow.array([b"\xff\xfe", b"good"], arrow.binary()).view(arrow.string())
    path = saved(tmp_path, {"text": texts, "label": ["a", "b"]}, store_schema=False)
    assert "is not a sound parquet file" in fault(path).what


CARD = """---
dataset_info:
{begin}features:
  - name: text
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
          '0': 差评
          '1': good
---
# A set
"""


@pytest.mark.parametrize("place", ["README.md", "../README.md"])
def test_the_card_of_a_data_set_names_labels(tmp_path, place):
    folder = tmp_path / "set" / "data"
    folder.mkdir(parents=True)
    (folder / place).write_text(CARD.format(begin="  "), encoding="utf-8")
    path = saved(folder, {**TABLE, "text": ["a", "b", "c", "d"]})
    table = open_table(path)
    assert [row.values["label"] for row in table] == ["good", "差评", "good", "差评"]
    assert table.remarks == ["names of the labels of `label` from README.md"]


def test_a_card_that_names_no_labels_changes_nothing(tmp_path):
    for number, card in enumerate(
        ("no card", "---\n- a\n---\n", "---\na: *b\n---\n", "---\ndataset_info: [{features: [1]}]\n---\n")
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "README.md").write_text(card, encoding="utf-8")
        table = open_table(saved(folder, {**TABLE, "text": ["a", "b", "c", "d"]}))
        assert ([row.values["label"] for row in table], table.remarks) == (["1", "0", "1", "0"], [])
