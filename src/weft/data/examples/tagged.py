"""Examples of tagging: texts with labelled spans, read from tags of tokens, from spans of characters, from words."""

from __future__ import annotations

import re
import sys
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any, Literal, NamedTuple

from weft.data.blank_rows import BlankField
from weft.data.checks.findings import counted
from weft.data.examples.nested_fields import decoded
from weft.data.examples.roles import TEXT_NAMES, ColumnsUnclear, Role
from weft.data.examples.set_aside import accepted
from weft.data.examples.tag_schemes import OUTSIDE, Scheme, decode, find_scheme, has_words_alone
from weft.data.formats.conll import LINES
from weft.data.formats.json_exports import ENDS, STARTS
from weft.data.sources import Row, Table
from weft.errors import InputError, typed

Form = Literal["spans", "words", "tokens"]
"""Labelled parts of a text: spans (entities, slots), every word (segmentation), or each token (parts of speech)."""
Unit = Literal["character", "mixed", "word"]
"""Tokens of a raw text: characters, Han characters and words, or words."""
TAG_NAMES = (
    *("tags", "tag", "spans", "entities", "ner_tags", "ner", "labels", "label", "slots", "pos_tags", "pos", "upos"),
    *("chunk_tags", "chunk", "标签", "标注", "实体", "標籤", "標註", "實體"),
)
TOKENS = Role("text", ("tokens", "token", "words", "word", "chars", "characters", *TEXT_NAMES), looks="text")
TAGS = Role("tags", TAG_NAMES, required=False, answer=True)
_OTHER_SCHEME = re.compile(r"[A-Za-z][:.|/+=]\S+")
"""Tag with a prefix that stands before another sign than a hyphen or an underscore."""
_NO_SPAN = 'write each span as {"start": 0, "end": 2, "label": "PER"}: characters, the end not included'


class LabelledSpan(NamedTuple):
    """A part of a text from `start` to `end`, in characters, the last one not included, and its label."""

    start: int
    end: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class TaggedText:
    """A text and its labelled spans, in order and without overlaps; None where they are to be predicted.

    `tokens` are those of its file, None where the text is to be cut. `broken` are the lines of tags that do not follow
    their scheme.
    """

    text: str
    spans: tuple[LabelledSpan, ...] | None = None
    tokens: tuple[str, ...] | None = None
    line: int = field(default=0, compare=False, repr=False)
    broken: tuple[int, ...] = field(default=(), compare=False, repr=False)

    @property
    def texts(self) -> tuple[str]:
        """The text."""
        return (self.text,)

    @property
    def whole(self) -> str:
        """Key of equal examples: the text."""
        return self.text

    @property
    def label(self) -> tuple[LabelledSpan, ...] | None:
        """Label of the example: its spans."""
        return self.spans

    @property
    def stratum(self) -> str:
        """Group for an even split: the label of the first span."""
        return self.spans[0].label if self.spans else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """Form, scheme of tags and tokens by which the rows of a table are read."""

    form: Form
    scheme: Scheme
    unit: Unit


def tag_column(table: Table, *, text: str, tags: str | None, named: bool) -> None:
    """Raise ColumnsUnclear where several columns have a tag for each token, and none is named."""
    row = next(iter(table), None)
    if named or row is None or tags is None or table.form in ("conll", "slashed"):
        return
    size = len(row.lists.get(text, ()))
    fitting = [name for name in table.columns if name != text and size and len(row.lists.get(name, ())) == size]
    if len(fitting) > 1:
        what = f"several columns have a tag for each token: {', '.join(f'`{name}`' for name in fitting)}"
        raise ColumnsUnclear(what, where=table.path, hint=f"pass --tags {typed(fitting[-1])}")


