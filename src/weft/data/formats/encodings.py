"""Detects and checks encodings of files: compression, BOMs, strict decoding, and the commonest Han characters.

UTF-8 is accepted when the whole file decodes; a Chinese encoding only when the decoded text reads like Chinese. Nothing
is ever replaced: a byte that does not fit is an error that names its line.
"""

from __future__ import annotations

import bz2
import codecs
import difflib
import gzip
import io
import lzma
import os
import stat
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal, cast

from weft.data.formats.companions import is_companion, is_hidden
from weft.data.formats.encoding_guesses import CHINESE, PLAUSIBLE, common_share, likely_encodings
from weft.errors import InputError, did_you_mean


def _only_file(file: BinaryIO, mode: Literal["rb"]) -> IO[bytes]:  # noqa: ARG001
    """Open the only file of data in a zip archive. Raises InputError where it holds several or none, or is damaged."""
    where = str(getattr(file, "name", ""))
    try:
        packed = zipfile.ZipFile(file)
        inside = [one for one in packed.infolist() if not one.is_dir() and not is_hidden(one.filename)]
        inside = [one for one in inside if not is_companion(one.filename)] or inside
        if len(inside) != 1 or inside[0].flag_bits & 1:
            what = "has a password" if len(inside) == 1 else f"holds {len(inside)} files, expected one"
            raise InputError(what, where=where, hint="unpack it first, and name the files or the folder")
        return packed.open(inside[0])
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("is not a sound `.zip` file", where=where, hint="fetch or pack it again") from None


COMPRESSED: dict[str, Any] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open, ".zip": _only_file}

# The longer BOM first: that of UTF-32 begins as that of UTF-16 does.
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_CANDIDATES = (*CHINESE, "utf-16-le", "utf-16-be")
_HINTED = ("utf-8", "utf-16", "gb18030", "gbk", "big5", "cp1252", "latin-1", "cp1251", "shift_jis", "euc-kr")

MOST_IN_A_LINE = 1 << 26
"""Characters of a line at most: a line must fit into memory, and a few MB can unpack to many GB."""
MOST_UNPACKED, MOST_TIMES = 1 << 26, 1000
"""Bytes that any file may unpack to, and how many times its own size a larger one may: text packs to a tenth."""
_CHUNK = 1 << 20
_CHUNKS_WEIGHED = 4


@dataclass(frozen=True, slots=True)
class _Fault:
    """First byte of a file that an encoding refuses; line and column count from 1, columns are bytes."""

    line: int
    column: int
    byte: int


