"""Reads the files of tar and zip archives where they lie: `photos.tar.xz/cats/1.jpg` names a file in one.

A packed tar has no index and is unpacked once, into a temporary file without a name, from which its members are read in
any order. Nothing is written by the names in an archive, and links in it are not followed.
"""

from __future__ import annotations

import lzma
import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from weft.errors import InputError

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".zip")
"""Endings of the names of archives, lower case."""
MOST_IN_A_MEMBER = 1 << 28
"""Bytes of a member at most."""
MOST_UNPACKED = 1 << 36
"""Bytes that an archive may unpack to."""
_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError, lzma.LZMAError, zlib.error, ValueError)


@dataclass(frozen=True, slots=True)
class Place:
    """A file in an archive: the archive, and the name of its member."""

    archive: str
    member: str


class Archive(Protocol):
    """The files of an archive by name."""

    @property
    def names(self) -> Mapping[str, int]:
        """Names of all files, with their sizes in bytes."""
        ...

    def read(self, member: str) -> bytes:
        """Read a file. Raises InputError where there is none of this name."""
        ...


def is_archive(name: str) -> bool:
    """Whether a file is named like an archive."""
    return name.lower().endswith(SUFFIXES)


def archive_of(path: str) -> Place | None:
    """Return the archive that a path leads into, with the rest of the path; None where it leads into none."""
    if not any(suffix in path.lower() for suffix in SUFFIXES):
        return None
    whole = Path(path)
    for parent in whole.parents:
        if is_archive(parent.name) and parent.is_file():
            return Place(str(parent), whole.relative_to(parent).as_posix())
    return None


def members(archive: str) -> Archive:
    """Open an archive, once as long as it does not change. Raises InputError where it is damaged or too large."""
    try:
        found = os.stat(archive)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=archive) from None
    return _opened(archive, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=8)
def _opened(archive: str, changed: int, size: int) -> Archive:
    del changed, size
    try:
        return _Zip(archive) if archive.lower().endswith(".zip") else _Tar(archive)
    except _DAMAGED as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"is a damaged archive: {str(error)[:80]}", where=archive, hint="copy it again") from None


class _Tar:
    """The files of a tar, packed or not, in one temporary file."""

    def __init__(self, archive: str) -> None:
        self.archive = archive
        self._content: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the last reader)
        self._places: dict[str, tuple[int, int]] = {}
        total = 0
        with tarfile.open(archive, "r|*") as tar:  # as a stream, unpacked as its first bytes ask
            for member in tar:
                if not member.isfile():
                    continue
                total += member.size
                _check_size(archive, member.name, member.size, total)
                source = tar.extractfile(member)
                assert source is not None
                self._places[_plain(member.name)] = (self._content.tell(), member.size)
                while block := source.read(1 << 20):
                    self._content.write(block)
        self._content.flush()

    def __del__(self) -> None:
        self._content.close()

    @property
    def names(self) -> Mapping[str, int]:
        """Names of all files, with their sizes in bytes."""
        return {name: size for name, (_, size) in self._places.items()}

    def read(self, member: str) -> bytes:
        """Read a file. Raises InputError where there is none of this name."""
        if member not in self._places:
            raise _lacks(self.archive, member)
        start, size = self._places[member]
        return os.pread(self._content.fileno(), size, start)


class _Zip:
    """The files of a zip, which has an index."""

    def __init__(self, archive: str) -> None:
        self.archive, self._zip = archive, zipfile.ZipFile(archive)
        self._named = {_plain(one.filename): one for one in self._zip.infolist() if not one.is_dir()}
        total = 0
        for one in self._named.values():
            total += one.file_size
            _check_size(archive, one.filename, one.file_size, total)

    @property
    def names(self) -> Mapping[str, int]:
        """Names of all files, with their sizes in bytes."""
        return {name: one.file_size for name, one in self._named.items()}

    def read(self, member: str) -> bytes:
        """Read a file. Raises InputError where there is none of this name, or it is damaged or encrypted."""
        if member not in self._named:
            raise _lacks(self.archive, member)
        try:
            with self._zip.open(self._named[member]) as source:
                return source.read(MOST_IN_A_MEMBER)
        except (*_DAMAGED, RuntimeError, NotImplementedError) as error:
            what = f"cannot be read from its archive: {str(error)[:80]}"
            raise InputError(what, where=f"{self.archive}/{member}") from None


def _plain(name: str) -> str:
    """Return the name of a member without a leading `./`."""
    return str(PurePosixPath(name))


def _check_size(archive: str, name: str, size: int, total: int) -> None:
    if size > MOST_IN_A_MEMBER:
        what = f"unpacks to {size:,} bytes, expected at most {MOST_IN_A_MEMBER:,}"
        raise InputError(what, where=f"{archive}/{name}")
    if total > MOST_UNPACKED:
        raise InputError(f"unpacks to more than {MOST_UNPACKED:,} bytes", where=archive, hint="unpack it by hand")


def _lacks(archive: str, member: str) -> InputError:
    return InputError("there is no such file in the archive", where=f"{archive}/{member}")
