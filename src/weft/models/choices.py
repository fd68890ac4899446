"""The kinds of encoders and decoders there are. A new one is a new file and a new line here."""

from __future__ import annotations

from typing import Annotated

from pydantic import SerializeAsAny

from weft.config import one_of
from weft.models.bag import BagEncoderConfig
from weft.models.base import DecoderConfig, EncoderConfig
from weft.models.cnn import CnnEncoderConfig
from weft.models.rnn import GruEncoderConfig, LstmEncoderConfig, PlainRnnEncoderConfig
from weft.models.rnn_decoder import GruDecoderConfig, LstmDecoderConfig
from weft.models.transformer import TransformerEncoderConfig
from weft.models.transformer_decoder import GptDecoderConfig, TransformerDecoderConfig

ENCODERS = (
    BagEncoderConfig,
    CnnEncoderConfig,
    PlainRnnEncoderConfig,
    LstmEncoderConfig,
    GruEncoderConfig,
    TransformerEncoderConfig,
)
EncoderChoice = Annotated[SerializeAsAny[EncoderConfig], one_of(EncoderConfig, ENCODERS, default=CnnEncoderConfig)]

DECODERS = (TransformerDecoderConfig, GptDecoderConfig, LstmDecoderConfig, GruDecoderConfig)
DecoderChoice = Annotated[
    SerializeAsAny[DecoderConfig], one_of(DecoderConfig, DECODERS, default=TransformerDecoderConfig)
]
WriterChoice = Annotated[SerializeAsAny[DecoderConfig], one_of(DecoderConfig, DECODERS, default=GptDecoderConfig)]
"""The same, where settings without a kind are those of a decoder that writes alone."""
NamedEncoder = Annotated[SerializeAsAny[EncoderConfig], one_of(EncoderConfig, ENCODERS)]
"""An encoder whose kind is to be named, where it would else be that of another part."""
