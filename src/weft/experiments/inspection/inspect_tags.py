"""Runs the data checks on texts with tags: on labels, schemes, repeats, and spans that elsewhere have other labels.

A label that contradicts most others of the same string is worth a look; no model is trained for that. Ambiguous strings
are found too, so that half of what is shown may be right.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from weft.data.checks.damage import marks
from weft.data.checks.duplicates import repeats
from weft.data.checks.findings import Finding, Part, Row, counted, listed
from weft.data.checks.labels_and_lengths import FEWEST, lengths
from weft.data.checks.scripts import scripts
from weft.data.examples.tagged import TaggedText, tag_doubts
from weft.data.sources import Table
from weft.dataset import DataConfig, for_scoring
from weft.errors import InputError
from weft.experiments.inspection.inspect import bad_rows, han_scripts, unspaced_scripts
from weft.training.reports import Note

OFTEN, SHARE = 10, 0.9
"""Number of times that a string stands in train, and share of these that have one label, from which others are odd."""
WORDS_JOINED = 4
"""Number of neighbouring words at most that are compared with a word of train."""
_SHOWN = 40
NOTHING = "no label"


@dataclass(frozen=True, slots=True)
class _Tagged:
    """The texts of one file, and how they are read."""

    name: str
    table: Table
    config: Any
    texts: Sequence[TaggedText]

    def row(self, one: TaggedText, *, note: str) -> Row:
        """Return one of them to be shown."""
        return Row(self.name, one.line, self.table.place(one.line), one.text, spelled(one), note)

    @property
    def part(self) -> Part:
        """The texts with their spans, written in a line, as the label."""
        rows = self.texts
        labels, lines = [spelled(one) for one in rows], [one.line for one in rows]
        return Part(self.name, self.table.path, [one.text for one in rows], labels, lines, (), self.table.place)


def spelled(one: TaggedText) -> str:
    """Write the spans of a text in a line: strings with their labels, `Oslo/LOC`, or words alone."""
    spans = one.spans or ()
    return " ".join(f"{one.text[start:end]}/{label}" if label else one.text[start:end] for start, end, label in spans)


def inspect_tags(data: DataConfig, config: Any) -> Iterator[Note | Finding]:
    """Check texts with tags, spans or words, yielding notes and findings.

    `config` is that of the task, whose columns, form and scheme are found as in training.
    Raises InputError if a file cannot be read at all or its columns are unclear.
    """
    found: list[_Tagged] = []
    for name, file in {"train": data.train, "dev": data.dev, "test": data.test}.items():
        if file:
            table = data.open(file, on_bad_row="skip")
            own = for_scoring(found[0].config, table, train=data.train) if found else config.resolved(table)
            texts = list(own.read(table))
            if not texts:
                raise InputError("no row can be read", where=table.source, hint=table.bad[0].what if table.bad else "")
            found.append(_Tagged(name, table, own, texts))
            yield Note(f"{table.path}: {counted(len(texts), 'text')}")
    words = found[0].config.form == "words"
    yield _files(found)
    yield bad_rows({one.name: one.table for one in found})
    yield _broken(found)
    if not words:
        yield _labels(found)
    parts = [one.part for one in found]
    what = "words" if words else "tags"
    for finding in repeats(parts):
        fix = finding.fix.replace("which label each text has", f"which {what} each text has").replace(
            "that one", "those"
        )
        yield replace(finding, title=finding.title.replace("labels", what), said=_said(finding.said, what), fix=fix)
    if len(found) > 1:
        yield _unseen(found)
    yield _otherwise(found)
    for finding in (lengths(parts), scripts(parts), *han_scripts(parts), *unspaced_scripts(parts), *marks(parts)):
        # long texts are read to their end in any case
        yield replace(finding, fix=finding.fix.split(";")[0]) if finding.key == "lengths" else finding


def _said(sentence: str, what: str) -> str:
    return sentence.replace("with several labels", f"with unlike {what}").replace(
        "has several labels", f"has unlike {what}"
    )


def _files(found: Sequence[_Tagged]) -> Finding:
    """Count texts, tokens and spans, and say how they were read."""
    reading = found[0].config.reading
    table = [("split", "file", "texts", "tokens", "spans", "texts without a span", "longest text, in tokens")]
    for one in found:
        tokens = [len(one.config.tokenized(text).places) for text in one.texts]
        spans = [len(text.spans or ()) for text in one.texts]
        counts = (len(one.texts), sum(tokens), sum(spans), spans.count(0), max(tokens))
        table.append((one.name, one.table.path, *(f"{number:,}" for number in counts)))
    what = {"spans": "labelled spans", "words": "segmented words", "tokens": "a tag for each token"}[reading.form]
    scheme = "" if reading.scheme == "none" else f", by scheme {reading.scheme}"
    doubts = tag_doubts(found[0].texts, reading.form)
    said = "; ".join([f"{what}{scheme}", *doubts])
    fix = "if that is wrong, name the column with `--tags`" if doubts else ""
    return Finding("files", "Files and tags", "warning" if doubts else "fine", said, len(doubts), fix, table=table)


def _broken(found: Sequence[_Tagged]) -> Finding:
    """Report tags that do not follow their scheme."""
    title, scheme = "Broken sequences", found[0].config.reading.scheme
    rows = [
        one.row(text, note=f"{scheme} is broken in {'lines' if len(text.broken) > 1 else 'line'} {_lines(text)}")
        for one in found
        for text in one.texts
        if text.broken
    ]
    if not rows:
        return Finding("broken", title, "fine", "every sequence of tags follows its scheme")
    tags = sum(len(text.broken) for one in found for text in one.texts)
    said = f"{counted(tags, 'tag')} in {counted(len(rows), 'text')} {'does' if tags == 1 else 'do'} not follow {scheme}"
    fix = "correct them; as they stand they are read as conlleval reads them: an I that cannot go on begins a span"
    return Finding("broken", title, "warning", said, len(rows), fix, rows)


def _lines(text: TaggedText) -> str:
    return ", ".join(f"{line:,}" for line in text.broken[:5]) + (", …" if len(text.broken) > 5 else "")


def _labels(found: Sequence[_Tagged]) -> Finding:
    """Count the spans of each label in each split, its strings, and its longest span."""
    title = "Labels"
    counts = {one.name: Counter(span.label for text in one.texts for span in text.spans or ()) for one in found}
    strings: dict[str, set[str]] = defaultdict(set)
    for text in (text for one in found for text in one.texts):
        for start, end, label in text.spans or ():
            strings[label].add(text.text[start:end])
    learned = counts["train"]
    labels = sorted(strings, key=lambda label: (-learned[label], label))
    table = [("label", *counts, "different strings", "longest, in characters")] + [
        (
            label,
            *(f"{of[label]:,}" for of in counts.values()),
            f"{len(strings[label]):,}",
            f"{max(map(len, strings[label])):,}",
        )
        for label in labels
    ]
    if not learned:
        fix = "name the column of the tags or spans with `--tags`"
        return Finding("labels", title, "error", "train has no span", 1, fix, table=table)
    rare = [label for label in labels if 0 < learned[label] < FEWEST]
    lacking = [label for label in labels if not learned[label]]
    said = [counted(len(learned), "label")]
    said += [f"{len(rare):,} with fewer than {FEWEST} spans: {listed([f'`{one}`' for one in rare])}"] if rare else []
    said += [f"{len(lacking):,} not in train: {listed([f'`{one}`' for one in lacking])}"] if lacking else []
    if not (rare or lacking):
        return Finding("labels", title, "fine", said[0], table=table)
    fix = "tag more of the rare labels or merge them"
    fix = (
        "tag such spans in train too, or leave them out: no model predicts a label that it never had"
        if lacking
        else fix
    )
    severity = "error" if lacking else "warning"
    return Finding("labels", title, severity, "; ".join(said), len(rare) + len(lacking), fix, table=table)


def _unseen(found: Sequence[_Tagged]) -> Finding:
    """Count the spans of the other splits whose strings train has in no span."""
    known = {text.text[start:end] for text in found[0].texts for start, end, _ in text.spans or ()}
    said, missing = [], Counter[str]()
    what = "words" if found[0].config.form == "words" else "spans"
    for one in found[1:]:
        strings = [text.text[start:end] for text in one.texts for start, end, _ in text.spans or ()]
        lacking = [string for string in strings if string not in known]
        missing.update(lacking)
        said.append(f"{len(lacking) / max(1, len(strings)):.1%} of the {what} of {one.name} are not in train")
    table = [("string", "times"), *((string, f"{times:,}") for string, times in missing.most_common(_SHOWN))]
    return Finding("unseen", "Unseen strings", "fine", "; ".join(said), table=table if missing else ())


def _otherwise(found: Sequence[_Tagged]) -> Finding:
    """Report spans whose strings nearly always have another label, or none, or are nearly always cut otherwise."""
    title, words = "Labels at odds with most others", found[0].config.form == "words"
    title = "Words cut otherwise than most" if words else title
    seen = [(one, text, list(_strings(one, text, words=words))) for one in found for text in one.texts]
    known = {string for one, _, strings in seen if one is found[0] for string, label in strings if label != NOTHING}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one, _, strings in seen:
        if one is found[0]:
            for string, label in strings:
                if string in known:
                    counts[string][label] += 1
    usual = {string: label for string, of in counts.items() if (label := _usual(of)) is not None}
    odd: list[tuple[int, Row]] = []
    for one, text, strings in seen:
        unlike = [(string, label) for string, label in dict.fromkeys(strings) if label != usual.get(string, label)]
        if unlike:
            of = {string: counts[string] for string, _ in unlike}
            notes = [
                f"`{string}` has {label}, {of[string][usual[string]]:,} of {of[string].total():,} have {usual[string]}"
                for string, label in unlike
            ]
            most = max(of[string][usual[string]] // max(1, of[string][label]) for string, label in unlike)
            odd.append((most, one.row(text, note="; ".join(notes))))
    rows = [row for _, row in sorted(odd, key=lambda pair: -pair[0])]
    if not rows:
        return Finding("odd-tags", title, "fine", "no string is labelled otherwise than it nearly always is in train")
    other = "is cut otherwise" if words else "has another label"
    said = f"{counted(len(rows), 'text')} with a string that {other} in {SHARE:.0%} or more of its places in train"
    fix = "review them, worst first: some are mistakes, others are strings of several meanings"
    return Finding("odd-tags", title, "warning", said, len(rows), fix, rows)


def _usual(counts: Counter[str]) -> str | None:
    """Return the label that nearly all occurrences of a string have; None: there is none, or they are too few."""
    label, times = counts.most_common(1)[0]
    return label if counts.total() >= OFTEN and SHARE * counts.total() <= times < counts.total() else _alone(counts)


def _alone(counts: Counter[str]) -> str | None:
    """Return the only label of a string that is frequent, which other splits may contradict."""
    return next(iter(counts)) if len(counts) == 1 and counts.total() >= OFTEN else None


def _strings(one: _Tagged, text: TaggedText, *, words: bool) -> Iterator[tuple[str, str]]:
    """Yield the strings of a text with their labels in words: of its spans, and of tokens outside of them.

    Of segmented texts the strings of several neighbouring words are yielded too, which may be one word elsewhere.
    """
    spans = text.spans or ()
    if words:
        ends = [span.end for span in spans]
        for place, span in enumerate(spans):
            yield text.text[span.start : span.end], "one word"
            for end in ends[place + 1 : place + WORDS_JOINED]:
                yield text.text[span.start : end], "several words"
        return
    places = one.config.tokenized(text).places
    inside = _inside(places, spans)
    for start, end, label in spans:
        yield text.text[start:end], f"`{label}`"
    for first, (start, _) in enumerate(places):
        for last in range(first, min(first + WORDS_JOINED, len(places))):
            if inside[last]:
                break
            yield text.text[start : places[last][1]], NOTHING


def _inside(places: Sequence[tuple[int, int]], spans: Sequence[Any]) -> list[bool]:
    """Return whether each token is in a span."""
    marked = bytearray(max((end for _, end in places), default=0))
    for span in spans:
        marked[span.start : span.end] = b"\1" * (span.end - span.start)
    return [any(marked[start:end]) for start, end in places]
