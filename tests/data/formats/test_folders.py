"""Sets of files: shards, patterns and folders are one table, whose places are those of the files."""

import gzip
import json
import zipfile

import pytest

from tests.data.tables import fault, written
from weft.data.formats.folders import parts_of, shards
from weft.data.sources import FORMS, open_table
from weft.dataset import DataConfig, read
from weft.errors import ConfigError, InputError
from weft.experiments.inspection.inspect import inspect
from weft.tasks.classification import ClassificationConfig

FIRST, SECOND, THIRD = "text,label\n好,a\n\nb,a\n", "label,text\nc,d\n", "text,label,id\n坏,e,1\n"


@pytest.fixture
def folder(tmp_path):
    for name, content in {"part-1.csv": FIRST, "part-2.csv": SECOND, "part-10.csv": THIRD}.items():
        written(tmp_path, content, name)
    for name in ("README.md", "_SUCCESS", "._SUCCESS.crc", ".part-1.csv.crc"):
        written(tmp_path, "about", name)
    written(tmp_path, "{}", "dataset_info.json")
    return tmp_path


def texts(source):
    return [row.values["text"] for row in open_table(source)]


def test_shards_are_one_table_in_their_natural_order(folder):
    joined = ",".join(str(folder / f"part-{number}.csv") for number in (1, 2, 10))
    for source in (folder, folder / "*.csv", joined):
        assert texts(source) == ["好", "b", "d", "坏"]
    table = open_table(folder)
    assert (table.columns, table.remarks) == (
        ("text", "label"),
        ["3 files", "left out beside the data: `README.md` `dataset_info.json`"],
    )


@pytest.mark.parametrize("name", ["SMSSpamCollection", "spam.data", "spam.csv"])
def test_companions_of_a_data_file_are_left_out_and_said(tmp_path, name):
    rows = "label\ttext\n" + "ham\tgo 去\nspam\twin 赢\n" * 3
    rows = rows.replace("\t", ",") if name.endswith(".csv") else rows
    told = {"readme": "about", "index.html": "x", "spam.names": "x", "LICENSE.txt": "x", "paper.pdf": "x"}
    packed = {"spam/" + one: text for one, text in {name: rows, **told, ".DS_Store": "x"}.items()}
    packed["__MACOSX/spam/._" + name] = "x"
    with zipfile.ZipFile(tmp_path / "spam.zip", "w") as archive:
        for one, text in packed.items():
            archive.writestr(one, text)
    (tmp_path / "out").mkdir()
    zipfile.ZipFile(tmp_path / "spam.zip").extractall(tmp_path / "out")
    for source, beside in (
        (tmp_path / "spam.zip", [f"`spam/{one}`" for one in told]),
        (tmp_path / "out" / "spam", [f"`{one}`" for one in sorted(told)]),
    ):
        table = open_table(source)
        assert [row.values["label"] for row in table] == ["ham", "spam"] * 3
        assert f"left out beside the data: {' '.join(beside)}" in table.remarks


def test_the_place_of_a_row_is_its_file_and_its_line_there(folder):
    table = open_table(folder)
    lines = [row.line for row in table]
    assert lines == sorted(set(lines))
    places = [("part-1.csv", 2), ("part-1.csv", 4), ("part-2.csv", 2), ("part-10.csv", 2)]
    assert [table.place(line) for line in lines] == [f"{folder / name}:{line}" for name, line in places]
    with pytest.raises(InputError, match=r"part-10\.csv:2: text is odd"):
        table.reject(lines[-1], "text is odd")
    written(folder, FIRST + "x,y,z\n", "part-2.csv")
    assert fault(folder).where == f"{folder / 'part-2.csv'}:5"
    table = open_table(folder, on_bad_row="skip")
    assert [table.place(row.line) for row in table][-1] == f"{folder / 'part-10.csv'}:2"
    assert [bad.place for bad in table.bad] == [f"{folder / 'part-2.csv'}:5"]


def test_files_of_other_columns_are_refused(folder):
    written(folder, "words,label\na,b\n", "part-3.csv")
    assert (fault(folder).where, fault(folder).what[:20]) == (str(folder / "part-3.csv"), "has no column `text`")


def test_forms_and_packing_may_differ(tmp_path):
    written(tmp_path, '{"text": "好", "label": "a"}\n', "a.jsonl")
    written(tmp_path, gzip.compress(FIRST.encode()), "b.csv.gz")
    assert texts(tmp_path) == ["好", "好", "b"]


def test_what_lies_beside_is_named(folder, tmp_path):
    written(folder, b"\x89PNG", "image.png")
    assert (fault(folder).where, "move it away" in fault(folder).hint) == (str(folder / "image.png"), True)
    assert fault(tmp_path / "*.jsonl").what == "no file matches"


