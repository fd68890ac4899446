"""Numbers in words: as a reader of each language spells them, and read back to the same number."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from weft.demo.numbers import (
    DIGITS,
    LIMIT,
    SCALES,
    SMALL,
    TENS,
    chinese,
    chinese_count,
    chinese_digits,
    english,
    english_digits,
    english_nth,
    english_ordinal,
    english_year,
)

SPELLED = [
    (0, "zero", "零"),
    (2, "two", "二"),
    (10, "ten", "十"),
    (11, "eleven", "十一"),
    (20, "twenty", "二十"),
    (22, "twenty-two", "二十二"),
    (100, "one hundred", "一百"),
    (101, "one hundred and one", "一百零一"),
    (110, "one hundred and ten", "一百一十"),
    (112, "one hundred and twelve", "一百一十二"),
    (200, "two hundred", "二百"),
    (1001, "one thousand and one", "一千零一"),
    (1010, "one thousand and ten", "一千零一十"),
    (1100, "one thousand one hundred", "一千一百"),
    (2000, "two thousand", "两千"),
    (2222, "two thousand two hundred and twenty-two", "两千二百二十二"),
    (3250, "three thousand two hundred and fifty", "三千二百五十"),
    (10_000, "ten thousand", "一万"),
    (10_010, "ten thousand and ten", "一万零一十"),
    (20_000, "twenty thousand", "两万"),
    (32_000, "thirty-two thousand", "三万二千"),
    (100_000, "one hundred thousand", "十万"),
    (101_000, "one hundred and one thousand", "十万一千"),
    (120_015, "one hundred and twenty thousand and fifteen", "十二万零一十五"),
    (1_020_000, "one million twenty thousand", "一百零二万"),
    (20_000_000, "twenty million", "两千万"),
    (20_020_000, "twenty million twenty thousand", "两千零二万"),
    (100_002_000, "one hundred million two thousand", "一亿零二千"),
    (100_020_003, "one hundred million twenty thousand and three", "一亿零二万零三"),
    (230_000_000, "two hundred and thirty million", "两亿三千万"),
    (1_000_100_000, "one billion one hundred thousand", "十亿零一十万"),
    (10**11, "one hundred billion", "一千亿"),
]


@pytest.mark.parametrize(("number", "in_english", "in_chinese"), SPELLED)
def test_numbers_are_spelled_as_by_hand(number, in_english, in_chinese):
    assert (english(number), chinese(number)) == (in_english, in_chinese)


def english_number(text: str) -> int:
    """Read English back: each scale multiplies what was said since the last greater one."""
    values = {word: number for number, word in enumerate(SMALL)}
    values |= {word: 10 * number for number, word in enumerate(TENS, 2)}
    scales = {name: scale for scale, name in SCALES}
    total = part = 0
    for word in re.split("[ -]", text):
        if word == "hundred":
            part *= 100
        elif word in scales:
            total, part = total + part * scales[word], 0
        elif word != "and":
            part += values[word]
    return total + part


def chinese_number(text: str) -> int:
    """Read Chinese back: the greatest unit splits a number into what it multiplies and what is added."""
    text = text.replace("两", "二").lstrip("零")
    for unit, value in (("亿", 10**8), ("万", 10**4), ("千", 1000), ("百", 100), ("十", 10)):
        head, found, rest = text.partition(unit)
        if found:
            return (chinese_number(head) if head else 1) * value + chinese_number(rest)
    return DIGITS.index(text) if text else 0


numbers = st.integers(0, 11).flatmap(lambda size: st.text("0012", min_size=1, max_size=size + 1)).map(int)


@given(numbers | st.integers(0, LIMIT - 1))
@example(0)
@example(LIMIT - 1)
def test_spelled_numbers_are_read_back(number):
    assert english_number(english(number)) == number
    assert chinese_number(chinese(number)) == chinese_number(chinese_count(number)) == number
    assert "零零" not in chinese(number)
    assert not re.search("零[十百千万亿]|^一十|.两|零$", chinese(number) if number else "")


def test_two_is_liang_before_a_measure_word():
    assert [chinese_count(number) for number in (1, 2, 12, 20, 102, 2000)] == [
        *("一", "两", "十二", "二十", "一百零二", "两千"),
    ]


@pytest.mark.parametrize(
    ("number", "spelled", "short"),
    [
        (1, "first", "1st"),
        (2, "second", "2nd"),
        (3, "third", "3rd"),
        (5, "fifth", "5th"),
        (8, "eighth", "8th"),
        (9, "ninth", "9th"),
        (11, "eleventh", "11th"),
        (12, "twelfth", "12th"),
        (13, "thirteenth", "13th"),
        (20, "twentieth", "20th"),
        (21, "twenty-first", "21st"),
        (42, "forty-second", "42nd"),
        (100, "one hundredth", "100th"),
        (113, "one hundred and thirteenth", "113th"),
        (1001, "one thousand and first", "1001st"),
    ],
)
def test_ordinals(number, spelled, short):
    assert (english_ordinal(number), english_nth(number)) == (spelled, short)


@pytest.mark.parametrize(
    ("year", "in_english", "in_chinese"),
    [
        (1066, "ten sixty-six", "一〇六六"),
        (1900, "nineteen hundred", "一九〇〇"),
        (1905, "nineteen oh five", "一九〇五"),
        (1984, "nineteen eighty-four", "一九八四"),
        (2000, "two thousand", "二〇〇〇"),
        (2005, "two thousand and five", "二〇〇五"),
        (2010, "twenty ten", "二〇一〇"),
        (2021, "twenty twenty-one", "二〇二一"),
    ],
)
def test_years(year, in_english, in_chinese):
    assert (english_year(year), chinese_digits(str(year), zero="〇")) == (in_english, in_chinese)


def test_digits_one_by_one():
    assert (english_digits("4079"), chinese_digits("4079")) == ("four zero seven nine", "四零七九")
