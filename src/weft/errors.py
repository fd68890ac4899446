"""The errors that weft raises, and their wording.

The tree::

    WeftError
    ├── InputError            a file or text that a user gave is not what it should be
    ├── ConfigError           a setting is unknown, of the wrong type, or does not fit another
    ├── RunFolderError        a run folder is missing, taken, damaged, or of another version
    ├── DeviceError           the device asked for is not there
    ├── MissingExtra          an optional dependency is not installed
    ├── TrainingError         training cannot go on (a loss that is not finite, say)
    └── Interrupted           a signal asked the run to stop; a checkpoint is on disk

Every error says what is wrong, where, and, if there is a way, how to fix it. One grammar for all, in lower case, with
the user's words in backticks::

    weft: reviews.csv:1042: label is empty
    hint: drop the row, or pass --on-bad-row skip to leave such rows out
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterable


class WeftError(Exception):
    """Base of all: `what` is wrong, `where` it is (a file and line, a config path), a `hint` for the fix."""

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.hint = what, where, hint

    def __str__(self) -> str:
        line = f"{self.where}: {self.what}" if self.where else self.what
        return f"{line}\nhint: {self.hint}" if self.hint else line


class InputError(WeftError, ValueError):
    """A file or text that a user gave is not what it should be; a ValueError too, as scikit-learn expects."""


class ConfigError(WeftError):
    """A setting is unknown, of the wrong type, or does not fit another; `where` is its dotted path."""


class RunFolderError(WeftError):
    """A run folder is missing, already taken, damaged, or written by another version."""


class DeviceError(WeftError):
    """The device asked for is not there."""


class MissingExtra(WeftError):
    """An optional dependency is not installed; the hint is the pip line that brings it."""

    def __init__(self, package: str, *, extra: str) -> None:
        super().__init__(f"`{package}` is not installed", hint=f'pip install "weft[{extra}]"')


class TrainingError(WeftError):
    """Training cannot go on."""

    exit_code = 1


class Interrupted(WeftError):
    """A signal asked the run to stop; exit code 128 + its number."""

    def __init__(self, what: str, *, signal: int, hint: str = "") -> None:
        super().__init__(what, hint=hint)
        self.exit_code = 128 + signal


def typed(word: str) -> str:
    """Quote a word of a command for a shell: in double quotes, which all shells accept, if it needs any."""
    if re.fullmatch(r"[\w@%+=:,./-]+", word):
        return word
    return shlex.quote(word) if set(word) & set('"$`\\!') else f'"{word}"'


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the hint for a mistyped name: the nearest known one; empty when none is near."""
    near = difflib.get_close_matches(word, sorted(set(known)), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the hint for a mistyped name: the nearest known one, or all known names when none is near."""
    names = sorted(set(known))
    if near := nearest(word, names):
        return near
    return "known: " + ", ".join(f"`{name}`" for name in names) if names else ""
