"""Writes files and folders atomically, so that none is ever half there, by temporary names, flushing and renaming.

A temporary name is random, and what it names is made here and nowhere else: a link that somebody put there beforehand
is never followed. Files get the permissions that the system's mask leaves (`umask`), those of other libraries too.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from weft.errors import RunFolderError

MOST_BYTES = 1 << 26
"""Bytes that a file of settings, labels or pieces may have."""
DEEPEST = 100
"""Levels of lists and objects in such a file."""
TEMPORARY = re.compile(r"\..+\.[0-9a-f]{16}\.(part|old)", re.DOTALL)
"""The names of what is not yet, or no longer, what it is to be."""
_SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")


@contextmanager
def written(path: Path) -> Generator[IO[str]]:
    """Open a text file (UTF-8) that appears under `path` only when the block ends without an error."""
    with placed(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        yield file


@contextmanager
def placed(path: Path) -> Generator[Path]:
    """Make an empty file for a library to write; it is renamed to `path` when the block ends without an error.

    Raises OSError, as for a full disk, where the library reports one in words of its own.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path, "part")
    only_new = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with _system_errors(path):
        handle = os.open(temporary, only_new, 0o666)
        allowed = stat.S_IMODE(os.fstat(handle).st_mode)
        os.close(handle)
        try:
            yield temporary
            temporary.chmod(allowed)  # safetensors makes files that only their owner reads
            _flush(temporary)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def written_folder(path: Path) -> Generator[Path]:
    """Make a folder to fill, renamed to `path` (replacing what stood there) when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path, "part")
    with _system_errors(path):
        temporary.mkdir()
        try:
            yield temporary
            for file in temporary.rglob("*"):
                _flush(file)
            _flush(temporary)
            if os.path.lexists(path):
                outgoing = _temporary(path, "old")
                os.replace(path, outgoing)
                os.replace(temporary, path)
                remove(outgoing)
            else:
                os.replace(temporary, path)
            _flush(path.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def remove(path: Path) -> None:
    """Remove a file, a folder, or a link without what it points to; nothing where there is none of them."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove the temporary files and folders that a killed process left in a folder that no other process writes to."""
    for one in list(folder.iterdir()):
        if TEMPORARY.fullmatch(one.name):
            remove(one)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file at once, or not at all."""
    with written(path) as file:
        file.write(text)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as readable JSON; Chinese stays Chinese."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file that weft wrote. Raises RunFolderError where it is missing or damaged."""
    again = "copy the folder again, or train again"
    if not path.is_file():
        raise RunFolderError("is missing", where=str(path), hint="copy the whole folder, or train again")
    try:
        return parsed(small_text(path))
    except json.JSONDecodeError as error:
        what = f"is damaged: {error.msg[:1].lower()}{error.msg[1:]}, column {error.colno}"
        raise RunFolderError(what, where=f"{path}:{error.lineno}", hint=again) from None
    except (OSError, ValueError) as error:
        raise RunFolderError(f"is damaged: {error}", where=str(path), hint=again) from None


def small_text(path: Path, *, most: int = MOST_BYTES) -> str:
    """Read a text file that fits into memory many times. Raises ValueError where it is too large or not UTF-8."""
    if (size := path.stat().st_size) > most:
        raise ValueError(f"has {size:,} bytes, expected {most:,} at most")
    return path.read_text(encoding="utf-8")


def parsed(text: str) -> Any:
    """Parse JSON. Raises ValueError, for what is nested too deep too."""
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    level = [found]
    for _ in range(DEEPEST):
        level = [one for outer in level for one in _inside(outer)]
        if not level:
            return found
    raise ValueError("nested too deep")


def sha256(path: Path) -> str:
    """Compute the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _temporary(path: Path, ending: str) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}.{ending}")


@contextmanager
def _system_errors(path: Path) -> Generator[None]:
    """Raise errors of the system as OSError with the name of a file, also those that a library tells in words."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from None
        raise
    except Exception as error:  # of safetensors and tokenizers, which raise Exception itself
        if found := _SYSTEM_ERROR.search(str(error)):
            number = int(found.group(1))
            raise OSError(number, os.strerror(number), str(path)) from None
        raise


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
