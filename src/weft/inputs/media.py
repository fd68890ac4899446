"""Finds the images or sounds that a column of a table names: files beside the table, or in an archive beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import PrivateAttr, model_validator

from weft.data.examples.column_names import TEXT_NAMES, by_name
from weft.data.examples.roles import Role, find_roles
from weft.data.formats.archives import is_archive, members
from weft.data.formats.value_looks import like_texts
from weft.data.sources import Row, Table
from weft.errors import InputError
from weft.inputs.base import InputConfig

KINDS = ("image", "sound")
"""Kinds of files, which are the names of the columns of their folders too."""
_LOOKED_AT = 20
"""Number of rows by which a column is taken for one of names of files."""
SEEN = 300
"""Number of training files by which what is left open is decided."""


@dataclass(frozen=True, slots=True)
class Media:
    """A kind of files: its name, usual names of its columns, whether a name is one of them, and how one is checked."""

    kind: str
    called: str
    names: tuple[str, ...]
    is_one: Callable[[str], bool]
    check: Callable[[str], Any]

    def can_be_read(self, path: str) -> bool:
        """Whether a file, or a member of an archive, is one that can be read."""
        try:
            self.check(path)
        except InputError:
            return False
        return True


class MediaInputConfig(InputConfig):
    """Files that a column names, alone or beside a text."""

    media: ClassVar[Media]
    nearest_called: ClassVar[str]
    """The floor that takes the label of the training file that `nearest` finds."""
    column: str | None = None
    folder: str | None = None
    _root: str = PrivateAttr("")
    _read: str = PrivateAttr("")

    @model_validator(mode="before")
    @classmethod
    def _bare_column(cls, settings: Any) -> Any:
        return {"column": settings} if isinstance(settings, str) else settings

    @property
    def name(self) -> str:
        """Key of the values of this input: its column."""
        return self.column or self.kind

    @property
    def columns_read(self) -> tuple[str, ...]:
        """The column of the names of the files."""
        return (self.column,) if self.column else ()

    def resolved(self, table: Table) -> Self:
        """Return a copy whose column is found in a table, and which knows where the files of that table lie.

        Raises InputError where the column is not there.
        """
        kind = self.media.kind
        role = Role(kind, self.media.names, setting=kind)
        named = kind if is_folder_of(self.media, table) else self.column
        (column,) = find_roles(table, [role], named={kind: named})[kind]
        config = self.model_copy(update={"column": self.column or column})
        config._read, config._root = column, self.folder or _folder_of(table, column)
        return config

    def value_of(self, row: Row) -> str:
        """Return the path of the file of a row. Raises InputError where there is none that can be read."""
        name, called = row.values.get(self._read or self.name, "").strip(), self.media.called
        if not name:
            raise InputError(f"{self.name} is empty", hint=f"each row needs {called}")
        if "://" in name:
            hint = f"download the {self.media.kind}s first"
            raise InputError(f"`{name[:60]}` is an address, expected a file", hint=hint)
        path = str(Path(self._root) / name) if self._root else name
        try:
            self.media.check(path)
        except InputError as error:
            hint = "save or download it again" if Path(path).exists() else self._hint
            raise InputError(f"`{path}` {error.what}", hint=error.hint or hint) from None
        return path

    def nearest(self, asked: Sequence[str], known: Sequence[str]) -> np.ndarray:
        """Return for each file the place of the most similar known one by a simple measure: a floor."""
        raise NotImplementedError

    @property
    def _hint(self) -> str:
        kind = self.media.kind
        return f"name the folder of the {kind}s: --set task.{kind}.folder=FOLDER (looked in {self._root or '.'})"


def is_folder_of(media: Media, table: Table) -> bool:
    """Whether a table is one of files of a kind, with or without a folder for each label."""
    return table.form == "folder" and table.columns[0] == media.kind


def refuse_others(config: Any, table: Table) -> None:
    """Raise InputError for a table of files of a kind that the settings of a task do not read."""
    found = table.columns[0] if table.form == "folder" and table.columns else ""
    if found not in KINDS or getattr(config, found, None) is not None:
        return
    reads = next((f"{kind}s" for kind in KINDS if getattr(config, kind, None) is not None), "texts")
    one = len(table.files) == 1
    what = f"is {'an' if found == 'image' else 'a'} {found}" if one else f"is read as a folder of {found}s"
    hint = f"name {'a file' if one else 'a folder'} of {reads}"
    raise InputError(f"{what}, and this model reads {reads}", where=table.path, hint=hint)


def column_of(media: Media, table: Table) -> str:
    """Return the column of files of a table without texts, by its name and first values; empty where there is none.

    Addresses in the web are none, and neither are names of files that are not there.
    """
    texts = by_name(table, TEXT_NAMES, but=())
    named = [] if texts else [name for name in table.columns if name.casefold() in media.names]
    rows = [row.values for row in islice(table.unchecked(), _LOOKED_AT)] if named else []
    for name in named:
        files = [row.get(name, "").strip() for row in rows]
        others = [[row.get(one, "") for row in rows] for one in table.columns if one != name]
        if files and all(map(media.is_one, files)) and not any("://" in file for file in files):
            there = is_folder_of(media, table) or media.can_be_read(str(Path(_folder_of(table, name)) / files[0]))
            if there and not any(map(like_texts, others)):
                return name
    return ""


def _folder_of(table: Table, column: str) -> str:
    """Return where the files that a table names lie: beside it, or in the one archive beside it."""
    first = table.parts[0] if table.parts else table
    if first.form == "folder" or first.source == "-":
        return ""  # a folder names its files from where we stand
    root = Path(first.source).parent
    name = next((name for row in table.unchecked() if (name := row.values.get(column, "").strip())), "")
    if not name or "://" in name or (root / name).exists():
        return str(root)
    archives = [one for one in sorted(root.iterdir()) if is_archive(one.name) and one.is_file()]
    holding = [str(one) for one in archives if name in members(str(one)).names]
    return holding[0] if holding else str(root)
