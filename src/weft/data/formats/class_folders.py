"""Reads a folder of texts or images for each label, and a folder of images without labels.

The layout is that of the original IMDB reviews, of scikit-learn's `load_files` and of ImageNet:
`reviews/positive/7.txt` is one text whose label is `positive`, `flowers/rose/7.jpg` an image of a `rose`. Hidden files
and folders are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from weft.data.formats.image_files import is_image
from weft.data.formats.line_rows import Values
from weft.data.formats.names import check_name
from weft.data.formats.shared_encodings import shared_encoding
from weft.data.formats.texts_in_files import MAIL, PAGES, SUFFIXES, kind_of_text, text_of_file
from weft.errors import InputError, typed

TEXT, IMAGE, LABEL = "text", "image", "label"
"""Names of columns of such folders."""
COLUMNS = (TEXT, LABEL)
"""Columns of a folder of texts."""
IMAGES = "images"
"""Stands for the encoding where the files are images."""

UNLABELLED = ("unsup", "unsupervised", "unlabeled", "unlabelled", "未标注", "无标签", "未標註")
"""Names of folders of texts without a label, lower case, which lie beside those of the labels."""
_SHOWN = 8
_LAYOUT = "expected a file, or one with a folder of texts or images for each label, as in reviews/positive/1.txt"


@dataclass(frozen=True, slots=True)
class ClassFolders:
    """The files of a folder, their encoding (`images` of images), and the columns that they give."""

    files: tuple[str, ...]
    encoding: str
    columns: tuple[str, ...]


def class_folders(folder: str, encoding: str) -> ClassFolders:
    """Find the texts or images of a folder, or take one image.

    Raises InputError as `class_files`, and where a text does not decode.
    """
    if Path(folder).is_file():
        return ClassFolders((folder,), IMAGES, (IMAGE,))
    alone = [str(one) for one in _visible(Path(folder)) if one.is_file() and is_image(one)]
    if alone and not any(one.is_dir() for one in _visible(Path(folder))):
        return ClassFolders(tuple(alone), IMAGES, (IMAGE,))
    files = class_files(folder)
    if is_image(files[0]):
        return ClassFolders(files, IMAGES, (IMAGE, LABEL))
    return ClassFolders(files, encoding_of_texts(files, encoding), COLUMNS)


def class_files(folder: str) -> tuple[str, ...]:
    """List the texts or images in the folders of the labels, by label and then by name.

    Files beside these folders are left out, and a folder of texts without a label beside two or more. Raises InputError
    when there are fewer than two such folders, one is empty, or something else lies in them.
    """
    root = Path(folder)
    folders = _label_folders(root)
    read = _is_picture if any(_is_picture(file) for one in folders for file in _visible(one)) else _is_text
    if not any(read(file) for one in folders for file in _visible(one)):
        raise InputError("is a folder, expected a file", where=folder, hint=_side_by_side(root) or _LAYOUT)
    if len(folders) < 2:
        kind = "images" if read is _is_picture else "texts"
        what = f"has one folder of {kind}, `{folders[0].name}`, expected one for each of two labels or more"
        raise InputError(what, where=folder)
    return tuple(str(file) for one in folders for file in _read(one, read))


def flat_texts(folder: str) -> tuple[str, ...]:
    """List the texts of a folder that holds nothing but texts, each a file; none of another folder."""
    found = _visible(Path(folder)) if Path(folder).is_dir() else []
    return tuple(map(str, found)) if len(found) > 1 and all(map(_is_text, found)) else ()


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
        read = [entry for entry in _visible(Path(folder)) if _is_picture(entry)]
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
    """Yield the texts or the names of images, labelled by their folders and numbered from 1, of `class_folders`."""
    if encoding == IMAGES:
        labelled = columns == (IMAGE, LABEL)
        for number, file in enumerate(files, 1):
            yield number, {IMAGE: file, **({LABEL: Path(file).parent.name} if labelled else {})}
        return
    for number, file in enumerate(files, 1):
        try:
            yield number, {"text": text_of_file(file, encoding), "label": Path(file).parent.name}
        except InputError as error:
            yield number, error


def _read(folder: Path, read: Callable[[Path], bool]) -> list[Path]:
    """Return the files in the folder of a label, all of which have to be of the kind that is read."""
    found = _visible(folder)
    of = "images" if read is _is_picture else "texts"
    if not found:
        raise InputError(f"is empty, expected the {of} of a label", where=str(folder), hint="remove it, or fill it")
    for entry in found:
        if not read(entry):
            kinds = "image, expected .png, .jpg and the like"
            kinds = kinds if of == "images" else "text, expected .txt, .md, .html or .eml files"
            what = f"is a folder among the {of} of a label" if entry.is_dir() else f"is no {kinds}"
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


def _is_picture(path: Path) -> bool:
    return is_image(path) and path.is_file()


def _is_text(path: Path) -> bool:
    """Whether a file is named like a text: with .txt, .md, .html or .eml, also packed, or with no ending at all."""
    return kind_of_text(path) in SUFFIXES and path.is_file()
