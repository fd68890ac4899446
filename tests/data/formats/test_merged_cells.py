"""Cells that are merged down stand for each of their rows; headings across, banners and headers stay as they are."""

import io

import pytest

from tests.data.tables import rows
from weft.data.formats import merged_cells
from weft.data.formats.merged_cells import Merged, merged_down, with_merged
from weft.data.sources import open_table
from weft.errors import InputError

openpyxl = pytest.importorskip("openpyxl")


def merged_book(path, table, *ranges):
    made = openpyxl.Workbook()
    for row in table:
        made.active.append(row)
    for one in ranges:
        made.active.merge_cells(one)
    made.save(path)
    return str(path)


def test_cells_merged_down_have_the_value_in_every_row_and_it_is_said(tmp_path):
    table = [
        ["意图", "问法", "answer"],
        ["退货", "怎么退", "go to"],
        [None, "能退吗", None],
        [],
        ["price", "多少钱", "x"],
    ]
    found = open_table(merged_book(tmp_path / "a.xlsx", table, "A2:A4", "C2:C3"))
    assert rows(found) == [
        (2, ("退货", "怎么退", "go to")),
        (3, ("退货", "能退吗", "go to")),
        (5, ("price", "多少钱", "x")),
    ]
    assert found.remarks == ["merged cells of `意图`, `answer` stand for each of their rows"]


def test_headings_across_and_headers_of_two_rows_stay_as_they_are(tmp_path):
    table = [
        ["Reviews 评论", None, None],
        ["text", "label", None],
        ["好", "a", "b"],
        ["section", None, None],
        ["c", "d", "e"],
    ]
    found = open_table(merged_book(tmp_path / "a.xlsx", table, "A1:C1", "B2:C2", "A4:C4"))
    assert found.columns == ("text", "label", "column 3")
    assert rows(found) == [(3, ("好", "a", "b")), (4, ("section", "", "")), (5, ("c", "d", "e"))]
    assert found.remarks == ["header in row 2"]
    two = [["text", "by", None], [None, "name", "age"], ["好", "王", 3]]
    headed = open_table(merged_book(tmp_path / "b.xlsx", two, "A1:A2", "B1:C1"))
    assert rows(headed)[0] == (2, ("", "name", "age"))


def test_ranges_are_read_across_blocks_and_bounded(monkeypatch):
    xml = b"".join(b'<mergeCell ref="AB%d:AB%d"/>' % (2 * n, 2 * n + 1) for n in range(1, 60))
    monkeypatch.setattr(merged_cells, "_CHUNK", 7)
    found = merged_down(io.BytesIO(b"<mergeCells>" + xml + b'<mergeCell ref="A1:C1"/>'), path="a.xlsx")
    assert found == tuple(Merged(2 * n, 2 * n + 1, 27) for n in range(1, 60))
    monkeypatch.setattr(merged_cells, "MOST_RANGES", 5)
    with pytest.raises(InputError, match="over 5 ranges"):
        merged_down(io.BytesIO(xml), path="a.xlsx")


def test_a_range_far_below_and_right_of_the_table_costs_nothing():
    given = [(1, ["a"]), (2, ["b"])]
    far = [Merged(2, 9_999_999, 17_000), Merged(2, 9_999_999, 1)]
    assert list(with_merged(iter(given), far, below=0, width=2)) == given
