"""Sources: every form of file gives its rows with their lines, whatever its encoding and compression."""

import bz2
import gzip
import io
import lzma
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from weft.data.sources import BadRow, open_table
from weft.errors import InputError

from .tables import CHINESE, fault, relaxed, rows, written


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16", "utf-16-le"])
def test_csv_in_other_encodings(tmp_path, encoding):
    path = written(tmp_path, CHINESE.encode(encoding))
    assert open_table(path).columns == ("text", "label")
    assert rows(open_table(path)) == rows(open_table(written(tmp_path, CHINESE, "utf8.csv")))
    assert rows(open_table(path, encoding=encoding)) == rows(open_table(path))


FORMS = {
    "csv": "text,label\n{},a\n{},b\n",
    "tsv": "text\tlabel\n{}\ta\n{}\tb\n",
    "jsonl": '{{"text": "{}", "label": "a"}}\n{{"text": "{}", "label": "b"}}\n',
    "txt": "__label__a {}\n__label__b {}\n",
}
TEXTS = {
    "English": ("it was good and not dear", "we will not come again"),
    "Chinese": ("房间很干净，服务也好", "再也不来了，太贵"),
}
BOMS = {"utf-8": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("bom", [True, False], ids=["bom", "bare"])
@pytest.mark.parametrize("encoding", BOMS)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_in_every_unicode_encoding(tmp_path, form, encoding, bom, texts):
    content = FORMS[form].format(*texts).encode(encoding)
    path = written(tmp_path, (BOMS[encoding] if bom else b"") + content, f"reviews.{form}")
    for table in (open_table(path), open_table(path, encoding=encoding)):
        assert [(row.values["text"], row.values["label"]) for row in table] == list(zip(texts, "ab", strict=True))


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("encoding", BOMS)
@pytest.mark.parametrize("form", ["jsonl", "txt", "csv"])
def test_files_put_together_have_a_bom_at_each_joint(tmp_path, form, encoding, texts):
    whole = FORMS[form].format(*texts)
    part = whole.partition("\n")[2] if form == "csv" else whole
    content = b"".join(BOMS[encoding] + piece.encode(encoding) for piece in (whole, part))
    path = written(tmp_path, content, f"reviews.{form}")
    found = [(row.values["text"], row.values["label"]) for row in open_table(path)]
    assert found == 2 * list(zip(texts, "ab", strict=True))


def test_a_named_encoding_does_not_keep_the_bom(tmp_path):
    path = written(tmp_path, CHINESE.encode("utf-8-sig"))
    assert open_table(path, encoding="utf-8").columns == ("text", "label")


def test_a_named_encoding_that_does_not_fit(tmp_path):
    path = written(tmp_path, "text,label\nfine,a\ncafé,b\n".encode("cp1252"))
    assert fault(path).where == f"{path}:3"
    assert fault(path, encoding="gb18030").where == f"{path}:3"
    assert rows(open_table(path, encoding="cp1252"))[1] == (3, ("café", "b"))
    assert fault(path, encoding="cp125").hint == "did you mean `cp1252`?"


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".bz2"])
def test_csv_compressed(tmp_path, suffix):
    pack = {".gz": gzip.compress, ".xz": lzma.compress, ".bz2": bz2.compress}[suffix]
    path = written(tmp_path, pack(CHINESE.encode()), f"Reviews.CSV{suffix}")
    assert rows(open_table(path)) == [(2, ("房间很干净，服务也好", "好评")), (3, ("再也不来了", "差评"))]


def test_bad_rows_are_listed_once_however_often_the_table_is_read(tmp_path):
    table = open_table(written(tmp_path, "text,label\na,b\nc\n"), on_bad_row="skip")
    for _ in range(3):
        assert len(list(table)) == 1
        assert len(table.bad) == 1


def test_a_row_rejected_by_its_reader(tmp_path):
    path = written(tmp_path, CHINESE)
    with pytest.raises(InputError) as caught:
        open_table(path).reject(7, "label is empty", column="label", hint="fill it in")
    hint = "fill it in, or pass --on-bad-row skip to leave such rows out (each is listed)"
    assert str(caught.value) == f"{path}:7: label is empty\nhint: {hint}"
    table = open_table(path, on_bad_row="skip")
    table.reject(7, "label is empty", column="label")
    assert table.bad == [BadRow(str(path), 7, "label", "label is empty")]


def test_unknown_names(tmp_path):
    error = fault(written(tmp_path, "x", "reviews.dat"))
    assert error.what == "its name ends in `.dat`, which is no known form"
    assert ".csv, .tsv, .jsonl, .ndjson, .json, .txt" in error.hint
    assert error.hint.endswith("two files side by side are named together, as in train.de,train.en")
    assert fault(written(tmp_path, b"", "reviews.gz")).what == "its name does not tell its form"
    assert fault(written(tmp_path, "x", "reviews.xls")).hint == "save it as .xlsx or .csv in a spreadsheet"
    assert fault(written(tmp_path, CHINESE), form="doc").what == "there is no form `doc`"
    assert rows(open_table(written(tmp_path, CHINESE, "reviews.dat"), form="csv")) == rows(
        open_table(written(tmp_path, CHINESE))
    )


