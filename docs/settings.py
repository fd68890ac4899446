"""Writes docs/en/settings.md and docs/zh/settings.md: every setting by its path, its default, what it takes and means.

Run it after a setting has changed: `python docs/settings.py`. It names the sentences whose Chinese is to be put into
docs/zh.yaml. A test fails when a page is not current, or a translation is missing or stale.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from translated import Chinese, Say, english

from weft.cli.train import PLACES, command
from weft.config import Config, kind_of
from weft.decoding.choices import SEARCHES, SearchConfig
from weft.inputs.base import InputConfig
from weft.inputs.choices import INPUTS
from weft.models.base import DecoderConfig, EncoderConfig
from weft.models.choices import DECODERS, ENCODERS
from weft.run import RunConfig
from weft.tasks.base import TaskConfig
from weft.tasks.choices import TASKS
from weft.tasks.label_task import LabelTaskConfig
from weft.text.tokenizers.base import TokenizerConfig
from weft.text.tokenizers.choices import TOKENIZERS
from weft.training.optim import OPTIMIZERS, OptimizerConfig

DOCS = Path(__file__).parent
CHOICES: Mapping[type[Config], tuple[type[Config], ...]] = {
    TaskConfig: TASKS,
    EncoderConfig: ENCODERS,
    DecoderConfig: DECODERS,
    SearchConfig: SEARCHES,
    TokenizerConfig: TOKENIZERS,
    InputConfig: INPUTS,
    OptimizerConfig: OPTIMIZERS,
}
"""The settings that are one of several kinds."""

HEADS = {
    "en": """# Settings

[中文](../zh/settings.md) · [all pages](index.md)

Made from weft's own code by `docs/settings.py`; do not edit it by hand.

A setting is given by its path: `weft train reviews.csv --set training.epochs=3`, or in a YAML file whose levels are the
parts of the path. The command line wins over the file. Settings that have an option of their own name it. A mistyped
path is an error with the nearest one that exists, and `config.yaml` in every run folder has all settings of that run.

Where a setting is one of several kinds, as `task.encoder` is, a bare word chooses the kind with its defaults
(`encoder: lstm`), and a mapping changes some of them (`encoder: {kind: lstm, hidden: 64}`). Kinds with the same
settings share a table.
""",
    "zh": """# 设置

[English](../en/settings.md) · [全部页面](index.md)

本页由 `docs/settings.py` 从 weft 的代码生成，请勿手工修改；译文写在 `docs/zh.yaml` 里。

设置按路径给出：`weft train reviews.csv --set training.epochs=3`，或写进 YAML 文件，文件的层次就是路径的各段。
命令行优先于文件。有专门选项的设置会写出选项。路径写错会报错，并给出最接近的名字；
每个运行文件夹里的 `config.yaml` 记下那次训练的全部设置。