def found_reading(
    table: Table, *, text: str, tags: str | None, form: Form | None, scheme: Scheme | None, unit: Unit | None
) -> Reading:
    """Find out how the rows of a table are to be read, where that is not given (None).

    Raises InputError where the tags are of no scheme that is known.
    """
    counts: Counter[str] = Counter()
    openings: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    segmented = False
    for row in table:
        segmented = segmented or text in row.lists
        tokens = row.values_of(text)
        kinds.update(map(_kind, tokens))
        if tags and (row.lists.get(text) or len(row.values.get(text, "")) == len(row.lists.get(tags, ()))):
            own = row.lists.get(tags, ())
            counts.update(own)
            openings.update(tag for before, tag in pairwise((OUTSIDE, *own)) if before == OUTSIDE)
    numbers = counts and all(tag.isdecimal() for tag in counts)
    if numbers and scheme is None and form is None:
        hint = "write their names in place of them, or pass --set task.scheme=none to learn the numbers"
        raise InputError(f"the tags are numbers, such as `{next(iter(counts))}`", where=table.path, hint=hint)
    try:
        scheme = scheme or (find_scheme(counts, openings) if counts else "none")
    except InputError as error:
        raise InputError(error.what, where=table.path, hint=error.hint) from None
    if form is None:
        by_tags: Form = "words" if scheme != "none" and has_words_alone(counts) else "spans"
        whole: Form = "words" if segmented and not tags else "spans"
        form = whole if not counts else "tokens" if scheme == "none" else by_tags
    return Reading(form, scheme, unit or _unit(kinds, form, given=bool(counts)))


def reading_of(texts: Iterable[str], form: Form) -> Reading:
    """Return how raw texts with spans of characters, or segmented ones, are read."""
    return Reading(form, "none", _unit(Counter(map(_kind, texts)), form, given=False))


def _unit(kinds: Counter[str], form: Form, *, given: bool) -> Unit:
    """Return the tokens of raw texts that suit those of training, by the kinds of these; `given`: they had tags."""
    wide, words, texts = kinds["wide"], kinds["wide word"], kinds["word"]
    if form == "words":
        return "character"
    if given:
        return "word" if words > 0.01 * (wide + words) else "mixed" if texts or not wide else "character"
    return "character" if words > 0.3 * (words + texts) else "mixed"


def _kind(token: str) -> str:
    """Return the kind of a token: one wide character, several with a wide one among them, a word, another character."""
    if len(token) == 1:
        return "wide" if is_wide(token) else "narrow"
    return "wide word" if any(map(is_wide, token)) else "word"


def is_wide(character: str) -> bool:
    """Whether a character is of a script that puts no blanks between words, or a full-width mark beside such."""
    return "\u2e80" <= character <= "\u9fff" or "\uf900" <= character <= "\uffef" or character >= "\U00020000"


def tagged_of(table: Table, *, text: str, tags: str | None, reading: Reading) -> Iterator[TaggedText]:
    """Yield the texts of a table; a row whose tags or spans do not fit its text is refused. Without `tags`, no spans.

    Words without tags are spans where `reading` is of words, unless the table is one to be answered.
    """
    for row in accepted(table, read=(text, tags)) if tags else table:
        try:
            yield tagged_row(row, text=text, tags=tags, reading=reading)
        except InputError as error:
            line = int(error.where) if error.where else row.line
            table.refuse(line, error, column=tags or text)


def joined(tokens: Sequence[str], unit: Unit) -> str:
    """Join tokens to a text: without blanks where they are characters or touch a wide one, else with a blank."""
    if unit == "character":
        return "".join(tokens)
    parts = [*tokens[:1]]
    for before, token in pairwise(tokens):
        parts += [token] if is_wide(before[-1]) or is_wide(token[0]) else [" ", token]
    return "".join(parts)


def places_of(text: str, tokens: Iterable[str]) -> list[tuple[int, int]]:
    """Return start and end of each token in its text, in characters."""
    places, end = [], 0
    for token in tokens:
        start = text.index(token, end)
        end = start + len(token)
        places.append((start, end))
    return places


def words_of(words: Sequence[str], line: int = 0) -> TaggedText:
    """Make a segmented text of its words."""
    text = "".join(words)
    spans = [LabelledSpan(*place) for place in pairwise([0, *accumulate(map(len, words))])]
    return TaggedText(text, tuple(spans), line=line)


