"""Writes docs/en/settings.md from the configs: every setting by its path, its default, what it takes and means.

Run it after a setting has changed: `python docs/settings.py`. A test fails when the file is not current.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from weft.cli.train import PLACES, command
from weft.config import Config, kind_of
from weft.decoding.choices import SEARCHES, SearchConfig
from weft.models.base import DecoderConfig, EncoderConfig
from weft.models.choices import DECODERS, ENCODERS
from weft.run import RunConfig
from weft.tasks.base import TaskConfig
from weft.tasks.choices import TASKS
from weft.tasks.texts import LabelTaskConfig
from weft.text.tokenizers.base import TokenizerConfig
from weft.text.tokenizers.choices import TOKENIZERS
from weft.training.optim import OPTIMIZERS, OptimizerConfig

FILE = Path(__file__).parent / "en" / "settings.md"
CHOICES: Mapping[type[Config], tuple[type[Config], ...]] = {
    TaskConfig: TASKS,
    EncoderConfig: ENCODERS,
    DecoderConfig: DECODERS,
    SearchConfig: SEARCHES,
    TokenizerConfig: TOKENIZERS,
    OptimizerConfig: OPTIMIZERS,
}
"""The settings that are one of several kinds."""

HEAD = """# Settings

Made from weft's own code by `docs/settings.py`; do not edit it by hand.

A setting is given by its path: `weft train reviews.csv --set training.epochs=3`, or in a YAML file whose levels are the
parts of the path. The command line wins over the file. Settings that have an option of their own name it. A mistyped
path is an error with the nearest one that exists, and `config.yaml` in every run folder has all settings of that run.

Where a setting is one of several kinds, as `task.encoder` is, a bare word chooses the kind with its defaults
(`encoder: lstm`), and a mapping changes some of them (`encoder: {kind: lstm, hidden: 64}`). Kinds with the same
settings share a table. [中文](../zh/settings.md)
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A setting as a row of a table."""

    path: str
    default: str
    takes: str
    means: str


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for name, field in RunConfig.model_fields.items():
        if name in ("data", "training"):
            config = field.annotation
            assert isinstance(config, type)
            assert issubclass(config, Config)
            parts.append(_section(f"`{name}`", config, list(_lines(config, f"{name}."))))
    first, *others = TASKS
    common = list(_lines(first, "task."))
    parts.append(_section(f"`task`, kind `{kind_of(first)}`", first, common))
    for other in others:
        like = issubclass(other, LabelTaskConfig)
        own = [line for line in _lines(other, "task.") if not like or line not in common]
        title = f"`task`, kind `{kind_of(other)}`"
        parts.append(_section(f"{title}: what differs" if like else title, other, own))
    parts += _kinds("task.encoder", ENCODERS)
    parts += _kinds("task.decoder", DECODERS)
    parts += _kinds("task.search", SEARCHES)
    parts += _kinds("task.tokenizer", TOKENIZERS)
    parts += _kinds("training.optimizer", OPTIMIZERS)
    rest = [line for line in _lines(RunConfig, "") if "." not in line.path]
    parts.append("## The others\n\n" + _table(rest))
    return "\n".join(parts)


def _kinds(path: str, members: tuple[type[Config], ...]) -> Iterator[str]:
    """A section for each kind, or one for several with the same settings."""
    groups: dict[tuple[Line, ...], list[type[Config]]] = {}
    for member in members:
        groups.setdefault(tuple(_lines(member, f"{path}.")), []).append(member)
    for lines, alike in groups.items():
        names = ", ".join(f"`{kind_of(one)}`" for one in alike)
        said = [f"- `{kind_of(one)}`: {_sentence(one)}" for one in alike]
        yield f"## `{path}`, kind{'s' if len(alike) > 1 else ''} {names}\n\n" + "\n".join(said) + "\n\n" + _table(lines)


def _section(title: str, config: type[Config], lines: list[Line]) -> str:
    return f"## {title}\n\n{_sentence(config)}\n\n" + _table(lines)


def _sentence(config: type[Config]) -> str:
    """What the config says of itself, on one line, and what it changes in training."""
    said = " ".join((config.__doc__ or "").split())
    recommended = getattr(config, "recommended", {})
    changed = ", ".join(f"`training.{name}` {value}" for name, value in recommended.items())
    return f"{said} Trained with {changed} where nothing else is set." if changed else said


def _table(lines: Any) -> str:
    rows = [f"| `{one.path}` | {one.default} | {one.takes} | {one.means} |" for one in lines]
    return "\n".join(["| setting | default | takes | meaning |", "|---|---|---|---|", *rows]) + "\n"


def _lines(config: type[Config], path: str, *, like: Config | None = None) -> Iterator[Line]:
    """The settings of a config and of those inside it, with the defaults of one `like` it where there is one.

    Where a setting is one of several kinds, its kind alone; where settings are off by default, a line that says so.
    """
    for name, field in config.model_fields.items():
        here = f"{path}{name}"
        inner = next(
            (one for one in _members(field.annotation) if isinstance(one, type) and issubclass(one, Config)), None
        )
        if name == "kind":
            continue
        if inner is not None and inner in CHOICES:
            kinds = [f"`{kind_of(one)}`" for one in CHOICES[inner]] + ["`null`"] * (field.default is None)
            yield Line(here, _chosen(field), ", ".join(kinds), _means(config, name, here))
        elif inner is not None:
            if field.default is None:
                yield Line(here, "`null`", "settings, `null`", _means(config, name, here))
            yield from _lines(inner, f"{here}.", like=field.default if isinstance(field.default, inner) else None)
        else:
            default = "to be given" if field.is_required() else _shown(getattr(like, name) if like else field.default)
            yield Line(here, default, _takes(field), _means(config, name, here))


def _means(config: type[Config], name: str, path: str) -> str:
    """The docstring of a setting, or that of the config that it is inherited from."""
    homes = [home for home in config.__mro__ if issubclass(home, Config) and name in home.model_fields]
    said = next((text for home in homes if (text := home.model_fields[name].description)), "")
    flags = {str(parameter.name): parameter.opts[0] for parameter in command.params}
    options = [f"`{flags[option]}`" for option, place in PLACES.items() if place == path and option in flags]
    text = " ".join([" ".join(said.split()), *(f"Option {one}." for one in options)]).strip()
    return re.sub(r"\bNone\b", "`null`", text).replace("|", "\\|")


def _members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, `Literal`s opened into their values; else the annotation alone."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    arguments = get_args(annotation)
    is_union = arguments and get_origin(annotation) not in (tuple, dict)
    return tuple(one for each in arguments for one in _members(each)) if is_union else (annotation,)


def _takes(field: FieldInfo) -> str:
    named = {int: "a whole number", float: "a number", str: "text", NoneType: "`null`"}
    several = {tuple: "a list", dict: "settings"}
    words = [
        several.get(get_origin(one)) or (named[one] if isinstance(one, type) else f"`{one}`")
        for one in _members(field.annotation)
    ]
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "multiple_of": "a multiple of"}
    bounds = [f"{signs[name]} {getattr(one, name)}" for one in field.metadata for name in signs if hasattr(one, name)]
    return ", ".join([*dict.fromkeys(words), *bounds])


def _shown(value: Any) -> str:
    return f"`{'null' if value is None else list(value) if isinstance(value, tuple) else value}`"


def _chosen(field: FieldInfo) -> str:
    return "`null`" if field.default is None else f"`{kind_of(type(field.default))}`"


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
