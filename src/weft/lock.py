"""Holds a folder for one process at a time.

The lock is on a file in the folder, in which its holder stands; the system lets go of it when the process ends, however
it ends (`flock`, on Linux and macOS). Where the system or the disk knows no such locks, the file itself is the lock: a
holder on this machine that no longer runs is followed by the next, and any other is told by name, so that whoever knows
better can remove the file.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from weft.errors import RunFolderError

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None

LOCK = ".lock"
_TRIES, _MOMENTS = 1000, 100
_UNKNOWN = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextmanager
def held(folder: Path) -> Generator[None]:
    """Hold a folder, which is made where it is missing, and removed again where nothing was put into it.

    Raises RunFolderError where another process holds it, who that is, or where it cannot be made.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        handle = _taken(folder)
    except OSError as error:
        what = f"cannot be written: {(error.strerror or str(error)).lower()}"
        raise RunFolderError(what, where=str(folder)) from None
    try:
        yield
    finally:
        (folder / LOCK).unlink(missing_ok=True)
        os.close(handle)
        with suppress(OSError):  # something is in it
            for one in missing:
                one.rmdir()


def _taken(folder: Path) -> int:
    """Take the lock; returns the open file that holds it."""
    path = folder / LOCK
    for _ in range(_TRIES):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        except FileNotFoundError:  # whoever made the folder has just removed it
            continue
        try:
            if not _locked(handle):
                raise _in_use(folder, _named_holder(handle))
            if _stands(handle, path):
                me = {"pid": os.getpid(), "host": platform.node(), "since": f"{datetime.now():%Y-%m-%d %H:%M:%S}"}
                os.ftruncate(handle, 0)
                os.pwrite(handle, json.dumps(me).encode(), 0)
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # its holder has removed it between our opening and locking it
    raise _in_use(folder, {})


def _locked(handle: int) -> bool:
    """Lock an open file, without waiting; False where another process has."""
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise
    holder = _holder(handle)
    return not holder or (holder.get("host") == platform.node() and not _runs(holder.get("pid")))


def _stands(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False


def _holder(handle: int) -> dict[str, Any]:
    """Read who holds a lock; nothing where it does not stand there (yet)."""
    try:
        return dict(json.loads(os.pread(handle, 1000, 0)))
    except (ValueError, TypeError):
        return {}


def _named_holder(handle: int) -> dict[str, Any]:
    """Read who holds a lock, and wait a moment where it was taken just now: the name is written after that."""
    for _ in range(_MOMENTS):
        if holder := _holder(handle):
            return holder
        time.sleep(0.01)
    return {}


def _runs(number: Any) -> bool:
    """Whether there is a process of this number; True where that cannot be asked."""
    if os.name != "posix" or not isinstance(number, int) or number <= 0:
        return True
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _in_use(folder: Path, holder: dict[str, Any]) -> RunFolderError:
    who = "another process"
    if {"pid", "host", "since"} <= holder.keys():
        who = f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    hint = "wait until it ends, or name another folder (--output)"
    if fcntl is None:
        hint += f"; if no such process runs, remove {folder / LOCK}"
    return RunFolderError(f"is in use by {who}", where=str(folder), hint=hint)
