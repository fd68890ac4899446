"""The data doctor's page: balanced HTML that loads nothing, escapes what texts try, and shows some of many rows."""

import re

import pytest

from weft.data.checks.findings import Finding, Row
from weft.report.pages.inspection import SHOWN, inspection_page, tally

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'
ROWS = [Row("train", line, f"a.csv:{line}", f"{HOSTILE} 第 {line} 行 \x07", "<b>", "`<i>`") for line in range(2, 42)]
FINDINGS = [
    Finding("markup", "HTML", "error", "40 texts with `<script>`", 40, "strip them", ROWS),
    Finding("labels", "Labels", "warning", "2 labels", 1, "merge", [], [("label", "train"), ("好评", "1,200")]),
    Finding("empty", "Empty rows", "fine", "every row has a text"),
]


def test_what_texts_try_is_escaped(tmp_path):
    page = inspection_page(FINDINGS, tmp_path / "page.html", title="a<b>.csv").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert "a&lt;b&gt;.csv" in page
    assert "<code>&lt;i&gt;</code>" in page
    assert "\x07" not in page
    assert "␇" in page
    for tag in ("table", "tr", "td", "th", "section", "p", "span", "details", "div"):
        assert len(re.findall(rf"<{tag}[ >]", page)) == page.count(f"</{tag}>"), tag


def test_both_texts_of_a_pair_stand_on_lines_of_their_own(tmp_path):
    rows = [
        Row("train", 2, "a.csv:2", "花呗怎么还", "1", second="how to <pay>"),
        Row("train", 3, "a.csv:3", "short", "1", second="很长" * 200),
    ]
    finding = Finding("duplicates", "Duplicates", "warning", "2 rows", 2, "mend", rows)
    page = inspection_page([finding], tmp_path / "page.html", title="a.csv").read_text(encoding="utf-8")
    assert "花呗怎么还<br>how to &lt;pay&gt;</td>" in page
    assert "<summary>short<br>很长" in page
    assert f"short\n\n{'很长' * 200}</div>" in page


def test_a_row_of_another_file_names_its_part(tmp_path):
    other = Finding("odd", "Odd", "warning", "1 row", 1, "mend", [Row("test", 5, "test.csv:5", "好", "1")])
    alone = inspection_page(FINDINGS, tmp_path / "page.html", title="a.csv").read_text(encoding="utf-8")
    both = inspection_page([*FINDINGS, other], tmp_path / "page.html", title="a.csv").read_text(encoding="utf-8")
    assert "<td>train</td>" not in alone
    assert both.count("<td>train</td>") == SHOWN
    assert "<td>test</td>" in both


def test_some_rows_are_shown_and_the_rest_counted(tmp_path):
    page = inspection_page(FINDINGS, tmp_path / "page.html", title="a.csv").read_text(encoding="utf-8")
    assert page.count("第 ") == SHOWN
    assert f"{len(ROWS) - SHOWN} more rows" in page
    assert '<td class="number" dir="auto">1,200</td>' in page


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        (FINDINGS, "1 error and 1 warning"),
        (FINDINGS[:1], "1 error"),
        (FINDINGS[1:], "1 warning"),
        (FINDINGS[2:], "No problems found"),
    ],
)
def test_the_headline(findings, said):
    assert tally(findings) == said
