"""Making equal what a reader takes as equal: Unicode forms, scripts, case, white space; knows nothing of words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Literal

from weft.config import Config
from weft.text.chinese import converter

Form = Literal["NFKC", "NFC", "none"]
Space = Literal["one", "keep"]


class NormalizeConfig(Config):
    """How texts are made alike before anything is looked up."""

    unicode: Form = "NFKC"
    """NFKC also makes full-width letters and digits half-width (Unicode Standard Annex 15)."""
    case: Literal["lower", "keep"] = "lower"
    """`keep` tells `US` from `us`, and needs more texts for it."""
    script: Literal["keep", "simplified", "traditional"] = "keep"
    """Write Chinese in one script; needs the extra `opencc`."""
    space: Space = "one"
    """`one` makes each run of white space one space, with none at the ends; `keep` leaves spaces and line breaks (each
    of them `\\n`), for models that write text."""


def normalize(texts: Sequence[str], config: NormalizeConfig) -> list[str]:
    """Texts in one Unicode form, case and script, and their white space as asked for."""
    form = config.unicode
    texts = [text if text.isascii() else _in_form(text, form) for text in texts]
    if config.script != "keep":
        convert = converter(config.script)
        texts = [text if text.isascii() else convert(text) for text in texts]
    if config.case == "lower":
        # a small İ is two characters, i and a dot, and other marks may belong between them
        texts = [_in_form(text.lower(), form) if "İ" in text else text.lower() for text in texts]
    if config.space == "keep":
        return [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]
    return [" ".join(text.split()) for text in texts]


def _in_form(text: str, form: Form) -> str:
    """A text in a Unicode form; half a surrogate pair, which no encoding can write, becomes U+FFFD."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole if form == "none" else unicodedata.normalize(form, whole)
