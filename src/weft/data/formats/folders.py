"""Finds the files of a set of several: shards in a folder, files that a pattern matches, and parts of a data set.

The layouts are those in use: a folder of csv, JSON or parquet shards; `train/` and `test/`, or files named so, in one
folder; the folders of Hugging Face data sets (`data/train-00000-of-00001.parquet`), and what `save_to_disk` writes.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Collection, Sequence
from itertools import chain
from pathlib import Path

from weft import run_folder
from weft.data.formats.companions import beside_remark, is_companion
from weft.data.formats.image_files import is_image
from weft.data.formats.names import FORMS
from weft.data.formats.parallel_files import side_files, suffix_of
from weft.data.formats.sound_files import is_sound
from weft.data.formats.xlsx import sheet_named
from weft.errors import InputError, typed

PARTS = {
    "train": ("train", "training", "训练", "训练集"),
    "dev": ("dev", "valid", "validation", "val", "development", "验证", "验证集", "开发集"),
    "test": ("test", "testing", "测试", "测试集"),
}
"""Names of the parts of a data set."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d\.json(\.gz)?", re.IGNORECASE)
"""Name of a file of one day."""
_RUN = (run_folder.SEAL, run_folder.CONFIG, run_folder.REPORTS)
"""Files of which one shows that a folder is that of a run."""


def parts_of(folder: str, *, forms: Collection[str]) -> dict[str, str]:
    """Return the sources of the parts of a data set in a folder, by `train`, `dev` and `test`; none if it has none.

    `forms` are the suffixes of files of rows. Raises InputError where several data sets lie side by side.
    """
    root = _root(Path(folder), forms)
    folders = [entry for entry in _visible(root) if entry.is_dir()]
    named = {part: str(one) for part in PARTS for one in folders if one.name.lower() in PARTS[part]}
    if "train" in named:
        return named
    files = _files(root, forms)
    grouped = {part: [str(file) for file in files if part in _parts_in(file)] for part in PARTS}
    found = {part: own for part, own in grouped.items() if own}
    if "train" in found and len(found) > 1 and all(len(_parts_in(file)) == 1 for file in files):
        return {part: as_source(own) for part, own in found.items()}
    return {}


def shards(folder: str, *, forms: Collection[str]) -> tuple[str, ...]:
    """Return the files of rows that lie in a folder, in their natural order; none where it holds no such files."""
    root = Path(folder)
    if any((root / name).exists() for name in _RUN):
        hint = "name the file that the run was trained on, or another one"
        raise InputError("is the folder of a run, expected data", where=folder, hint=hint)
    if parts := parts_of(folder, forms=forms):
        if len(parts) > 1:
            named = " or ".join(f"`{source}`" for source in parts.values())
            raise InputError("has several parts, expected one", where=folder, hint=f"name one of them: {named}")
        return shards(parts["train"], forms=forms)
    if dated := _dated(root):
        return tuple(map(str, dated))
    root = _root(root, forms)
    texts_alone = not _files(root, forms, but=(".txt",))
    visible = _visible(root)
    files = [] if texts_alone and any(one.is_dir() for one in visible) else _files(root, forms)
    if not files and len(visible) == 1 and visible[0].is_file() and not (is_image(visible[0]) or is_sound(visible[0])):
        return (str(visible[0]),)  # its lines tell its form
    if files and (stray := [entry for entry in visible if entry not in files]):
        what = f"lies among {len(files)} files of rows" if len(files) > 1 else f"lies beside `{files[0].name}`"
        hint = f'move it away, or name the files that are meant, as "{root / "*"}{files[0].suffix}"'
        raise InputError(what, where=str(stray[0]), hint=hint)
    return tuple(map(str, files))


def beside_shards(files: Sequence[str]) -> tuple[str, ...]:
    """Say what lies beside the files of rows of a folder, and is not read; of parquet, the card is."""
    folders = {Path(file).parent for file in files if suffix_of(file).lower() not in (".parquet", ".arrow")}
    return beside_remark(sorted(one.name for folder in folders for one in folder.iterdir() if is_companion(one.name)))


