"""Numbers are read as they are meant, and what is none is taught with what to write."""

import pytest

from weft.data.examples.valued import number_of
from weft.errors import InputError


@pytest.mark.parametrize(
    ("field", "number"),
    [("3", 3), (" -1.5 ", -1.5), ("1e3", 1000), ("４.５", 4.5), ("$1,500", 1500), ("12 €", 12), ("0", 0)],
)
def test_numbers_are_read(field, number):
    assert number_of(field) == number


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
