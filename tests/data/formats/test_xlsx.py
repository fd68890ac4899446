"""Workbooks: the only sheet of rows, or the one named, is read as csv would be, with the numbers of its rows."""

import datetime

import pytest

from tests.data.tables import fault, rows, written
from weft.data.sources import open_table

openpyxl = pytest.importorskip("openpyxl")


def book(path, **sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, table in sheets.items():
        sheet = made.create_sheet(title)
        for row in table:
            sheet.append(row)
    made.save(path)
    return path


def test_a_sheet_is_read_as_it_is_shown(tmp_path):
    day = datetime.datetime(2026, 11, 1)
    table = [
        ["text", "label", "when", "n", "ok"],
        ["房间很好", 1.0, day, 2.5, True],
        [],
        ["bad", 0, None, 3, False],
        [None],
    ]
    found = open_table(book(tmp_path / "a.xlsx", 评论=table))
    assert (found.form, found.columns) == ("xlsx", ("text", "label", "when", "n", "ok"))
    expected = [(2, ("房间很好", "1", "2026-11-01", "2.5", "true")), (4, ("bad", "0", "", "3", "false"))]
    assert rows(found) == rows(found) == expected


def test_a_title_above_and_columns_without_a_name(tmp_path):
    table = [["Reviews of 2026"], [], [None, "text", "label"], [0, "好", "pos"], [1, "bad", "neg"]]
    found = open_table(book(tmp_path / "a.xlsx", one=table))
    assert found.columns == ("column 1", "text", "label")
    assert [row.line for row in found] == [4, 5]
    assert found.remarks == ["header in row 3"]


def test_one_of_several_sheets_is_named(tmp_path):
    table = [["text", "label"], ["好", "a"], ["b", "c"]]
    path = book(tmp_path / "a.xlsx", notes=[["about"]], 训练=table, test=[["text", "label"], ["x", "y"]], empty=[])
    error = fault(path)
    assert error.what == "3 sheets have rows: `notes` (1 x 1), `训练` (3 x 2), `test` (2 x 2)"
    assert f"'{path}#训练'" in error.hint
    found = open_table(f"{path}#test")
    assert rows(found) == [(2, ("x", "y"))]
    assert found.remarks == ["sheet `test`"]
    assert fault(f"{path}#tast").hint == "did you mean `test`?"
    assert open_table(book(tmp_path / "b.xlsx", notes=[], data=table)).columns == ("text", "label")


def test_sheets_of_the_same_columns_can_be_read_as_one(tmp_path):
    months = {month: [["text", "label"], [f"好 {month}", "a"], ["b", "c"]] for month in ("一月", "Feb")}
    path = book(tmp_path / "a.xlsx", **months)
    hint = fault(path).hint
    assert hint.endswith(f"; all have the same columns: '{path}#一月,{path}#Feb' reads them as one")
    assert len(rows(open_table(f"{path}#一月,{path}#Feb"))) == 4


def test_a_sheet_without_a_header(tmp_path):
    path = book(tmp_path / "a.xlsx", one=[["好", "a"], ["b", "c"]])
    assert rows(open_table(path, columns=("text", "label"))) == [(1, ("好", "a")), (2, ("b", "c"))]


def test_what_is_no_workbook(tmp_path):
    error = fault(written(tmp_path, "x", "reviews.xlsx"))
    assert (error.what, "save it as .xlsx" in error.hint) == ("is not a sound .xlsx file", True)
    assert fault(book(tmp_path / "a.xlsx", one=[])).what == "has no rows"
    assert fault(book(tmp_path / "b.xlsx", one=[["text", "label"]])).what == "has a header and no rows"
    twice = open_table(book(tmp_path / "c.xlsx", one=[["a", "a"], ["b", "c"]]))
    assert (twice.columns, [row.values for row in twice]) == (("a", "a_2"), [{"a": "b", "a_2": "c"}])


def test_the_only_sheet_of_texts_and_labels_is_taken(tmp_path):
    cases = [["Fall", "类别"], *([f"包裹在第{n}天才到 too late", "物流" if n % 2 else "quality"] for n in range(8))]
    people = [["who", "name"], ["mk", "Mary"], ["lt", "李雷"]]
    found = open_table(book(tmp_path / "a.xlsx", about=[["Export"]], 工单=cases, people=people))
    assert (found.columns, found.remarks) == (("Fall", "类别"), ["sheet `工单`"])
    assert len(rows(found)) == 8
    error = fault(book(tmp_path / "b.xlsx", Jan=cases, 二月=cases, people=people))
    assert error.what == "3 sheets have rows: `Jan` (9 x 2), `二月` (9 x 2), `people` (3 x 2)"
