"""Sources: every form of file gives its rows with their lines, and every fault its place."""

import bz2
import csv
import gzip
import io
import json
import lzma
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from weft.data import csv_rows
from weft.data.csv_rows import csv_records, sniff_delimiter
from weft.data.sources import BadRow, Row, open_table
from weft.errors import InputError

CHINESE = "text,label\n房间很干净，服务也好,好评\n再也不来了,差评\n"
relaxed = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
values = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def written(folder: Path, content: str | bytes, name: str = "reviews.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(table) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.line, tuple(row.values.values())) for row in table]


def fault(path: Path, **options) -> InputError:
    with pytest.raises(InputError) as caught:
        list(open_table(path, **options))
    return caught.value


# csv


def test_csv(tmp_path):
    path = written(tmp_path, CHINESE)
    table = open_table(path)
    assert (table.form, table.encoding, table.delimiter, table.columns) == ("csv", "utf-8", ",", ("text", "label"))
    assert list(table) == [
        Row({"text": "房间很干净，服务也好", "label": "好评"}, 2),
        Row({"text": "再也不来了", "label": "差评"}, 3),
    ]
    assert rows(table) == rows(table)
    assert table.bad == []


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16", "utf-16-le"])
def test_csv_in_other_encodings(tmp_path, encoding):
    path = written(tmp_path, CHINESE.encode(encoding))
    assert open_table(path).columns == ("text", "label")
    assert rows(open_table(path)) == rows(open_table(written(tmp_path, CHINESE, "utf8.csv")))
    assert rows(open_table(path, encoding=encoding)) == rows(open_table(path))


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


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_and_records_over_several_lines(tmp_path, ending):
    text = ending.join(["text,label", '"one', 'two ""three""",a', "", "last,b", ""])
    assert rows(open_table(written(tmp_path, text))) == [(2, (f'one{ending}two "three"', "a")), (5, ("last", "b"))]


def test_other_separators_of_unicode_do_not_end_a_line(tmp_path):
    path = written(tmp_path, "text,label\na\u2028b\x85c\x0bd,x\ne,y\n")
    assert rows(open_table(path)) == [(2, ("a\u2028b\x85c\x0bd", "x")), (3, ("e", "y"))]


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [
        ("text,label", ","),
        ("text;label", ";"),
        ("text\tlabel", "\t"),
        ("text|label", "|"),
        ("text,label;x;y", ","),
        ('"a, b";label', ";"),
        ('"say ""a,b""";label', ";"),
        ("text", ","),
    ],
)
def test_the_delimiter_is_that_of_the_header(header, delimiter):
    assert sniff_delimiter(header) == delimiter


def test_semicolons(tmp_path):
    assert rows(open_table(written(tmp_path, "text;label\na, b;c\n"))) == [(2, ("a, b", "c"))]


def test_blank_lines_and_blanks_around_names(tmp_path):
    table = open_table(written(tmp_path, "\n  \ntext , label\n\na,b\n   \n\nc,d\n"))
    assert table.columns == ("text", "label")
    assert rows(table) == [(5, ("a", "b")), (8, ("c", "d"))]


def test_empty_values_are_values(tmp_path):
    assert rows(open_table(written(tmp_path, 'text\n" "\n'))) == [(2, (" ",))]
    assert rows(open_table(written(tmp_path, 'text,label\n,\n"",""\n'))) == [(2, ("", "")), (3, ("", ""))]
    assert rows(open_table(written(tmp_path, 'text\n""\n  \n'))) == [(2, ("",)), (3, ("  ",))]


def test_a_ragged_row(tmp_path):
    path = written(tmp_path, "text,label\na,b\nc,d,e\nf\ng,h\n")
    error = fault(path)
    assert str(error).startswith(f"{path}:3: has 3 fields, the header has 2\nhint: quote a field")
    assert "--on-bad-row skip" in error.hint
    table = open_table(path, on_bad_row="skip")
    assert rows(table) == [(2, ("a", "b")), (5, ("g", "h"))]
    assert table.bad == [
        BadRow(str(path), 3, "", "has 3 fields, the header has 2"),
        BadRow(str(path), 4, "", "has 1 field, the header has 2"),
    ]


def test_bad_rows_are_listed_once_however_often_the_table_is_read(tmp_path):
    table = open_table(written(tmp_path, "text,label\na,b\nc\n"), on_bad_row="skip")
    for _ in range(3):
        assert len(list(table)) == 1
        assert len(table.bad) == 1


