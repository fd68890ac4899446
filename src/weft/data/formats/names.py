"""Checks names of files: those that are not UTF-8 can be opened, but not written into settings, pages and answers."""

from __future__ import annotations

import os
import re

from weft.errors import InputError

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
