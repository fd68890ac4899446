"""A folder for each label: its files are the texts, whatever their encodings, and what lies wrong is named."""

import gzip
from pathlib import Path

import pytest

from tests.data.tables import fault, rows
from weft.data.examples.roles import LABEL, TEXT, find_roles
from weft.data.formats.class_folders import class_files
from weft.data.sources import BadRow, open_table
from weft.errors import InputError

REVIEWS = {
    "positive/1.txt": "The room was clean,\nthe staff kind.\n",
    "positive/2.txt": "房间很干净，服务也好",
    "差评/1.txt": "再也不来了",
    "差评/2.txt": "Never again.\r\n",
}


def tree(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def test_each_file_is_a_text_and_its_folder_the_label(tmp_path):
    table = open_table(tree(tmp_path / "reviews", REVIEWS))
    assert (table.form, table.encoding, table.columns) == ("folder", "utf-8", ("text", "label"))
    assert find_roles(table, (TEXT, LABEL), named={}) == {"text": ("text",), "label": ("label",)}
    assert rows(table) == rows(table) == [
        (1, ("The room was clean,\nthe staff kind.", "positive")),
        (2, ("房间很干净，服务也好", "positive")),
        (3, ("再也不来了", "差评")),
        (4, ("Never again.", "差评")),
    ]  # fmt: skip


def test_hidden_files_are_passed_over(tmp_path):
    folder = tree(tmp_path / "reviews", {**REVIEWS, ".DS_Store": b"\0", "差评/.2.txt.swp": b"\0", ".git/x.txt": "x"})
    assert len(list(open_table(folder))) == 4


def test_files_beside_the_folders_are_left_out_and_named(tmp_path):
    table = open_table(tree(tmp_path / "reviews", {**REVIEWS, "urls_pos.txt": "http://a", "词表.vocab": "好"}))
    assert len(list(table)) == 4
    assert table.remarks == ["left out beside the folders of the labels: `urls_pos.txt` `词表.vocab`"]


@pytest.mark.parametrize(
    ("texts", "encoding"),
    [
        (("键盘，太棒。", "这个房间很好，我们下次还会来的", "差", "不好", "再也不来了，真的不好"), "gb18030"),
        (("键盘", "太棒", "这是", "不好", "我的", "来了"), "gb18030"),
        (("très bon", "déjà vu", "Zimmer zu klein", "schön ruhig", "à revoir", "plain"), "cp1252"),
    ],
)
def test_short_files_have_the_encoding_that_all_of_them_show(tmp_path, texts, encoding):
    written = {f"{'ab'[number % 2]}/{number}.txt": text.encode(encoding) for number, text in enumerate(texts)}
    table = open_table(tree(tmp_path, {**written, "a/plain.txt": "好".encode()}))
    assert table.encoding == f"{encoding} and utf-8"
    assert {row.values["text"] for row in table} == {*texts, "好"}


def test_files_of_several_encodings(tmp_path):
    packed = gzip.compress("好房间，下次还会来".encode("gb18030"))
    mixed = {**REVIEWS, "差评/3.txt": "太贵了，服务也不好".encode("utf-16"), "positive/3.txt.gz": packed}
    table = open_table(tree(tmp_path, mixed))
    assert table.encoding == "gb18030 and utf-16 and utf-8"
    assert {"太贵了，服务也不好", "好房间，下次还会来"} <= {row.values["text"] for row in table}


def test_errors_name_the_file_of_a_row(tmp_path):
    folder = tree(tmp_path, {**REVIEWS, "差评/2.txt": "caf\xe9\n".encode("latin-1")})
    assert fault(folder).where == f"{folder}/差评/2.txt:1"
    assert fault(folder, encoding="gb18030").where.startswith(f"{folder}/positive/1.txt") is False
    with pytest.raises(InputError) as caught:
        open_table(folder, encoding="latin-1").reject(4, "text is empty")
    assert caught.value.where == f"{folder}/差评/2.txt"
    table = open_table(folder, encoding="latin-1", on_bad_row="skip")
    table.reject(4, "text is empty", column="text")
    assert table.bad == [BadRow(f"{folder}/差评/2.txt", 1, "text", "text is empty")]


@pytest.mark.parametrize(
    ("files", "where", "what"),
    [
        ({}, "", "is a folder, expected a file"),
        ({"config.yaml": "seed: 0", "task/labels.json": "{}"}, "", "is a folder, expected a file"),
        ({"neg/1.txt": "a"}, "", "has one folder of texts, `neg`, expected one for each of two labels or more"),
        ({"neg/1.txt": "a", "pos/.keep": ""}, "/pos", "is empty, expected the texts of a label"),
        ({"neg/1.txt": "a", "pos/1.json": "{}"}, "/pos/1.json", "is no text, expected .txt, .md, .html or .eml files"),
        ({"neg/1.txt": "a", "pos/a/1.txt": "b"}, "/pos/a", "is a folder among the texts of a label"),
    ],
)
def test_what_lies_wrong_is_named(tmp_path, files, where, what):
    folder = tmp_path / "reviews"
    folder.mkdir()
    with pytest.raises(InputError) as caught:
        class_files(str(tree(folder, files)))
    assert (caught.value.where, caught.value.what) == (f"{folder}{where}", what)


def test_two_files_side_by_side_in_a_folder_are_proposed(tmp_path):
    folder = tree(
        tmp_path / "corpus", dict.fromkeys(("test.en", "test.zh", "train.en", "train.zh", "README"), "好 good")
    )
    with pytest.raises(InputError, match="is a folder, expected a file") as caught:
        open_table(folder)
    assert caught.value.hint.endswith(f"as {folder}/train.en,{folder}/train.zh")


@pytest.mark.parametrize("name", ["unsup", "Unlabeled", "未标注"])
def test_texts_without_a_label_are_left_out(tmp_path, name):
    folder = tree(tmp_path / "reviews", {**REVIEWS, f"{name}/1.txt": "no label 没有标签"})
    table = open_table(folder)
    assert {row.values["label"] for row in table} == {"positive", "差评"}
    assert table.remarks == [f"left out beside the folders of the labels: `{name}`"]
    pair = open_table(tree(tmp_path / "two", {"好/1.txt": "好", f"{name}/1.txt": "bad"}))
    assert {row.values["label"] for row in pair} == {"好", name}


MAIL = """From: a@example.org
Subject: =?utf-8?b?5Lya6K6u?= tomorrow
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=cut

--cut
Content-Type: text/plain; charset=gb18030
Content-Transfer-Encoding: base64

w/fM7M/Czucz
--cut
Content-Type: text/html; charset=utf-8

<p>not this</p>
--cut--
"""
PAGE_MAIL = (
    "Subject: Win now\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    "<html><head><title>x</title></head><body><p>Click &amp; win</p><style>p{}</style><p>恭喜</p></body></html>\r\n"
)


def test_mails_pages_and_notes_are_texts_and_that_is_said(tmp_path):
    files = {
        "inbox/1.eml": MAIL,
        "spam/1.eml": PAGE_MAIL,
        "spam/2.html": "<h1>Offer 优惠</h1>\n<script>x()</script><p>Buy\n now</p>",
        "inbox/2.md": "# Notes 笔记",
        "inbox/3.log": "started",
    }
    table = open_table(tree(tmp_path / "mails", files))
    assert [row for _, row in rows(table)] == [
        ("会议 tomorrow\n明天下午3", "inbox"),
        ("# Notes 笔记", "inbox"),
        ("started", "inbox"),
        ("Win now\nClick & win\n恭喜", "spam"),
        ("Offer 优惠\nBuy now", "spam"),
    ]
    assert table.remarks == ["mails: subject and body, decoded", "pages: without their markup"]


def test_an_encoding_is_that_of_other_texts_than_mails(tmp_path):
    latin = "Subject: a\nContent-Type: text/plain; charset=latin-1\n\ncafé".encode("latin-1")
    table = open_table(tree(tmp_path / "mails", {"ham/1.eml": latin, "ham/2.eml": MAIL, "spam/1.txt": "中文文本"}))
    assert table.encoding == "utf-8"
    assert [values[0] for _, values in rows(table)] == ["a\ncafé", "会议 tomorrow\n明天下午3", "中文文本"]


def test_a_folder_of_sounds_is_one_with_a_label_each_or_none(tmp_path):
    sounds = {"响/1.wav": b"RIFF", "响/2.MP3": b"ID3", "low/1.flac": b"fLaC"}
    table = open_table(tree(tmp_path / "clips", sounds))
    assert (table.form, table.encoding, table.columns) == ("folder", "sounds", ("sound", "label"))
    assert [row.values["label"] for row in table] == ["low", "响", "响"]
    alone = open_table(tmp_path / "clips/响")
    assert alone.columns == ("sound",)
    assert [Path(row.values["sound"]).name for row in alone] == ["1.wav", "2.MP3"]
    (one,) = open_table(tmp_path / "clips/low/1.flac")
    assert one.values == {"sound": str(tmp_path / "clips/low/1.flac")}


def test_what_lies_among_the_sounds_of_a_label_is_named(tmp_path):
    folder = tree(tmp_path / "clips", {"a/1.wav": b"RIFF", "b/1.wav": b"RIFF", "b/notes.txt": "噪声"})
    error = fault(folder)
    assert error.where == str(folder / "b/notes.txt")
    assert error.what == "is no sound, expected .wav, .flac, .ogg, .mp3 and the like"
    lonely = tree(tmp_path / "one", {"a/1.wav": b"RIFF"})
    assert "has one folder of sounds, `a`" in fault(lonely).what