def test_a_row_rejected_by_its_reader(tmp_path):
    path = written(tmp_path, CHINESE)
    with pytest.raises(
        InputError, match=r"reviews\.csv:7: label is empty\nhint: fill it in, or pass --on-bad-row skip"
    ):
        open_table(path).reject(7, "label is empty", column="label", hint="fill it in")
    table = open_table(path, on_bad_row="skip")
    table.reject(7, "label is empty", column="label")
    assert table.bad == [BadRow(str(path), 7, "label", "label is empty")]


def test_a_quote_that_is_never_closed(tmp_path):
    path = written(tmp_path, 'text,label\na,b\n"open,c\nd,e\nf,g\n')
    assert (fault(path).where, fault(path).what) == (f"{path}:3", "opens a quote that is never closed")
    table = open_table(path, on_bad_row="skip")
    assert rows(table) == [(2, ("a", "b")), (4, ("d", "e")), (5, ("f", "g"))]
    assert [bad.line for bad in table.bad] == [3]


def test_a_quote_that_is_closed_in_the_wrong_place(tmp_path):
    path = written(tmp_path, 'text,label\n"a" b,c\n"over\n"two" lines,d\ne,f\n"g\nh",i\n')
    assert fault(path).where == f"{path}:2"
    assert "only a delimiter may follow" in fault(path).what
    table = open_table(path, on_bad_row="skip")
    assert rows(table) == [(5, ("e", "f")), (6, ("g\nh", "i"))]
    assert [bad.line for bad in table.bad] == [2, 3, 4]


def test_an_open_quote_does_not_swallow_a_long_file(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_rows, "MOST_CHARACTERS", 200_000)
    before = csv.field_size_limit(200_000)
    try:
        lines = [f"review number {number},label" for number in range(50_000)]
        lines[10] = lines[20_000] = '"never closed,label'
        table = open_table(written(tmp_path, "\n".join(["text,label", *lines])), on_bad_row="skip")
        assert [row.line for row in table] == [line for line in range(2, 50_002) if line not in (12, 20_002)]
        assert [bad.line for bad in table.bad] == [12, 20_002]
        assert "over 200,000 characters" in table.bad[0].what
    finally:
        csv.field_size_limit(before)


def test_many_broken_quotes_are_read_in_little_time(tmp_path):
    lines = ['"a" b,c' if number % 2 else "fine,c" for number in range(40_000)]
    table = open_table(written(tmp_path, "\n".join(["text,label", *lines])), on_bad_row="skip")
    assert len(list(table)) == len(table.bad) == 20_000


def test_a_long_field(tmp_path):
    text = "很长的文章" * 60_000
    assert rows(open_table(written(tmp_path, f"text,label\n{text},a\n"))) == [(2, (text, "a"))]


@pytest.mark.parametrize(
    ("content", "where", "what"),
    [
        ("", "", "is empty"),
        (" \n\r\n\t\n", "", "is empty"),
        (b"\xef\xbb\xbf", "", "is empty"),
        ("text,label\n", "", "has a header and no rows"),
        ("text,label\n\n  \n", "", "has a header and no rows"),
        ("text,\na,b\n", ":1", "column 2 has no name"),
        ("\n,text\n0,a\n", ":2", "column 1 has no name"),
        ("text,label,text \na,b,c\n", ":1", "two columns are named `text`"),
        ('text,"label\na,b\n', ":1", "opens a quote that is never closed"),
    ],
)
@pytest.mark.parametrize("on_bad_row", ["stop", "skip"])
def test_files_without_a_proper_header(tmp_path, content, where, what, on_bad_row):
    path = written(tmp_path, content)
    with pytest.raises(InputError) as caught:
        open_table(path, on_bad_row=on_bad_row)
    assert (caught.value.where, caught.value.what) == (f"{path}{where}", what)
    assert caught.value.hint


