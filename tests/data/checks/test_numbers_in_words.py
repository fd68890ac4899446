"""Numbers as people write them: some digits, and no powers of ten where a number is large."""

import pytest

from weft.data.checks.findings import in_digits


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (0.012345, 3, "0.0123"),
        (12.345, 4, "12.35"),
        (2110.4, 3, "2,110"),
        (999.6, 3, "1,000"),
        (9262, 4, "9262"),
        (-12345.6, 4, "-12,346"),
        (0, 3, "0"),
    ],
)
def test_large_numbers_are_written_in_full(value, digits, said):
    assert in_digits(value, digits) == said


def test_a_sign_is_written_where_it_is_asked_for():
    assert (in_digits(1340, 3, sign="+"), in_digits(-0.5, 3, sign="+")) == ("+1,340", "-0.5")
