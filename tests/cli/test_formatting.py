"""How figures are written: shares as percents everywhere, points and losses as numbers."""

import pytest

from weft.cli.formatting import in_sentence, interval
from weft.metrics.names import MEASURES
from weft.metrics.names import in_full as shown
from weft.report.formatting import pace


@pytest.mark.parametrize(
    ("name", "table", "sentence"),
    [
        ("accuracy", "36.67%", "36.7%"),
        ("exact_match", "36.67%", "36.7%"),
        ("f1", "36.67%", "36.7%"),
        ("bleu", "0.37", "0.4"),
        ("log_loss", "0.3667", "0.3667"),
    ],
)
def test_a_share_is_a_percent_in_a_table_and_in_a_sentence(name, table, sentence):
    assert (shown(name, 0.36671), in_sentence(name, 0.36671)) == (table, sentence)


def test_pages_and_lines_take_the_same_scores_for_shares():
    assert [name for name, one in MEASURES.items() if (one.form == "share") != shown(name, 0.5).endswith("%")] == []


def test_an_interval_has_no_percent_sign():
    assert interval("f1", {"value": 0.5, "low": 0.25, "high": 0.75}) == "25.0 to 75.0"


def test_few_texts_a_second_are_not_none():
    assert [pace(one) for one in (1234.5, 10, 3.21, 0.043)] == ["1,234", "10", "3.2", "0.043"]
