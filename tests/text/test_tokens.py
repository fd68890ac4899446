from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from weft.text.tokens import token_places, words_around


def tokens(text, unit):
    return [text[start:end] for start, end in token_places(text, unit)]


def test_english_is_cut_as_treebanks_cut_it():
    text = "I don't think Obama's U.S. visit (AT&T, x-ray) on 1996-08-22 costs $5,000.50... isn’t it?"
    expected = "I do n't think Obama 's U.S. visit ( AT&T , x-ray ) on 1996-08-22 costs $ 5,000.50 ... is n’t it ?"
    assert " ".join(tokens(text, "word")) == expected


def test_chinese_is_cut_into_characters_or_words():
    text = "马云在杭州创办了ＡＢＣ Motors。"
    assert tokens(text, "mixed") == [*"马云在杭州创办了", "ＡＢＣ", "Motors", "。"]
    assert tokens(text, "word") == ["马云", "在", "杭州", "创办", "了", "ＡＢＣ", "Motors", "。"]
    assert tokens(text, "character") == [*"马云在杭州创办了ＡＢＣMotors。"]


def test_other_scripts_without_spaces_are_cut_into_characters():
    assert tokens("東京タワーへ行く", "mixed") == [*"東京タワーへ行く"]
    assert tokens("น้ำดี", "word") == tokens("น้ำดี", "character") == ["น้ำ", "ดี"]
    assert tokens("서울에 갔다", "word") == ["서울에", "갔다"]


def test_a_character_is_what_a_reader_sees_as_one():
    text = "e\u0301 好👩\u200d👩\u200d👧🇩🇪"
    assert tokens(text, "character") == tokens(text, "word") == ["e\u0301", "好", "👩\u200d👩\u200d👧", "🇩🇪"]


@given(
    st.text(alphabet=st.sampled_from("aZé\u0301好世Ｘ１1.-'’&@ \n\u3000👍🏽\u200d")),
    st.sampled_from(["character", "mixed", "word"]),
)
def test_tokens_are_all_that_is_no_blank_in_order(text, unit):
    places = token_places(text, unit)
    assert all(start < end for start, end in places)
    assert all(one[1] <= other[0] for one, other in pairwise(places))
    assert "".join(tokens(text, unit)).split() == "".join(text.split()).split()


def test_the_word_around_a_character_has_its_place_and_class():
    words, classes = words_around("去上海 now")
    assert words == ["去", "上海", "上海", " ", "now", "now", "now"]
    assert classes == ["S-v", "B-ns", "E-ns", " ", "B-x", "M-x", "E-x"]