def test_a_run_is_no_data(tmp_path):
    written(tmp_path, '{"step": 1}\n', "reports.jsonl")
    assert fault(tmp_path).what == "is the folder of a run, expected data"


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (["train.csv", "dev.csv", "test.csv"], {"train": 1, "dev": 1, "test": 1}),
        (["imdb_train.csv", "imdb-test.csv"], {"train": 1, "test": 1}),
        (["训练集.csv", "测试集.csv"], {"train": 1, "test": 1}),
        (["data/train-00000-of-00002.csv", "data/train-00001-of-00002.csv", "data/validation-00000-of-00001.csv"],
         {"train": 2, "dev": 1}),
        (["train/a.csv", "train/b.csv", "val/a.csv", "test/a.csv"], {"train": 0, "dev": 0, "test": 0}),
        (["train/pos/1.txt", "train/neg/1.txt", "test/pos/1.txt", "test/neg/1.txt"], {"train": 0, "test": 0}),
        (["a.csv", "b.csv"], {}),
        (["train.csv"], {}),
        (["latest-train-test.csv", "train.csv"], {}),
        (["pos/1.txt", "neg/1.txt"], {}),
    ],
)  # fmt: skip
def test_the_parts_of_a_data_set(tmp_path, names, parts):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        written(tmp_path, FIRST, name)
    found = parts_of(str(tmp_path), forms=FORMS)
    assert {part: len(source.split(",")) if source.endswith(".csv") else 0 for part, source in found.items()} == parts
    data = DataConfig(train=tmp_path)
    assert (data.train, data.dev, data.test) == (found.get("train", str(tmp_path)), found.get("dev"), found.get("test"))
    assert DataConfig(train=str(tmp_path), test="other.csv").test == "other.csv"
    assert len(texts(data.train)) > 0
    if len(found) > 1:
        assert fault(tmp_path).what == "has several parts, expected one"


def test_folders_of_several_data_sets_are_not_chosen_among(tmp_path):
    for name in ("en/a.csv", "zh/b.csv"):
        (tmp_path / name).parent.mkdir()
        written(tmp_path, FIRST, name)
    with pytest.raises(InputError, match="holds 2 folders of data"):
        shards(str(tmp_path), forms=FORMS)


def test_folders_of_a_file_a_day_are_one_set(tmp_path):
    said = [[{"user": "U1", "text": "好的"}], [{"user": "U2", "text": "see you", "edited": "x"}], [{"text": "hi"}]]
    for name, rows in zip(("general/2024-01-10.json", "dev/2024-01-02.json", "dev/2024-01-01.json"), said, strict=True):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        written(tmp_path, json.dumps(rows), name)
    written(tmp_path, '[{"id": "U1", "name": "Anna"}]', "users.json")
    table = open_table(tmp_path)
    assert [row.values["text"] for row in table] == ["hi", "see you", "好的"]
    assert table.columns == ("text", "user", "edited")
    written(tmp_path, '[{"name": "another"}]', "dev/2024-01-03.json")
    assert fault(tmp_path).what.startswith("has no column `text`")
    written(tmp_path, FIRST, "dev/a.csv")
    assert f'"{tmp_path}/*.json"' in fault(tmp_path).hint


def test_a_list_of_files_in_settings(folder):
    files = [folder / "part-1.csv", folder / "part-2.csv"]
    assert len(list(DataConfig(train=files).open(DataConfig(train=files).train))) == 3
    written(folder, FIRST, "a,b.csv")
    with pytest.raises((InputError, ConfigError), match="has a comma in its name"):
        DataConfig(train=[folder / "a,b.csv", files[0]])


def test_a_test_file_without_labels_is_said_to_be_one_to_predict(tmp_path):
    lines = [f"{n},房间很 干净{n},a\n{n},very dull {n},b\n" for n in range(20)]
    written(tmp_path, "id,text,target\n" + "".join(lines), "train.csv")
    written(tmp_path, "id,text\n1,房间\n", "test.csv")
    written(tmp_path, "id,target\n1,a\n", "sample_submission.csv")
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    data = DataConfig(train=str(tmp_path))
    assert (data.train, data.test) == (str(train), str(test))
    for content in ("id,text\n1,房间\n", "id,text,target\n1,房间,-1\n2,dull,-1\n"):
        written(tmp_path, content, "test.csv")
        examples = read(data, ClassificationConfig(), seed=0)
        assert (len(examples.test), "test" in examples.tables) == (0, False)
        (said,) = [note for note in examples.notes if "has no labels" in note]
        assert said == f"{test}: has no labels, and is left out; to predict them, then: weft predict RUN {test}"
    written(tmp_path, "id,text\n1,房间\n", "test.csv")
    data = DataConfig(train=str(train), test=str(test))
    with pytest.raises(InputError) as refused:
        read(data, ClassificationConfig(), seed=0)
    assert (refused.value.where, refused.value.what[:30]) == (str(test), "has no labels: there is no col")
    assert f"weft train {train} --text text --label target, and then weft predict RUN {test}" in refused.value.hint
    with pytest.raises(InputError, match="has no labels"):
        list(inspect(data, label_errors="skip"))
