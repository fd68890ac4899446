"""Parses the models of a comparison from a user's words: kinds of encoders and files of settings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weft.config import overridden, read_yaml, validated
from weft.errors import ConfigError
from weft.evaluation.compare import AVERAGE
from weft.run import RunConfig

SECTIONS = ("task", "training")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model of a comparison: its name, which is also that of its folder, and its settings."""

    name: str
    config: RunConfig


def entries(
    words: Sequence[str],
    settings: Mapping[str, Any],
    *,
    below: Mapping[str, Any] | None = None,
    overrides: Sequence[str] = (),
    part: str = "encoder",
) -> list[Candidate]:
    """Parse the models that are named, one a word.

    A word is a kind (`cnn`), a pre-trained one by its folder (`pretrained:./bert`), or a file of settings
    (`wide.yaml`); with a name of one's own before it (`wide=cnn.yaml`).

    Args:
        words: one a model.
        settings: what all share; stands above what a file says.
        below: what holds where neither a file nor `settings` say otherwise.
        overrides: `a.b=value`, for all, above both.
        part: what a kind is a kind of.

    Raises:
        ConfigError: a name is used twice or cannot be one, or a setting is wrong; says whose it is.
        InputError: a file cannot be read.

    """
    found: list[Candidate] = []
    for word in words:
        name, own = _own(word.strip(), part)
        if name in {entry.name for entry in found}:
            hint = "give each a name: wide=wide.yaml,deep=deep.yaml"
            raise ConfigError(f"`{name}` is given twice", where="--encoders", hint=hint)
        try:
            config = validated(RunConfig, overridden(_over(_over(below or {}, own), settings), overrides))
            _must_be_used(config, own, part)
        except ConfigError as error:
            raise ConfigError(error.what, where=f"{word.strip()}: {error.where}", hint=error.hint) from None
        found.append(Candidate(name, config))
    return found


def _must_be_used(config: RunConfig, own: Mapping[str, Any], part: str) -> None:
    """Raise ConfigError where the part that was named is none of the model's: it reads no text."""
    if part in own.get("task", {}) and getattr(config.task, part) not in config.task.part_configs:
        columns = ", ".join(f"`{name}`" for name in config.task.columns_beside)
        what = f"encodes texts, and this model reads no text but columns: {columns}"
        hint = "name a file of settings, as small.yaml, whose task.inputs have an encoder: {width: 8} of their own"
        raise ConfigError(what, where=f"task.{part}", hint=hint)


def _own(word: str, part: str) -> tuple[str, dict[str, Any]]:
    name, equals, file = word.rpartition("=")
    kind, _, folder = file.partition(":")
    if folder:
        name, own = name or Path(folder).name or kind, {"task": {part: file}}
    elif not equals and not file.endswith((".yaml", ".yml")):
        name, own = word, {"task": {part: word}}
    else:
        name, own = name or Path(file).stem, read_yaml(Path(file))
    if not re.fullmatch(r"[\w-][\w.-]*", name) or name == AVERAGE:
        hint = "name a kind of encoder, as cnn, or a file of settings, as wide=wide.yaml"
        raise ConfigError(f"`{name}` cannot be the name of a model", where="--encoders", hint=hint)
    if other := next((section for section in own if section not in SECTIONS), None):
        hint = "a model of a comparison has `task` and `training`; data, seed and device are the same for all"
        raise ConfigError("is not settings of one model", where=f"{file}: {other}", hint=hint)
    return name, own


def _over(own: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """Merge a model's own settings with the shared ones, which win."""
    result = dict(own)
    for name, value in shared.items():
        mine = result.get(name)
        result[name] = _over(mine, value) if isinstance(mine, Mapping) and isinstance(value, Mapping) else value
    return result