def checked_spans(text: str, spans: Iterable[Any]) -> tuple[LabelledSpan, ...]:
    """Order spans of a text. Raises InputError for one that is none, leaves the text, is empty, or overlaps another."""
    found: list[LabelledSpan] = []
    for span in spans:
        try:
            start, end, label = span
            found.append(LabelledSpan(int(start), int(end), str(label)))
        except (TypeError, ValueError):
            raise InputError(f"`{span}` is not a span", hint=_NO_SPAN) from None
    for start, end, label in found:
        if not 0 <= start < end <= len(text):
            what = f"the span {start} to {end} (`{label}`) "
            what += "is empty" if start >= end else f"leaves the text, which has {len(text)} characters"
            raise InputError(what, hint=_NO_SPAN)
        if not label:
            raise InputError(f"the span {start} to {end} has no label", hint=_NO_SPAN)
    found.sort()
    for one, other in pairwise(found):
        if other.start < one.end:
            what = f"the spans {_quoted(text, one)} and {_quoted(text, other)} overlap"
            raise InputError(what, hint="keep one of them: each token has one tag")
    return tuple(found)


def tag_doubts(examples: Sequence[TaggedText], form: Form) -> list[str]:
    """Return notes on tags from which little can be learned: one for all tokens, or of a scheme that is not known."""
    spans = [span for one in examples for span in one.spans or ()]
    labels = {span.label for span in spans}
    if form == "words" or not labels:
        return []
    doubts = []
    outside = sum(len("".join(one.text.split())) for one in examples)
    outside -= sum(
        len("".join(one.text[span.start : span.end].split())) for one in examples for span in one.spans or ()
    )
    if len(labels) == 1 and not outside:
        doubts.append(f"every token is tagged `{next(iter(labels))}`: there is nothing to learn (is --tags right?)")
    strange = [label for label in labels if _OTHER_SCHEME.fullmatch(label)]
    if len(strange) > len(labels) / 2:
        what = f"tags such as `{min(strange)}` are learned as they stand: no scheme of spans is known that has them"
        doubts.append(f"{what}; spans are written `B-PER`, `I-PER`, `O`")
    return doubts


def broken_notes(examples: Iterable[TaggedText], file: str, scheme: Scheme) -> list[str]:
    """Say how many tags do not follow their scheme, with the line of the first."""
    lines = [line for one in examples for line in one.broken]
    if not lines:
        return []
    tags = f"{counted(len(lines), 'tag')} {'do' if len(lines) > 1 else 'does'} not follow {scheme}"
    return [f"{file}:{lines[0]}: {tags} ({'the first is here' if len(lines) > 1 else 'here'}): read as conlleval does"]


def _quoted(text: str, span: LabelledSpan) -> str:
    return f"`{text[span.start : span.end]}` ({span.start} to {span.end}, {span.label})"


def tagged_row(row: Row, *, text: str, tags: str | None, reading: Reading) -> TaggedText:
    """Read one row. Raises InputError for one whose tags or spans do not fit its text; `where` is a line, or empty."""
    tokens, raw = row.lists.get(text), row.values.get(text, "")
    if not (tokens or raw.strip()) or (tokens and not all(tokens)):
        raise BlankField("text") if not tokens else InputError("a token is empty")
    if tokens is not None and reading.form == "words" and (tags is None or tags == text):
        return words_of(tokens, row.line)
    given = None if tags is None else decoded(row.lists.get(tags, row.whole.get(tags, row.values.get(tags))))
    if tags is not None and tokens is None and (given == "" or (given is None and _is_annotated(row))):
        given = []
    if tags is not None and given is None:
        raise InputError(f"has no `{tags}`, which is an empty list where there are none")
    if tokens is None and given is not None and not _are_tags(given):
        return TaggedText(raw, checked_spans(raw, _spans(raw, given)), line=row.line)
    if tokens is None and given is not None:
        tokens = tuple(raw)
    if tokens is None:
        return TaggedText(raw, line=row.line)
    tokens = tuple(map(sys.intern, tokens))
    whole = joined(tokens, reading.unit)
    if given is None:
        return TaggedText(whole, tokens=tokens, line=row.line)
    if not _are_tags(given) or len(given) != len(tokens):
        found = counted(len(given), "tag") if _are_tags(given) else "other values"
        raise InputError(f"has {counted(len(tokens), 'token')}, and {found}", hint="give one tag for each token")
    return _of_tags(whole, tokens, given, row, reading)


