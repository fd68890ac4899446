"""Writes docs/en/api.md and docs/zh/api.md: every public name of weft, grouped by the room that it comes from.

Run it after a public name or its docstring has changed: `python docs/api.py`. On GitHub a page has one sentence on each
name; the site puts the whole docstring, the fields and the methods in the place of the comment under it (web/hooks.py).
"""

from __future__ import annotations

import inspect
from pathlib import Path

from translated import Chinese, Say, english

import weft

DOCS = Path(__file__).parent
HEADS = {
    "en": """# API reference

[中文](../zh/api.md) · [all pages](index.md)

Made from weft's own code by `docs/api.py`; do not edit it by hand.

Every name that `import weft` offers. A name is looked up when it is first used, so that importing weft imports neither
torch nor anything else heavy. Under each stands the module that it comes from; what is not on this page may change
without a word. The [settings](settings.md) have the fields of every config as a table.
""",
    "zh": """# API 参考

[English](../en/api.md) · [全部页面](index.md)

本页由 `docs/api.py` 从 weft 的代码生成，请勿手工修改；译文写在 `docs/zh.yaml` 里，代码里的文档字符串是英文。

这里是 `import weft` 提供的全部名字。名字到第一次使用时才载入，所以导入 weft 并不会导入 torch 或其他大的库。
每个名字下面写着它所在的模块；不在本页上的名字可能随时改变。各个 config 的全部字段列在[设置](settings.md)的表里。
""",
}
"""How the page begins in each language."""

GROUPS = {
    "Train and load": ("run", "bundle", "experiments", "serve", "export", "report"),
    "Examples": ("data", "inputs"),
    "Answers": ("tasks", "evaluation", "metrics"),
    "Configs": (),
    "Models": ("models", "text"),
    "Decoding": ("decoding",),
    "Estimators": ("estimators",),
    "Errors": ("errors",),
}
"""The groups of names, and the rooms that they come from."""

CONFIGS = {"run", "dataset", "training", "tasks", "inputs"}
"""The rooms whose configs stand in a group of their own; those of models and searches stand with these."""


def group(name: str) -> str:
    """Return the group of a public name."""
    home = weft._HOMES[name]
    room = home.split(".")[1]
    if name.endswith("Config") and room in CONFIGS:
        return "Configs"
    if home == "weft.data.batch":
        return "Models"
    return next(group for group, rooms in GROUPS.items() if room in rooms)


def page(language: str, say: Say) -> str:
    """Return the whole page in a language, whose sentences `say` gives."""
    parts = [HEADS[language]]
    for title in GROUPS:
        parts.append(f"## {say(title)}\n")
        parts += [entry(name, say) for name in weft.__all__ if group(name) == title]
    return "\n".join(parts)


def entry(name: str, say: Say) -> str:
    """Return what the page has of one name: its sentence, and the mark at which the site puts the rest."""
    first = " ".join((inspect.getdoc(getattr(weft, name)) or "").split("\n\n")[0].split())
    return f"### `weft.{name}`\n\n{say(first)}\n\n<!-- ::: {weft._HOMES[name]}.{name} -->\n"


def chinese() -> Chinese:
    """Return the translations of this page."""
    return Chinese("names")


if __name__ == "__main__":
    for language, say in (("en", english), ("zh", translations := chinese())):
        (DOCS / language / "api.md").write_text(page(language, say), encoding="utf-8")
    print(*translations.faults(), sep="\n")
