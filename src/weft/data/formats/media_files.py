"""Reads the bytes of images and sounds, which are files of their own or members of archives."""

from __future__ import annotations

import hashlib
from pathlib import Path

from weft.data.formats.archives import archive_of, members
from weft.errors import InputError


def bytes_of(path: str, *, expected: str) -> bytes:
    """Read a file, or a member of an archive.

    Raises InputError where it cannot be read or is empty; `expected` says what it should be, as `an image`.
    """
    if place := archive_of(path):
        content = members(place.archive).read(place.member)
    else:
        try:
            if not Path(path).is_file():
                raise FileNotFoundError
            content = Path(path).read_bytes()
        except FileNotFoundError:
            raise InputError(f"there is no such file, expected {expected}", where=path) from None
        except (OSError, ValueError) as error:
            raise InputError(f"cannot be read: {error}", where=path) from None
    if not content:
        raise InputError(f"is empty, expected {expected}", where=path)
    return content


def content_hash(path: str) -> bytes:
    """Return a digest of 16 bytes of the file of an image or sound. Raises InputError where it cannot be read."""
    return hashlib.blake2b(bytes_of(path, expected="a file"), digest_size=16).digest()
