"""Characters that were never seen: by every kind of tokenizer, with their counts, and in words."""

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex
from tokenizers import Tokenizer as Engine
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

from weft.decoding.token_loss import Reference
from weft.tasks.generation.scores import text_scores
from weft.tasks.language_model import Document, LanguageModelConfig
from weft.text.out_of_vocabulary import named, notes_on, unseen_characters
from weft.text.tokenizers.choices import EXACT
from weft.text.tokenizers.pretrained import PretrainedTokenizer, PretrainedTokenizerConfig
from weft.text.tokenizers.subwords import (
    BpeTokenizerConfig,
    BytesTokenizerConfig,
    UnigramTokenizerConfig,
    WordpieceTokenizerConfig,
)
from weft.text.tokenizers.words import CharTokenizerConfig, MixedTokenizerConfig, WordTokenizerConfig

TEXTS = ["a man rides a horse", "the man reads a book", "男人在骑马", "男人在看书"] * 2
KINDS = {
    "bpe": BpeTokenizerConfig(size=60, normalize=EXACT),
    "unigram": UnigramTokenizerConfig(size=60, normalize=EXACT),
    "wordpiece": WordpieceTokenizerConfig(size=60, normalize=EXACT),
    "char": CharTokenizerConfig(normalize=EXACT),
    "mixed": MixedTokenizerConfig(normalize=EXACT),
    "word": WordTokenizerConfig(normalize=EXACT),
}
LEARNED = {kind: config.learn(TEXTS) for kind, config in KINDS.items()}
each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
def test_what_was_never_seen_is_counted(kind):
    found = unseen_characters(LEARNED[kind], ["the ☃ reads ☃☃", "男人在吃 马", "e"])
    assert found == {"☃": 3, "吃": 1}


@each_kind
@given(letters=st.text(alphabet=sorted(set("".join(TEXTS)))))
@settings(max_examples=20, deadline=None)
def test_what_was_seen_is_known_in_any_order(kind, letters):
    assert not unseen_characters(LEARNED[kind], [letters])


def test_a_letter_is_looked_for_as_it_is_read():
    read = CharTokenizerConfig().learn(TEXTS)
    assert not unseen_characters(read, ["MAN ＭＡＮ"]), "small, and of half width"
    assert unseen_characters(LEARNED["char"], ["MAN"]) == {"M": 1, "A": 1, "N": 1}


def test_of_bytes_no_character_is_unknown():
    assert not unseen_characters(BytesTokenizerConfig(size=300).learn(TEXTS), ["☃ 吃 é"])


def test_they_are_told_the_most_frequent_first_and_not_all():
    assert notes_on(Counter()) == []
    assert notes_on(Counter("☃")) == ["1 character was never seen in training, and mapped to `<unk>`: `☃`"]
    (said,) = notes_on(Counter("吃吃é"))
    assert said == "2 characters were never seen in training, and mapped to `<unk>`: `吃`, `é`"
    assert named(Counter("甲乙丙丁戊己庚辛壬癸")).endswith("`辛` and 2 others")


def test_a_pretrained_tokenizer_has_its_unknown_piece_where_it_will():
    engine = Engine(WordLevel({"<s>": 0, "a": 1, "很": 2, "<unk>": 3}, unk_token="<unk>"))
    engine.pre_tokenizer = Split(Regex("."), "isolated")
    engine.add_special_tokens(["<s>", "<unk>"])
    tokenizer = PretrainedTokenizer(PretrainedTokenizerConfig(folder="x"), engine, {"unk_token": "<unk>"})
    assert unseen_characters(tokenizer, ["a很", "a龘龘b"]) == {"龘": 2, "b": 1}


def test_to_tell_them_apart_costs_their_bytes():
    config = LanguageModelConfig(unit="row", context=8, tokenizer=CharTokenizerConfig(normalize=EXACT))
    task = config.learn([Document(text) for text in TEXTS])
    texts = ["男人在骑马", "男人骑龙，龙é", "a man reads a book and a book"]
    columns = task.encode([Document(text) for text in texts])
    assert len(columns) > len(texts)  # a text of several rows pays once
    rows = [Reference(1.0, 2) for _ in columns.owner_R]
    for number, answer in enumerate(task.answers(rows, columns)):
        assert answer.loss is not None
        told = 8 * math.log(2) * (11 if number == 1 else 0)  # 龙，龙é: three of three bytes, one of two
        assert (answer.loss.nats, answer.loss.spelled) == ((columns.owner_R == number).sum(), pytest.approx(told))
        bits = text_scores([answer], [texts[number]])["bits_per_byte"].value
        assert bits == pytest.approx((answer.loss.nats + told) / math.log(2) / len(texts[number].encode()))
