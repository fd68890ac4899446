"""Ranks the columns of a table that may hold its labels, by the words in their names and by their values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from weft.data.examples.column_looks import are_codes_of, are_dates, are_ids, are_numbers, names_users
from weft.data.examples.column_names import (
    BESIDE_WORDS,
    GROUP_WORDS,
    HEADING_WORDS,
    LABEL_NAMES,
    LABEL_WORDS,
    PEOPLE_WORDS,
    RATING_WORDS,
)
from weft.data.examples.nested_fields import sampled_fields
from weft.data.examples.set_aside import are_verdicts
from weft.data.examples.standing_out import has_word
from weft.data.formats.value_looks import like_labels
from weft.data.sources import Table
from weft.errors import typed

_MOST_RATINGS = 10
"""Largest rating: stars are 1 to 5, school marks and scores 1 to 10."""
_MOST_CODES = 10
"""Different whole numbers at most that may be classes; more are counts, ages and the like."""
_MANY, _SHARE = 20, 0.2
"""Different values, and their share of the rows, beyond which a column is more likely of names than of labels."""
_MOST_BLANKS = 0.2
"""Share of rows without a value from which a column is more likely a remark on some of them."""
_VERSION = re.compile(r"v?\d+(\.\d+)+")
_MARKED = re.compile(r".*(标注|標註|打标|判定)(结果|結果|值)?|.*\bannotation", re.IGNORECASE)
"""A name of what annotators gave."""
_PERSON = re.compile(r".*((?<!机器)人|者|员|員)(姓名|名称)?")
"""A name of a column of persons in Chinese, as `诉求人`."""
_OF_PEOPLE = re.compile(r"(which|what|in which) .*\b(group|class|grade|year|team) .*\byou\b.*\?", re.IGNORECASE)
"""A question of a form about who answers it."""
_MARKS = ("note", "nota", "voto", *RATING_WORDS)
"""Words for ratings in the names of columns of numbers."""
_OPINIONS = ("satisfaction", "satisfied", "满意", "rating", *_MARKS)
"""Words that put a column first among those of equal evidence."""
_NAMES = ("name", "label", "title", "value", "login", "displayName")
"""Last parts of paths that say no more than that a name stands there."""
_SHARED = 2
"""Fields of one name at most, in different objects, for this name to tell what they hold."""
_SHOWN = 5


class Rank(IntEnum):
    """The evidence that a column is of labels; the lower the better."""

    LABEL = 0
    """A word for labels is in its name."""
    GROUP = 1
    """A word for what texts are sorted by, or for a rating of whole numbers, is in its name."""
    PLAIN = 2
    """Its values are few and come again."""
    BESIDE = 3
    """Its name or values tell a circumstance, such as a place or a version."""
    PEOPLE = 4
    """It names people."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that may hold the labels, the number of its values, and the evidence."""

    name: str
    values: int
    rank: Rank


def label_candidates(names: Sequence[str], samples: Mapping[str, Sequence[str]]) -> list[Candidate]:
    """List the columns that may hold labels, the likeliest first; `samples` are their values by name.

    A column of numbers that stand for the names of labels in another is none.
    """
    leaves = Counter(name.rpartition(".")[2] for name in names)

    def told(name: str) -> str:
        """Return the part of a path that tells fields apart: `im:rating` of `im:rating.label`, `status` of its name."""
        head, _, leaf = name.rpartition(".")
        return head.rpartition(".")[2] if head and (leaves[leaf] > _SHARED or leaf in _NAMES) else leaf

    found = [
        Candidate(name, len({value for value in samples[name] if value.strip()}), _rank(told(name), samples[name]))
        for name in names
        if like_labels(samples[name]) and not are_ids(samples[name]) and not are_dates(samples[name])
    ]
    found = [
        one
        for one in found
        if not any(other.rank <= one.rank and are_codes_of(samples[one.name], samples[other.name]) for other in found)
    ]
    return sorted(found, key=lambda one: (one.rank, not has_word(one.name, _OPINIONS)))


def standing_label(names: Sequence[str], samples: Mapping[str, Sequence[str]]) -> Candidate | None:
    """Return the column of labels that has better evidence than all others; None where there is none such."""
    found = label_candidates(names, samples)
    if not found or found[0].rank is Rank.PEOPLE or (len(found) > 1 and found[1].rank == found[0].rank):
        return None
    return found[0]


def other_labels(table: Table, taken: str, *, texts: Collection[str]) -> list[str]:
    """Say which columns might be the label in place of the one that was taken unasked: a note, or none.

    Beside a column with a usual name only those count that have such words too, and never those of the `texts`.
    """
    samples = sampled_fields(table)
    usual = taken.rpartition(".")[2].strip().casefold() in LABEL_NAMES
    most = Rank.GROUP if usual else Rank.BESIDE
    free = [name for name in samples if name not in (taken, *texts) and not are_verdicts(samples[name])]
    free = [name for name in free if not are_codes_of(samples[name], samples.get(taken, ()))]
    others = [one for one in label_candidates(free, samples) if one.rank <= most and one.values <= _MANY]
    if not others:
        return []
    names = ", ".join(f"`{one.name}` ({one.values} values)" for one in others[:_SHOWN])
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    return [f"`{taken}` is the likeliest label; {names}{more} may be one too: --label {typed(others[0].name)}"]


def _rank(name: str, values: Sequence[str]) -> Rank:
    filled = [value.strip() for value in values if value.strip()]
    leaf = name.rpartition(".")[2]
    if len(filled) < (1 - _MOST_BLANKS) * len(values) or _OF_PEOPLE.fullmatch(leaf.strip()):
        return Rank.BESIDE
    if are_numbers(filled):
        return _rank_of_numbers(leaf, filled)
    if has_word(leaf, LABEL_WORDS) or _MARKED.fullmatch(leaf.strip()):
        return Rank.LABEL
    if has_word(leaf, GROUP_WORDS) or has_word(leaf, RATING_WORDS):
        return Rank.GROUP
    if names_users(leaf, values) or has_word(leaf, PEOPLE_WORDS) or _PERSON.fullmatch(leaf.strip()):
        return Rank.PEOPLE
    many = len({*filled}) > max(_MANY, _SHARE * len(filled))
    beside = many or has_word(leaf, (*BESIDE_WORDS, *HEADING_WORDS)) or all(map(_VERSION.fullmatch, filled))
    return Rank.BESIDE if beside else Rank.PLAIN


def _rank_of_numbers(name: str, values: Sequence[str]) -> Rank:
    """Rank a column of numbers: ratings and codes of classes are few whole ones from nought or one on."""
    numbers = {float(value) for value in values}
    whole = all(number % 1 == 0 for number in numbers)
    codes = whole and len(numbers) <= _MOST_CODES and min(numbers) >= -1
    if codes and (has_word(name, LABEL_WORDS) or _MARKED.fullmatch(name.strip())):
        return Rank.LABEL
    if whole and has_word(name, _MARKS) and min(numbers) >= 0 and max(numbers) <= _MOST_RATINGS:
        return Rank.GROUP
    if names_users(name, values):
        return Rank.PEOPLE
    if not codes or has_word(name, BESIDE_WORDS):
        return Rank.BESIDE
    return Rank.GROUP if has_word(name, GROUP_WORDS) else Rank.PLAIN
