"""Normalizing: what a reader takes as equal becomes equal, once and for all."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.text.normalize import NormalizeConfig, normalize

# among any characters, those that forms, cases and white space are hard for; half a surrogate pair too
texts = st.text(
    st.characters(codec="utf-8") | st.sampled_from("İIıΣςßA很好\u3000\u0301\u0307\u0327\u0328\u1680\x1c\ud83d")
)
configs = st.builds(
    NormalizeConfig,
    unicode=st.sampled_from(["NFKC", "NFC", "none"]),
    case=st.sampled_from(["lower", "keep"]),
    space=st.sampled_from(["one", "keep"]),
)


def one(text, **settings):
    return normalize([text], NormalizeConfig(**settings))[0]


@pytest.mark.parametrize(
    ("raw", "made"),
    [
        ("ＧＰＴ－４ｏ，很好！", "gpt-4o,很好!"),
        ("  The\tFILM \r\n was　很 好 ", "the film was 很 好"),
        ("cafe\u0301 ﬁlm ①②", "café film 12"),
        ("ｶﾞﾗｽ", "ガラス"),
        ("", ""),
        (" \n\u3000", ""),
    ],
)
def test_by_default_forms_case_and_white_space_are_one(raw, made):
    assert one(raw) == made


def test_nfc_keeps_full_width():
    assert one("Ｇood cafe\u0301 很好！", unicode="NFC") == "ｇood café 很好！"


def test_case_is_kept_on_request():
    assert one("ＧＰＴ Good 很好", case="keep") == "GPT Good 很好"


def test_none_and_keep_change_white_space_alone():
    assert one(" Ｇood\t cafe\u0301　很好！", unicode="none", case="keep") == "Ｇood cafe\u0301 很好！"


def test_spaces_and_line_breaks_are_kept_on_request():
    assert one("  The\tfilm \r\n\r\n好\u3000看 \r", space="keep") == "  the\tfilm \n\n好 看 \n"
    assert one("  The\tfilm \r\n\r\n好\u3000看 \r", space="keep", unicode="NFC") == "  the\tfilm \n\n好\u3000看 \n"


def test_half_a_surrogate_pair_becomes_the_replacement_character():
    assert one("good \ud83d 很好") == "good \ufffd 很好"
    assert one("\ud83d\ude00", unicode="none") == "😀"


def test_a_dotted_capital_is_lowered_into_the_same_form():
    # İ + cedilla: lowered, i + dot + cedilla, whose right order is i + cedilla + dot
    assert one("İ\u0327") == unicodedata.normalize("NFKC", "i\u0307\u0327")


@settings(deadline=None)
@given(text=texts, config=configs)
def test_idempotent_and_fit_to_be_written(text, config):
    once = normalize([text], config)
    assert normalize(once, config) == once
    if config.space == "one":
        assert once[0] == " ".join(once[0].split())
    assert "\r" not in once[0]
    assert once[0].encode("utf-8").decode("utf-8") == once[0]


@settings(deadline=None)
@given(many=st.lists(texts), config=configs)
def test_many_as_one_by_one(many, config):
    assert normalize(many, config) == [normalize([text], config)[0] for text in many]
