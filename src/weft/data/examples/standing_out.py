"""Finds the column of texts or labels that stands out among several: by its name, its length, or in nested objects."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from statistics import median

from weft.data.examples.column_looks import are_addresses, are_dates, are_ids, are_numbers, are_single_words, only
from weft.data.examples.column_names import HEADING_WORDS, REPLY_WORDS, TEXT_WORDS
from weft.data.examples.nested_fields import nested_fields, reach
from weft.data.formats.value_looks import breadth, like_labels, like_texts
from weft.data.sources import Table

_TIMES_LONGER = 1.2
"""Times as long as columns of headings the longest column of texts is."""
_FAR_LONGER = 3
"""Times as long as any other column of texts the longest is, where nothing but its length tells it: no pair is so."""
_SENTENCE = 16
"""Least median width of the texts of a column that is offered though they come again, a Han character counted twice."""
_WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])")


def standing_text(names: Sequence[str], samples: Mapping[str, Sequence[str]]) -> str | None:
    """Return the column of texts, no ids: the only one, the only one so named, or by far the longest.

    `samples` are values of the columns, by name. Of headings, which are columns with such a name, a little longer is
    enough; other texts may be half of a pair. Addresses, single words and what was replied are no texts where others
    are. Where all others come again and again, the only column of sentences is it, unless these may be labels.
    """
    texts = text_candidates(names, samples)
    if all(are_single_words(samples[name]) for name in texts) and (found := only(_sentences(names, samples))):
        return found if has_word(found, TEXT_WORDS) or not like_labels(samples[found]) else only(texts)
    if found := only(texts) or only([name for name in texts if has_word(name, TEXT_WORDS)]):
        return found
    lengths = {name: median(map(len, samples[name])) for name in texts}
    longest, *others = sorted(texts, key=lambda name: -lengths[name]) or [""]
    headings = bool(others) and all(has_word(name, HEADING_WORDS) for name in others)
    times = _TIMES_LONGER if headings else _FAR_LONGER
    return longest if others and lengths[longest] >= times * lengths[others[0]] else None


def text_candidates(names: Sequence[str], samples: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the columns that may hold the texts, by their values and names."""
    texts = [name for name in names if like_texts(samples[name]) and not are_ids(samples[name])]
    texts = [name for name in texts if not are_addresses(samples[name])]
    texts = [name for name in texts if not are_single_words(samples[name])] or texts
    return [name for name in texts if not has_word(name, REPLY_WORDS)] or texts


def likely_texts(names: Sequence[str], samples: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the columns that may hold the texts; where all come again and again, those of words, the longest first."""
    return text_candidates(names, samples) or _sentences(names, samples)


def _sentences(names: Sequence[str], samples: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the columns of words and of some length, the longest first."""
    plain = [name for name in names if not (are_numbers(samples[name]) or are_dates(samples[name]))]
    plain = [name for name in plain if not are_addresses(samples[name])]
    words = [name for name in plain if not (are_ids(samples[name]) or are_single_words(samples[name]))]
    length = {name: median(map(breadth, filter(str.strip, samples[name]))) for name in words if any(samples[name])}
    return sorted((name for name in length if length[name] >= _SENTENCE), key=lambda name: -length[name])


def usual_leaf(table: Table, usual: Sequence[str], *, but: Collection[str]) -> str | None:
    """Return the path of the field of nested objects with a usual name, now read as a column: `review.body` is a text.

    None where the first of these names is that of two fields.
    """
    paths = [path for path in nested_fields(table) if path not in but]
    leaves = {path: path.rpartition(".")[2].strip().casefold() for path in paths}
    first = next((name for name in usual if name in leaves.values()), None)
    found = only([path for path in paths if leaves[path] == first])
    if found:
        reach(table, found)
    return found


def has_word(name: str, words: Collection[str]) -> bool:
    """Whether a name has one of some words in it; those of Han stand without blanks."""
    own = {word.casefold() for word in _WORD.findall(name)}
    return any(word in own or (not word.isascii() and word in name.casefold()) for word in words)
