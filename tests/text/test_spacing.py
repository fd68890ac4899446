"""Spaces between pieces: as a writer of English or Chinese sets them, and no letter more or less."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.text.segment import segment
from weft.text.spacing import spaced


@pytest.mark.parametrize(
    "text",
    [
        "The film (really!) isn't bad, is it?",
        'He said: "It was good." She said "no" twice.',
        "It cost $3.50 (50% off) at 10:30; well-known and/or not…",
        "“Good,” she said.",
        "这部电影很好看，我喜欢！",
        "コーヒーを飲んだ。",
        "น้ำที่นี่ดี",
        "ខ្ញុំស្រឡាញ់",
        "他说：“你好。”然后（在2024年）走了3步……",
        "《红楼梦》第3章、哈利·波特",
        "我用 Python 写程序，GPT-4o，也很好。",
        "很好,我喜欢!",
        "カタカナとひらがな。",
        "한국어 문장.",
        "",
    ],
)
@pytest.mark.parametrize("unit", ["word", "mixed"])
def test_sentences_are_as_they_were(text, unit):
    assert "".join(spaced(segment([text], unit).pieces)) == text


def test_an_unknown_piece_is_a_word_among_words_and_a_character_among_han():
    assert "".join(spaced(["a", "\ufffd", "film", "很", "\ufffd", "看"])) == "a \ufffd film 很\ufffd看"


@settings(deadline=None, max_examples=100)
@given(pieces=st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Zs"]), min_size=1)))
def test_nothing_but_single_spaces_is_added(pieces):
    parts = list(spaced(pieces))
    assert [part.removeprefix(" ") for part in parts] == [piece.removeprefix(" ") for piece in pieces]
    assert not parts or parts[0] == pieces[0]
