"""BLEU, chrF and TER are those of sacreBLEU: of corpora and of resamples, in English and in Chinese."""

from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU, CHRF, TER

from weft.errors import InputError, MissingExtra
from weft.metrics import overlap as overlaps
from weft.metrics.overlap import MECAB, bleu, chrf, overlap, ter, tokenizer_for

ENGLISH = ["A man is riding a horse.", "Two dogs run through the snow!", "", "The Soup was cold, and late."]
ENGLISH_REFERENCES = [
    ["A man rides a brown horse.", "A man is riding a horse on the beach."],
    ["Two dogs are running in snow."],
    ["Nothing to see here."],
    ["The soup was cold and came late.", "the soup was late", "Cold soup, and late."],
]
CHINESE = ["一个男人正在骑马。", "两只狗在雪地里奔跑", "", "汤是冷的，iPhone 也来晚了。"]
CHINESE_REFERENCES = [
    ["一名男子正在骑一匹马。", "有个男人骑着马。"],
    ["两条狗在雪中奔跑。"],
    ["这里什么也没有。"],
    ["汤凉了，iPhone 也来得晚。"],
]
JAPANESE, KOREAN = (
    name if all(find_spec(package) for package in MECAB[name][1]) else "char" for name in ("ja-mecab", "ko-mecab")
)
SETS = {"en": (ENGLISH, ENGLISH_REFERENCES, "13a"), "zh": (CHINESE, CHINESE_REFERENCES, "zh")}
words = st.lists(st.sampled_from(["the", "The", "soup", "冷", "汤", "was", "了", ",", "。"]), max_size=7).map(" ".join)
corpora = st.lists(st.tuples(words, st.lists(words, min_size=1, max_size=3)), min_size=1, max_size=5)


def streams(references):
    most = max(map(len, references))
    return [[row[place] if place < len(row) else None for row in references] for place in range(most)]


@pytest.mark.parametrize("case", ["keep", "lower"])
@pytest.mark.parametrize("language", SETS)
def test_they_are_those_of_sacrebleu(language, case):
    hypotheses, references, tokenizer = SETS[language]
    lower, other = case == "lower", language == "zh"
    found = {**overlap(hypotheses, references, case=case), "ter": ter(hypotheses, references, case=case)}
    metrics = {
        "bleu": BLEU(tokenize=tokenizer, lowercase=lower),
        "chrf": CHRF(lowercase=lower),
        "ter": TER(normalized=other, asian_support=other, case_sensitive=not lower),
    }
    for name, metric in metrics.items():
        expected = metric.corpus_score(hypotheses, streams(references)).score
        assert expected > 0
        assert found[name].value == pytest.approx(expected, abs=1e-9), name
        assert found[name].signature == str(metric.get_signature())
        assert found[name].statistics_NF.shape[0] == len(hypotheses)


@settings(max_examples=50, deadline=None)
@given(corpora)
def test_any_corpus_scores_as_in_sacrebleu(corpus):
    hypotheses, references = [one for one, _ in corpus], [row for _, row in corpus]
    tokenizer = tokenizer_for([text for row in references for text in row])
    other = tokenizer == "zh"
    metrics = {
        bleu: BLEU(tokenize=tokenizer),
        chrf: CHRF(),
        ter: TER(case_sensitive=True, normalized=other, asian_support=other),
    }
    for score, metric in metrics.items():
        value = metric.corpus_score(hypotheses, streams(references)).score
        assert score(hypotheses, references).value == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("score", [bleu, chrf, ter])
@pytest.mark.parametrize("language", SETS)
def test_sums_of_resamples_score_as_the_resampled_texts(score, language):
    hypotheses, references, _ = SETS[language]
    found = score(hypotheses, references)
    drawn_MN = np.random.default_rng(0).integers(len(hypotheses), size=(20, len(hypotheses)))
    sums_MF = np.stack([found.statistics_NF[drawn_N].sum(0) for drawn_N in drawn_MN])
    again = [score([hypotheses[n] for n in row], [references[n] for n in row]).value for row in drawn_MN.tolist()]
    assert found.formula(sums_MF) == pytest.approx(again, abs=1e-9)


def test_what_has_nothing_in_common():
    assert [score(["甲乙"], [["丙丁"]]).value for score in (bleu, chrf, ter)] == [0, 0, 100]
    assert [score([""], [["the soup"]]).value for score in (bleu, chrf, ter)] == [0, 0, 100]
    assert [score(["the soup"], [[""]]).value for score in (bleu, chrf, ter)] == [0, 0, 100]
    assert [score(["the soup was cold"], [["the soup was cold"]]).value for score in (bleu, chrf, ter)] == [
        pytest.approx(100),
        pytest.approx(100),
        0,
    ]


@pytest.mark.parametrize(
    ("text", "tokenizer"),
    [
        ("A man is riding a horse.", "13a"),
        ("Ein Mann reitet; он едет", "13a"),
        ("The word 汤 means soup.", "13a"),
        ("一个男人在骑马。", "zh"),
        ("用 iPhone 的人说 カメラ 比以前好得多了，屏幕、电池、声音也都比以前好得多了", "zh"),
        ("男の人が馬に乗っています。", JAPANESE),
        ("한 남자가 말을 타고 있다.", KOREAN),
        ("ผู้ชายกำลังขี่ม้า", "char"),
        ("បុរសម្នាក់កំពុងជិះសេះ។", "char"),
        ("123 !?", "13a"),
        ("", "13a"),
    ],
)
def test_the_script_of_the_references_chooses_the_tokenizer(text, tokenizer):
    assert tokenizer_for([text]) == tokenizer
    assert f"tok:{tokenizer}" in bleu(["x"], [[text]]).signature


@pytest.mark.parametrize(("name", "text"), [("ja-mecab", "馬に乗っている。"), ("ko-mecab", "말을 타고 있다.")])
def test_mecab_cuts_words_where_it_is_installed_and_is_told_where_not(name, text, monkeypatch):
    if tokenizer_for([text]) == name:
        assert bleu([text], [[text]]).value == pytest.approx(BLEU(tokenize=name).corpus_score([text], [[text]]).score)
    monkeypatch.setattr(overlaps, "find_spec", lambda package: None)
    assert tokenizer_for([text]) == "char"
    with pytest.raises(MissingExtra, match="is not installed") as error:
        bleu([text], [[text]], tokenizer=name)
    assert error.value.hint == f'pip install "weft[{MECAB[name][0]}]"'


def test_a_tokenizer_can_be_named():
    assert "tok:char" in bleu(ENGLISH, ENGLISH_REFERENCES, tokenizer="char").signature


@pytest.mark.parametrize(
    ("hypotheses", "references", "said"),
    [
        ([], [], "there is no text"),
        (["a"], [["a"], ["b"]], "found 1 texts and 2 rows"),
        (["甲", "乙"], [["甲"], []], "text 2 has no reference"),
    ],
)
def test_what_cannot_be_scored_is_said(hypotheses, references, said):
    for score in (bleu, chrf, ter):
        with pytest.raises(InputError, match=said):
            score(hypotheses, references)