@relaxed
@given(data=st.data(), width=st.integers(1, 4), ending=st.sampled_from(["\n", "\r\n"]))
def test_what_csv_writer_writes_is_read(tmp_path, data, width, ending):
    names = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff;|\t"), min_size=1, max_size=6)
    names = names.filter(lambda name: name == name.strip())
    header = data.draw(st.lists(names, min_size=width, max_size=width, unique=True))
    table = data.draw(st.lists(st.lists(values, min_size=width, max_size=width), min_size=1, max_size=6))
    text, starts = io.StringIO(newline=""), []
    writer = csv.writer(text, lineterminator=ending, quoting=csv.QUOTE_ALL)
    for record in (header, *table):
        before = text.getvalue()
        # a line ends in \n, \r or \r\n, as for every editor
        starts.append(before.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1)
        writer.writerow(record)
    found = open_table(written(tmp_path, text.getvalue()))
    assert found.columns == tuple(header)
    assert [(row.line, list(row.values.values())) for row in found] == list(zip(starts[1:], table, strict=True))


@relaxed
@given(table=st.lists(st.lists(values, min_size=2, max_size=2), min_size=1, max_size=6))
@example([["  ", ""], ["\ufeff", '"']])
def test_what_csv_writer_writes_with_few_quotes_is_read(tmp_path, table):
    path = tmp_path / "reviews.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *table])
    assert [list(row.values.values()) for row in open_table(path)] == table


@relaxed
@given(lines=st.lists(st.text('a",\n', max_size=8), max_size=12))
def test_after_broken_quotes_every_line_is_read_or_listed(lines):
    text = "".join(f"{line}\n" for line in lines)
    found = list(csv_records(iter(text.splitlines(keepends=True)), ","))
    starts = [line for line, _ in found]
    assert starts == sorted(set(starts))
    ends = [*starts, len(lines_of := text.split("\n"))][1:]
    for (start, record), end in zip(found, ends, strict=True):
        # a record that ended well may cover several lines; of a broken one only the first is given up
        skipped = [lines_of[line - 1] for line in range(start + 1, end)]
        assert isinstance(record, list) or not any(skipped)


# tsv


def test_tsv_knows_no_quotes(tmp_path):
    path = written(tmp_path, 'text\tlabel\r\nshe said "no\tb\r\n\r\n"a\tb\r\n \t \r\n', "reviews.tsv")
    assert rows(open_table(path)) == [(2, ('she said "no', "b")), (4, ('"a', "b")), (5, (" ", " "))]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("text\tlabel\na\tb\tc\n", "has 3 fields, the header has 2"),
        ("text\tlabel\na,b\n", "has 1 field, the header has 2"),
        ("text\ttext\na\tb\n", "two columns are named `text`"),
        ("text\tlabel\n", "has a header and no rows"),
        ("", "is empty"),
    ],
)
def test_tsv_faults(tmp_path, content, what):
    assert fault(written(tmp_path, content, "reviews.tsv")).what == what


# json lines


def test_json_lines(tmp_path):
    text = (
        '\n{"text": "好\\n看", "label": true, "n": 1.50}\n\n{"label": 12345678901234567890, "text": null, "x": "y"}\n'
    )
    table = open_table(written(tmp_path, text, "reviews.jsonl"))
    assert table.columns == ("text", "label", "n")
    assert list(table) == [
        Row({"text": "好\n看", "label": "true", "n": "1.50"}, 2),
        Row({"label": "12345678901234567890", "x": "y"}, 4),
    ]


def test_nested_values_harm_only_who_asks_for_them(tmp_path):
    table = open_table(written(tmp_path, '{"text": "a", "tags": ["b"], "of": {"c": 1}}\n', "a.json"))
    assert table.columns == ("text", "tags", "of")
    assert list(table) == [Row({"text": "a"}, 1)]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"text": "a" "b"}', "is not JSON: expecting ',' delimiter at column 14"),
        ("text", "is not JSON: expecting value at column 1"),
        ('{"text": NaN}', "has `NaN`, which is not a JSON value"),
        ('{"text": -Infinity}', "has `-Infinity`, which is not a JSON value"),
        ('"text"', "is not an object"),
        ('["text"]', "is not an object"),
        ("{}", "is not an object"),
        ('{"text": "\\ud83d"}', "half a character"),
        ('{"a": ' * 100_000, "is nested too deep"),
    ],
)
def test_json_faults(tmp_path, line, what):
    path = written(tmp_path, f'{{"text": "a"}}\n{line}\n{{"text": "b"}}\n', "reviews.ndjson")
    assert fault(path).where == f"{path}:2"
    assert what in fault(path).what
    table = open_table(path, on_bad_row="skip")
    assert [row.line for row in table] == [1, 3]
    assert what in table.bad[0].what


