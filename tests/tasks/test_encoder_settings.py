"""Settings of an encoder that name no kind are those of the one that suits the decoder."""

import pytest

from weft.config import validated
from weft.errors import ConfigError
from weft.models.rnn import GruEncoderConfig
from weft.models.transformer import TransformerEncoderConfig
from weft.tasks.seq2seq import Seq2SeqConfig


def test_the_kind_is_that_of_the_decoder():
    encoder = validated(Seq2SeqConfig, {"encoder": {"width": 64}}).encoder
    assert isinstance(encoder, TransformerEncoderConfig)
    assert (encoder.width, encoder.view_dropout) == (64, 0)
    encoder = validated(Seq2SeqConfig, {"decoder": {"kind": "gru", "hidden": 50}, "encoder": {"width": 8}}).encoder
    assert isinstance(encoder, GruEncoderConfig)
    assert (encoder.width, encoder.hidden) == (8, 25)


def test_a_kind_that_is_named_stays():
    encoder = validated(Seq2SeqConfig, {"decoder": "gru", "encoder": {"kind": "cnn"}}).encoder
    assert encoder is not None
    assert encoder.kind == "cnn"
    assert validated(Seq2SeqConfig, {}).encoder is None


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"encoder": {"wide": 64}}, "encoder"),
        ({"encoder": {"width": 64}, "decoder": {"wide": 3}}, "decoder"),
        ({"encoder": {"width": 64}, "decoder": {"kind": "gru", "hidden": 0}}, "decoder.hidden"),
    ],
)
def test_a_mistake_is_told_where_it_is(settings, where):
    with pytest.raises(ConfigError) as caught:
        validated(Seq2SeqConfig, settings)
    assert caught.value.where == where
