"""Reads a folder of texts, images or sounds for each label, and a folder of images or sounds without labels.

The layout is that of the original IMDB reviews, of scikit-learn's `load_files` and of ImageNet:
`reviews/positive/7.txt` is one text whose label is `positive`, `flowers/rose/7.jpg` an image of a `rose`. Hidden files
and folders are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from weft.data.formats.image_files import is_image
from weft.data.formats.line_rows import Values
from weft.data.formats.names import check_name
from weft.data.formats.shared_encodings import shared_encoding
from weft.data.formats.sound_files import is_sound
from weft.data.formats.texts_in_files import MAIL, PAGES, SUFFIXES, kind_of_text, text_of_file
from weft.errors import InputError, typed

TEXT, IMAGE, SOUND, LABEL = "text", "image", "sound", "label"
"""Names of columns of such folders."""
COLUMNS = (TEXT, LABEL)
"""Columns of a folder of texts."""
ENCODINGS = {IMAGE: "images", SOUND: "sounds"}
"""Stands for the encoding where the files are images or sounds, by their column."""

UNLABELLED = ("unsup", "unsupervised", "unlabeled", "unlabelled", "未标注", "无标签", "未標註")
"""Names of folders of texts without a label, lower case, which lie beside those of the labels."""
_SHOWN = 8
_LAYOUT = (
    "expected a file, or one with a folder of texts, images or sounds for each label, as in reviews/positive/1.txt"
)


@dataclass(frozen=True, slots=True)
class ClassFolders:
    """The files of a folder, their encoding (`images` of images, `sounds` of sounds), and the columns they give."""

    files: tuple[str, ...]
    encoding: str
    columns: tuple[str, ...]


def class_folders(folder: str, encoding: str) -> ClassFolders:
    """Find the texts, images or sounds of a folder, or take one image or sound.

    Raises InputError as `class_files`, and where a text does not decode.
    """
    if Path(folder).is_file():
        column = column_of_file(folder)
        return ClassFolders((folder,), ENCODINGS[column], (column,))
    found = _visible(Path(folder))
    for column in ENCODINGS if not any(one.is_dir() for one in found) else ():
        if alone := [str(one) for one in found if column_of_file(one) == column]:
            return ClassFolders(tuple(alone), ENCODINGS[column], (column,))
    files = class_files(folder)
    if (column := column_of_file(files[0])) != TEXT:
        return ClassFolders(files, ENCODINGS[column], (column, LABEL))
    return ClassFolders(files, encoding_of_texts(files, encoding), COLUMNS)


def column_of_file(path: str | Path) -> str:
    """Return the column that a file is a value of, by its name: an image, a sound or a text; empty if none of these."""
    if not Path(path).is_file():
        return ""
    return IMAGE if is_image(path) else SOUND if is_sound(path) else TEXT if kind_of_text(path) in SUFFIXES else ""


def class_files(folder: str) -> tuple[str, ...]:
    """List the texts, images or sounds in the folders of the labels, by label and then by name.

    Files beside these folders are left out, and a folder of texts without a label beside two or more. Raises InputError
    when there are fewer than two such folders, one is empty, or something else lies in them.
    """
    root = Path(folder)
    folders = _label_folders(root)
    held = {column_of_file(file) for one in folders for file in _visible(one)}
    column = next((one for one in (*ENCODINGS, TEXT) if one in held), None)
    if column is None:
        raise InputError("is a folder, expected a file", where=folder, hint=_side_by_side(root) or _LAYOUT)
    if len(folders) < 2:
        what = f"has one folder of {column}s, `{folders[0].name}`, expected one for each of two labels or more"
        raise InputError(what, where=folder)
    return tuple(str(file) for one in folders for file in _read(one, column))


def flat_texts(folder: str) -> tuple[str, ...]:
    """List the texts of a folder that holds nothing but texts, each a file; none of another folder."""
    found = _visible(Path(folder)) if Path(folder).is_dir() else []
    return tuple(map(str, found)) if len(found) > 1 and all(column_of_file(one) == TEXT for one in found) else ()


def _label_folders(root: Path) -> list[Path]:
    folders = [entry for entry in _visible(root) if entry.is_dir()]
    labelled = [one for one in folders if one.name.casefold() not in UNLABELLED]
    return labelled if len(labelled) > 1 else folders


def _side_by_side(root: Path) -> str:
    """Return the hint at two files of a folder that differ in their suffix alone, those of training first."""
    files = sorted(
        (one for one in _visible(root) if one.is_file()), key=lambda one: ("train" not in one.name, one.name)
    )
    for stem in dict.fromkeys(one.stem for one in files):
        sides = [str(one) for one in files if one.stem == stem]
        if len(sides) == 2 and not any("," in side for side in sides):
            return f"name two files whose lines belong together, as {typed(','.join(sides))}"
    return ""


def left_beside(folder: str) -> list[str]:
    """Say what lies beside the folders of the labels, and is not read."""
    if not Path(folder).is_dir():
        return []
    read = _label_folders(Path(folder))
    if not read:
        read = [entry for entry in _visible(Path(folder)) if column_of_file(entry) in ENCODINGS]
    names = [f"`{entry.name}`" for entry in _visible(Path(folder)) if entry not in read]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return [f"left out beside the folders of the labels: {' '.join(names[:_SHOWN])}{more}"] if names else []


def encoding_of_texts(files: Sequence[str], encoding: str) -> str:
    """Return the shared encoding of texts, of which mails have their own."""
    plain = [file for file in files if kind_of_text(file) != MAIL]
    return shared_encoding(plain, encoding) if plain else "encoded as each mail says"


def read_as(files: Sequence[str]) -> list[str]:
    """Say how files that are no plain texts are read."""
    kinds = {kind_of_text(file) for file in files}
    mails = ["mails: subject and body, decoded"] if MAIL in kinds else []
    return [*mails, *(["pages: without their markup"] if kinds & {*PAGES} else [])]


def folder_rows(files: Sequence[str], encoding: str, columns: Sequence[str]) -> Iterator[tuple[int, Values]]:
    """Yield texts, or names of images or sounds, labelled by their folders and numbered from 1, of `class_folders`."""
    if encoding in ENCODINGS.values():
        labelled = LABEL in columns
        for number, file in enumerate(files, 1):
            yield number, {columns[0]: file, **({LABEL: Path(file).parent.name} if labelled else {})}
        return
    for number, file in enumerate(files, 1):
        try:
            yield number, {"text": text_of_file(file, encoding), "label": Path(file).parent.name}
        except InputError as error:
            yield number, error


_EXPECTED = {
    TEXT: ".txt, .md, .html or .eml files",
    IMAGE: ".png, .jpg and the like",
    SOUND: ".wav, .flac, .ogg, .mp3 and the like",
}


def _read(folder: Path, column: str) -> list[Path]:
    """Return the files in the folder of a label, all of which have to be of the kind that is read."""
    found = _visible(folder)
    if not found:
        raise InputError(
            f"is empty, expected the {column}s of a label", where=str(folder), hint="remove it, or fill it"
        )
    for entry in found:
        if column_of_file(entry) != column:
            what = f"is no {column}, expected {_EXPECTED[column]}"
            what = f"is a folder among the {column}s of a label" if entry.is_dir() else what
            raise InputError(what, where=str(entry), hint="move it away")
    return found


def _visible(folder: Path) -> list[Path]:
    try:
        found = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
        for entry in found:
            check_name(str(entry))  # the name of a folder is a label
        return found
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(folder)) from None
