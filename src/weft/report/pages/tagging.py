"""The page of a run that tags texts: true spans above predicted ones, floors, and the commonest mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from markupsafe import Markup, escape

from weft.report import formatting
from weft.report.folder import Run
from weft.report.pages.labels import labelled

WRONG, RIGHT = 12, 4
"""Number of texts on the page with mistakes, of highest confidence first, and without."""
LONGEST = 400
"""Number of characters of a text that are shown."""
SHADES = 8
"""Number of colours of labels, which repeat."""

Marked = tuple[int, int, str]


def tagged(run: Run) -> dict[str, Any]:
    """Gather the values of `tagging.html.j2` beside those of every page of a run.

    Raises RunFolderError where the answers are damaged.
    """
    rows = [row for row in run.answers() if "label" in row]
    words = run.detail("form", "spans") == "words"
    pairs = [(row, *_both(row, words=words)) for row in rows]
    wrong = sorted((one for one in pairs if one[1] != one[2]), key=lambda one: -one[0].get("probability", 0))
    right = [one for one in pairs if one[1] == one[2] and one[1]]
    shades = {label: number % SHADES for number, label in enumerate(run.labels)}
    return {
        **labelled(run),
        "errors": None,
        "things": "words" if words else "tokens" if run.detail("form", "") == "tokens" else "spans",
        "lead": f"{len(wrong):,} of {len(pairs):,} texts have a mistake." if rows else "",
        "mistakes": run.detail("mistakes", []),
        "wrong": [_card(row, true, found, shades) for row, true, found in wrong[:WRONG]],
        "right": [_card(row, true, found, shades) for row, true, found in right[:RIGHT]],
    }


def drawn(text: str, spans: Sequence[Marked], others: Sequence[Marked], shades: Mapping[str, int]) -> Markup:
    """Write a text with its spans marked: the shade of their label, and `wrong` where they are not among others."""
    known, parts, at = {*others}, [], 0
    for span in spans:
        start, end, label = span
        if start >= LONGEST:
            break
        shade = f"s{shades.get(label, SHADES - 1)}" if label else "word"
        name = Markup("<small>{}</small>").format(label) if label else ""
        kind = shade if span in known else f"{shade} wrong"
        parts += [escape(text[at:start]), Markup('<mark class="{}">{}{}</mark>').format(kind, text[start:end], name)]
        at = end
    stop = max(at, LONGEST)
    parts.append(escape(text[at:stop] + ("…" if len(text) > stop else "")))
    return Markup("").join(parts)


def _both(row: Mapping[str, Any], *, words: bool) -> tuple[list[Marked], list[Marked]]:
    """Return the true and the predicted spans of a line of a table of answers."""
    if words:
        return _of_words(row["text"], row["label"]), _of_words(row["text"], row["answer"])
    true, found = ([(one["start"], one["end"], one["label"]) for one in row[name]] for name in ("label", "answer"))
    return true, found


def _of_words(text: str, words: Sequence[str]) -> list[Marked]:
    """Return the places of the words of a text, in which blanks may stand between them."""
    if "".join(words) == text:
        ends = [0, *accumulate(map(len, words))]
        return [(start, end, "") for start, end in pairwise(ends)]
    found, end = [], 0
    for word in words:
        start = text.find(word, end)
        end = start + len(word)
        found.append((start, end, ""))
    return found


def _card(row: Mapping[str, Any], true: list[Marked], found: list[Marked], shades: Mapping[str, int]) -> dict[str, Any]:
    text = str(row["text"])
    return {
        "true": drawn(text, true, found, shades),
        "found": drawn(text, found, true, shades) if true != found else "",
        "sure": formatting.score(row["probability"]) if "probability" in row else formatting.NOTHING,
        "line": formatting.count(row.get("line")),
    }
