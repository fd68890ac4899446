"""Spells numbers in words, in English and Chinese.

English is spelled as in Britain, with `and` before numbers under a hundred: one thousand and one. Chinese puts 零
where digits between others are zero, reads nothing for zeros at the end of a group of four, says 十 for 10 to 19 at the
head and 一十 inside, and reads a leading 2 as 两 before 千, 万 and 亿, elsewhere as 二 (Lü Shuxiang, 现代汉语八百词,
1980, under 二 and 两).
"""

from __future__ import annotations

import re

SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SCALES = ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"))
DIGITS = "零一二三四五六七八九"
LIMIT = 10**12
"""Least number that is not spelled; numbers from 0 up to here are."""

_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def english(number: int) -> str:
    """Spell a number in English, as in `three thousand two hundred and fifty`, from 0 to below `LIMIT`."""
    assert 0 <= number < LIMIT
    if number < 20:
        return SMALL[number]
    if number < 100:
        tens, units = divmod(number, 10)
        return TENS[tens - 2] + (f"-{SMALL[units]}" if units else "")
    if number < 1000:
        head, rest = f"{SMALL[number // 100]} hundred", number % 100
    else:
        scale, name = next(one for one in SCALES if one[0] <= number)
        head, rest = f"{english(number // scale)} {name}", number % scale
    link = " and " if rest < 100 else " "
    return head + (link + english(rest) if rest else "")


def english_ordinal(number: int) -> str:
    """Spell an ordinal in English, as in `twenty-first`."""
    return re.sub(r"\w+$", lambda last: _ordinal(last[0]), english(number))


def english_nth(number: int) -> str:
    """Write an ordinal in English with digits, as in `21st`."""
    suffix = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def english_year(year: int) -> str:
    """Spell a year of 1000 to 2999: `nineteen oh five`, `two thousand and five`, `twenty twenty-one`."""
    assert 1000 <= year < 3000
    head, rest = divmod(year, 100)
    if head % 10 == 0 and rest < 10:
        return english(year)
    return f"{english(head)} {'hundred' if not rest else f'oh {SMALL[rest]}' if rest < 10 else english(rest)}"


def english_digits(digits: str) -> str:
    """Spell digits in English one by one, as in `four zero seven`."""
    return " ".join(SMALL[int(digit)] for digit in digits)


def chinese(number: int) -> str:
    """Spell a number in Chinese, as in `三千二百五十`, from 0 to below `LIMIT`."""
    assert 0 <= number < LIMIT
    text, gap = "", False
    for place, unit in ((8, "亿"), (4, "万"), (0, "")):
        group = number // 10**place % 10_000
        if group:
            text += ("零" if text and (gap or group < 1000) else "") + _group(group) + unit
        gap = not group
    return re.sub("^二(?=[千万亿])", "两", text.removeprefix("一") if text.startswith("一十") else text) or DIGITS[0]


def chinese_count(number: int) -> str:
    """Spell a number in Chinese before a measure word, where two is 两: 两本书."""
    return "两" if number == 2 else chinese(number)


def chinese_digits(digits: str, *, zero: str = "零") -> str:
    """Spell digits in Chinese one by one, as in `四零七`; years have 〇 for zero."""
    return "".join(DIGITS[int(digit)] for digit in digits).replace("零", zero)


def _group(number: int) -> str:
    """Spell up to four digits in Chinese, 10 being 一十."""
    text, gap = "", False
    for digit, unit in zip(f"{number:04}", ("千", "百", "十", ""), strict=True):
        if digit != "0":
            text += ("零" if text and gap else "") + DIGITS[int(digit)] + unit
        gap = digit == "0"
    return text


def _ordinal(word: str) -> str:
    return _ORDINALS.get(word) or (f"{word[:-1]}ieth" if word.endswith("y") else f"{word}th")
