"""Which tokenizer fits texts that come without a choice."""

import pytest

from weft.text.tokenizers.choices import fitting

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
