"""Finds the form of a file by its name, and refuses names that cannot be written into settings, pages and answers."""

from __future__ import annotations

import os
import re
from pathlib import PurePath

from weft.data.formats.conll import SUFFIXES
from weft.data.formats.encodings import COMPRESSED, only_member, open_bytes
from weft.data.formats.parallel_files import suffix_of
from weft.errors import InputError

FORMS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".txt": "txt",
    ".parquet": "parquet",
    ".arrow": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    **dict.fromkeys((".tmx", ".xlf", ".xliff"), "xml"),
    **dict.fromkeys(SUFFIXES, "conll"),
}
"""Forms of files by suffix."""

_PLAIN_LINES = "plain lines end in .txt, and two files side by side are named together, as in train.de,train.en"
_SUBTITLES = (
    "convert it to plain text, a line of speech a line, without its numbers and times, as a subtitle editor exports it"
)
_OTHERS = {
    **dict.fromkeys((".xls", ".ods"), "save it as .xlsx or .csv in a spreadsheet"),
    ".arff": "save it as .csv in Weka, or delete its lines that begin with @ and rename it",
    **dict.fromkeys(
        (".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".rar", ".7z"), "unpack it first, and name the files or the folder"
    ),
    ".xml": "write its elements as rows of a .csv, as with pandas.read_xml(FILE).to_csv(NEW), or its texts a line each",
    ".js": "make it .json: sed '1s/^[^=]*= *//' FILE.js > NEW.json",
    ".srt": _SUBTITLES,
    ".vtt": _SUBTITLES,
    ".ass": _SUBTITLES,
    ".mbox": "write its mails as .eml files, a folder for each label, as a mail program does",
    **dict.fromkeys(
        (".doc", ".docx", ".odt", ".rtf", ".epub"), "save it as plain text (.txt), or put its texts into a .csv"
    ),
    ".pdf": "convert it to plain text, as with: pdftotext FILE.pdf FILE.txt",
    ".pkl": "a pickle can run code: write it again, as with DataFrame.to_parquet",
}
"""Hints for suffixes of forms that are not read."""

_BYTES = re.compile("[\udc80-\udcff]")
"""Bytes of a name that the encoding of file names does not have, as Python holds them."""


def check_name(path: str) -> None:
    """Raise InputError, with a name that can be shown, for one that is not UTF-8 or that the locale cannot read."""
    if not _BYTES.search(path):
        return
    raw = os.fsencode(path)
    try:
        where, what = raw.decode("utf-8"), "its name cannot be read in this locale"
        hint = "set PYTHONUTF8=1 before the command, or a UTF-8 locale: LC_ALL=C.UTF-8"
    except UnicodeDecodeError:
        where, what = raw.decode("gb18030", "backslashreplace"), "its name is not UTF-8"
        hint = "rename it, as with: convmv -f gbk -t utf-8 -r --notest FOLDER"
    raise InputError(what, where=where, hint=hint)


def form_of(name: str) -> str:
    """Return the form that a file's name implies, "" if it implies none; raises InputError if that is never read."""
    if name == "-":
        return "txt"
    suffix = suffix_of(name).lower()
    if not suffix and name.lower().endswith(".zip"):  # as `archive.zip`: the file in it has a name of its own
        suffix = PurePath(only_member(name)).suffix.lower()
    if suffix not in FORMS:
        open_bytes(name).close()  # that a file is missing, or a folder, says more than that its name is odd
    if suffix in _OTHERS:
        raise unknown_form(name)
    return FORMS.get(suffix, "")


def unknown_form(name: str) -> InputError:
    """Build the error about a file whose name does not tell its form, and its lines neither."""
    suffix = suffix_of(name).lower()
    lines = "rename it to end in .txt if it has a text a line; " if suffix else ""
    hint = f"{lines}known: {', '.join(FORMS)}, each also with {', '.join(COMPRESSED)} after it; {_PLAIN_LINES}"
    what = f"its name ends in `{suffix}`, which is no known form" if suffix else "its name does not tell its form"
    return InputError(what, where=name, hint=_OTHERS.get(suffix, hint))
