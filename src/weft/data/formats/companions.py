"""Files that lie beside data and are none: readmes, licences, indexes, papers, and what programs leave behind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

_HIDDEN = (".", "_")
"""First characters of names of Spark's `_SUCCESS` and `.part-0.crc`, and of folders such as `__MACOSX`."""
_LEFT_BEHIND = {"thumbs.db", "desktop.ini"}
_COMPANIONS = re.compile(
    r"(sample_?submission|read_?me|licen[cs]e|copying|citation|changelog|说明|使用说明|版权)\b.*|index(\.txt)?"
    r"|.*\.(md|pdf|docx?|rtf|names|bib|py|ipynb|lock|html?|yaml|yml|sh)|(dataset_(info|infos|dict)|state)\.json",
    re.IGNORECASE,
)
_SHOWN = 8


def is_hidden(name: str) -> bool:
    """Whether a file, or one of the folders on its path, is one that programs leave behind."""
    parts = PurePosixPath(name).parts
    return any(part.startswith(_HIDDEN) for part in parts) or PurePosixPath(name).name.lower() in _LEFT_BEHIND


def is_companion(name: str) -> bool:
    """Whether a file, which may stand in an archive, is one that lies beside data and is none."""
    return is_hidden(name) or bool(_COMPANIONS.fullmatch(PurePosixPath(name).name))


def beside_remark(names: Iterable[str]) -> tuple[str, ...]:
    """Say which files were left out beside the data, if any, but not what programs leave behind."""
    told = [f"`{name}`" for name in names if not is_hidden(name)]
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return (f"left out beside the data: {' '.join(told[:_SHOWN])}{more}",) if told else ()