def _dated(root: Path) -> list[Path]:
    """Return the JSON files of a day each in folders side by side, as Slack exports a channel; none where others lie.

    Lists of users and channels beside these folders are JSON too, and are left out.
    """
    visible = _visible(root)
    inner = [entry for entry in visible if entry.is_dir()]
    files = [file for one in inner for file in _visible(one)]
    beside = all(entry.suffix.lower() == ".json" for entry in visible if entry not in inner)
    return sorted(files, key=_natural) if beside and all(_DAY.fullmatch(file.name) for file in files) else []


def matching(pattern: str) -> tuple[str, ...]:
    """Return the files that a pattern such as `data/*.csv` matches; none where it is the name of a file, or none.

    Raises InputError where it matches nothing.
    """
    if not glob.has_magic(pattern) or Path(pattern).exists():
        return ()
    found = [Path(name) for name in glob.glob(pattern, recursive=True)]
    if not found:
        raise InputError("no file matches", where=pattern, hint="put it in quotes, and look with: ls")
    return tuple(str(file) for file in sorted(found, key=_natural) if file.is_file())


def columns_of_set(files: Sequence[str], columns: Sequence[Sequence[str]], *, loose: bool) -> tuple[str, ...]:
    """Return the columns of files that are read together: those of the first, or, of `loose` rows, those of all.

    Raises InputError where a file lacks one of the first; of loose rows, which name their own, half of them.
    """
    first = columns[0]
    known = [name for name in first if all(name in own for own in columns)]
    if loose and 2 * len(known) >= len(first):
        return tuple(dict.fromkeys(chain(*columns)))
    for file, own in zip(files, columns, strict=True):
        if lacking := [name for name in first if name not in own]:
            what = f"has no column `{lacking[0]}`, as {files[0]} has"
            raise InputError(what, where=file, hint="name files of the same columns together")
    return tuple(first)


def as_source(files: Collection[str]) -> str:
    """Return the one name of several files. Raises InputError where a comma in one of them stands in the way."""
    for file in files:
        if "," in file and len(files) > 1:
            raise InputError("has a comma in its name, by which names are joined", where=file, hint="rename it")
    return ",".join(files)


def is_parallel(source: str) -> bool:
    """Whether a name is that of files side by side, as `train.de,train.en`, and not of a set of files of rows."""
    return bool(side_files(source)) and not several_files(source)


def several_files(source: str) -> tuple[str, ...]:
    """Return the files of a set: those that a pattern matches, or files of rows whose names are joined by commas."""
    names = side_files(source)
    if names and all(FORMS.get(suffix_of(sheet_named(name)[0]).lower(), "txt") != "txt" for name in names):
        return names
    return matching(source) if not names and source != "-" else ()


def _root(folder: Path, forms: Collection[str]) -> Path:
    """Return the folder in which the files of rows lie: a folder's only folder, if nothing but that holds any.

    Raises InputError where several folders do, whose names are no labels.
    """
    if _files(folder, forms, but=(".txt",)):
        return folder
    inner = [entry for entry in _visible(folder) if entry.is_dir()]
    holding = [one for one in inner if _files(one, forms, but=(".txt",))]
    if any(one.name.lower() in names for one in inner for names in PARTS.values()):
        return folder
    if len(holding) > 1:
        suffix = _files(holding[0], forms, but=(".txt",))[0].suffix
        all_files = folder / "*" / f"*{suffix}"
        hint = f'name one of them, as {typed(str(holding[0]))}, or all files together: "{all_files}"'
        raise InputError(f"holds {len(holding)} folders of data", where=str(folder), hint=hint)
    return holding[0] if holding and len(inner) == 1 else folder


def _files(folder: Path, forms: Collection[str], *, but: Collection[str] = ()) -> list[Path]:
    known = set(forms) - set(but)
    return sorted(
        (file for file in _visible(folder) if file.is_file() and suffix_of(str(file)).lower() in known), key=_natural
    )


def _visible(folder: Path) -> list[Path]:
    try:
        return [one for one in folder.iterdir() if not is_companion(one.name)]
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(folder)) from None


def _parts_in(file: Path) -> list[str]:
    """Return the parts whose names are words of a file's name."""
    words = set(re.split(r"[-_. ]+", file.name.lower()))
    return [part for part, names in PARTS.items() if words & set(names)]


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """Return a key by which `part2` comes before `part10`."""
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in re.split(r"([0-9]+)", str(path))]
