"""The choice of an encoder by what is to be read, or by trials, where none is named."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from weft.errors import ConfigError
from weft.models.bag import BagEncoderConfig
from weft.models.base import Encoder, EncoderConfig
from weft.models.cnn import CnnEncoderConfig
from weft.models.rnn import LstmEncoderConfig
from weft.models.transformer import TransformerEncoderConfig

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def _seconds(value: Any) -> Any:
    """Read a time such as `60s`, `5m` or `1h`, or a number of seconds."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([smh]?)\s*", value) if isinstance(value, str) else None
    if found:
        return float(found[1]) * _UNITS[found[2]]
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    hint = "write seconds, minutes or hours, as in 60s, 5m or 1h"
    raise PydanticCustomError("budget", "expected a time", {"hint": hint})


class AutoEncoderConfig(EncoderConfig):
    """An encoder that is chosen when the training rows are known: the run names it and the reason.

    A bag that is solved exactly takes seconds, and on texts and pairs of texts that get labels it was ahead of networks
    trained from nothing, or even with them, on every set that was measured, of 300 rows or 50,000, two labels or 150.
    It needs to decide alone, by a plain loss, and has no use for settings of steps; in all other cases the choice is
    `cnn`. No time is measured, so that the same rows give the same choice. With a budget, encoders are tried first.
    """

    kind: Literal["auto"] = "auto"
    budget: Annotated[float | None, BeforeValidator(_seconds)] = Field(default=None, gt=0)
    """Time for trials of encoders on the training rows, as `60s`, `5m`, `1h` or a number of seconds; the one that is
    best on the dev set is taken. It is converted to steps by the operations that they need, at 25 billion a second, so
    that the same seed gives the same choice on every machine: about the seconds of one processor core. None: no
    trials, which cost nothing."""
    folder: str | None = None
    """Folder of a pre-trained encoder to be tried beside the others; written `--encoder auto:FOLDER`. None: none."""

    @model_validator(mode="after")
    def _tries_a_folder(self) -> Self:
        if self.folder is not None and self.budget is None:
            what = "a folder is only tried where there is a budget for trials"
            hint = f"pass --budget 10m, or name it alone: --encoder pretrained:{self.folder}"
            raise PydanticCustomError("budget", "{what}", {"what": what, "hint": hint})
        return self

    def chosen(self, *, against_bag: str) -> EncoderConfig:
        """Return the config of the encoder; `against_bag` is a reason against the bag, or empty."""
        return CnnEncoderConfig() if against_bag else BagEncoderConfig()

    def candidates(self, *, against_bag: str) -> list[EncoderConfig | str]:
        """Return the encoders to be tried, the cheapest first; a pre-trained one as `pretrained:FOLDER`."""
        bag = [] if against_bag else [BagEncoderConfig()]
        networks = [CnnEncoderConfig(), LstmEncoderConfig(), TransformerEncoderConfig()]
        return [*bag, *networks, *([] if self.folder is None else [f"pretrained:{self.folder}"])]

    def build(self, spec: Any) -> Encoder:  # noqa: ARG002
        """Raise ConfigError: an encoder has to be chosen first."""
        raise ConfigError("has not been chosen yet", where="task.encoder", hint="name one, such as `bag` or `cnn`")
