"""Forms that the lines of a file tell where its name does not: each is said, and what tells nothing stays as it was."""

import pytest

from tests.data.tables import fault, rows, written
from weft.data.sources import open_table

TEXTS = ["房间很好，干净", "too noisy, never again", "服务不错", "fine, and quiet"]
TABBED = "".join(f"{text}\t{n % 2}\n" for n, text in enumerate(TEXTS))
JSON = "".join(f'{{"text": "{text}", "label": "{n % 2}"}}\n' for n, text in enumerate(TEXTS))
CSV = "text,label\n" + "".join(f'"{text}",{n % 2}\n' for n, text in enumerate(TEXTS)) * 2
FASTTEXT = "".join(f"__label__好 {text}\n" for text in TEXTS)


@pytest.mark.parametrize("name", ["a.txt", "a.train", "训练"])
def test_lines_with_as_many_tabs_are_a_table(tmp_path, name):
    table = open_table(written(tmp_path, "text\tlabel\n" + TABBED, name))
    assert (table.form, table.columns) == ("tsv", ("text", "label"))
    assert table.remarks == ["read as tab-separated: 2 columns"]
    assert rows(table)[0] == (2, ("房间很好，干净", "0"))


@pytest.mark.parametrize("name", ["a.txt", "训练.tsv", "a.train"])
@pytest.mark.parametrize("begin", ["-DOCSTART- O\n\n", ""])
@pytest.mark.parametrize("mark", ["\t", " "])
def test_tokens_with_tags_of_spans_are_conll(tmp_path, name, begin, mark):
    lines = "Anna B-PER\nlives O\nin O\n上海 B-LOC\n\n李 B-PER\n雷 I-PER\n\n"
    table = open_table(written(tmp_path, (begin + lines).replace(" ", mark), name))
    assert (table.form, table.columns) == ("conll", ("token", "tag"))
    assert table.remarks == ["read as CoNLL: a token a line, 2 columns, the last with its tag"]
    plain = written(tmp_path, lines.replace("B-", "").replace("I-", ""), "plain.txt")
    assert open_table(plain).form == "txt"


@pytest.mark.parametrize(
    ("content", "form", "remark"),
    [
        (FASTTEXT, "txt", "read as fastText lines"),
        (JSON, "jsonl", "read as JSON lines"),
        (CSV, "csv", "read as comma-separated: 2 columns"),
    ],
)
@pytest.mark.parametrize("name", ["a.train", "a.dev", "测试集"])
def test_a_suffix_that_tells_nothing(tmp_path, content, form, remark, name):
    table = open_table(written(tmp_path, content, name))
    assert (table.form, table.remarks) == (form, [remark])
    assert {*table.columns} == {"text", "label"}


@pytest.mark.parametrize(
    "content",
    [
        "\n".join(TEXTS),
        FASTTEXT.replace(" ", "\t"),
        TABBED + "no tab\n",
        "a\tb\n",
        "".join(f"{text}, {text}\n" for text in TEXTS),
    ],
)
def test_plain_text_stays_plain_text(tmp_path, content):
    table = open_table(written(tmp_path, content, "a.txt"))
    assert (table.form, table.remarks) == ("txt", [])


@pytest.mark.parametrize("content", ["\n".join(TEXTS), b"\x89PNG\r\n\x1a\n\xff\x00", "a,b\nc,d\n"])
def test_lines_that_tell_nothing_are_refused(tmp_path, content):
    assert "known: .csv" in fault(written(tmp_path, content, "a.train")).hint


LONG = "".join(f"{n}|{'好差'[n % 2]}|{TEXTS[n % 4]} {n}\n" for n in range(24))


@pytest.mark.parametrize("mark", ["_!_", "|||", " ||| ", "||", "\t\t", "::", "$$"])
def test_separators_of_several_characters_make_columns_without_names(tmp_path, mark):
    table = open_table(written(tmp_path, LONG.replace("|", mark), "a.txt"))
    assert table.columns == ("column 1", "column 2", "column 3")
    shown = mark.replace("\t", "\\t")
    assert table.remarks[0] == f"read as separated by `{shown}`: 3 columns"
    assert "no header" in table.remarks[1]
    assert rows(table)[0] == (1, ("0", "好", "房间很好，干净 0"))
    named = open_table(written(tmp_path, LONG.replace("|", mark), "a.txt"), columns=["id", "label", "text"])
    assert named.columns == ("id", "label", "text")


def test_a_long_separator_under_names_and_a_line_with_another_width(tmp_path):
    lines = LONG.replace("|", "_!_")
    table = open_table(written(tmp_path, "id_!_label_!_text\n" + lines, "a.txt"))
    assert table.columns == ("id", "label", "text")
    wide = written(tmp_path, lines + "1_!_2\n", "a.txt")
    assert "has 2 fields, the first row has 3" in fault(wide).what


@pytest.mark.parametrize("mark", ["_!_", "||", "::"])
def test_a_mark_in_some_lines_or_before_all_is_text(tmp_path, mark):
    some = [f"{text} {n}{mark if n % 2 else ''}" for n, text in enumerate(TEXTS * 4)]
    heads = [f"{mark}{text} {n}" for n, text in enumerate(TEXTS * 4)]
    for lines in (some, heads):
        assert open_table(written(tmp_path, "\n".join(lines), "a.txt")).form == "txt"
