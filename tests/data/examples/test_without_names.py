"""Columns without names: pairs with a label are read as such, translations get the names that are asked for."""

import pytest

from weft.data.examples.roles import LABEL, TEXT, Role, find_roles
from weft.data.sources import open_table
from weft.errors import InputError

ROLES = Role("source", looks="rest"), Role("target", looks="rest")
ENGLISH = ["Go.", "Hi, you!", "Oh, no.", "Yes.", "Go on!", "We see six dogs."]
CHINESE = ["走。", "你好！", "哦，不。", "是。", "继续。", "我们看见六只狗。"]
PAIRS = [(f"怎么修好第{n}辆自行车 bike {n}", f"第{n}辆自行车怎么修 bicycle {n}", n % 2) for n in range(12)]


def written(path, rows):
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")
    return open_table(path)


@pytest.mark.parametrize("name", ["lcqmc.txt", "lcqmc.tsv"])
def test_two_texts_and_a_label_are_a_pair(tmp_path, name):
    table = written(tmp_path / name, PAIRS)
    found = find_roles(table, (TEXT, LABEL), named={})
    assert found == {"text": ("column 1", "column 2"), "label": ("column 3",)}
    one = Role("text", TEXT.usual, looks="text")
    with pytest.raises(InputError, match="cannot tell"):
        find_roles(written(tmp_path / name, PAIRS), (one, LABEL), named={})
    titles = [(f"第{n}个题目 title {n}", f"{text} {other}" * 3, label) for n, (text, other, label) in enumerate(PAIRS)]
    found = find_roles(written(tmp_path / name, titles), (TEXT, LABEL), named={})
    assert found == {"text": ("column 2",), "label": ("column 3",)}  # far too long for a pair


@pytest.mark.parametrize("name", ["cmn.txt", "cmn.tsv"])
@pytest.mark.parametrize(
    ("named", "columns"),
    [
        ({"source": "en", "target": "zh"}, ("en", "zh", "other")),
        ({"source": "zh", "target": "en"}, ("en", "zh", "other")),
        ({"source": "英", "target": "x"}, ("英", "x", "other")),
    ],
)
def test_columns_of_a_translation_get_the_names_that_are_asked_for(tmp_path, name, named, columns):
    rows = list(zip(ENGLISH, CHINESE, ["CC-BY 2.0 (France)"] * 6, strict=True))
    table = written(tmp_path / name, rows)
    assert find_roles(table, ROLES, named=named) == {role: (column,) for role, column in named.items()}
    assert table.columns == columns
    assert [tuple(row.values.values()) for row in table] == rows
    again = written(tmp_path / name, rows)
    assert find_roles(again, ROLES, named={}, trained=named) == {role: (column,) for role, column in named.items()}
    source, target = ROLES[0], Role("target", looks="rest", answer=True)
    answered = find_roles(
        written(tmp_path / name, rows),
        (source, target),
        named={"source": None},
        trained=named,
        answering=True,
    )
    assert answered == {"source": (named["source"],)}


def test_a_name_that_is_missing_below_a_header_is_refused(tmp_path):
    table = written(tmp_path / "a.tsv", [("src", "tgt", "origin"), *zip(ENGLISH, CHINESE, "abcdef", strict=True)])
    with pytest.raises(InputError, match="there is no column `en` among `src`, `tgt`, `origin`"):
        find_roles(table, ROLES, named={"source": "en", "target": "zh"})