def open_bytes(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file, unpacked if its name ends in .gz, .xz or .bz2; `-` is standard input, kept so it can be read again.

    Raises InputError when there is no such file, when it is a folder or a pipe or may not be read, and, here or while
    reading, when its compression is damaged.
    """
    name = os.fspath(path)
    if name == "-":
        return io.BytesIO(_drained(sys.stdin.buffer))
    unpack = COMPRESSED.get(Path(name).suffix.lower())
    try:
        file = io.BufferedReader(io.FileIO(name, opener=_without_waiting), _CHUNK)
    except FileNotFoundError:
        raise InputError("there is no such file", where=name, hint=_like(Path(name))) from None
    except IsADirectoryError:
        raise InputError("is a folder, expected a file", where=name) from None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {getattr(error, 'strerror', error)}", where=name) from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        hint = "a file is read more than once: write it into one first, or pass - and pipe it in"
        raise InputError("is a pipe or a device, expected a file", where=name, hint=hint)
    if unpack is None:
        return file
    try:
        return cast("BinaryIO", io.BufferedReader(_Unpacked(file, unpack(file, "rb"), name), _CHUNK))
    except InputError:
        file.close()
        raise


def only_member(path: str) -> str:
    """Return the name of the only file of data in a zip archive. Raises InputError as reading it does."""
    open_bytes(path).close()
    with open(path, "rb") as file, _only_file(file, "rb") as inside:
        return str(getattr(inside, "name", ""))


def beside_member(path: str) -> tuple[str, ...]:
    """Return the names of the files beside the only one of data in a zip archive; none for a file of another kind."""
    if not path.lower().endswith(".zip"):
        return ()
    only = only_member(path)
    with zipfile.ZipFile(path) as packed:
        return tuple(one.filename for one in packed.infolist() if not one.is_dir() and one.filename != only)


def check_unpacked(path: str | os.PathLike[str], size: int) -> None:
    """Raise InputError when a file unpacks to more than a file of texts would."""
    if size > MOST_UNPACKED and size > MOST_TIMES * os.path.getsize(path):
        what = f"unpacks to over {MOST_TIMES:,} times its size, which no file of texts does"
        raise InputError(what, where=os.fspath(path), hint="unpack it yourself, and look what is in it")


def detect(path: str | os.PathLike[str]) -> str:
    """Detect the encoding of a file, by its BOM, as strict UTF-8, or as text that is plainly Chinese or UTF-16.

    Raises InputError, with the line and column (in bytes) of the first byte that is not UTF-8, when none of them fits.
    """
    with open_bytes(path) as file:
        start = file.read(4)
    for bom, encoding in _BOMS.items():
        if start.startswith(bom):
            check(path, encoding)
            return encoding
    fault = _first_fault(path, "utf-8")
    if fault is None:
        return "utf-8"
    # The first of equals wins, so big5hkscs is named only where plain big5 does not do.
    shares = {encoding: _plausibility(path, encoding) for encoding in _CANDIDATES}
    best = max(shares, key=lambda encoding: shares[encoding])
    if shares[best] >= PLAUSIBLE:
        return best
    where = f"{os.fspath(path)}:{fault.line}"
    if fault.byte == 0:
        hint = "is it a text file? if it is, name its encoding, as in --encoding utf-16-le"
        raise InputError(f"there is a NUL byte at column {fault.column}", where=where, hint=hint)
    known, strange, _ = _utf8_lines(path)
    if known:
        lines = "line is" if strange == 1 else "lines are"
        mixed = f"{strange:,} {lines} not UTF-8 and {known:,} with more than ASCII are"
        ways = "save each as UTF-8 before, or pass --on-bad-row skip to leave such rows out (each is listed)"
        hint = f"{mixed}, as of two files joined: {ways}"
        raise InputError(f"byte 0x{fault.byte:02x} at column {fault.column} is not UTF-8", where=where, hint=hint)
    raise InputError(f"byte 0x{fault.byte:02x} at column {fault.column} is not UTF-8", where=where, hint=_offered(path))


def _offered(path: str | os.PathLike[str]) -> str:
    """Return the hint at the encodings that a file may be in, the likeliest first."""
    with open_bytes(path) as file:
        names = likely_encodings(file.read(_CHUNK))
    named = " or ".join(f"--encoding {name}" for name in names) or "--encoding NAME (cp1251, shift_jis, ...)"
    return f"save the file as UTF-8, or name its encoding: {named}"


def is_mixed(path: str | os.PathLike[str]) -> bool:
    """Whether some lines of a file in UTF-8 do not decode, fewer than half, and it is in no other known encoding."""
    try:
        detect(path)
    except InputError:
        known, strange, lines = _utf8_lines(path)
        return known > 0 and 0 < 2 * strange < lines
    return False


def _utf8_lines(path: str | os.PathLike[str]) -> tuple[int, int, int]:
    """Count the lines of UTF-8 that are more than ASCII, those that are not UTF-8, and all."""
    known = strange = lines = 0
    with open_bytes(path) as file:
        for line in file:
            lines += 1
            try:
                known += not line.decode("utf-8").isascii()
            except UnicodeDecodeError:
                strange += 1
    return known, strange, lines


def check(path: str | os.PathLike[str], encoding: str) -> None:
    """Check that a whole file decodes as `encoding`, without a NUL.

    Raises InputError when there is no such encoding, or with the line of the first byte that does not fit.
    """
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    except (LookupError, ValueError):
        hint = did_you_mean(encoding, _HINTED)
        raise InputError(f"there is no encoding `{encoding}`", where=os.fspath(path), hint=hint) from None
    fault = _first_fault(path, encoding)
    if fault is not None:
        what = f"byte 0x{fault.byte:02x} at column {fault.column} is not valid in `{encoding}`"
        raise InputError(what, where=f"{os.fspath(path)}:{fault.line}", hint="is it another encoding, or damaged?")


def _without_waiting(name: str, flags: int) -> int:
    """Open a file; a pipe that nobody writes to, too, which else would never open."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


class _Unpacked(io.RawIOBase):
    """A compressed stream whose damage is an InputError."""

    def __init__(self, file: BinaryIO, unpacked: Any, name: str) -> None:
        self._file, self._unpacked, self._name, self._size = file, unpacked, name, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        try:
            count = self._unpacked.readinto(buffer)
        except (OSError, EOFError, lzma.LZMAError, zlib.error, zipfile.BadZipFile) as error:
            kind = Path(self._name).suffix
            what = f"is not a sound `{kind}` file: {str(error).lower().rstrip('.')}"
            raise InputError(what, where=self._name, hint="fetch or pack it again") from None
        self._size += count
        check_unpacked(self._name, self._size)
        return count

    def close(self) -> None:
        if not self.closed:
            self._unpacked.close()
            self._file.close()
        super().close()


@lru_cache(maxsize=1)
def _drained(stream: BinaryIO) -> bytes:
    return stream.read()


def _like(path: Path) -> str:
    """Return the hint for a missing file: the nearest name in its folder, or that the folder itself is missing."""
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    except FileNotFoundError:
        return f"there is no folder `{path.parent}` either"
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)
    return f"did you mean `{path.with_name(near[0])}`?" if near else ""


