"""Numbers and categories: standardised by training, missing ones flagged, unseen ones unknown; bad ones refused."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.data.examples.label_spelling import MISSING
from weft.data.examples.labelled import LabelledText
from weft.data.sources import Row, open_table
from weft.errors import ConfigError, InputError
from weft.inputs.tabular import TabularInputConfig, number_of

ROWS = [
    {"price": "1", "stars": "5", "city": "Oslo"},
    {"price": "3", "stars": "", "city": "上海"},
    {"price": " 5.0 ", "stars": "n/a", "city": "上海"},
    {"price": "-", "stars": "4", "city": "Oslo"},
    {"price": "7", "stars": "3", "city": "Bonn"},
]
CONFIG = TabularInputConfig(numbers=("price", "stars"), categories=("city",))


def learned(rows=ROWS, config=CONFIG):
    return config.learned([LabelledText("a", "b", other={"tabular": row}) for row in rows])


def test_numbers_are_standardised_by_training_and_missing_ones_flagged():
    one = learned()
    batch = one.collate(one.encode(ROWS), np.arange(len(ROWS)))
    price = np.array([1, 3, 5, 7])
    expected = [*((price[:3] - price.mean()) / price.std()), 0, (7 - 4) / price.std()]
    np.testing.assert_allclose(batch.numbers_BF[:, 0].numpy(), expected, rtol=1e-6)
    assert batch.missing_BF.tolist() == [
        [False, False], [False, True], [False, True], [True, False], [False, False]
    ]  # fmt: skip
    assert batch.numbers_BF[batch.missing_BF].eq(0).all()


def test_a_category_that_stood_once_is_as_unknown_as_one_never_seen():
    one = learned()
    assert one.known == {"city": ["Oslo", "上海"]}
    more = [*ROWS, {"price": "1", "stars": "1", "city": "Rome"}, {"price": "1", "stars": "1", "city": " Oslo "}]
    ids = one.collate(one.encode(more), np.arange(7)).categories_BG[:, 0].tolist()
    assert ids == [1, 2, 2, 1, 0, 0, 1]
    assert one.spec().categories == (3,)


def test_in_parts_it_is_encoded_as_a_whole_and_loaded_it_is_the_same(tmp_path):
    one = learned()
    one.save(tmp_path)
    again = CONFIG.loaded(tmp_path)
    whole = one.encode(ROWS)
    for each in (one, again):
        parts = [each.encode([row]) for row in ROWS]
        for name, values in whole.fixed.items():
            np.testing.assert_array_equal(np.concatenate([part.fixed[name] for part in parts]), values)
    assert json.loads(json.dumps(one.describe())) == again.describe()


def test_what_is_missing_or_unseen_is_said():
    one = learned()
    notes = one.notes({"train": one.encode(ROWS), "dev": one.encode([{"price": "", "stars": "1", "city": "Rome"}])})
    said = "\n".join(notes)
    assert "`price` 4 ± 2.236" in said
    assert "missing, of 5 rows of train: `price` 1, `stars` 2" in said
    assert "not known from training (2 rows of it at least), of 5 rows of train: `city` 1" in said
    assert "not known from training (2 rows of it at least), of 1 row of dev: `city` 1" in said
    assert one.gaps([*ROWS[:1], {"city": ""}]) == ["missing, of 2 rows: `price` 1, `stars` 1, `city` 1"]
    assert one.gaps(ROWS[:1]) == []


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
@settings(max_examples=50)
def test_a_number_is_read_as_python_writes_it(number):
    assert number_of(repr(number), "price") == number


@pytest.mark.parametrize("field", ["abc", "1,5", "12%", "1 2", "五"])
def test_what_is_no_number_is_refused(field):
    with pytest.raises(InputError, match="expected a number") as error:
        CONFIG.value_of(Row({"price": field, "stars": "", "city": ""}, 7))
    assert "--categories" in error.value.hint


@pytest.mark.parametrize(
    ("field", "number"),
    [("$69.14", 69.14), ("1,500", 1500), ("-12 €", -12), ("￥ 1,234,567.5", 1234567.5), ("12元", 12), ("-£3", -3)],
)
def test_prices_and_thousands_are_read(field, number):
    assert number_of(field, "price") == number


@pytest.mark.parametrize("field", ["0,5", "0,500", "1.234,5", "3,14 €"])
def test_a_decimal_comma_is_refused_with_what_mends_it(field):
    with pytest.raises(InputError, match="expected a number") as error:
        number_of(field, "price")
    assert "between semicolons" in error.value.hint


def test_decimal_commas_are_read_where_fields_stand_between_semicolons(tmp_path):
    path = tmp_path / "priced.csv"
    lines = ["text;price;stars;city", "好;1.234,5;1,500;3,5", "ok;3,14 €;2,500;x", "no;;1;y"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    table = open_table(path)
    assert table.remarks == ["fields between semicolons", "decimal commas in `price`"]
    prices = [number_of(CONFIG.value_of(row)["price"], "price") for row in table]
    assert prices[:2] == [1234.5, 3.14]
    assert math.isnan(prices[2])
    assert [number_of(CONFIG.value_of(row)["stars"], "stars") for row in table] == [1500, 2500, 1]


def test_infinite_numbers_are_refused_and_absent_ones_missing():
    with pytest.raises(InputError, match="finite"):
        number_of("inf", "price")
    assert all(math.isnan(number_of(field, "price")) for field in ("", "NaN", "null", " N/A ", "None"))


@pytest.mark.parametrize("field", ["0.1", "5", "1e-200"])
def test_a_constant_column_is_said_to_be_one_and_another_value_of_it_still_read(field, tmp_path):
    one = learned([{"price": field, "stars": str(place), "city": ""} for place in range(3)])
    assert f"`price` {float(field):.4g} in all rows: it can tell nothing" in one.notes({})[0]
    one.save(tmp_path)
    for each in (one, CONFIG.loaded(tmp_path)):
        encoded = each.encode([{"price": field}, {"price": "7"}, {"price": ""}]).fixed["tabular numbers"][:, 0]
        np.testing.assert_allclose(encoded, [0, 7 - float(field), 0], rtol=1e-6)


@pytest.mark.parametrize("field", ["1e300", "-4e38"])
def test_numbers_beyond_those_of_float32_are_refused(field):
    with pytest.raises(InputError, match=r"expected a number of at most 3\.4e"):
        number_of(field, "price")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("fields", [("3.4e38", "-3.4e38", "1"), ("1e-320", "2e-320", "1e-300"), ("1e-6", "2e-6", "")])
def test_huge_and_tiny_numbers_stay_finite_and_in_order(fields):
    one = learned([{"price": field, "stars": "1", "city": ""} for field in fields])
    asked = [{"price": field} for field in ("-3e38", "-1", "0", "1", "3e38")]
    price = one.encode(asked).fixed["tabular numbers"][:, 0]
    assert np.isfinite(price).all()
    assert (np.diff(price) >= 0).all()


def test_a_column_without_any_number_is_refused():
    with pytest.raises(InputError, match="`price` has no number"):
        learned([{"price": "", "stars": "1", "city": ""}])


def test_columns_are_named_once_and_one_at_least():
    with pytest.raises(ConfigError, match="`a` is named twice"):
        TabularInputConfig(numbers=("a",), categories=("a",))
    with pytest.raises(ConfigError, match="names no column"):
        TabularInputConfig()


def test_a_text_of_names_is_cut_as_a_row_of_csv():
    assert TabularInputConfig(numbers='price, "a,b"').numbers == ("price", "a,b")
    assert TabularInputConfig(numbers="price , ,age, ").numbers == ("price", "age")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_documentation_lists_what_is_read_as_missing(language):
    path = Path(__file__).parents[2] / "docs" / language / "data.md"
    page = path.read_text(encoding="utf-8").casefold()
    (listed,) = re.findall(r"(?:an empty field \(also|空字段（以及)([^)）]*)[)）]", page)
    assert {"", *re.findall(r"`([^`]*)`", listed)} == MISSING
