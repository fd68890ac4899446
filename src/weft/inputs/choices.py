"""The kinds of inputs that can stand beside the main one. A new one is a new file and a new line here."""

from __future__ import annotations

from typing import Annotated

from pydantic import SerializeAsAny

from weft.config import one_of
from weft.inputs.base import InputConfig
from weft.inputs.image import ImageInputConfig
from weft.inputs.sound import SoundInputConfig
from weft.inputs.tabular import TabularInputConfig
from weft.inputs.text import TextInputConfig

INPUTS = (TextInputConfig, TabularInputConfig, ImageInputConfig, SoundInputConfig)
InputChoice = Annotated[SerializeAsAny[InputConfig], one_of(InputConfig, INPUTS)]