def test_json_columns_are_those_of_the_first_good_line(tmp_path):
    path = written(tmp_path, '{"text"\n{"text": "a", "label": null}\n', "reviews.jsonl")
    assert fault(path).where == f"{path}:1"
    table = open_table(path, on_bad_row="skip")
    assert table.columns == ("text", "label")
    assert list(table) == [Row({"text": "a"}, 2)]
    assert [bad.line for bad in table.bad] == [1]
    nothing = written(tmp_path, "nothing\nof the kind\n", "nothing.jsonl")
    assert fault(nothing, on_bad_row="skip").what == "has no line that is a JSON object"


@pytest.mark.parametrize("content", ['[{"text": "a"}]', '[\n  {"text": "a"}\n]\n'])
def test_a_json_array_is_told_apart(tmp_path, content):
    error = fault(written(tmp_path, content, "reviews.json"), on_bad_row="skip")
    assert error.what == "starts with `[`, expected one object a line"
    assert "jq -c" in error.hint


def test_an_emoji_written_as_two_escapes(tmp_path):
    assert rows(open_table(written(tmp_path, '{"text": "\\ud83d\\ude00"}\n', "a.jsonl"))) == [(1, ("😀",))]


@relaxed
@given(table=st.lists(st.dictionaries(values, values, min_size=1, max_size=3), min_size=1, max_size=5))
def test_what_json_writes_is_read(tmp_path, table):
    for ascii_only in (True, False):
        lines = [json.dumps(record, ensure_ascii=ascii_only) for record in table]
        found = open_table(written(tmp_path, "\n".join(lines), "reviews.jsonl"))
        assert [(row.line, row.values) for row in found] == list(enumerate(table, 1))


# txt


def test_plain_text(tmp_path):
    table = open_table(written(tmp_path, "第一行\r\n\r\n  second, line \n", "corpus.txt"))
    assert (table.form, table.columns) == ("txt", ("text",))
    assert rows(table) == [(1, ("第一行",)), (3, ("  second, line ",))]


def test_fasttext(tmp_path):
    path = written(tmp_path, "\n__label__好评 房间 很好\n__label__neg\tnot good\n", "train.txt")
    table = open_table(path)
    assert table.columns == ("label", "text")
    assert rows(table) == [(2, ("好评", "房间 很好")), (3, ("neg", "not good"))]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("a text alone", "has no label, expected `__label__NAME` before the text"),
        ("__label__b", "has a label and no text"),
        ("__label__b  ", "has a label and no text"),
        ("__label__ a text", "the label after `__label__` is empty"),
        ("__label__b __label__c a text", "has several labels, expected one label a text"),
        ("__label__b a text __label__c", "has several labels, expected one label a text"),
    ],
)
def test_fasttext_faults(tmp_path, line, what):
    path = written(tmp_path, f"__label__a fine\n{line}\n__label__a good\n", "train.txt")
    assert (fault(path).where, fault(path).what) == (f"{path}:2", what)
    assert [row.line for row in open_table(path, on_bad_row="skip")] == [1, 3]


# files


def test_unknown_names(tmp_path):
    error = fault(written(tmp_path, "x", "reviews.xlsx"))
    assert error.what == "its name ends in `.xlsx`, which is no known form"
    assert ".csv, .tsv, .jsonl, .ndjson, .json, .txt" in error.hint
    assert fault(written(tmp_path, b"", "reviews.gz")).what == "its name does not tell its form"
    assert fault(written(tmp_path, CHINESE), form="parquet").what == "there is no form `parquet`"
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
    assert fault(tmp_path).what == "is a folder, expected a file"


def test_standard_input(monkeypatch):
    def pipe(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    pipe("这家酒店的服务很好\n房间也不错，下次还会来\n".encode("gb18030"))
    table = open_table("-")
    assert (table.form, table.encoding) == ("txt", "gb18030")
    assert rows(table) == rows(table) == [(1, ("这家酒店的服务很好",)), (2, ("房间也不错，下次还会来",))]
    pipe(b"text,label\na,b\nc\n")
    with pytest.raises(InputError, match=r"^-:3: has 1 field"):
        list(open_table("-", form="csv"))
    pipe(b"")
    with pytest.raises(InputError, match=r"^-: is empty"):
        open_table("-")


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
