"""The kinds of encoders of sounds. A new one is a new file and a new line here."""

from __future__ import annotations

from typing import Annotated

from pydantic import SerializeAsAny

from weft.config import one_of
from weft.models.crnn import CrnnEncoderConfig
from weft.models.sound_cnn import SoundCnnEncoderConfig, SoundEncoderConfig

SOUND_ENCODERS = (SoundCnnEncoderConfig, CrnnEncoderConfig)
SoundEncoderChoice = Annotated[
    SerializeAsAny[SoundEncoderConfig], one_of(SoundEncoderConfig, SOUND_ENCODERS, default=SoundCnnEncoderConfig)
]
