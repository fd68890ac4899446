"""Makes demo texts with tagged names of people, places and organisations, in English and Chinese.

A name alone does not tell its label: some words are now a place, now a part of the name of an organisation, and some
sentences have no name at all.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from weft.data.examples.tagged import LabelledSpan, TaggedText
from weft.demo.grammar import lines
from weft.files import written

SENTENCES = {
    "en": lines("""
        {PER} lives in {LOC} and works for {ORG}.
        {ORG} opened an office in {LOC} last {day}.
        On {day}, {PER} met {PER} at the station.
        The train from {LOC} to {LOC} is late again.
        Has {ORG} answered {PER} yet?
        It rained all {day}, and nobody came.
        {PER} of {ORG} will speak on {day}.
        The shop was full, but the soup was cold.
    """),
    "zh": lines("""
        {PER}住在{LOC}，在{ORG}工作。
        {ORG}{day}在{LOC}开了分店。
        {day}，{PER}在车站见到了{PER}。
        从{LOC}到{LOC}的火车又晚点了。
        {ORG}给{PER}回信了吗？
        {day}一直下雨，没有人来。
        {ORG}的{PER}{day}发言。
        店里人很多，汤却凉了。
    """),
}
_FIRST = ["Anna", "Boris", "Clara", "Daniel", "Emma", "Felix", "Grace", "Henry", "Irene", "Jonas"]
_LAST = ["Weber", "Novak", "Rossi", "Silva", "Larsen", "Moreau", "Kowalski", "Yamada", "O'Neill", "Smith-Jones"]
_PLACES = ["Lisbon", "Oslo", "New York", "Dublin", "Vienna", "Athens", "San Marino", "Lima", "Cairo", "Perth"]
_FIRMS = ["Bank", "Motors", "Press", "Airlines", "Tea Company", "Foods"]
_SURNAMES, _GIVEN = "李王张刘陈杨赵黄周吴徐孙", "明芳伟洋静帆磊婷杰敏丽超红军涛"
_CITIES = ["北京", "上海", "成都", "西安", "杭州", "广州", "南京", "昆明", "青岛", "大连"]
_COMPANIES = ["银行", "大学", "出版社", "航空公司", "茶厂", "医院"]
_DAYS = {
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
    "zh": ["周一", "周二", "周三", "周四", "周五"],
}


def demo_names(size: int = 400, *, seed: int = 0) -> list[TaggedText]:
    """Make `size` texts with their spans, half of them English and half Chinese."""
    draw = random.Random(seed)
    return [_drawn(draw, ("en", "zh")[number % 2]) for number in range(size)]


def _drawn(draw: random.Random, language: str) -> TaggedText:
    text, spans = "", []
    for part in draw.choice(SENTENCES[language]).split("{"):
        slot, _, rest = part.rpartition("}")
        if slot == "day":
            text += draw.choice(_DAYS[language])
        elif slot:
            name = _name(draw, slot, language)
            spans.append(LabelledSpan(len(text), len(text) + len(name), slot))
            text += name
        text += rest
    return TaggedText(text, tuple(spans))


def _name(draw: random.Random, label: str, language: str) -> str:
    if language == "en":
        if label == "PER":
            return " ".join([draw.choice(_FIRST), *([draw.choice(_LAST)] if draw.random() < 0.7 else [])])
        return draw.choice(_PLACES) if label == "LOC" else f"{draw.choice(_PLACES + _LAST)} {draw.choice(_FIRMS)}"
    if label == "PER":
        return draw.choice(_SURNAMES) + "".join(draw.sample(_GIVEN, draw.randint(1, 2)))
    return draw.choice(_CITIES) if label == "LOC" else f"{draw.choice(_CITIES)}{draw.choice(_COMPANIES)}"


def write(path: Path, made: list[TaggedText]) -> None:
    """Write texts with their spans as JSON lines, for `weft train`."""
    with written(path) as file:
        for one in made:
            spans = [{"start": span.start, "end": span.end, "label": span.label} for span in one.spans or ()]
            file.write(json.dumps({"text": one.text, "spans": spans}, ensure_ascii=False) + "\n")
