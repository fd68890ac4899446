"""Numbers are read as they are meant, and what is none is taught with what to write."""

import pytest

from weft.data.examples.valued import absent_hint, number_of
from weft.data.sources import open_table
from weft.errors import InputError
from weft.tasks.regression import RegressionConfig


@pytest.mark.parametrize(
    ("field", "number"),
    [("3", 3), (" -1.5 ", -1.5), ("1e3", 1000), ("４.５", 4.5), ("$1,500", 1500), ("12 €", 12), ("0", 0)],
)
def test_numbers_are_read(field, number):
    assert number_of(field) == number


def test_a_word_for_absent_numbers_is_named_with_its_rows(tmp_path):
    path = tmp_path / "a.csv"
    rows = ["好,1", "bad,缺考", "a,2.5", "b,", "c,缺考", "d,$1000"]
    path.write_text("\n".join(["text,score", *rows]) + "\n", encoding="utf-8")
    says = "`缺考` stands in 2 of 6 rows, and all others are numbers: write numbers there"
    assert absent_hint(open_table(path), "score") == says
    with pytest.raises(InputError, match=r"a\.csv:3: expected a number, found `缺考`") as caught:
        list(RegressionConfig(text="text", value="score").read(open_table(path)))
    assert caught.value.hint.startswith(f"{says}, or pass --on-bad-row skip")
    path.write_text("\n".join(["text,score", *rows, "e,absent"]) + "\n", encoding="utf-8")
    assert not absent_hint(open_table(path), "score")


@pytest.mark.parametrize(
    ("field", "what"),
    [
        ("", "value is missing"),
        ("NA", "value is missing (`NA`)"),
        ("nan", "value is missing (`nan`)"),
        ("cheap", "expected a number, found `cheap`"),
        ("1,2", "expected a number, found `1,2`"),
        ("12 km", "expected a number, found `12 km`"),
        ("1_000", "expected a number, found `1_000`"),
        ("inf", "expected a number between -1e15 and 1e15, found `inf`"),
        ("1e300", "expected a number between -1e15 and 1e15, found `1e300`"),
    ],
)
def test_what_is_no_number_is_taught(field, what):
    with pytest.raises(InputError) as caught:
        number_of(field)
    assert caught.value.what == what
    assert caught.value.hint
