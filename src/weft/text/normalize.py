"""Normalizes texts: Unicode form, Chinese script, case and white space."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Literal

from weft.config import Config
from weft.text.chinese import converter

Form = Literal["NFKC", "NFC", "none"]
Space = Literal["one", "keep"]


class NormalizeConfig(Config):
    """Normalization of texts before they are looked up."""

    unicode: Form = "NFKC"
    """Unicode normal form; NFKC also makes full-width letters and digits half-width (Unicode Standard Annex 15)."""
    case: Literal["lower", "keep"] = "lower"
    """Case of letters; `keep` distinguishes `US` from `us`, and needs more texts to learn from."""
    script: Literal["keep", "simplified", "traditional"] = "keep"
    """Script that Chinese is converted to; needs the extra `opencc`."""
    space: Space = "one"
    """White space; `one` makes each run of white space one space, with none at the ends, and `keep` leaves spaces and
    line breaks (each of them `\\n`), for models that generate text."""


def normalize(texts: Sequence[str], config: NormalizeConfig) -> list[str]:
    """Normalize texts in Unicode form, script, case and white space."""
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
    """Convert a text to a Unicode form; half a surrogate pair, which no encoding can write, becomes U+FFFD."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole if form == "none" else unicodedata.normalize(form, whole)
