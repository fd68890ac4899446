"""Scores of written texts: sacreBLEU's figures with their signatures, and the loss of references where it is known."""

import math

import pytest
from sacrebleu.metrics import BLEU, CHRF, TER

from weft.decoding.token_loss import Reference
from weft.errors import InputError
from weft.tasks.generation.generator import GeneratedText
from weft.tasks.generation.scores import quick_text_overlap_scores, reference_scores, text_overlap_scores, text_scores

ENGLISH = ["A man is riding a horse.", "two dogs run on the beach", "The woman reads."]
ENGLISH_REFERENCES = [
    ("A man rides a horse.", "A man is riding a brown horse."),
    ("Two dogs run on the beach.",),
    ("The woman is reading a book.", "A woman reads."),
]
CHINESE = ["一个男人在骑马。", "两只狗在跑", "女人看书。"]
CHINESE_REFERENCES = [("一个男人正在骑马。",), ("两只狗在海滩上跑。", "两只狗在跑。"), ("女人在看书。",)]
SIDES = [(ENGLISH, ENGLISH_REFERENCES, "13a"), (CHINESE, CHINESE_REFERENCES, "zh")]
each_script = pytest.mark.parametrize(("texts", "references", "tokenizer"), SIDES, ids=["english", "chinese"])


def answers(texts, losses=()):
    return [
        GeneratedText(text, -1.0, loss=loss) for text, loss in zip(texts, losses or [None] * len(texts), strict=True)
    ]


def streams(references):
    most = max(map(len, references))
    return [[row[place] if place < len(row) else None for row in references] for place in range(most)]


@each_script
def test_scores_are_sacrebleus(texts, references, tokenizer):
    found = text_overlap_scores(answers(texts), references)
    told = streams(references)
    values = {name: score.value for name, score in found.values.items()}
    assert values["bleu"] == pytest.approx(BLEU(tokenize=tokenizer).corpus_score(texts, told).score)
    assert values["chrf"] == pytest.approx(CHRF().corpus_score(texts, told).score)
    asian = tokenizer == "zh"
    metric = TER(case_sensitive=True, normalized=asian, asian_support=asian)
    assert values["ter"] == pytest.approx(metric.corpus_score(texts, told).score)
    assert set(values) == {"bleu", "chrf", "ter", "rouge1", "rouge2", "rougeL", "rougeL_coco"}
    assert {score.low for score in found.values.values()} == {None}  # of so few texts


@each_script
def test_signatures_and_lower_case_are_told_beside(texts, references, tokenizer):
    details = text_overlap_scores(answers(texts), references).details
    assert f"tok:{tokenizer}" in details["signatures"]["bleu"]
    assert "case:mixed" in details["signatures"]["bleu"]
    assert set(details["signatures"]) >= {"bleu", "chrf", "ter", "rouge1", "rouge2", "rougeL"}
    expected = BLEU(tokenize=tokenizer, lowercase=True).corpus_score(texts, streams(references)).score
    assert details["lower_case"]["bleu"]["value"] == pytest.approx(expected)
    assert "case:lc" in details["lower_case"]["bleu"]["signature"]
    assert details["texts"] == 3


def test_words_are_counted_in_both_scripts():
    words = text_overlap_scores(answers(ENGLISH), ENGLISH_REFERENCES).details["mean_words"]
    assert words == {"answers": pytest.approx((6 + 6 + 3) / 3), "references": pytest.approx((5 + 6 + 6) / 3)}
    words = text_overlap_scores(answers(CHINESE), CHINESE_REFERENCES).details["mean_words"]
    assert words == {"answers": pytest.approx((7 + 5 + 4) / 3), "references": pytest.approx((8 + 8 + 5) / 3)}


@each_script
def test_the_quick_scores_are_those_of_the_whole(texts, references, tokenizer):
    given = answers(texts, [Reference(4.0, 2), Reference(3.0, 4), Reference(8.0, 4)])
    quick, whole = quick_text_overlap_scores(given, references), text_overlap_scores(given, references)
    assert set(quick) == {"bleu", "chrf", "log_loss", "perplexity"}
    for name, value in quick.items():
        assert whole.values[name].value == pytest.approx(value)


def test_the_loss_of_references_is_a_mean_over_tokens():
    found = reference_scores(answers(ENGLISH, [Reference(4.0, 2), Reference(3.0, 4), Reference(8.0, 4)]))
    assert found["log_loss"].value == pytest.approx(1.5)
    assert found["perplexity"].value == pytest.approx(math.exp(1.5))
    assert {one.better for one in found.values()} == {"lower"}


def test_a_loss_that_is_not_known_of_all_is_not_told():
    assert reference_scores([]) == {}
    assert reference_scores(answers(ENGLISH)) == {}
    assert reference_scores(answers(ENGLISH, [Reference(4.0, 2), None, Reference(8.0, 4)])) == {}


def test_a_hopeless_loss_has_a_perplexity_all_the_same():
    found = reference_scores(answers(["x"], [Reference(5000.0, 1)]))
    assert found["perplexity"].value == pytest.approx(1e9)


def test_bits_are_counted_by_bytes_whatever_the_tokens():
    texts = ["春眠", "abcd"]
    losses = [Reference(6 * math.log(2), 2), Reference(8 * math.log(2), 1)]
    found = text_scores(answers(["", ""], losses), texts)
    assert found["bits_per_byte"].value == pytest.approx(14 / 10)
    assert found["log_loss"].value == pytest.approx(14 * math.log(2) / 3)


def test_a_text_without_a_reference_is_told():
    with pytest.raises(InputError, match="text 2 has no reference"):
        text_overlap_scores(answers(ENGLISH), [("a",), (), ("b",)])
