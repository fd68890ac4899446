"""The demo translations: correct in both languages, distinct, the same everywhere, and short."""

import operator
import random
import re
from datetime import date
from functools import lru_cache

import pytest

from weft.demo.translations import _SLOTS, FRAMES, demo_pairs

from .test_numbers import chinese_number, english_number

PAIRS = demo_pairs(6000, seed=0)
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October"),
    *("November", "December"),
)


@lru_cache
def draws(slot: str, count: int = 2000) -> dict[str, str]:
    rng = random.Random(1)
    return dict(_SLOTS[slot](rng) for _ in range(count))


def test_the_same_seed_gives_the_same_pairs_and_a_larger_count_more_of_them():
    assert demo_pairs(300, seed=0) == PAIRS[:300]
    assert demo_pairs(300, seed=1) != PAIRS[:300]
    assert demo_pairs(0, seed=0) == []


def test_each_sentence_has_one_translation_in_either_direction():
    assert len({pair.english for pair in PAIRS}) == len({pair.chinese for pair in PAIRS}) == len(PAIRS)
    for slot in _SLOTS:
        found = draws(slot)
        assert len(set(found.values())) == len(found), slot
    for side in (0, 1):
        assert len({re.sub(r"\{\w+\}", "{}", frame[side]) for frame in FRAMES if frame[0] != "{sum}"}) > 35


def test_both_sides_of_a_frame_have_the_same_slots():
    for frame in FRAMES:
        first, second = (sorted(re.findall(r"\{(\w+)\}", side)) for side in frame)
        assert first == second
        assert len(set(first)) == len(first)
    assert {slot for frame, _ in FRAMES for slot in re.findall(r"\{(\w+)\}", frame)} == set(_SLOTS)


def test_sentences_are_short_and_whole():
    assert max(len(pair.english.split()) for pair in PAIRS) <= 14
    assert max(len(pair.chinese) for pair in PAIRS) <= 32
    for pair in PAIRS:
        assert pair.english[0] == pair.english[0].upper()
        assert re.fullmatch(r"[\w ,.:%'-]*[^.]\.|.*[ap]\.m\.", pair.english), pair
        assert pair.chinese.endswith("。")
        assert not re.search(r"[{}/]|  ", pair.english + pair.chinese)


def test_weekdays_are_those_of_the_calendar():
    seen = set()
    for text, other in draws("date").items():
        weekday, day, month, year = re.split(",? ", text)
        found = date(int(year), MONTHS.index(month) + 1, int(day))
        assert found.strftime("%A") == weekday
        assert other == f"{found.year}年{found.month}月{found.day}日星期{'一二三四五六日'[found.weekday()]}"
        seen.add(weekday)
    assert len(seen) == 7


def test_numbers_are_the_same_on_both_sides():
    for slot in ("people", "millions", "size", "age", "page"):
        for text, other in draws(slot).items():
            assert english_number(text) == chinese_number(other)
    signs = {"plus": ("加", operator.add), "minus": ("减", operator.sub), "times": ("乘以", operator.mul)}
    for text, other in draws("sum").items():
        task, _, result = text.partition(" is ")
        first, sign, second = re.split(" (plus|minus|times) ", task)
        name, operate = signs[sign]
        assert operate(english_number(first), english_number(second)) == english_number(result)
        assert [chinese_number(one) for one in re.split(f"{name}|等于", other)] == [
            english_number(one) for one in (first, second, result)
        ]


@pytest.mark.parametrize(
    ("slot", "text", "other"),
    [
        ("hour", "two o'clock in the afternoon", "下午两点"),
        ("hour", "half past four in the afternoon", "下午四点半"),
        ("hour", "a quarter past eight in the morning", "早上八点一刻"),
        ("hour", "five past ten in the morning", "上午十点零五分"),
        ("hour", "ten past six in the evening", "晚上六点十分"),
        ("hour", "a quarter to one in the afternoon", "下午差一刻一点"),
        ("hour", "twenty-five past twelve in the afternoon", "中午十二点二十五分"),
        ("clock", "12:05 p.m.", "中午12:05"),
        ("clock", "9:30 a.m.", "上午9:30"),
        ("day", "the third of March", "三月三日"),
        ("nth", "the 22nd of December", "12月22日"),
        ("things", "two books", "两本书"),
        ("things", "twelve horses", "十二匹马"),
        ("duration", "two and a half hours", "两个半小时"),
        ("duration", "twenty minutes", "二十分钟"),
        ("price", "two yuan", "两元"),
        ("percent", "thirty-five percent", "百分之三十五"),
        ("percent", "40%", "40%"),
        ("fraction", "one half", "二分之一"),
        ("fraction", "three quarters", "四分之三"),
        ("fraction", "two thirds", "三分之二"),
        ("score", "three to two", "三比二"),
        ("degrees", "five degrees below zero", "零下五度"),
        ("ordinal", "twenty-first", "二十一"),
        ("decimal", "three point one four", "三点一四"),
        ("year", "two thousand and nine", "二〇〇九"),
    ],
)
def test_slots_say_the_same_as_by_hand(slot, text, other):
    assert draws(slot, 5000)[text] == other
