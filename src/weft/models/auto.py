"""The choice of an encoder by what is to be read, where none is named."""

from __future__ import annotations

from typing import Any, Literal

from weft.errors import ConfigError
from weft.models.bag import BagEncoderConfig
from weft.models.base import Encoder, EncoderConfig
from weft.models.cnn import CnnEncoderConfig


class AutoEncoderConfig(EncoderConfig):
    """An encoder that is chosen when the training rows are known: the run names it and the reason.

    A bag that is solved exactly takes seconds, and on single texts that get labels it was ahead of networks trained
    from nothing on every set that was measured, of 300 rows or 50,000, two labels or 150. It needs to decide alone, by
    a plain loss, and has no use for settings of steps; in all other cases the choice is `cnn`. No time is measured, so
    that the same rows give the same choice.
    """

    kind: Literal["auto"] = "auto"

    def chosen(self, *, against_bag: str) -> EncoderConfig:
        """Return the config of the encoder; `against_bag` is a reason against the bag, or empty."""
        return CnnEncoderConfig() if against_bag else BagEncoderConfig()

    def build(self, spec: Any) -> Encoder:  # noqa: ARG002
        """Raise ConfigError: an encoder has to be chosen first."""
        raise ConfigError("has not been chosen yet", where="task.encoder", hint="name one, such as `bag` or `cnn`")
