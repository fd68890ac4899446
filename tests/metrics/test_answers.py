import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.metrics.answers import exact, f1, style_of


def by_the_rules_of_squad(answer, right):
    """Exact match and F1 as the paper and its script define them, step by step."""
    words = []
    for text in (answer, right):
        text = re.sub("[" + re.escape(string.punctuation) + "]", "", text.lower())
        words.append(re.sub(r"\b(a|an|the)\b", " ", text).split())
    given, known = words
    left, common = list(known), 0
    for word in given:
        if word in left:
            left.remove(word)
            common += 1
    if not given or not known:
        share = float(given == known)
    elif not common:
        share = 0.0
    else:
        precision, recall = common / len(given), common / len(known)
        share = 2 * precision * recall / (precision + recall)
    return float(given == known), share


@pytest.mark.parametrize(
    ("answer", "right", "same", "share"),
    [
        ("The Eiffel Tower!", "eiffel tower", 1, 1.0),
        ("in 1889", "1889", 0, 2 / 3),
        ("a man, a plan", "man plan canal", 0, 4 / 5),
        ("", "the", 1, 1.0),
        ("An", "the", 1, 1.0),
        ("nothing alike", "quite other", 0, 0.0),
        ("U.S. dollars", "US dollars", 1, 1.0),
        ("tower tower", "tower", 0, 2 / 3),
        ("x", "", 0, 0.0),
    ],
)
def test_english_is_counted_without_case_articles_and_marks(answer, right, same, share):
    assert exact(answer, [right], style="squad") == same
    assert f1(answer, [right], style="squad") == pytest.approx(share)


TEXT = st.text("ab the.,-", max_size=12)


@given(TEXT, TEXT)
def test_any_english_is_counted_by_the_rules_of_squad(answer, right):
    same, share = by_the_rules_of_squad(answer, right)
    assert exact(answer, [right], style="squad") == same
    assert f1(answer, [right], style="squad") == pytest.approx(share)


@pytest.mark.parametrize(
    ("answer", "right", "same", "share"),
    [
        ("光荣和ω-force", "光荣和ω-force", 1, 1.0),
        ("《光荣》", "光荣", 1, 1.0),
        ("光荣公司", "光荣", 0, 2 * 2 / (4 + 2)),
        # the longest run that both share, not all characters that both have: 一 and 三四 would be three
        ("一三四", "一二三四", 0, 2 * 2 / (3 + 4)),
        ("1990年", "1990", 0, 2 * 1 / (2 + 1)),
        ("Windows 95系统", "windows 95", 0, 2 * 2 / (4 + 2)),
        ("北京", "上海", 0, 0.0),
        ("おさけ", "さけ", 0, 2 * 2 / (3 + 2)),
        ("น้ำดี", "น้ำ", 0, 2 * 1 / (2 + 1)),
        ("。", "", 1, 0.0),
        ("", "北京", 0, 0.0),
    ],
)
def test_chinese_is_counted_by_character_and_by_the_longest_run(answer, right, same, share):
    assert exact(answer, [right], style="cmrc") == same
    if right:
        assert f1(answer, [right], style="cmrc") == pytest.approx(share)


def test_the_best_of_several_right_answers_counts():
    assert exact("毕昇", ["北宋毕昇", "毕昇"], style="cmrc") == 1
    assert f1("the red fox", ["a fox", "red fox"], style="squad") == 1


@pytest.mark.parametrize("style", ["squad", "cmrc"])
def test_no_answer_is_right_where_there_is_none(style):
    assert (exact("", [], style=style), f1("", [], style=style)) == (1, 1)
    assert (exact("x", [], style=style), f1("x", [], style=style)) == (0, 0)


def test_the_script_of_the_question_says_how_to_count():
    assert style_of("谁发明了活字印刷?") == "cmrc"
    assert style_of("だれが活字を発明しましたか") == style_of("ใครเป็นคนประดิษฐ์") == "cmrc"
    assert style_of("누가 활자를 발명했나요?") == "squad"
    assert style_of("Who invented movable type?") == "squad"
    assert style_of("《Windows 95》是哪家公司的？") in ("cmrc", "squad")


@pytest.mark.parametrize("style", ["squad", "cmrc"])
@pytest.mark.parametrize("right", [[], [""], ["-"], ["_", "*"]])
def test_without_a_right_answer_only_an_empty_one_is_right(style, right):
    for answer in ("", "the" if style == "squad" else "。", "..." if style == "squad" else "，"):
        assert (exact(answer, right, style=style), f1(answer, right, style=style)) == (1, 1)
    assert (exact("十二", right, style=style), f1("十二", right, style=style)) == (0, 0)


def test_right_answers_of_which_nothing_is_left_are_dropped():
    assert (exact("", ["...", "Oslo"], style="squad"), f1("", ["...", "Oslo"], style="squad")) == (0, 0)
    assert exact("oslo", ["...", "Oslo"], style="squad") == 1
