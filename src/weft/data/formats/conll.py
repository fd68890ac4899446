"""Reads sentences of tokens: columns of the CoNLL tasks, lines of `word/tag`, lines of words between blanks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from weft.errors import InputError

DOCUMENT = "-DOCSTART-"
"""Token of the line that begins a document in CoNLL-2003; it is left out."""
SUFFIXES = (".conll", ".conllu", ".iob", ".bio", ".bioes", ".bmes")
"""Suffixes of files with a token a line."""
LINES = "lines"
"""Key of the lines of the tokens of a row, counted from that of the row, in its whole."""
UNIVERSAL = ("id", "token", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
"""Columns of CoNLL-U (Universal Dependencies)."""
WORDS = "words"
"""Column of lines whose words stand between blanks."""
SLASHED = ("token", "tag")
"""Columns of lines of `word/tag`."""
_BLANKS = re.compile(r"[ \t]+")
_SPAN_TAG = re.compile(r"[BIESMLU]-\S+|\S+-[BIES]")
"""Tag of a span: its place in it and its kind, in either order."""
_FEWEST = 4
"""Lines of tokens at least."""
_SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: the values of its tokens by column, and the line of each token."""

    lists: dict[str, tuple[str, ...]]
    lines: tuple[int, ...]


Sentences = Iterator[tuple[int, Sentence | InputError]]


def form_of_lines(lines: Iterator[str]) -> tuple[str, tuple[str, ...]] | None:
    """Find the form of a plain text file for tagging from its first lines, with its columns; None: it is raw text.

    The form is `conll` where all lines have the same number of columns, two or more, and some line is blank; `slashed`
    where nearly all that stands between blanks is `word/tag`; `segmented` where there are blanks between words.
    """
    first = list(islice(lines, _SAMPLE))
    filled = [line for line in first if line.strip()]
    widths = {len(_fields(line)) for line in filled if not line.startswith((DOCUMENT, "# "))}
    pieces = [piece for line in filled for piece in line.split()]
    if len(widths) == 1 and min(widths) > 1 and len(filled) > 2 and len(filled) < len(first):
        return "conll", conll_columns(iter(filled))
    if pieces and sum(0 < piece.rfind("/") < len(piece) - 1 for piece in pieces) > 0.9 * len(pieces):
        return "slashed", SLASHED
    return ("segmented", (WORDS,)) if any(len(line.split()) > 1 for line in filled) else None


def tagged_lines(lines: Iterator[str]) -> int:
    """Count the columns of lines that are plainly tokens with tags of spans; 0 where they are anything else.

    All lines have as many columns, there is a blank one between sentences, or a line that begins a document, and the
    last column has nothing but tags as `B-PER`, `I-PER` and `O`.
    """
    first = list(islice(lines, _SAMPLE))
    begun = any(line.startswith(DOCUMENT) for line in first)
    filled = [_fields(line) for line in first if line.strip() and not line.startswith((DOCUMENT, "# "))]
    widths = {len(fields) for fields in filled}
    if len(widths) != 1 or min(widths) < 2 or len(filled) < _FEWEST or not (begun or len(filled) < len(first)):
        return 0
    tags = {fields[-1] for fields in filled}
    spans = any(_SPAN_TAG.fullmatch(tag) for tag in tags)
    return min(widths) if spans and all(tag == "O" or _SPAN_TAG.fullmatch(tag) for tag in tags) else 0


def conll_columns(lines: Iterator[str]) -> tuple[str, ...]:
    """Name the columns of CoNLL lines: the first `token`, the last `tag`, those between by their numbers."""
    first = next((line for line in lines if line.strip() and not line.startswith((DOCUMENT, "# "))), "")
    width = len(_fields(first))
    if width == len(UNIVERSAL) and "\t" in first and re.fullmatch(r"\d+([-.]\d+)?", _fields(first)[0]):
        return UNIVERSAL
    return ("token", *map(str, range(2, width)), *(["tag"] if width > 1 else []))


def conll_rows(lines: Iterator[str], columns: Sequence[str]) -> Sentences:
    """Yield the sentences of a CoNLL file: a token a line, blank lines between sentences, with their first lines.

    Columns stand between tabs or, where a line has none, between blanks. A sentence that has a line with another number
    of columns is an InputError, on that line. Of CoNLL-U, comments, ranges (`1-2`) and empty nodes are left out.
    """
    rows: list[tuple[int, list[str]]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip(" \t\r\n"):
            yield from _sentence(rows, columns)
            rows = []
        elif line.startswith(DOCUMENT) or (line.startswith("#") and (columns == UNIVERSAL or line.startswith("# "))):
            continue
        elif columns != UNIVERSAL or _fields(line)[0].isdecimal():
            rows.append((number, _fields(line)))
    yield from _sentence(rows, columns)


def slashed_rows(lines: Iterator[str], columns: Sequence[str]) -> Sentences:  # noqa: ARG001
    """Yield the sentences of lines of `word/tag` between blanks; the last slash of a piece is that before its tag."""
    for number, line in enumerate(lines, 1):
        pairs = [piece.rpartition("/") for piece in line.split()]
        if bad := [f"{word}{slash}{tag}" for word, slash, tag in pairs if not (word and tag)]:
            yield (
                number,
                InputError(f"`{bad[0]}` is not `word/tag`", hint="write a tag behind each word, as in 上海/NR"),
            )
        elif pairs:
            lists = {"token": tuple(word for word, _, _ in pairs), "tag": tuple(tag for _, _, tag in pairs)}
            yield number, Sentence(lists, (number,) * len(pairs))


def segmented_rows(lines: Iterator[str], columns: Sequence[str]) -> Sentences:  # noqa: ARG001
    """Yield the words of each line; blank lines are left out."""
    for number, line in enumerate(lines, 1):
        if words := tuple(line.split()):
            yield number, Sentence({WORDS: words}, (number,) * len(words))


def _fields(line: str) -> list[str]:
    line = line.rstrip("\r\n")
    return line.split("\t") if "\t" in line else _BLANKS.split(line.strip(" "))


def _sentence(rows: Sequence[tuple[int, list[str]]], columns: Sequence[str]) -> Sentences:
    if not rows:
        return
    for number, fields in rows:
        if len(fields) != len(columns) or not all(fields):
            found = sum(map(bool, fields))
            what = f"has {found} column{'s' if found != 1 else ''}, the first line has {len(columns)}"
            yield number, InputError(what, hint="a line is a token and its tags; a blank line ends a sentence")
            return
    values = zip(*(fields for _, fields in rows), strict=True)
    lists = {name: tuple(column) for name, column in zip(columns, values, strict=True)}
    yield rows[0][0], Sentence(lists, tuple(number for number, _ in rows))


ROWS = {"conll": conll_rows, "slashed": slashed_rows, "segmented": segmented_rows}
"""Readers of the sentences of each form, from lines and the names of the columns."""
