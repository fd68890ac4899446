"""The kinds of encoders and decoders there are. A new one is a new file and a new line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, SerializeAsAny
from pydantic_core import PydanticCustomError

from weft.config import kind_of, one_of
from weft.models.auto import AutoEncoderConfig
from weft.models.bag import BagEncoderConfig
from weft.models.base import DecoderConfig, EncoderConfig
from weft.models.cnn import CnnEncoderConfig
from weft.models.gpt import GptDecoderConfig
from weft.models.pretrained import PretrainedEncoderConfig
from weft.models.pretrained_decoder import PretrainedDecoderConfig
from weft.models.projection import ProjectionEncoderConfig
from weft.models.rnn import GruEncoderConfig, LstmEncoderConfig, PlainRnnEncoderConfig
from weft.models.rnn_decoder import GruDecoderConfig, LstmDecoderConfig
from weft.models.tabular import TabularEncoderConfig
from weft.models.transformer import TransformerEncoderConfig
from weft.models.transformer_decoder import TransformerDecoderConfig

ENCODERS = (
    BagEncoderConfig,
    CnnEncoderConfig,
    PlainRnnEncoderConfig,
    LstmEncoderConfig,
    GruEncoderConfig,
    TransformerEncoderConfig,
    ProjectionEncoderConfig,
    PretrainedEncoderConfig,
)


OTHER_ENCODERS = (TabularEncoderConfig, AutoEncoderConfig)
"""Those that read something else than text, or stand for another one."""


def _with_folder(value: Any) -> Any:
    """Split a kind from the folder of a model behind a colon, as in `pretrained:./bert`."""
    settings = {"kind": value} if isinstance(value, str) else value
    if isinstance(settings, Mapping) and ":" in str(settings.get("kind")):
        kind, _, folder = str(settings["kind"]).partition(":")
        if kind in {kind_of(part) for part in (*ENCODERS, *DECODERS) if "folder" not in part.model_fields}:
            hint = f"only `pretrained` takes one, as pretrained:{folder}"
            raise PydanticCustomError("kind", "the kind `{kind}` takes no folder", {"kind": kind, "hint": hint})
        return {**settings, "kind": kind, "folder": folder}
    return value


FOLDERS = BeforeValidator(_with_folder)
EncoderChoice = Annotated[
    SerializeAsAny[EncoderConfig], one_of(EncoderConfig, ENCODERS, default=CnnEncoderConfig), FOLDERS
]

LabelEncoderChoice = Annotated[
    SerializeAsAny[EncoderConfig],
    one_of(EncoderConfig, (*ENCODERS, AutoEncoderConfig), default=CnnEncoderConfig),
    FOLDERS,
]
"""An encoder of texts that get labels, which may be left open; settings without a kind are those of a CNN."""

VectorEncoderChoice = Annotated[
    SerializeAsAny[EncoderConfig], one_of(EncoderConfig, ENCODERS, default=ProjectionEncoderConfig), FOLDERS
]
"""An encoder of texts that are compared; settings without a kind are those of a projection."""

DECODERS = (TransformerDecoderConfig, GptDecoderConfig, LstmDecoderConfig, GruDecoderConfig, PretrainedDecoderConfig)
DecoderChoice = Annotated[
    SerializeAsAny[DecoderConfig], one_of(DecoderConfig, DECODERS, default=TransformerDecoderConfig), FOLDERS
]
WriterChoice = Annotated[
    SerializeAsAny[DecoderConfig], one_of(DecoderConfig, DECODERS, default=GptDecoderConfig), FOLDERS
]
"""A decoder; settings without a kind are those of one that writes alone."""
DescriberChoice = Annotated[
    SerializeAsAny[DecoderConfig], one_of(DecoderConfig, DECODERS, default=LstmDecoderConfig), FOLDERS
]
"""A decoder that describes images; settings without a kind are those of an LSTM."""
NamedEncoder = Annotated[SerializeAsAny[EncoderConfig], one_of(EncoderConfig, ENCODERS), FOLDERS]
"""An encoder whose kind is to be named, where it would else be that of another part."""
