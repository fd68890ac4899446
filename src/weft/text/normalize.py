"""Making equal what a reader takes as equal: Unicode forms, case and white space; knows nothing of words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Literal

from weft.config import Config


class NormalizeConfig(Config):
    """How texts are made alike before anything is looked up."""

    unicode: Literal["NFKC", "NFC", "none"] = "NFKC"
    """NFKC also makes full-width letters and digits half-width (Unicode Standard Annex 15)."""
    case: Literal["lower", "keep"] = "lower"


def normalize(texts: Sequence[str], config: NormalizeConfig) -> list[str]:
    """Texts in one Unicode form and case, with each run of white space one space and none at the ends."""
    if config.unicode != "none":
        form = config.unicode
        texts = [text if text.isascii() else unicodedata.normalize(form, text) for text in texts]
    if config.case == "lower":
        texts = [text.lower() for text in texts]
    return [" ".join(text.split()) for text in texts]