def test_missing_files_and_folders(tmp_path, monkeypatch):
    written(tmp_path, CHINESE, "reviews.csv")
    (tmp_path / "folder.csv").mkdir()
    monkeypatch.chdir(tmp_path)
    assert str(fault(Path("review.csv"))) == "review.csv: there is no such file\nhint: did you mean `reviews.csv`?"
    assert fault(Path("reviews")).hint == "did you mean `reviews.csv`?"
    assert fault(Path("folder.csv")).what == "is a folder, expected a file"
    error = fault(tmp_path)
    assert (error.where, error.what) == (str(tmp_path / "folder.csv"), "lies beside `reviews.csv`")


def test_standard_input(monkeypatch):
    def pipe(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    pipe("这家酒店的服务很好\n房间也不错，下次还会来\n".encode("gb18030"))
    table = open_table("-")
    assert (table.form, table.encoding) == ("txt", "gb18030")
    assert rows(table) == rows(table) == [(1, ("这家酒店的服务很好",)), (2, ("房间也不错，下次还会来",))]
    pipe(b"text,label\na,b\nc\n")
    with pytest.raises(InputError, match=r"^standard input:3: has 1 field"):
        list(open_table("-", form="csv"))
    table = open_table("-", form="csv", on_bad_row="skip")
    assert len(list(table)) == 1
    assert table.bad == [BadRow("standard input", 3, "", "has 1 field, the header has 2")]
    with pytest.raises(InputError, match=r"^standard input:2: text is empty"):
        open_table("-").reject(2, "text is empty")
    with pytest.raises(InputError, match=r"^standard input: there is no encoding"):
        open_table("-", encoding="utf-88")
    pipe(b"fine\ncaf\xe9\n")
    with pytest.raises(InputError, match=r"^standard input:2: byte 0xe9 at column 4"):
        open_table("-")
    pipe(b"")
    with pytest.raises(InputError, match=r"^standard input: is empty"):
        open_table("-")


def test_files_whose_names_are_like_that_of_standard_input(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("-.txt", "standard input"):
        written(tmp_path, "fine\n", name)
        assert rows(open_table(name, form="txt")) == [(1, ("fine",))]
        with pytest.raises(InputError, match=f"^{name}: "):
            open_table(name, form="txt", encoding="utf-88")


@relaxed
@given(content=st.binary(max_size=120), name=st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.txt", "a.csv.gz"]))
@example(b'"\r"', "a.csv")
@example(b"text\n\x1c", "a.csv")
def test_random_bytes_give_a_table_or_an_input_error(tmp_path, content, name):
    path = written(tmp_path, content, name)
    for on_bad_row in ("stop", "skip"):
        try:
            for row in open_table(path, on_bad_row=on_bad_row):
                assert row.line >= 1
                assert all(isinstance(value, str) for value in row.values.values())
        except InputError as error:
            assert error.where.startswith(str(path))  # noqa: PT017


@relaxed
@given(
    content=st.text('a,;"\t\n\r[]{}:_ 好\ufeff', max_size=60),
    name=st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.txt"]),
)
def test_random_text_gives_a_table_or_an_input_error(tmp_path, content, name):
    path = written(tmp_path, content, name)
    for on_bad_row in ("stop", "skip"):
        try:
            table = open_table(path, on_bad_row=on_bad_row)
            for row in table:
                assert set(row.values) <= set(table.columns)
        except InputError:
            continue


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wide.csv", ",".join(f"列{number}" for number in range(20_000)) + "\n" + "a," * 19_999 + "a\n"),
        ("wide.jsonl", "{" + ",".join(f'"列{number}": 1' for number in range(20_000)) + "}\n"),
    ],
)
def test_a_table_of_too_many_columns_is_refused(tmp_path, name, text):
    assert fault(written(tmp_path, text, name)).what == "has 20,000 columns, expected 10,000 at most"


@pytest.mark.parametrize("start", ['{"data": [', "{\n"])
def test_brackets_in_brackets_are_an_error_and_no_overflow(tmp_path, start):
    deep = start + '"好": ' * (start == "{\n") + "[" * 100_000
    assert fault(written(tmp_path, deep, "deep.json")).what.startswith("is nested too deep")


def test_rows_of_another_encoding_can_be_left_out(tmp_path):
    rows = ["text,label", "crème brûlée,好", "房间很好,好", "plain,bad", "gar\xe7on,bad", "fin,bad"]
    data = [row.encode("latin-1" if "gar" in row else "utf-8") for row in rows]
    path = tmp_path / "joined.csv"
    path.write_bytes(b"\n".join(data) + b"\n")
    with pytest.raises(InputError, match=r"joined\.csv:5: byte 0xe7 at column 4 is not UTF-8") as caught:
        open_table(path)
    assert caught.value.hint.startswith("1 line is not UTF-8 and 2 with more than ASCII are, as of two files joined")
    table = open_table(path, on_bad_row="skip")
    assert [row.values["text"] for row in table] == ["crème brûlée", "房间很好", "plain", "fin"]
    assert [(bad.line, bad.what) for bad in table.bad] == [(5, "has a byte that is not UTF-8")]
    lines = [b'{"t": "\xe5\xa5\xbd"}', b'{"t": "\xe9t\xe9"}', b'{"t": "x", "l": ["a", "b"]}']
    table = open_table(_named(path, "a.jsonl", lines), on_bad_row="skip")
    assert ([row.line for row in table], [bad.line for bad in table.bad]) == ([1, 3], [2])
    with pytest.raises(InputError, match="is not UTF-8"):  # most of it is in another encoding
        open_table(_named(path, "b.txt", [b"\xe9t\xe9", b"gar\xe7on", "好".encode()]), on_bad_row="skip")


def _named(path, name, lines):
    other = path.with_name(name)
    other.write_bytes(b"\n".join(lines))
    return other
