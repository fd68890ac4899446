"""Cutting texts: words by Unicode, Han runs by dictionary, and not a character lost."""

import pytest
import regex
import rjieba
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.other_scripts import texts as sentences
from weft.text.normalize import NormalizeConfig, normalize
from weft.text.segment import _ASCII_PIECE, _PIECE, han_share, is_han, rules_of, segment, split_words

letters = "aZé3.,:'’_-!很好的电影。〇々ー語カか한ไทยำ้\u3099ខ្ញុ\u0939\u093f\u0928\u094d"
marks = "\u0301\u20e3\ufe0f\u200d😀👩🏽🇨🇳\U00020000\U00030000\ue000\u0600\u06dd\x00\ufffd"
raw = st.text(st.sampled_from(letters + marks) | st.sampled_from(" \n") | st.characters(codec="utf-8"))
texts = raw.map(lambda text: normalize([text], NormalizeConfig())[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("don't rock’n’roll 'quoted'", ["don't", "rock’n’roll", "'", "quoted", "'"]),
        ("3.14 1,000 12:30 v2 2.", ["3.14", "1,000", "12:30", "v2", "2", "."]),
        ("well-made, e.g. snake_case!", ["well", "-", "made", ",", "e", ".", "g", ".", "snake_case", "!"]),
        ("हिन्दी में état cafe\u0301", ["हिन्दी", "में", "état", "cafe\u0301"]),
        ("1\ufe0f\u20e3 한국어 ไทย русский", ["1\ufe0f\u20e3", "한국어", "ไ", "ท", "ย", "русский"]),
        ("GPT-4o很好", ["GPT", "-", "4o", "很", "好"]),
        ("我爱北京天安门。3.5分!", [*rjieba.cut("我爱北京天安门"), "。", "3.5", "分", "!"]),
        ("", []),
    ],
)
def test_words(text, words):
    assert split_words(text) == words


@pytest.mark.parametrize("emoji", ["👨\u200d👩\u200d👧", "👩🏽\u200d🚀", "👍🏽", "❤\ufe0f", "🇨🇳", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])
def test_an_emoji_is_one_piece(emoji):
    assert split_words(f"good{emoji}!很{emoji}{emoji}") == ["good", emoji, "!", "很", emoji, emoji]


def test_mixed_cuts_han_into_characters_and_the_rest_into_words():
    cut = segment(["GPT-4o真的很好 don't", "", "𠀀𠀁 3.14"], "mixed")
    assert cut.pieces == ["GPT", "-", "4o", "真", "的", "很", "好", "don't", "𠀀", "𠀁", "3.14"]
    assert cut.lengths_R.tolist() == [8, 0, 3]
    assert cut.words_N is None
    assert cut.words == []


def test_characters_keep_spaces():
    assert segment(["a 很好"], "character").pieces == ["a", " ", "很", "好"]


def test_covering_is_the_word_around_each_piece():
    assert segment(["很好看 film"], "word", covering=True).words == ["很", "好看", "film"]
    assert segment(["很好看 film"], "mixed", covering=True).words == ["很", "好看", "好看", "film"]
    assert segment(["好看 ok!"], "character", covering=True).words == ["好看", "好看", " ", "ok", "ok", "!"]


@pytest.mark.parametrize("odd", list("𠀀\U00030000\u0301\ue000\u200d\ufeff\x00〇々\U0010ffff"), ids=ascii)
@pytest.mark.parametrize("unit", ["word", "mixed", "character"])
def test_odd_characters_stay(odd, unit):
    for text in (odd, f"好{odd}", f"a{odd}很", f"{odd}{odd} b"):
        cut = segment([text], unit, covering=True)
        assert "".join(cut.pieces) == (text if unit == "character" else text.replace(" ", ""))


