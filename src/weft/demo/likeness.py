"""Makes demo pairs of questions to a shop, in English and Chinese, with a score of how alike they are.

Questions that ask the same have the score 5, those about the same thing 2, others 0. Few of those that ask the same
share more words than others do.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

from weft.data.examples.text_pairs import TextPair
from weft.demo.grammar import lines
from weft.files import written

QUESTIONS = {
    ("returns", "time"): lines("""
        How long does a return take?
        When will I get my money back?
        I sent the parcel back, how many days until the refund?
        退货要多久？
        钱什么时候退给我？
        寄回去以后几天能收到退款？
    """),
    ("returns", "cost"): lines("""
        Do I have to pay for sending it back?
        Who pays the postage of a return?
        Is returning free of charge?
        退货的运费谁出？
        寄回去要自己付钱吗？
        退货免费吗？
    """),
    ("delivery", "time"): lines("""
        When does my order arrive?
        How many days does delivery take?
        Has my parcel been sent yet?
        我的订单什么时候到？
        几天能送到？
        包裹发出来了吗？
    """),
    ("delivery", "cost"): lines("""
        What does shipping cost?
        From which amount is delivery free?
        How much do you charge for postage?
        运费是多少？
        满多少包邮？
        送货要加多少钱？
    """),
    ("account", "password"): lines("""
        I cannot log in, what now?
        How do I change my password?
        The site does not know my password any more.
        我登录不了怎么办？
        怎么改密码？
        网站不认我的密码了。
    """),
    ("payment", "ways"): lines("""
        Can I pay by card?
        Which ways of paying do you accept?
        Do you take bank transfers?
        可以刷卡吗？
        支持哪些付款方式？
        能用银行转账吗？
    """),
}
"""Ways to ask the same, by thing and by what is asked about it."""


def demo_texts() -> list[str]:
    """Return all questions, in English and Chinese."""
    return [text for texts in QUESTIONS.values() for text in texts]


def demo_pairs(size: int = 400, *, seed: int = 0) -> list[TextPair]:
    """Make `size` pairs of questions of one language each, a third of which ask the same."""
    draw = random.Random(seed)
    return [_drawn(draw) for _ in range(size)]


def _drawn(draw: random.Random) -> TextPair:
    half = draw.randrange(2)
    one = draw.choice(list(QUESTIONS))
    other = one if draw.random() < 1 / 3 else draw.choice(list(QUESTIONS))
    first, second = (draw.choice(_of_language(QUESTIONS[kind], half)) for kind in (one, other))
    return TextPair(first, second, 5.0 if one == other else 2.0 if one[0] == other[0] else 0.0)


def _of_language(texts: Sequence[str], half: int) -> Sequence[str]:
    """Return the English questions, or the Chinese ones behind them."""
    middle = len(texts) // 2
    return texts[middle:] if half else texts[:middle]


def write(path: Path, made: Sequence[TextPair]) -> None:
    """Write pairs with their scores as JSON lines, for `weft train`."""
    with written(path) as file:
        for one in made:
            row = {"a": one.text, "b": one.second, "score": one.score}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
