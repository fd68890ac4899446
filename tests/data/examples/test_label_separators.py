"""What stands between labels: found where its parts come again, said where it is another, silent where all is plain."""

import pytest

from weft.data.examples.label_separators import likely_separator, separator_notes
from weft.data.examples.labelled import LabelledText
from weft.data.sources import open_table
from weft.errors import InputError
from weft.tasks.classification import ClassificationConfig


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["体育|财经", "财经", "sport|体育", "sport"] * 3, "|"),
        (["体育;财经", "财经", "体育"] * 3, ";"),
        (["体育|财经", *["财经", "体育"] * 9], None),  # too few hold it
        (["pos|很好", "neg"] * 9, None),  # no part stands in another label
        ([f"{number}|x" for number in range(9)], None),  # most parts are seen once
        (["价格, service", "service", "价格"] * 3, ","),
        (["价格、服务", "服务", "价格"] * 3, "、"),
        (["Paris, France", "Lyon, France", "Paris", "Lyon"] * 3, None),  # no label is `France` alone
        (["pos", "neg"], None),
        ([], None),
    ],
)
def test_a_likely_separator(labels, expected):
    assert likely_separator(labels) == expected
    assert len(separator_notes(labels, separator=None)) == (expected is not None)


@pytest.mark.parametrize("mark", ["|", ",", "/"])
def test_a_separator_that_no_label_contains(mark):
    rows = [(f"体育{mark}财经",), ("sport",), ()]
    assert separator_notes(rows, separator=";") == [
        f"no label contains the separator `;`, and many contain `{mark}`: "
        f'pass --label-separator "{mark}" if that stands between them'
    ]
    assert separator_notes([*rows, ("体育", "sport")], separator=";") == []
    assert separator_notes([("体育",), ("sport",), ()], separator=";") == separator_notes([()], separator=";") == []


def test_an_empty_label_among_several_has_a_way_out(tmp_path):
    path = tmp_path / "posts.csv"
    path.write_text("text,label\n" + "好,体育|财经\ngood,体育\n没有,\n" * 9, encoding="utf-8")
    config = ClassificationConfig().resolved(open_table(path))
    with pytest.raises(InputError, match=r'posts\.csv:4: label is empty\nhint: pass --label-separator "\|" if a text'):
        list(config.read(open_table(path)))
    table = open_table(path, on_bad_row="skip")
    assert (len(list(config.read(table))), len(table.bad)) == (18, 9)


def test_where_an_example_is_from():
    assert LabelledText("好 good").origin == {}
    assert LabelledText("好 good", line=7).origin == {"line": 7}
    assert LabelledText("好 good", line=7, file="texts/a/1.txt").origin == {"file": "texts/a/1.txt"}