有些设置是几种之一，例如 `task.encoder`：只写一个词就选定种类、其余用默认值（`encoder: lstm`），写成映射则可以改其中几项
（`encoder: {kind: lstm, hidden: 64}`）。设置相同的几种合用一张表。
""",
}
"""How the page begins in each language."""


@dataclass(frozen=True, slots=True)
class Line:
    """A setting as a row of a table."""

    path: str
    default: str
    takes: tuple[str, ...]
    means: str
    options: tuple[str, ...] = ()

    def row(self, say: Say) -> str:
        """Return the row of the table; words in backticks are the same in every language."""
        default, *takes = [one if one.startswith("`") else _bounded(one, say) for one in (self.default, *self.takes)]
        said = [_marked(say(self.means)), *(say("Option {}.").format(f"`{one}`") for one in self.options)]
        means = " ".join(said).strip() if say is english else "".join(said)
        return f"| `{self.path}` | {default} | {say(', ').join(takes)} | {means} |"


def page(language: str, say: Say) -> str:
    """Return the whole page in a language, whose sentences `say` gives."""
    parts = [HEADS[language]]
    for name, field in RunConfig.model_fields.items():
        if name in ("data", "training"):
            config = field.annotation
            assert isinstance(config, type)
            assert issubclass(config, Config)
            parts.append(_section(f"`{name}`", config, list(_lines(config, f"{name}.")), say))
    first, *others = TASKS
    common = list(_lines(first, "task."))
    parts.append(_section(_title("task", [first], say), first, common, say))
    for other in others:
        like = issubclass(other, LabelTaskConfig)
        own = [line for line in _lines(other, "task.") if not like or line not in common]
        title = _title("task", [other], say)
        parts.append(_section(say("{}: what differs").format(title) if like else title, other, own, say))
    parts += _kinds("task.encoder", ENCODERS, say)
    parts += _kinds("task.decoder", DECODERS, say)
    parts += _kinds("task.search", SEARCHES, say)
    parts += _kinds("task.tokenizer", TOKENIZERS, say)
    parts += _kinds("task.inputs[]", INPUTS, say)
    parts += _kinds("training.optimizer", OPTIMIZERS, say)
    rest = [line for line in _lines(RunConfig, "") if "." not in line.path]
    parts.append(f"## {say('The others')}\n\n" + _table(rest, say))
    return "\n".join(parts)


def _title(path: str, kinds: Iterable[type[Config]], say: Say) -> str:
    names = [f"`{kind_of(one)}`" for one in kinds]
    return say("{}, kind {}" if len(names) == 1 else "{}, kinds {}").format(f"`{path}`", say(", ").join(names))


def _kinds(path: str, members: tuple[type[Config], ...], say: Say) -> Iterator[str]:
    """A section for each kind, or one for several with the same settings."""
    groups: dict[tuple[Line, ...], list[type[Config]]] = {}
    for member in members:
        groups.setdefault(tuple(_lines(member, f"{path}.")), []).append(member)
    for lines, alike in groups.items():
        said = [say("- {}: {}").format(f"`{kind_of(one)}`", _sentence(one, say)) for one in alike]
        yield f"## {_title(path, alike, say)}\n\n" + "\n".join(said) + "\n\n" + _table(lines, say)


def _section(title: str, config: type[Config], lines: list[Line], say: Say) -> str:
    return f"## {title}\n\n{_sentence(config, say)}\n\n" + _table(lines, say)


def _sentence(config: type[Config], say: Say) -> str:
    """What the config says of itself, on one line, and what it changes in training."""
    said = say(" ".join((config.__doc__ or "").split()))
    recommended = getattr(config, "recommended", {})
    changed = say(", ").join(f"`training.{name}` {value}" for name, value in recommended.items())
    return said + say(" Trained with {} where nothing else is set.").format(changed) if changed else said


def _table(lines: Iterable[Line], say: Say) -> str:
    head = " | ".join(say(word) for word in ("setting", "default", "takes", "meaning"))
    return "\n".join([f"| {head} |", "|---|---|---|---|", *(line.row(say) for line in lines)]) + "\n"


def _bounded(text: str, say: Say) -> str:
    """What a setting takes, or within which bounds: signs and numbers need no translation."""
    factor = text.removeprefix("a multiple of ")
    return text if text[0] in "<>≤≥" else say("a multiple of {}").format(factor) if factor != text else say(text)


def _marked(text: str) -> str:
    return re.sub(r"\bNone\b", "`null`", text).replace("|", "\\|")


def _lines(config: type[Config], path: str, *, like: Config | None = None) -> Iterator[Line]:
    """The settings of a config and of those inside it, with the defaults of one `like` it where there is one.

    Where a setting is one of several kinds, its kind alone; where settings are off by default, a line that says so.
    """
    for name, field in config.model_fields.items():
        here = f"{path}{name}"
        inner = next(
            (one for one in _members(field.annotation) if isinstance(one, type) and issubclass(one, Config)), None
        )
        if name == "kind" and len(_members(field.annotation)) == 1:
            continue  # it chooses the config itself
        if inner is not None and inner in CHOICES:
            kinds = [f"`{kind_of(one)}`" for one in CHOICES[inner]] + ["`null`"] * (field.default is None)
            yield Line(here, _chosen(field), tuple(kinds), _means(config, name), _options(here))
        elif inner is not None:
            if field.default is None:
                yield Line(here, "`null`", ("settings", "`null`"), _means(config, name), _options(here))
            yield from _lines(inner, f"{here}.", like=field.default if isinstance(field.default, inner) else None)
        else:
            default = "to be given" if field.is_required() else _shown(getattr(like, name) if like else field.default)
            yield Line(here, default, _takes(field), _means(config, name), _options(here))


def _means(config: type[Config], name: str) -> str:
    """The docstring of a setting, or that of the config that it is inherited from."""
    homes = [home for home in config.__mro__ if issubclass(home, Config) and name in home.model_fields]
    said = next((text for home in homes if (text := home.model_fields[name].description)), "")
    return " ".join(said.split())


def _options(path: str) -> tuple[str, ...]:
    """The options of `weft train` that set what is at a path."""
    flags = {str(parameter.name): parameter.opts[0] for parameter in command.params}
    return tuple(flags[option] for option, place in PLACES.items() if place == path and option in flags)


def _members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, `Literal`s opened into their values; else the annotation alone."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    arguments = get_args(annotation)
    is_union = arguments and get_origin(annotation) not in (tuple, dict)
    return tuple(one for each in arguments for one in _members(each)) if is_union else (annotation,)


def _takes(field: FieldInfo) -> tuple[str, ...]:
    named = {int: "a whole number", float: "a number", str: "text", NoneType: "`null`"}
    several = {tuple: "a list", dict: "settings"}
    words = [
        several.get(get_origin(one)) or (named[one] if isinstance(one, type) else f"`{one}`")
        for one in _members(field.annotation)
    ]
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "multiple_of": "a multiple of"}
    bounds = [f"{signs[name]} {getattr(one, name)}" for one in field.metadata for name in signs if hasattr(one, name)]
    return (*dict.fromkeys(words), *bounds)


def _shown(value: Any) -> str:
    return f"`{'null' if value is None else list(value) if isinstance(value, tuple) else value}`"


def _chosen(field: FieldInfo) -> str:
    return "`null`" if field.default is None else f"`{kind_of(type(field.default))}`"


def chinese() -> Chinese:
    """Return the translations of this page."""
    return Chinese("settings")


if __name__ == "__main__":
    for language, say in (("en", english), ("zh", translations := chinese())):
        (DOCS / language / "settings.md").write_text(page(language, say), encoding="utf-8")
    print(*translations.faults(), sep="\n")
