"""Makes demo translations of dates, times and numbers, in English and Chinese.

Every pair is a frame with slots, and both languages of a slot say the same: digits stand for digits, words for words,
and the part of the day follows from the hour. So each sentence has one translation, in either direction, and a model
that has learned how numbers are read can be right about numbers that it never saw.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from weft.demo.grammar import lines, pairs, words
from weft.demo.numbers import (
    chinese,
    chinese_count,
    chinese_digits,
    english,
    english_digits,
    english_nth,
    english_ordinal,
    english_year,
)
from weft.files import written

FRAMES = pairs(
    lines("""
    the {event} is on {date} / {event}在{date}举行
    the {event} has been moved to {date} / {event}改到了{date}
    the {event} starts on {weekday} at {hour} / {event}{weekday}{hour}开始
    the {event} ends at {clock} / {event}{clock}结束
    we meet on {nth} at {clock} / 我们{nth}{clock}见面
    the train to {city} leaves at {hour} / 去{city}的火车{hour}出发
    the flight from {city} lands at {clock} / 从{city}来的航班{clock}降落
    the shop opens at {hour} / 这家商店{hour}开门
    please call me before {hour} / 请在{hour}之前给我打电话
    it is {hour} now / 现在是{hour}
    {who} was born on {date} / {who}出生于{date}
    {whose} birthday is on {day} / {whose}生日是{day}
    {who} left for {city} on {day} / {who}{day}去了{city}
    the {ordinal} lesson is on {day} / 第{ordinal}课在{day}
    this house was built in {year} / 这座房子建于{year}年
    {who} moved to {city} in {year} / {who}在{year}年搬到了{city}
    {who} bought {things} / {who}买了{things}
    we still need {things} / 我们还需要{things}
    {who} will bring {things} on {weekday} / {who}{weekday}会带来{things}
    this town has {people} people / 这个镇有{people}人
    this country has {millions} people / 这个国家有{millions}人
    the bridge is {size} metres long / 这座桥长{size}米
    the mountain is {size} metres high / 这座山高{size}米
    the factory makes {size} cars a year / 这家工厂每年生产{size}辆汽车
    a ticket from {city} costs {price} / 从{city}出发的票要{price}
    {who} paid {price} for {goods} / {who}花{price}买了{goods}
    {who} is {age} years old / {who}{age}岁了
    {who} waited for {duration} / {who}等了{duration}
    the trip to {city} takes {duration} / 去{city}要{duration}
    {percent} of the students passed / {percent}的学生及格了
    prices rose by {percent} in {year} / {year}年物价上涨了{percent}
    {fraction} of the cake is left / 蛋糕还剩{fraction}
    {who} has read {fraction} of the book / {who}读了这本书的{fraction}
    our team won by {score} / 我们队以{score}获胜
    the temperature is {degrees} / 气温是{degrees}
    {who} came {ordinal} in the race / {who}在比赛中得了第{ordinal}名
    please turn to page {page} / 请翻到第{page}页
    {who} lives in room {room} / {who}住在{room}号房间
    {whose} code is {code} / {whose}密码是{code}
    {whose} phone number is {phone} / {whose}电话号码是{phone}
    the bag weighs {decimal} kilograms / 这个包重{decimal}公斤
    {sum} / {sum}
    """)
)

Said = tuple[str, str]  # English, Chinese

_EVENTS = pairs(
    words("meeting/会议, concert/音乐会, match/比赛, exam/考试, wedding/婚礼, talk/讲座, party/聚会, show/演出")
)
_CITIES = pairs(words("Beijing/北京, Shanghai/上海, London/伦敦, Paris/巴黎, Tokyo/东京, Berlin/柏林, Rome/罗马"))
_WHO = pairs(words("she/她, he/他, Anna/安娜, Tom/汤姆, my brother/我哥哥, the teacher/老师, our neighbour/我们的邻居"))
_WHOSE = pairs(words("my/我的, her/她的, his/他的, Anna's/安娜的, Tom's/汤姆的, the teacher's/老师的"))
_GOODS = pairs(words("the coat/这件外套, the lamp/这盏灯, the watch/这块手表, the ring/这枚戒指, the desk/这张桌子"))
_THINGS = pairs(
    words("""
    book/本书, apple/个苹果, ticket/张票, chair/把椅子, car/辆车, cup/个杯子, pencil/支铅笔, flower/朵花, horse/匹马,
    egg/个鸡蛋, shirt/件衬衫, letter/封信, photo/张照片, lamp/盏灯
    """)
)
_UNITS = pairs(words("minute/分钟, hour/个小时, day/天, week/个星期, month/个月, year/年"))
_MONEY = pairs(words("yuan/元, dollars/美元, euros/欧元, pounds/英镑"))
_SIGNS = pairs(words("plus/加, minus/减, times/乘以"))
_MONTHS = words("January, February, March, April, May, June, July, August, September, October, November, December")
_WEEKDAYS = pairs(words("Monday/一, Tuesday/二, Wednesday/三, Thursday/四, Friday/五, Saturday/六, Sunday/日"))
_FIRST_DAY, _DAYS = date(1950, 1, 1), 75 * 365
_EARLIEST, _LATEST = 6, 22  # hours: at night, parts of the day have too many names
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class DemoPair:
    """A sentence in both languages."""

    english: str
    chinese: str


def demo_pairs(count: int, *, seed: int) -> list[DemoPair]:
    """Draw `count` pairs, no two of which share a sentence; up to some hundreds of thousands.

    The same seed gives the same pairs on every platform, and more of them for a larger count: `random.Random` promises
    its sequence.
    """
    rng = random.Random(seed)
    drawn: list[DemoPair] = []
    seen: set[str] = set()
    while len(drawn) < count:
        one = _pair(rng)
        if one.english not in seen and one.chinese not in seen:
            seen |= {one.english, one.chinese}
            drawn.append(one)
    return drawn


def write(path: Path, made: Sequence[DemoPair]) -> None:
    """Write pairs as JSON lines with the columns `en` and `zh`."""
    with written(path) as file:
        for one in made:
            file.write(json.dumps({"en": one.english, "zh": one.chinese}, ensure_ascii=False) + "\n")


def _pair(rng: random.Random) -> DemoPair:
    frame, translation = rng.choice(FRAMES)
    said = {name: _SLOTS[name](rng) for name in _SLOT.findall(frame)}
    text = frame.format(**{name: one[0] for name, one in said.items()})
    other = translation.format(**{name: one[1] for name, one in said.items()})
    # `p.m.` has its full stop already
    return DemoPair(text[0].upper() + text[1:] + ("" if text.endswith(".") else "."), f"{other}。")


def _number(rng: random.Random, *, fewest: int = 1, most: int) -> int:
    """Draw a number of `fewest` to `most` digits, each length equally likely; many digits are zeros, to train 零.

    It is 2 at least, as the noun after it is in the plural.
    """
    rest = (rng.choice("0123456789") if rng.random() < 0.67 else "0" for _ in range(rng.randint(fewest, most) - 1))
    return max(2, int(rng.choice("123456789") + "".join(rest)))


def _date(rng: random.Random) -> Said:
    day = _FIRST_DAY + timedelta(rng.randrange(_DAYS))
    weekday, name = _WEEKDAYS[day.weekday()]
    month = _MONTHS[day.month - 1]
    return f"{weekday}, {day.day} {month} {day.year}", f"{day.year}年{day.month}月{day.day}日星期{name}"


def _day(rng: random.Random) -> Said:
    day = _FIRST_DAY + timedelta(rng.randrange(_DAYS))
    text = f"the {english_ordinal(day.day)} of {_MONTHS[day.month - 1]}"
    return text, f"{chinese(day.month)}月{chinese(day.day)}日"


def _nth(rng: random.Random) -> Said:
    day = _FIRST_DAY + timedelta(rng.randrange(_DAYS))
    return f"the {english_nth(day.day)} of {_MONTHS[day.month - 1]}", f"{day.month}月{day.day}日"


def _weekday(rng: random.Random) -> Said:
    weekday, name = rng.choice(_WEEKDAYS)
    return weekday, f"星期{name}"


def _year(rng: random.Random) -> Said:
    year = rng.randrange(1900, 2025)
    return english_year(year), chinese_digits(str(year), zero="〇")


def _part_of_day(hour: int) -> Said:
    """Return the part of the day, which follows from the hour alone."""
    parts = ((9, "morning", "早上"), (12, "morning", "上午"), (13, "afternoon", "中午"), (18, "afternoon", "下午"))
    part = next(((name, said) for end, name, said in parts if hour < end), ("evening", "晚上"))
    return f"in the {part[0]}", part[1]


def _clock(rng: random.Random) -> Said:
    hour, minute = rng.randint(_EARLIEST, _LATEST), rng.randrange(60)
    time = f"{(hour - 1) % 12 + 1}:{minute:02}"
    return f"{time} {'a.m.' if hour < 12 else 'p.m.'}", _part_of_day(hour)[1] + time


def _hour(rng: random.Random) -> Said:
    """Draw a time to five minutes in words; `hour` is the one that is spoken, the next one after half past."""
    hour, minute = rng.randint(_EARLIEST, _LATEST), rng.randrange(0, 60, 5)
    name, said = english((hour - 1) % 12 + 1), chinese_count((hour - 1) % 12 + 1) + "点"
    part, before = _part_of_day(hour)
    minutes = "a quarter" if minute in (15, 45) else english(min(minute, 60 - minute))
    if minute == 0:
        text = f"{name} o'clock"
    elif minute == 30:
        text, said = f"half past {name}", f"{said}半"
    elif minute < 30:
        after = "一刻" if minute == 15 else f"{'零' if minute < 10 else ''}{chinese(minute)}分"
        text, said = f"{minutes} past {name}", said + after
    else:
        text, said = f"{minutes} to {name}", f"差{'一刻' if minute == 45 else f'{chinese(60 - minute)}分'}{said}"
    return f"{text} {part}", before + said


def _counted(number: int, thing: Said) -> Said:
    return f"{english(number)} {thing[0]}s", chinese_count(number) + thing[1]


def _things(rng: random.Random) -> Said:
    return _counted(_number(rng, most=3), rng.choice(_THINGS))


def _duration(rng: random.Random) -> Said:
    if rng.random() < 0.2:
        hours = rng.randint(2, 12)
        return f"{english(hours)} and a half hours", f"{chinese_count(hours)}个半小时"
    return _counted(_number(rng, most=2), rng.choice(_UNITS))


def _amount(number: int) -> Said:
    return english(number), chinese_count(number)


def _millions(rng: random.Random) -> Said:
    return _amount(_number(rng, most=3) * 10 ** rng.randint(6, 7))


def _price(rng: random.Random) -> Said:
    money, name = rng.choice(_MONEY)
    if rng.random() < 0.3:
        price = f"{rng.randint(2, 99)}.{rng.randrange(10)}0"
        return f"{price} {money}", price + name
    number = _number(rng, most=4)
    return f"{english(number)} {money}", chinese_count(number) + name


def _percent(rng: random.Random) -> Said:
    number = rng.randint(1, 100)
    if rng.random() < 0.3:
        return f"{number}%", f"{number}%"
    return f"{english(number)} percent", f"百分之{chinese(number)}"


def _fraction(rng: random.Random) -> Said:
    parts = rng.randint(2, 12)
    number = rng.randrange(1, parts)
    name = {2: "half", 4: "quarter"}.get(parts) or english_ordinal(parts)
    return f"{english(number)} {name}{'' if number == 1 else 's'}", f"{chinese(parts)}分之{chinese(number)}"


def _score(rng: random.Random) -> Said:
    ours = rng.randint(1, 30)
    theirs = rng.randrange(ours)
    return f"{english(ours)} to {english(theirs)}", f"{chinese(ours)}比{chinese(theirs)}"


def _degrees(rng: random.Random) -> Said:
    number = rng.randint(2, 40)
    below, under = (" below zero", "零下") if rng.random() < 0.5 else ("", "")
    return f"{english(number)} degrees{below}", f"{under}{chinese(number)}度"


def _ordinal(rng: random.Random) -> Said:
    number = rng.randint(1, 99)
    return english_ordinal(number), chinese(number)


def _decimal(rng: random.Random) -> Said:
    whole, rest = rng.randrange(100), f"{rng.randrange(10)}{rng.randint(1, 9)}"[rng.randrange(2) :]
    return f"{english(whole)} point {english_digits(rest)}", f"{chinese(whole)}点{chinese_digits(rest)}"


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


def _copied(digits: str) -> Said:
    return digits, digits


def _page(rng: random.Random) -> Said:
    number = _number(rng, most=3)
    return english(number), chinese(number)


def _code(rng: random.Random) -> Said:
    code = _digits(rng, rng.randint(3, 6))
    return english_digits(code), chinese_digits(code)


def _phone(rng: random.Random) -> Said:
    return _copied(f"{rng.randint(2, 9)}{_digits(rng, 3)} {_digits(rng, 4)}")


def _sum(rng: random.Random) -> Said:
    sign, name = rng.choice(_SIGNS)
    first, second = sorted((rng.randint(1, 50), rng.randint(1, 50)), reverse=True)
    result = first + second if sign == "plus" else first - second if sign == "minus" else first * second
    text = f"{english(first)} {sign} {english(second)} is {english(result)}"
    return text, f"{chinese(first)}{name}{chinese(second)}等于{chinese(result)}"


_SLOTS: Mapping[str, Callable[[random.Random], Said]] = {
    "event": lambda rng: rng.choice(_EVENTS),
    "city": lambda rng: rng.choice(_CITIES),
    "who": lambda rng: rng.choice(_WHO),
    "whose": lambda rng: rng.choice(_WHOSE),
    "goods": lambda rng: rng.choice(_GOODS),
    "date": _date,
    "day": _day,
    "nth": _nth,
    "weekday": _weekday,
    "year": _year,
    "clock": _clock,
    "hour": _hour,
    "things": _things,
    "people": lambda rng: _amount(_number(rng, fewest=3, most=5)),
    "millions": _millions,
    "size": lambda rng: _amount(_number(rng, most=4)),
    "price": _price,
    "age": lambda rng: _amount(rng.randint(2, 99)),
    "duration": _duration,
    "percent": _percent,
    "fraction": _fraction,
    "score": _score,
    "degrees": _degrees,
    "ordinal": _ordinal,
    "page": _page,
    "room": lambda rng: _copied(str(rng.randint(101, 999))),
    "code": _code,
    "phone": _phone,
    "decimal": _decimal,
    "sum": _sum,
}
