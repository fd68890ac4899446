"""Finds what normalization takes from texts, such as capitals and line breaks, and counts it in bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import regex

from weft.text.normalize import NormalizeConfig, normalize

AS_READ = NormalizeConfig(unicode="NFC", case="keep", space="keep")
"""Normalization that takes nothing: what is left is the same text, with each line break as `\\n`."""
_UNITS = regex.compile(r"\s+|\S")


def lost_bytes(texts: Sequence[str], config: NormalizeConfig) -> list[int]:
    """Count the bytes of each text that normalization changes: of the characters, and of the runs of white space."""
    if config.unicode != "NFKC" and config.case == config.script == config.space == "keep":
        return [0] * len(texts)
    counted = [Counter(_UNITS.findall(text)) for text in normalize(texts, AS_READ)]
    units = list(set().union(*counted))
    sizes = {unit: len(unit.encode()) for unit in units if _changed(unit, config)}
    return [sum(sizes.get(unit, 0) * times for unit, times in one.items()) for one in counted]


def _changed(unit: str, config: NormalizeConfig) -> bool:
    if unit.isspace():
        return config.space == "one" and unit != " "
    return normalize([unit], config) != [unit]


def lost_note(share: float, config: NormalizeConfig) -> str:
    """Say that normalization takes a share of the bytes of texts, and by which settings; empty where it takes none."""
    if not share:
        return ""
    names = {"unicode": "NFKC", "case": "lower", "space": "one"}
    settings = [f"{name} {value}" for name, value in names.items() if getattr(config, name) == value]
    settings += [f"script {config.script}"] * (config.script != "keep")
    kept = "task.tokenizer=bpe, bytes or char keep all, unless task.tokenizer.normalize is set"
    return f"{share:.1%} of the bytes are not read as they stand ({', '.join(settings)}), nor written; {kept}"
