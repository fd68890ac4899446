"""Text as it grows: the same as all at once, as soon as can be, and never half a character."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.errors import ConfigError
from weft.text.normalize import NormalizeConfig, normalize
from weft.text.stream import stream_text
from weft.text.tokenizers.ngrams import NgramTokenizerConfig
from weft.text.tokenizers.subwords import (
    BpeTokenizerConfig,
    BytesTokenizerConfig,
    UnigramTokenizerConfig,
    WordpieceTokenizerConfig,
)
from weft.text.tokenizers.words import CharTokenizerConfig, MixedTokenizerConfig, WordTokenizerConfig

TEXTS = ['The "film" is good, really.', "这部电影很好看！", "春眠不觉晓，\n处处闻啼鸟。\n", "👍🏽 café 3.5"] * 2
KEPT = NormalizeConfig(unicode="NFC", case="keep", space="keep")
LEARNED = [
    *(kind().learn(TEXTS) for kind in (WordTokenizerConfig, MixedTokenizerConfig, CharTokenizerConfig)),
    *(
        kind(size=300, normalize=kept).learn(TEXTS)
        for kind in (BpeTokenizerConfig, BytesTokenizerConfig, UnigramTokenizerConfig, WordpieceTokenizerConfig)
        for kept in (NormalizeConfig(), KEPT)
    ),
]
BYTES = next(one for one in LEARNED if one.config.kind == "bytes" and one.config.normalize == KEPT)


@settings(deadline=None, max_examples=300)
@given(tokenizer=st.sampled_from(LEARNED), data=st.data())
def test_any_ids_give_the_text_of_all_at_once_each_part_as_soon_as_it_is_whole(tokenizer, data):
    ids = data.draw(st.lists(st.integers(0, tokenizer.sizes[0] - 1)))
    given_so_far, written = [], ""
    for part in stream_text(tokenizer, (given_so_far.append(number) or number for number in ids)):
        assert part
        written += part
        # no more than the beginning of one character is held back
        assert tokenizer.decode([given_so_far])[0] in (written, f"{written}\ufffd")
    assert written == tokenizer.decode([ids])[0]


def test_a_character_of_several_ids_comes_whole():
    tokenizer = BytesTokenizerConfig(size=258).learn([])
    ids = tokenizer.encode(["好a👍"]).values_NW[:, 0].tolist()
    assert len(ids) == 8
    assert list(stream_text(tokenizer, ids)) == ["好", "a", "👍"]
    assert list(stream_text(tokenizer, ids[:-1])) == ["好", "a", "\ufffd"]
    assert list(stream_text(tokenizer, [])) == []


@settings(deadline=None, max_examples=100)
@given(text=st.text(st.characters(codec="utf-8") | st.sampled_from("很好👍🏽 \n")))
def test_no_part_of_a_text_has_a_broken_character(text):
    text = text.replace("\ufffd", "")
    parts = list(stream_text(BYTES, BYTES.encode([text]).values_NW[:, 0]))
    assert "\ufffd" not in "".join(parts)
    assert "".join(parts) == normalize([text], KEPT)[0]


def test_a_set_without_order_has_no_text():
    with pytest.raises(ConfigError, match="they have no order"):
        list(stream_text(NgramTokenizerConfig().learn(TEXTS), [1]))
