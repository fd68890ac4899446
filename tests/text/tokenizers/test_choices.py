"""Which tokenizer fits texts that come without a choice."""

import pytest

from tests.other_scripts import texts as sentences
from weft.text.tokenizers.choices import alike, bpe_for, fitting, for_free_text, pieces_for

ENGLISH = ["The film was good.", "I did not like it at all!"]
CHINESE = ["这部电影很好看。", "我一点也不喜欢!"]


@pytest.mark.parametrize(
    ("texts", "views", "order"),
    [
        (ENGLISH, ("bigram", "prefix", "suffix"), 2),
        (CHINESE, ("bigram", "word"), 3),
        (ENGLISH + CHINESE, ("bigram", "word"), 2),
        ([], ("bigram", "prefix", "suffix"), 2),
        (["", "!?"], ("bigram", "prefix", "suffix"), 2),
    ],
)
def test_by_script(texts, views, order):
    reader, bag = fitting(texts, ordered=True), fitting(texts, ordered=False)
    assert (reader.kind, reader.views) == ("mixed", views)
    assert (bag.kind, bag.order) == ("ngrams", order)


def test_a_sample_of_many_texts_tells_as_much():
    assert fitting(CHINESE * 5000, ordered=False) == fitting(CHINESE, ordered=False)


@pytest.mark.parametrize(
    ("language", "views", "order", "letters"),
    [
        ("ja", ("bigram", "word"), 3, None),
        ("th", ("bigram",), 3, None),
        ("km", ("bigram",), 3, None),
        ("ko", ("bigram", "letters"), 2, (2, 4)),
    ],
)
def test_other_scripts(language, views, order, letters):
    texts = sentences(language)
    reader, bag = fitting(texts, ordered=True), fitting(texts, ordered=False)
    assert (reader.kind, reader.views) == ("mixed", views)
    assert (bag.order, bag.letters) == (order, letters)
    assert letters is None or reader.letters == letters


def test_sizes_of_vocabularies_go_by_characters_where_there_are_no_spaces():
    thai, english = sentences("th") * 200, ["an evening at the film with friends"] * 200 * 144
    sizes = [bpe_for(texts).size for texts in (thai, english)]
    words = sum(len(text.split()) for text in thai)
    assert sizes[0] == 4800 > 9 * words / 60
    assert sizes[1] == 3400 == round(7 * len(english) / 60 / 100) * 100


def test_few_texts_of_many_characters_are_written_character_by_character():
    assert [pieces_for(sentences(one)).kind for one in ("ja", "th", "ko")] == ["char", "bpe", "bpe"]
    assert [for_free_text(None, sentences(one)).kind for one in ("ja", "th", "ko")] == ["char", "bpe", "bpe"]


def test_scripts_alike_share_a_vocabulary():
    assert alike(ENGLISH, sentences("ko"))
    assert alike(CHINESE, CHINESE)
    assert not alike(ENGLISH, CHINESE)
    assert not alike(ENGLISH, sentences("th"))
