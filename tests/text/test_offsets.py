import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.errors import ConfigError
from weft.text.normalize import NormalizeConfig, normalize
from weft.text.offsets import aligned, locate
from weft.text.tokenizers.choices import TOKENIZERS
from weft.text.tokenizers.ngrams import NgramTokenizerConfig
from weft.text.tokenizers.pretrained import PretrainedTokenizerConfig
from weft.text.tokenizers.words import MixedTokenizerConfig

TEXTS = (
    "The ﬁne  Café costs½ £3.50…\r\n and more",
    "活字印刷术，由毕昇 发明于１０４１年。",
    "İstanbul 一二三 👩‍👩‍👧 e\u0301 ok\u200b",
    "コーヒーを飲んだ。ｶﾞ น้ำที่นี่ ខ្ញុំ 한국어",
    " \t ",
    "",
)
KINDS = [kind() for kind in TOKENIZERS if kind not in (NgramTokenizerConfig, PretrainedTokenizerConfig)]
LEARNED = [config.learn([*TEXTS, *TEXTS]) for config in KINDS]
every = pytest.mark.parametrize("tokenizer", LEARNED, ids=[config.kind for config in KINDS])
letters = st.text(alphabet="ab ﬁİſ①½…é\u0301\u200b\r\n\t 一二，。１２😀한ㄱーかﾞน้ำ្ញុ", max_size=30)


def parts(tokenizer, text):
    """The characters of each token of a text."""
    return [text[start:end] for start, end in locate(tokenizer, [text]).spans_N2.tolist()]


@every
@settings(max_examples=60, deadline=None)
@given(text=letters)
def test_every_token_has_its_place_in_order(tokenizer, text):
    found = locate(tokenizer, [text])
    spans = found.spans_N2.tolist()
    assert len(spans) == len(found.encoded.values_NW)
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    real = [(start, end) for start, end in spans if end > start]
    assert real == sorted(real)
    assert all(text[start:end] == text[start:end].strip() for start, end in real)


@every
def test_no_letter_is_without_a_token(tokenizer):
    for text in TEXTS:
        covered = {place for start, end in locate(tokenizer, [text]).spans_N2.tolist() for place in range(start, end)}
        missed = [letter for place, letter in enumerate(text) if place not in covered]
        assert not [letter for letter in missed if letter.isalnum()], missed


@every
def test_several_texts_are_located_as_one_by_one(tokenizer):
    whole = locate(tokenizer, TEXTS).spans_N2.tolist()
    assert whole == [span for text in TEXTS for span in locate(tokenizer, [text]).spans_N2.tolist()]


def test_tokens_are_parts_of_the_raw_text():
    tokenizer = MixedTokenizerConfig().learn(TEXTS)
    assert parts(tokenizer, "Ａ ﬁne  Café。２３岁") == ["Ａ", "ﬁne", "Café", "。", "２３", "岁"]


@settings(max_examples=100, deadline=None)
@given(text=letters, space=st.sampled_from(["one", "keep"]), case=st.sampled_from(["lower", "keep"]))
def test_each_normal_character_comes_from_somewhere(text, space, case):
    config = NormalizeConfig(space=space, case=case)
    ((plain, spans_N2),) = aligned([text], config)
    assert plain == normalize([text], config)[0]
    assert len(spans_N2) == len(plain)
    assert all(0 <= start < end <= len(text) for start, end in spans_N2.tolist())


def test_what_is_normalized_in_another_way_as_a_whole_is_matched():
    ((plain, spans_N2),) = aligned(["ㄱㅏ漢字 x"], NormalizeConfig(unicode="NFKC"))
    assert len(plain) == len(spans_N2)


def test_words_that_are_left_out_have_no_place():
    tokenizer = MixedTokenizerConfig(stop_words=("en",)).learn(["the cat", "the dog"])
    with pytest.raises(ConfigError, match="no place"):
        locate(tokenizer, ["the cat"])


def test_ngrams_have_no_places():
    with pytest.raises(ConfigError, match="no places"):
        locate(NgramTokenizerConfig().learn(["a b", "一二"]), ["a b"])
