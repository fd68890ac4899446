"""Layout of csv: what spreadsheets and pandas write around the table is read as meant."""

import pytest

from tests.data.tables import fault, rows, written
from weft.data.sources import open_table


def test_a_line_that_names_the_delimiter(tmp_path):
    for first in ("sep=;", '"sep=;"', "SEP=;\r"):
        table = open_table(written(tmp_path, f"{first}\ntext;label\n房间，很好;pos\na, b;neg\n"))
        assert table.columns == ("text", "label")
        assert rows(table) == [(3, ("房间，很好", "pos")), (4, ("a, b", "neg"))]
        assert table.remarks == ["fields between semicolons"]
    path = written(tmp_path, "sep=~\ntext~label\na~b\nc\n")
    assert fault(path).where == f"{path}:4"


def test_columns_without_a_name_are_numbered(tmp_path):
    table = open_table(written(tmp_path, ",text,label,\n0,好,pos,\n1,bad,neg,\n"))
    assert table.columns == ("column 1", "text", "label", "column 4")
    assert rows(table)[0] == (2, ("0", "好", "pos", ""))


def test_blanks_before_quotes(tmp_path):
    table = open_table(written(tmp_path, 'text, label\n"好, 很好", "pos"\nplain,  "neg"\n'))
    assert rows(table) == [(2, ("好, 很好", "pos")), (3, ("plain", "neg"))]
    assert "blanks before quotes left out" in table.remarks


def test_a_quote_after_a_comma_inside_quotes_is_no_layout(tmp_path):
    table = open_table(written(tmp_path, 'text,tags\n好,"[""a"", ""b""]"\n'))
    assert (rows(table), table.remarks) == ([(2, ("好", '["a", "b"]'))], [])


def test_a_text_that_starts_with_a_blank_and_a_quoted_word_is_kept(tmp_path):
    table = open_table(written(tmp_path, 'label,text\npos, "Great" they say\nneg, 不好\n'))
    assert rows(table) == [(2, ("pos", ' "Great" they say')), (3, ("neg", " 不好"))]


def test_rows_without_a_value_are_left_out_wherever_they_stand(tmp_path):
    table = open_table(written(tmp_path, "text,label\n好,pos\n,\nbad,neg\n,\n , \n\n,\n"))
    assert rows(table) == [(2, ("好", "pos")), (4, ("bad", "neg"))]
    assert table.remarks == ["4 blank rows left out"]


def test_blank_fields_after_the_last_column_are_nothing(tmp_path):
    path = written(tmp_path, "text,label\n好,pos,,\nbad,neg, \n")
    assert rows(open_table(path)) == [(2, ("好", "pos")), (3, ("bad", "neg"))]
    path = written(tmp_path, "text,label\n好,pos,,x\n")
    assert fault(path).where == f"{path}:2"


@pytest.mark.parametrize("form", ["csv", "tsv"])
def test_a_file_without_a_header(tmp_path, form):
    path = written(tmp_path, "1,好\n0,bad\n".replace(",", "," if form == "csv" else "\t"), f"a.{form}")
    named = open_table(path, columns=("label", "text"))
    assert [dict(row.values) for row in named] == [{"label": "1", "text": "好"}, {"label": "0", "text": "bad"}]
    assert [row.line for row in named] == [1, 2]
    assert open_table(path, columns=()).columns == ("column 1", "column 2")
    with pytest.raises(ValueError, match="has 2 columns, and 3 are named"):
        open_table(path, columns=("a", "b", "c"))


def test_a_carriage_return_inside_a_line_belongs_to_its_field(tmp_path):
    content = 'text,label\n房间\r很好,pos\n"a\rb",neg\r\nlast,neg\r\n'
    table = open_table(written(tmp_path, content))
    assert rows(table) == [(2, ("房间\r很好", "pos")), (3, ("a\rb", "neg")), (4, ("last", "neg"))]
    path = written(tmp_path, content + 'x,"open\n')
    assert fault(path).where == f"{path}:5"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "good\nbad\rawful\n好\r\n"),
        ("a.tsv", "text\tn\ngood\t1\nbad\rawful\t2\n好\t3\r\n"),
        ("a.jsonl", '{"text": "good"}\n{"text":\r"bad\\rawful"}\n{"text": "好"}\r\n'),
    ],
)
def test_lines_are_counted_by_line_feeds_in_every_form(tmp_path, name, content):
    table = open_table(written(tmp_path, content, name))
    first = 2 if name.endswith("tsv") else 1
    found = [(row.line, row.values["text"]) for row in table]
    assert found == [(first, "good"), (first + 1, "bad\rawful"), (first + 2, "好")]


def test_a_file_of_carriage_returns_alone_ends_its_lines_by_them(tmp_path):
    assert rows(open_table(written(tmp_path, "text,label\r好,pos\rbad,neg\r"))) == [
        (2, ("好", "pos")),
        (3, ("bad", "neg")),
    ]
    assert rows(open_table(written(tmp_path, "好\rbad\r", "a.txt"))) == [(1, ("好",)), (2, ("bad",))]
