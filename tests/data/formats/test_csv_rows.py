"""CSV and TSV: every record with the line it starts on, every fault in its place."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.data.tables import CHINESE, fault, relaxed, rows, values, written
from weft.data.formats import csv_rows
from weft.data.formats.csv_layout import layout_of
from weft.data.formats.csv_rows import csv_records, sniff_delimiter
from weft.data.sources import BadRow, Row, open_table
from weft.errors import InputError


def without_blank_rows(table):
    """Drop the rows of a table of several columns that hold nothing, as spreadsheets leave them."""
    return [row for row in table if len(row) < 2 or "".join(row).strip()]


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
    assert rows(open_table(written(tmp_path, 'text,label\n,\n"",""\na,b\n'))) == [
        (4, ("a", "b")),
    ]
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


def test_a_name_that_stands_twice_is_numbered_and_said(tmp_path):
    table = open_table(written(tmp_path, "text,text_2,text,label,text \na,b,c,d,e\n"))
    assert table.columns == ("text", "text_2", "text_3", "label", "text_4")
    assert rows(table) == [(2, ("a", "b", "c", "d", "e"))]
    assert "a second `text` is read as `text_3`, a second `text` is read as `text_4`" in ", ".join(table.layout.remarks)


TITLES = ["Customer reviews\n", '"Reviews, 2024",\n', "评论导出;;\n\n", "Reviews\nby week,\n", "Reviews,\n,\n"]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_title_above_the_header_is_no_row(tmp_path, title, delimiter):
    found = [("味道很好", "pos"), ("cold and late", "neg"), ("fine", "pos")]
    lines = [delimiter.join(row) for row in [("text", "label"), *found]]
    path = written(tmp_path, title.replace(",\n", f"{delimiter}\n").replace(";", delimiter) + "\n".join(lines) + "\n")
    table = open_table(path)
    first = title.count("\n") + 1
    assert table.columns == ("text", "label")
    assert rows(table) == [(first + 1 + place, row) for place, row in enumerate(found)]
    assert f"header in line {first}, what is above it left out" in table.layout.remarks


PLAIN = ["text\na\nb\nc\n", "text,label\na,\nb,x\n", "text\na, b\nc\n", ",text\n0,a\n1,b\n", "text\na; b\nc; d\n"]


@pytest.mark.parametrize("content", PLAIN)
def test_what_is_no_title_stays(tmp_path, content):
    path = written(tmp_path, content)
    assert not layout_of(lambda: path.open(encoding="utf-8"), "csv", name="a", columns=None).titled


@pytest.mark.parametrize(
    ("content", "where", "what"),
    [
        ("", "", "is empty"),
        (" \n\r\n\t\n", "", "is empty"),
        (b"\xef\xbb\xbf", "", "is empty"),
        ("text,label\n", "", "has a header and no rows"),
        ("text,label\n\n  \n", "", "has a header and no rows"),
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
        starts.append(before.count("\n") + 1)  # a carriage return inside a field ends no line
        writer.writerow(record)
    found = open_table(written(tmp_path, text.getvalue()))
    assert found.columns == tuple(header)
    expected = [(line, row) for line, row in zip(starts[1:], table, strict=True) if without_blank_rows([row])]
    assert [(row.line, list(row.values.values())) for row in found] == expected


@relaxed
@given(table=st.lists(st.lists(values, min_size=2, max_size=2), min_size=1, max_size=6))
@example([["  ", ""], ["", '"']])
def test_what_csv_writer_writes_with_few_quotes_is_read(tmp_path, table):
    path = tmp_path / "reviews.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *table])
    assert [list(row.values.values()) for row in open_table(path)] == without_blank_rows(table)


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


def test_tsv_whose_quotes_enclose_fields(tmp_path):
    text = 'text\tlabel\r\n"one\r\ntwo\tthree ""four"""\ta\r\n \r\nsay "no"\t"b"\r\n'
    table = open_table(written(tmp_path, text, "reviews.tsv"))
    assert (table.form, table.layout.quotes) == ("tsv", "enclose")
    assert rows(table) == rows(table) == [(2, ('one\r\ntwo\tthree "four"', "a")), (5, ('say "no"', "b"))]


