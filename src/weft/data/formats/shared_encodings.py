"""Finds the encodings of several files that belong together, with what all of them show: a short text alone is mute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from weft.data.formats.encoding_guesses import CHINESE, PLAUSIBLE, common_share
from weft.data.formats.encodings import check, detect, open_bytes
from weft.data.formats.western import WESTERN, reads_western
from weft.errors import InputError

_POOLED = 1 << 22
"""Bytes of files without an encoding of their own that are read together."""


def shared_encoding(files: Sequence[str], encoding: str) -> str:
    """Return the encodings of the files, joined by ` and `; if one is given, each file is checked against it.

    Files that do not tell their encoding alone have that of the others, or the one in which all of them read like
    Chinese or Western text. Raises InputError, with the file and the line, when one does not decode.
    """
    if encoding != "auto":
        for file in files:
            check(file, encoding)
        return encoding
    found: Counter[str] = Counter()
    faults: dict[str, InputError] = {}
    for file in files:
        try:
            found[detect(file)] += 1
        except InputError as error:
            faults[file] = error
    if faults:
        known = [name for name, _ in found.most_common() if not name.startswith("utf")]
        pooled = next((name for name in known if all(_decodes(file, name) for file in faults)), _pooled([*faults]))
        if not pooled:
            raise next(iter(faults.values()))
        found[pooled] += len(faults)
    return " and ".join(sorted(found))


def encoding_of(file: str, encodings: str) -> str:
    """Return the encoding of one of the files that `shared_encoding` found the encodings of."""
    names = encodings.split(" and ")
    if len(names) == 1:
        return names[0]
    try:
        return detect(file)
    except InputError:
        fitting = [name for name in names if not name.startswith("utf") and _decodes(file, name)]
        if not fitting:
            raise
        return max(fitting, key=lambda name: _share([_read(file)], name))


def _pooled(files: Sequence[str]) -> str:
    """Return the encoding in which files read like text when they are taken together; "" where there is none."""
    contents: list[bytes] = []
    for file in files:
        if sum(map(len, contents)) < _POOLED:
            contents.append(_read(file))
    shares = {name: _share(contents, name) for name in CHINESE}
    best = max(shares, key=lambda name: shares[name])
    if shares[best] >= PLAUSIBLE and all(_decodes(file, best) for file in files):
        return best
    western = all(_decodes(file, WESTERN) for file in files)
    return WESTERN if western and reads_western("\n".join(one.decode(WESTERN, "replace") for one in contents)) else ""


def _share(contents: Sequence[bytes], encoding: str) -> float:
    """Return the share of common letters of Chinese in texts; 0 where one does not decode."""
    counts: Counter[str] = Counter()
    try:
        for content in contents:
            counts.update(content.decode(encoding))
    except UnicodeError:
        return 0.0
    return common_share(counts)


def _read(file: str) -> bytes:
    with open_bytes(file) as opened:
        return opened.read(_POOLED)


def _decodes(file: str, encoding: str) -> bool:
    try:
        check(file, encoding)
    except InputError:
        return False
    return True