def _decoded(path: str | os.PathLike[str], encoding: str) -> Iterator[str]:
    """Yield the text of a file piece by piece. Raises InputError for a line that is too long."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    ended = length = 0  # lines that have ended, and the characters of the one that has not
    with open_bytes(path) as file:
        while chunk := file.read(_CHUNK):
            text = decoder.decode(chunk)
            yield text
            last = text.rfind("\n")
            length = length + len(text) if last < 0 else len(text) - last - 1
            ended += text.count("\n")
            if length > MOST_IN_A_LINE:
                hint = "put a record on each line; an array of JSON: jq -c '.[]' old.json > new.jsonl"
                where = f"{os.fspath(path)}:{ended + 1}"
                raise InputError(f"has a line of over {MOST_IN_A_LINE:,} characters", where=where, hint=hint)
    yield decoder.decode(b"", final=True)


def _first_fault(path: str | os.PathLike[str], encoding: str) -> _Fault | None:
    try:
        sound = not any("\0" in text for text in _decoded(path, encoding))
    except UnicodeError:
        sound = False
    return None if sound else _locate(path, encoding)


def _locate(path: str | os.PathLike[str], encoding: str) -> _Fault:
    """Locate a fault that is known to be there, by decoding line by line, which is slower."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line, read = 1, 0  # bytes read of this line before this piece
    with open_bytes(path) as file:
        while True:
            piece = file.readline(_CHUNK)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeError as error:
                # What the decoder complains of begins with the bytes that it had kept from the piece before.
                seen, start = getattr(error, "object", piece), getattr(error, "start", 0)
                kept = len(seen) - len(piece)
                return _Fault(line, read - kept + start + 1, seen[start] if start < len(seen) else 0)
            if "\0" in text:
                return _Fault(line, read + max(piece.find(b"\0"), 0) + 1, 0)
            line += text.count("\n")
            read = 0 if "\n" in text else read + len(piece)
            if not piece:
                raise InputError("changed while it was read", where=os.fspath(path))


def _plausibility(path: str | os.PathLike[str], encoding: str) -> float:
    """Return the share of letters that are among the commonest Han; 0 when the file does not decode or is too short."""
    counts: Counter[str] = Counter()
    try:
        for number, text in enumerate(_decoded(path, encoding)):
            if "\0" in text:
                return 0.0
            if number < _CHUNKS_WEIGHED:
                counts.update(text)
    except UnicodeError:
        return 0.0
    return common_share(counts, wide=encoding.startswith("utf-16"))
