"""Translates tags of tokens into spans and back: BIO in both kinds, BIOES, and its kin BMES, BILOU and BMEWO.

Sequences are read as `conlleval` reads them (Tjong Kim Sang and Buchholz 2000), which has a meaning for every sequence:
a tag that cannot go on with the span before it begins a new one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from weft.errors import InputError

Scheme = Literal["bio", "iob1", "bioes", "bmes", "bilou", "bmewo", "io", "none"]
"""Scheme of tags in a file: in `iob1` B begins a span only right behind one of its label; `io` has no prefixes, and
`none` no spans: each token has a tag of its own."""
PREFIXES: Mapping[str, str] = {
    "bio": "BI",
    "iob1": "BI",
    "bioes": "BIES",
    "bmes": "BMES",
    "bilou": "BILU",
    "bmewo": "BMEW",
}
"""Prefixes of each scheme: of the first token of a span, one inside, the last, and the only one."""
OUTSIDE = "O"
_LETTERS = {"B": "B", "I": "I", "M": "I", "E": "E", "L": "E", "S": "S", "U": "S", "W": "S"}


@dataclass(frozen=True, slots=True)
class Decoded:
    """Spans of tokens, `(first, last, label)` with the last one outside; and the tokens whose tags break the scheme."""

    spans: list[tuple[int, int, str]]
    broken: list[int]


def find_scheme(counts: Counter[str], openings: Counter[str]) -> Scheme:
    """Find the scheme of the tags of a file, by their counts. Raises InputError where it is unclear.

    `openings` are the tags that begin a sentence or stand behind an `O`: in `iob1` most of them begin with I.
    """
    prefixed = {tag: times for tag, times in counts.items() if _split(tag)[0] in _LETTERS}
    inside = sum(times for tag, times in counts.items() if tag != OUTSIDE)
    share = sum(prefixed.values()) / max(1, inside)
    if share < 0.1:
        return "io" if counts[OUTSIDE] > 0.4 * sum(counts.values()) and inside else "none"
    if share < 0.9:
        strange = max((tag for tag in counts if tag not in prefixed and tag != OUTSIDE), key=counts.__getitem__)
        what = f"some tags have a prefix, as `{max(prefixed, key=counts.__getitem__)}`, others none, as `{strange}`"
        raise InputError(what, hint="name the scheme, as --set task.scheme=bio; `none` takes each tag as it is")
    found = {_split(tag)[0] for tag in prefixed}
    if found <= {"B", "I"}:
        inside = sum(times for tag, times in openings.items() if tag[0] == "I")
        return "iob1" if inside > openings.total() - openings[OUTSIDE] - inside else "bio"
    for name, letters in PREFIXES.items():
        if found <= {*letters}:
            return name  # ty: ignore[invalid-explicit-return]
    what = f"no scheme has all the prefixes {', '.join(f'`{one}`' for one in sorted(found))}"
    raise InputError(what, hint=f"known: {', '.join(PREFIXES)}; `--set task.scheme=none` takes each tag as it is")


def has_words_alone(counts: Counter[str]) -> bool:
    """Whether tags say nothing but where words begin and end: prefixes without a label, and nothing outside."""
    return not counts[OUTSIDE] and all(_split(tag) == (tag, "") and tag in _LETTERS for tag in counts)


def decode(tags: Sequence[str], scheme: Scheme) -> Decoded:
    """Read the spans of a sentence. Raises InputError, which names the tag, for one that the scheme does not have."""
    if scheme == "none":
        return Decoded([(place, place + 1, tag) for place, tag in enumerate(tags)], [])
    spans: list[tuple[int, int, str]] = []
    broken: list[int] = []
    before, label, first = OUTSIDE, "", 0
    opens_inside, ends = scheme in ("iob1", "io"), scheme not in ("bio", "iob1", "io")
    for place, tag in enumerate([*tags, OUTSIDE]):
        letter, of = _letter(tag, scheme) if place < len(tags) else (OUTSIDE, "")
        opens = letter in "BS" or (letter != OUTSIDE and (before in "OES" or of != label))
        closed = before in "BI" and (letter in "OBS" or of != label)
        if (opens and letter in "IE" and not opens_inside) or (closed and ends):
            broken.append(min(place, len(tags) - 1))
        if before != OUTSIDE and (opens or letter == OUTSIDE):
            spans.append((first, place, label))
        if opens:
            first = place
        before, label = letter, of
    return Decoded(spans, broken)


@dataclass(frozen=True, slots=True)
class TagSet:
    """The tags of a model by number, of one of the schemes by which it learns."""

    names: tuple[str, ...]
    scheme: Literal["bioes", "bio", "none"]

    @classmethod
    def of(cls, spans: Collection[tuple[int, str]], scheme: Literal["bioes", "bio", "none"]) -> TagSet:
        """Make the tags that spans of these lengths, in tokens, and labels need; without labels those of any length."""
        if scheme == "none":
            return cls(tuple(sorted({label for _, label in spans})), scheme)
        words = {label for _, label in spans} == {""}
        lengths = range(1, 4) if words else ()
        needed = {*spans, *((length, "") for length in lengths)}
        names = {tag for length, label in needed for tag in encode([(0, length, label)], length, scheme)}
        inside = sorted(names, key=lambda tag: (tag[2:], "BIES".index(tag[0])))
        return cls((*(() if words else (OUTSIDE,)), *inside), scheme)

    def allows(self, before: str, tag: str) -> bool:
        """Whether a tag may stand behind another; the empty string stands for either end of a text."""
        if self.scheme == "none":
            return True
        (letter, label), (last, open_label) = (_split(one) if one else (OUTSIDE, "") for one in (tag, before))
        goes_on = letter in ("I", "E") and label == open_label and last in ("B", "I")
        return goes_on or (letter not in ("I", "E") and (self.scheme == "bio" or last not in ("B", "I")))


def encode(spans: Iterable[tuple[int, int, str]], length: int, scheme: Literal["bioes", "bio", "none"]) -> list[str]:
    """Write spans of a sentence of some tokens as tags."""
    tags = [OUTSIDE] * length
    for first, last, label in spans:
        size, behind = last - first, f"-{label}" if label else ""
        if scheme == "none":
            tags[first:last] = [label] * size
        elif scheme == "bio":
            tags[first:last] = [f"{letter}{behind}" for letter in "B" + "I" * (size - 1)]
        else:
            tags[first:last] = [f"{letter}{behind}" for letter in ("S" if size == 1 else f"B{'I' * (size - 2)}E")]
    return tags


def _letter(tag: str, scheme: Scheme) -> tuple[str, str]:
    """Return the canonical prefix of a tag (B, I, E, S or O) and its label."""
    if tag == OUTSIDE:
        return OUTSIDE, ""
    if scheme == "io":
        return "I", tag
    letter, label = _split(tag)
    if letter not in PREFIXES[scheme]:
        hint = f"its prefixes are {', '.join(PREFIXES[scheme])}, and O stands outside; or set task.scheme"
        raise InputError(f"the tag `{tag}` is not one of scheme {scheme}", hint=hint)
    return _LETTERS[letter], label


def _split(tag: str) -> tuple[str, str]:
    """Split a tag at the hyphen or underscore behind its first letter: prefix and label."""
    if len(tag) == 1:
        return tag, ""
    return (tag[0], tag[2:]) if len(tag) > 2 and tag[1] in "-_" else ("", tag)