def _is_annotated(row: Row) -> bool:
    """Whether a row is one of Label Studio's whose annotator found no span: its field is left out."""
    whole = row.whole.get("annotations")
    valid = isinstance(whole, list) and any(isinstance(one, dict) and not one.get("was_cancelled") for one in whole)
    return "annotation_id" in row.whole or valid


def _of_tags(text: str, tokens: tuple[str, ...], tags: Sequence[str], row: Row, reading: Reading) -> TaggedText:
    lines = [row.line + behind for behind in row.whole.get(LINES) or (0,) * len(tags)]
    try:
        found = decode(tags, reading.scheme)
    except InputError as error:
        line = next(line for tag, line in zip(tags, lines, strict=True) if f"`{tag}`" in error.what)
        raise InputError(error.what, where=str(line), hint=error.hint) from None
    places = places_of(text, tokens)
    unnamed = "" if reading.form == "words" else "span"
    spans = tuple(
        LabelledSpan(places[first][0], places[last - 1][1], label or unnamed) for first, last, label in found.spans
    )
    if reading.form == "words":
        return TaggedText(text, spans, line=row.line, broken=tuple(lines[place] for place in found.broken))
    return TaggedText(text, spans, tokens, row.line, tuple(lines[place] for place in found.broken))


def _are_tags(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(one, str) for one in value)


def _spans(text: str, value: Any) -> Iterator[Any]:
    """Yield `(start, end, label)` of spans in any of the forms in use.

    These are objects with `start`, `end` and `label` (by the names in use for them), lists of the three, and an object
    of labels with surfaces, whose places include their last character: `{"name": {"叶老桂": [[9, 11]]}}` (CLUENER).
    """
    if isinstance(value, Mapping):
        for label, surfaces in value.items():
            if not isinstance(surfaces, Mapping):
                raise InputError(f"`{label}` has no spans", hint=_NO_SPAN)
            for surface, places in surfaces.items():
                for place in places:
                    start, last = int(place[0]), int(place[1])
                    _must_stand(text, surface, start, last + 1)
                    yield start, last + 1, label
        return
    for span in value if isinstance(value, list) else [value]:
        if not isinstance(span, Mapping):
            yield span
            continue
        places = [next((span[name] for name in names if name in span), None) for names in (STARTS, ENDS)]
        start, end = (one if isinstance(one, str) else "" for one in places)
        labels = span.get("labels")
        one = labels[0] if isinstance(labels, list) and len(labels) == 1 else None
        label = span.get("label", span.get("type", one))
        if not (start and end and isinstance(label, str)):
            raise InputError(f"a span has no {'label' if start and end else 'start and end'}", hint=_NO_SPAN)
        if isinstance(surface := span.get("text", span.get("entity")), str):
            start, end = _placed(text, surface, int(start), int(end))
        yield start, end, label


def _placed(text: str, surface: str, start: int, end: int) -> tuple[int, int]:
    """Return the places of a surface in characters, also where `end` is its last one, as in CMeEE.

    JavaScript, and so Label Studio, counts an emoji as two.
    """
    if text[start : end + 1] == surface:
        return start, end + 1
    if text[start:end] != surface:
        units = text.encode("utf-16-le", "surrogatepass")
        before, inside = (units[2 * a : 2 * b].decode("utf-16-le", "replace") for a, b in ((0, start), (start, end)))
        if inside == surface:
            return len(before), len(before) + len(inside)
        _must_stand(text, surface, start, end)
    return start, end


def _must_stand(text: str, surface: str, start: int, end: int) -> None:
    if text[start:end] != surface:
        what = f"`{surface}` does not stand at {start} to {end}, where the text has `{text[start:end]}`"
        raise InputError(what, hint="places are counted in characters from 0")


def token_spans(example: TaggedText, places: Sequence[tuple[int, int]]) -> list[tuple[int, int, str]]:
    """Return the spans of a text in tokens; a span that begins or ends inside a token takes the whole of it."""
    starts, ends = [start for start, _ in places], [end for _, end in places]
    found: list[tuple[int, int, str]] = []
    for start, end, label in example.spans or ():
        first, last = bisect_right(ends, start), bisect_left(starts, end)
        first = max(first, found[-1][1] if found else 0)
        if last > first:
            found.append((first, last, label))
    return found
