"""Makes demo questions on passages, in English and Chinese, with facts in random order.

Each passage describes one person, in some of six sentences; a question asks for one fact, now and then for one that the
passage lacks.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

from weft.demo.grammar import lines, pairs
from weft.files import written

FACTS = {
    "en": pairs(
        lines("""
        {name} was born in {born}. / In which year was {name} born?
        {name} lives in {city}. / Where does {name} live?
        By trade {name} is a {trade}. / What is the trade of {name}?
        Every {day} {name} goes swimming. / When does {name} go swimming?
        The best friend of {name} is called {friend}. / Who is the best friend of {name}?
        On the desk of {name} there is a {thing}. / What is on the desk of {name}?
        """)
    ),
    "zh": pairs(
        lines("""
        {name}出生于{born}年。 / {name}是哪一年出生的？
        {name}住在{city}。 / {name}住在哪里？
        {name}的职业是{trade}。 / {name}是做什么的？
        每逢{day}，{name}都去游泳。 / {name}什么时候去游泳？
        {name}最好的朋友叫{friend}。 / {name}最好的朋友是谁？
        {name}的桌上放着{thing}。 / {name}的桌上放着什么？
        """)
    ),
}
"""Sentences with one blank beside the name, and the question that asks for it."""

_WORDS = {
    "en": {
        "name": ["Anna", "Boris", "Clara", "Daniel", "Emma", "Felix", "Grace", "Henry", "Irene", "Jonas"],
        "city": ["Lisbon", "Oslo", "Prague", "Dublin", "Vienna", "Athens", "Warsaw", "Lima", "Cairo", "Perth"],
        "trade": ["baker", "nurse", "painter", "pilot", "tailor", "teacher", "gardener", "plumber", "lawyer", "miner"],
        "day": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
        "friend": ["Karl", "Laura", "Martin", "Nora", "Oscar", "Paula", "Robert", "Sofia", "Thomas", "Vera"],
        "thing": ["lamp", "globe", "vase", "clock", "radio", "cactus", "teapot", "camera", "candle", "mirror"],
    },
    "zh": {
        "name": ["李明", "王芳", "张伟", "刘洋", "陈静", "杨帆", "赵磊", "黄婷", "周杰", "吴敏"],
        "city": ["北京", "上海", "成都", "西安", "杭州", "广州", "南京", "昆明", "青岛", "大连"],
        "trade": ["医生", "厨师", "教师", "律师", "画家", "司机", "护士", "木匠", "裁缝", "记者"],
        "day": ["周一", "周二", "周三", "周四", "周五", "周六", "周日"],
        "friend": ["孙丽", "马超", "朱红", "胡军", "林涛", "何雪", "高峰", "罗燕", "郭强", "梁月"],
        "thing": ["台灯", "地球仪", "花瓶", "闹钟", "收音机", "仙人掌", "茶壶", "照相机", "蜡烛", "镜子"],
    },
}
_NONE = 0.2
"""Share of questions that the passage does not answer."""


@dataclass(frozen=True, slots=True)
class DemoQuestion:
    """A question on a passage and its answer with its place; an empty answer if the passage has none."""

    question: str
    passage: str
    answer: str
    start: int


def demo_questions(size: int = 400, *, seed: int = 0) -> list[DemoQuestion]:
    """Make `size` questions, half of them English and half Chinese, each on a passage of its own."""
    draw = random.Random(seed)
    return [_drawn(draw, ("en", "zh")[number % 2]) for number in range(size)]


def _drawn(draw: random.Random, language: str) -> DemoQuestion:
    drawn = {slot: draw.choice(known) for slot, known in _WORDS[language].items()}
    said = {**drawn, "born": str(draw.randint(1900, 1999))}
    facts = draw.sample(FACTS[language], len(FACTS[language]))
    told = facts[: draw.randint(3, 5)]
    sentence, question = facts[-1] if draw.random() < _NONE else draw.choice(told)
    gap = "" if language == "zh" else " "
    passage = gap.join(one for one, _ in told).format(**said)
    slot = next(slot for slot in said if slot != "name" and f"{{{slot}}}" in sentence)
    before, found, _ = passage.partition(sentence.format(**said))
    if not found:
        return DemoQuestion(question.format(**said), passage, "", 0)
    start = len(before) + len(sentence.partition(f"{{{slot}}}")[0].format(**said))
    return DemoQuestion(question.format(**said), passage, said[slot], start)


def write(path: Path, made: list[DemoQuestion]) -> None:
    """Write questions as JSON lines, for `weft train`."""
    with written(path) as file:
        for one in made:
            answers = [{"text": one.answer, "answer_start": one.start}] if one.answer else []
            record = {"question": one.question, "context": one.passage, "answers": answers}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