@pytest.mark.parametrize(
    ("lines", "quotes"),
    [
        (['so "good"\ta', 'and 5" wide\tb'], "none"),
        (['"good"\ta', "fine\tb"], "enclose"),
        (['good\t"a"'], "enclose"),
        (['"good"\ta', '"so" they say\tb'], "plain"),
        (['"good"\ta', '"never closed\tb'], "plain"),
        (['"good"\ta', "fine"], "plain"),
        (["fine", '"good"\ta'], "plain"),
        (['"a', 'b"\tc', "d\te"], "enclose"),
        (['"a\tb', 'c"\td', "e\tf\tg"], "plain"),
    ],
)
def test_what_the_quotes_of_tsv_are_is_told_by_the_whole_file(tmp_path, lines, quotes):
    path = written(tmp_path, "\n".join(["text\tlabel", *lines, ""]), "reviews.tsv")
    table = open_table(path, on_bad_row="skip")
    assert table.layout.quotes == quotes
    if quotes == "plain":
        split = [(number, tuple(line.split("\t"))) for number, line in enumerate(lines, 2)]
        assert rows(table) == [(number, fields) for number, fields in split if len(fields) == 2]


def test_a_ragged_row_of_tsv_tells_how_its_quotes_are_read(tmp_path):
    path = written(tmp_path, 'text\tlabel\n"one\ntwo"\ta\n"so" be it\tb\n', "reviews.tsv")
    error = fault(path)
    assert (error.where, error.what) == (f"{path}:2", "has 1 field, the header has 2")
    assert error.hint.startswith(
        "its quotes are read as plain characters, since it does not read as quoted throughout; "
        "saving it as csv settles it, or pass --on-bad-row skip"
    )
    assert "quotes" not in fault(written(tmp_path, 'text\tlabel\nso "good"\n', "reviews.tsv")).hint


@relaxed
@given(data=st.data(), width=st.integers(1, 3), alphabet=st.sampled_from([None, 'a"\t\n\r ']))
@example(data=None, width=1, alphabet=None)
def test_tsv_that_csv_writer_writes_is_read(tmp_path, data, width, alphabet):
    cells = values if alphabet is None else st.text(alphabet, max_size=5)
    records = st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=6)
    table = [[""], ["  "], ['"']] if data is None else data.draw(records)
    path = tmp_path / "reviews.tsv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="\t").writerows([("text", "label", "more")[:width], *table])
    assert [list(row.values.values()) for row in open_table(path)] == without_blank_rows(table)


@relaxed
@given(table=st.lists(st.lists(st.text('a" 好', max_size=5), min_size=2, max_size=2), max_size=6), data=st.data())
def test_raw_tsv_with_stray_quotes_is_read(tmp_path, table, data):
    # A quote that something other than a tab follows: whatever stands around it, no quoted reading is without fault.
    table.insert(data.draw(st.integers(0, len(table))), ['"so" they say', "a"])
    text = "".join("\t".join(record) + "\n" for record in [["text", "label"], *table])
    found = open_table(written(tmp_path, text, "reviews.tsv"))
    assert found.layout.quotes == "plain"
    expected = [(line, tuple(row)) for line, row in enumerate(table, 2) if without_blank_rows([row])]
    assert rows(found) == expected


def test_raw_tsv_knows_no_quotes(tmp_path):
    path = written(tmp_path, 'text\tlabel\r\nshe said "no\tb\r\n\r\n"a\tb\r\n \t \r\nc\td\n', "reviews.tsv")
    assert rows(open_table(path)) == [(2, ('she said "no', "b")), (4, ('"a', "b")), (6, ("c", "d"))]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("text\tlabel\na\tb\tc\n", "has 3 fields, the header has 2"),
        ("text\tlabel\na,b\n", "has 1 field, the header has 2"),
        ("text\tlabel\n", "has a header and no rows"),
        ("", "is empty"),
    ],
)
def test_tsv_faults(tmp_path, content, what):
    assert fault(written(tmp_path, content, "reviews.tsv")).what == what