AS_EVER = [
    (
        "The film's plot wasn't bad, it's well-made: 3.5 of 5!",
        "The|film's|plot|wasn't|bad|,|it's|well|-|made|:|3.5|of|5|!",
        "The|film's|plot|wasn't|bad|,|it's|well|-|made|:|3.5|of|5|!",
    ),
    (
        "He said “no” at 10:30 — for $1,000.50 (50% off)…",
        "He|said|“|no|”|at|10:30|—|for|$|1,000.50|(|50|%|off|)|…",
        "He|said|“|no|”|at|10:30|—|for|$|1,000.50|(|50|%|off|)|…",
    ),
    (
        "Naïve café owners in São Paulo; e.g. O’Neill",
        "Naïve|café|owners|in|São|Paulo|;|e|.|g|.|O’Neill",
        "Naïve|café|owners|in|São|Paulo|;|e|.|g|.|O’Neill",
    ),
    (
        "我爱北京天安门，很好看的电影。",
        "我|爱|北|京|天|安|门|，|很|好|看|的|电|影|。",
        "我|爱|北京|天安门|，|很|好看|的|电影|。",
    ),
    (
        "GPT-4o真的很好用，比iPhone15便宜3,000元！",
        "GPT|-|4o|真|的|很|好|用|，|比|iPhone15|便|宜|3,000|元|！",
        "GPT|-|4o|真的|很|好|用|，|比|iPhone15|便宜|3,000|元|！",
    ),
    ("這部電影的目的是什麼？〇々", "這|部|電|影|的|目|的|是|什|麼|？|〇|々", "這部|電影|的|目的|是|什麼|？|〇|々"),
    ("русский язык हिन्दी में 😀👍🏽", "русский|язык|हिन्दी|में|😀|👍🏽", "русский|язык|हिन्दी|में|😀|👍🏽"),
    (
        "春眠不觉晓，处处闻啼鸟 and the rain_falls v2.0",
        "春|眠|不|觉|晓|，|处|处|闻|啼|鸟|and|the|rain_falls|v2|.|0",
        "春眠|不觉|晓|，|处处|闻啼鸟|and|the|rain_falls|v2|.|0",
    ),
]


@pytest.mark.parametrize(("text", "mixed", "words"), AS_EVER)
def test_english_and_chinese_are_cut_as_before_scripts_without_spaces_were(text, mixed, words):
    for rules in (rules_of(), rules_of(whole_runs=True)):
        assert "|".join(segment([text], "mixed", rules=rules).pieces) == mixed
        assert "|".join(segment([text], "word", rules=rules).pieces) == words


@pytest.mark.parametrize("language", ["ja", "th", "km"])
def test_pieces_of_scripts_without_spaces_are_short(language):
    for unit in ("word", "mixed"):
        longest = max(len(piece) for piece in segment(sentences(language), unit).pieces)
        assert longest <= 5
    assert max(map(len, segment(sentences(language), "mixed", rules=rules_of(whole_runs=True)).pieces)) > 10


@settings(deadline=None)
@given(text=texts)
def test_joining_the_pieces_gives_back_the_text(text):
    assert "".join(segment([text], "character").pieces) == text
    for unit in ("word", "mixed"):
        assert "".join(segment([text], unit).pieces) == text.replace(" ", "")


@settings(deadline=None)
@given(text=texts, unit=st.sampled_from(["word", "mixed", "character"]))
def test_covering_is_aligned(text, unit):
    cut = segment([text], unit, covering=True)
    assert cut.pieces == segment([text], unit).pieces
    left = list(zip(cut.pieces, cut.words, strict=True))
    for word in split_words(text):
        while left[0] == (" ", " "):
            left.pop(0)
        joined = ""
        while joined != word:
            piece, covering = left.pop(0)
            joined += piece
            assert covering == word
            assert word.startswith(joined)
    assert not left


@settings(deadline=None)
@given(text=texts)
def test_no_piece_is_empty_or_has_a_space_and_han_stands_alone(text):
    for word in split_words(text):
        assert word
        assert not any(character.isspace() for character in word)
    for piece in segment([text], "mixed").pieces:
        assert len(piece) == 1 or not is_han(piece)


@settings(deadline=None)
@given(run=st.text(st.sampled_from("我们很喜欢这部电影的演员北京大学生活好不中国人民银行"), min_size=1))
def test_han_runs_are_cut_as_rjieba_cuts_them(run):
    assert segment([f"ok {run}!"], "word").pieces == ["ok", *rjieba.cut(run), "!"]


@settings(deadline=None)
@given(many=st.lists(texts, max_size=6), unit=st.sampled_from(["word", "mixed", "character"]))
def test_many_as_one_by_one(many, unit):
    together, alone = segment(many, unit), [segment([text], unit) for text in many]
    assert together.pieces == [piece for cut in alone for piece in cut.pieces]
    assert together.lengths_R.tolist() == [int(cut.lengths_R[0]) for cut in alone]


@settings(deadline=None, max_examples=500)
@given(
    text=st.text(st.sampled_from("aZ_09.,:'-! \n\t\r\x0b\x0c\x1c\x1d\x1e\x1f\x00\x7f") | st.characters(codec="ascii"))
)
def test_the_pattern_for_ascii_cuts_as_the_one_for_all(text):
    assert _ASCII_PIECE.findall(text) == _PIECE.findall(text)


def test_han_share():
    assert han_share([]) == han_share(["", "!?", "good film"]) == 0
    assert han_share(["很好的电影。"]) == 1
    assert han_share(["很好", "ok 3!"]) == 0.5
    assert han_share(["𠀀a"]) == 0.5 == len(regex.findall(r"\p{Han}", "𠀀a")) / 2
