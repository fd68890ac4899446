"""Names of files that are not UTF-8 are told in one line, wherever they stand."""

import os

import pytest

from weft.cli import options
from weft.data.formats.names import check_name
from weft.data.sources import open_table
from weft.dataset import DataConfig
from weft.errors import InputError

GBK = os.fsdecode("评论".encode("gbk"))


@pytest.fixture
def told():
    def check(call):
        with pytest.raises(InputError, match="its name is not UTF-8") as caught:
            call()
        assert "评论" in caught.value.where
        str(caught.value).encode()
        assert "rename it" in caught.value.hint

    return check


def test_a_file_and_a_folder(tmp_path, told):
    path = tmp_path / f"{GBK}.csv"
    path.write_text("text,label\n好,a\nb,c\n", encoding="utf-8")
    for call in (open_table, DataConfig(train=path).open, options.check_sources, options.check_place):
        told(lambda call=call: call(str(path)))
    told(lambda: open_table(tmp_path))
    told(lambda: open_table(tmp_path / "*.csv"))


def test_the_folder_of_a_label(tmp_path, told):
    for label in ("pos", GBK):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.txt").write_text("好 good", encoding="utf-8")
    told(lambda: open_table(tmp_path))


def test_utf_8_that_the_locale_cannot_read():
    name = "评论.csv".encode().decode("ascii", "surrogateescape")
    with pytest.raises(InputError, match=r"评论\.csv: its name cannot be read in this locale") as caught:
        check_name(name)
    assert "PYTHONUTF8=1" in caught.value.hint
    check_name("评论.csv")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("squad-v2.0.json", "squad-v2.0"),
        ("评论.csv.gz", "评论"),
        ("train.en,train.zh", "train"),
        ("book.xlsx#Jan", "book"),
        ("a/v1.0", "v1.0"),
    ],
)
def test_a_run_is_called_as_its_file(tmp_path, monkeypatch, source, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a" / "v1.0").mkdir(parents=True)
    assert options.run_name(source) == name


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("语料.tar.gz", "unpack it first"),
        ("a.7z", "unpack it first"),
        ("弹幕.xml", "pandas.read_xml"),
        ("tweets.js", "make it .json"),
        ("film.srt", "convert it to plain text"),
        ("Mail.mbox", "write its mails as .eml files"),
        ("notes.docx", "save it as plain text"),
        ("报告.pdf", "pdftotext"),
    ],
)
def test_a_form_that_is_not_read_has_the_way_to_one_that_is(tmp_path, name, hint):
    path = tmp_path / name
    path.write_bytes(b"x")
    with pytest.raises(InputError) as error:
        open_table(path)
    assert error.value.hint.startswith(hint) or hint in error.value.hint
    assert "rename" not in error.value.hint
