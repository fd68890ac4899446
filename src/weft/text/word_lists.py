"""Reads lists of words from text files: our own stop words, and those of users."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from weft.errors import ConfigError

OWN = Path(__file__).parent / "stopwords"


def read_stop_words(entries: Iterable[str]) -> list[str]:
    """Read the words of some lists: `en` and `zh` are our own, all else is the path of a file with a word a line.

    Raises ConfigError for a file that is missing or not UTF-8, and for a line of several words.
    """
    own = {path.stem: path for path in OWN.glob("*.txt")}
    words: list[str] = []
    for path in (own.get(entry, Path(entry)) for entry in entries):
        for number, fields in _lines(path, hint="stop_words takes `en`, `zh` or the path of a text file"):
            if len(fields) > 1:
                hint = "texts are cut into single words, and only these can be left out"
                raise ConfigError(f"expected one word, found `{' '.join(fields)}`", where=f"{path}:{number}", hint=hint)
            words.append(fields[0])
    return words


def read_dictionary(path: Path) -> list[str]:
    """Read the first word of each line; the rest (a frequency, a tag) is ignored.

    Raises ConfigError for a file that is missing or not UTF-8.
    """
    hint = "dictionary_file and --words take the path of a text file with a word a line"
    return [fields[0] for _, fields in _lines(path, hint=hint)]


def _lines(path: Path, *, hint: str) -> Iterator[tuple[int, list[str]]]:
    """Yield number and fields of each line that is not empty and does not begin with `#`."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise ConfigError("there is no such file", where=str(path), hint=hint) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read as UTF-8 text: {error}", where=str(path), hint=hint) from None
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.split()
