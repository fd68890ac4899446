"""Checks the labels and lengths of labelled texts, and sums the checks up for the start of a training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from weft.data.checks.damage import MARKUP, is_garbled
from weft.data.checks.duplicates import find_repeats
from weft.data.checks.findings import Finding, Part, Row, all_rows, counted, listed, verb
from weft.data.examples.label_spelling import are_numbers, one_spelling, reads_as_missing
from weft.errors import typed

FEWEST = 5
"""Least number of texts that a label needs to be learned and held out at all."""
IMBALANCE = 10
"""Ratio of label counts from which the rarer label is likely to be predicted as the other."""
_LONG_TIMES = 20
_LONG = 2000
_LISTED = 8
_STEPS = 12
"""Number of labels at most that may be steps of one scale."""
_SOME = 20
"""Texts of a set in which a frequent label is not missing by chance."""
_SAMPLE = 2000
_MUCH_MARKUP = 0.1
"""Share of texts with HTML from which a training begins with a word about it."""


def brief(
    parts: Sequence[Part], *, options: Mapping[str, str], weighted: bool = False, ordered: bool = False, label: str = ""
) -> list[str]:
    """Return the notes that a training starts with: encodings, HTML, repeats, overlap, contradictions, rare labels.

    Nothing is said of unbalanced ones whose losses are `weighted`. Before these, at most six, stand spellings of one
    label, labels that read like missing values or that train alone has, and labels of the column `label` that are
    numbers, where these are not `ordered`; nothing wrong, no notes. The first part is the training set; `options` are
    the options that `weft inspect` needs, besides the files, to read the same data.
    """
    found = find_repeats(parts, "same")
    train = parts[0]
    thing, counts = train.thing, Counter(train.every_name)
    before = [*_alike(counts), *_missing(counts), *_lacking(parts, counts)]
    before += [] if ordered else _numbers(counts, train.path, label)
    notes = [*before, *damage_notes(train.texts, train.thing)]
    again = sum(here.part == 0 for here, _ in found.again)
    if again:
        notes.append(f"{counted(again, 'row')} of {len(train):,} {verb('repeat', again)} the {thing} of an earlier row")
    across = Counter(here.part for here, before in found.across if before.part == 0)
    if across:
        said = " and ".join(
            f"{texts:,} of {len(parts[part]):,} {parts[part].name} {thing}s" for part, texts in across.items()
        )
        notes.append(f"{said} {'is' if across.total() == 1 else 'are'} also in train: their scores are too good")
    if found.torn:
        labels = "sets of labels" if train.several else "labels"
        notes.append(f"{counted(len(found.torn), thing)} with contradicting {labels}")
    tiny = [label for label, texts in counts.items() if texts < FEWEST]
    if tiny:
        notes.append(f"{counted(len(tiny), 'label')} with fewer than {FEWEST} texts: {_listed(tiny)}")
    if _unbalanced(counts) and not weighted:
        notes.append(_imbalance(counts))
    if len(notes) > len(before):
        given = {**{part.name: part.path for part in parts[1:]}, **options}
        told = [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", value)]
        notes[-1] += f" (weft inspect {' '.join(map(typed, (train.path, *told)))} lists them)"
    return notes


_STRIP = ": strip its tags before, as with sed -E 's/<[^<>]+>/ /g' FILE > NEW, from new texts too"
"""Way to strip HTML from a file of lines, which is no setting."""


def damage_notes(every_text: Sequence[str], thing: str = "text") -> list[str]:
    """Say how many texts, of a sample, were read in a wrong encoding, and how many have HTML, where they are many."""
    step = -(-len(every_text) // _SAMPLE) or 1
    texts = every_text[::step]
    garbled = sum(map(is_garbled, texts))
    of_all = f"of {len(texts):,} {thing}s looked at"
    wrong = f"{garbled:,} {of_all} {verb('look', garbled)} as if read in a wrong encoding, and are learned so"
    said = [wrong] if garbled else []
    marked = sum(MARKUP.search(text) is not None for text in texts)
    if marked < _MUCH_MARKUP * len(texts) or not marked:
        return said
    return [*said, f"{marked:,} {of_all} {verb('hold', marked)} HTML, which is learned as text{_STRIP}"]


def _imbalance(counts: Mapping[str, int]) -> str:
    """Say how unlike the numbers of texts of the labels are, and what helps."""
    (most, many), *_, (least, few) = Counter(counts).most_common()
    rare = sum(count * IMBALANCE * len(counts) < sum(counts.values()) for count in counts.values())
    said = f"`{most}` has {counted(many, 'text')}, `{least}` {few:,}"
    said += f", and {rare:,} of {len(counts):,} labels less than a tenth of the mean" if rare > 1 else ""
    helps = "task.loss.class_weights=balanced gives rare labels more weight, training.metric=macro_f1 keeps the weights"
    return f"{said}: look at macro F1 too; {helps} that do best on them"


def _alike(counts: Mapping[str, int]) -> list[str]:
    """Name the labels that are learned as different ones although they may be spellings of one."""
    groups: dict[str, list[str]] = {}
    for label in sorted(counts, key=lambda label: -counts[label]):
        groups.setdefault(one_spelling(label), []).append(label)
    torn = [", ".join(f"`{label}`" for label in group) for group in groups.values() if len(group) > 1]
    if not torn:
        return []
    more = f" and {len(torn) - _LISTED} more" if len(torn) > _LISTED else ""
    what = f"labels learned as different ones, which may be one: {'; '.join(torn[:_LISTED])}{more}"
    return [f"{what}: --set task.label_spelling=joined joins them"]


def _missing(counts: Mapping[str, int]) -> list[str]:
    """Say of labels such as `nan`, which stand among others, that they read like missing values."""
    found = {label: texts for label, texts in counts.items() if reads_as_missing(label)}
    if not found or len(found) == len(counts):
        return []
    rows = ", ".join(
        f"{counted(texts, 'row')} {'has' if texts == 1 else 'have'} the label `{label}`"
        for label, texts in found.items()
    )
    read, them = ("reads like a missing value", "it") if len(found) == 1 else ("read like missing values", "them")
    fix = f"if so, empty {them} in the file and pass --on-bad-row skip, which leaves such rows out"
    return [f"{rows}, which {read} and {'is a class' if len(found) == 1 else 'are classes'} here: {fix}"]


def _lacking(parts: Sequence[Part], counts: Mapping[str, int]) -> list[str]:
    """Name frequent labels of train that the further parts lack, such as `unsup` for texts without a label."""
    further = [part for part in parts[1:] if len(part) >= _SOME]
    known = {name for part in parts[1:] for name in part.every_name}
    average = sum(counts.values()) / max(len(counts), 1)
    odd = [label for label, texts in counts.items() if label not in known and texts >= average] if further else []
    if not odd or len(odd) == len(counts):
        return []
    others = " and ".join(part.name for part in further)
    said = " and ".join(f"{counts[label]:,} {parts[0].thing}s of `{label}`" for label in odd[:_LISTED])
    return [
        f"train has {said}, {others} none: if these have no label, move them out of {parts[0].path} and train again"
    ]


def _numbers(counts: Mapping[str, int], path: str, column: str) -> list[str]:
    """Say of labels that look like numbers, three or more, that their order is not used, and what uses it."""
    known = [label for label in counts if not reads_as_missing(label)]
    if len(known) < 3 or not are_numbers(known):
        return []
    what = f"the {len(known)} labels look like numbers, and each is a class by itself here"
    number = f"weft train {typed(path)} --value {typed(column or 'label')} predicts a number"
    steps = "; --set task.ordinal=true learns the order of the classes"
    return [f"{what}: {number}{steps if len(known) <= _STEPS else ''}"]


def few_of(labels: Sequence[str], label_E: np.ndarray) -> list[str]:
    """Name the labels of which the dev set has too few texts; `label_E` are their numbers [E], or bools [E, C]."""
    each_C = label_E.sum(0) if label_E.ndim > 1 else np.bincount(label_E, minlength=len(labels))
    few = [f"{each_C[label]} of `{labels[label]}`" for label in np.flatnonzero(each_C[: len(labels)] < FEWEST)]
    # of a small set all are few, which its size says
    return [f"the dev set has {listed(few)}: a score of so few says little"] if 0 < len(few) < len(labels) else []


def labels(parts: Sequence[Part], *, column: str = "") -> list[Finding]:
    """Check the number of texts of each label, of a column, and find labels that differ only in spelling."""
    counts = [Counter(part.every_name) for part in parts]
    total = sum(counts, Counter())
    table = [("label", *(part.name for part in parts))]
    table += [(label, *(f"{one[label]:,}" for one in counts)) for label, _ in total.most_common()]
    numbers = [
        Finding("numbers", "Labels that look like numbers", "fine", said)
        for said in _numbers(counts[0], parts[0].path, column)
    ]
    return [_label_counts(parts[0], counts, table), *numbers, _spellings(parts)]


def _label_counts(train: Part, counts: Sequence[Counter[str]], table: Sequence[Sequence[str]]) -> Finding:
    learned, title = counts[0], "Labels"
    if len(learned) < (1 if train.several else 2):
        said = f"only `{next(iter(learned))}`" if learned else "no labels"
        fix = "add texts of another label: a classifier needs at least two"
        fix = "name the column of the labels with `--label`, or give texts labels" if train.several else fix
        return Finding("labels", title, "error", said, 1, fix, table=table)
    tiny = {label for label, texts in learned.items() if texts < FEWEST}
    unknown = set().union(*counts) - set(learned)
    said = [counted(len(learned), "label")]
    if train.several:
        none = sum(not train.names(row) for row in range(len(train)))
        each = f"{learned.total() / len(train):.1f} a {train.thing}"
        said.append(f"{each}, and {none:,} of {len(train):,} {train.thing}s without any")
    if tiny:
        said.append(f"{len(tiny):,} with fewer than {FEWEST} texts: {_listed(sorted(tiny))}")
    if unknown:
        said.append(f"{len(unknown):,} not in train: {_listed(sorted(unknown))}")
    (most, many), (least, few) = learned.most_common(1)[0], learned.most_common()[-1]
    if _unbalanced(learned):
        said.append(f"`{most}` has {many:,} texts, `{least}` {few:,}")
    else:
        said.append(f"from {few:,} to {many:,} texts each")
    unset = _missing(learned)
    said += [one.partition(": ")[0] for one in unset]
    if not (tiny or unknown or unset or _unbalanced(learned)):
        return Finding("labels", title, "fine", "; ".join(said), table=table)
    fix = (
        "collect more of the rare labels or merge them; `--set task.loss.class_weights=balanced` gives them more weight"
    )
    if unknown:
        fix = "give train texts of every label, or remove the rows whose label it lacks: no model predicts it"
    if unset:
        fix = f"{unset[0].partition(': ')[2]}; {fix}"
    odd = tiny | {label for label in learned if unset and reads_as_missing(label)}
    rows = [train.row(row) for row in range(len(train)) if odd & set(train.names(row))]
    return Finding("labels", title, "error" if unknown else "warning", "; ".join(said),
                   len(odd | unknown) or 1, fix, rows, table)  # fmt: skip


def _unbalanced(counts: Mapping[str, int]) -> bool:
    return len(counts) > 1 and max(counts.values()) >= IMBALANCE * min(counts.values())


def _spellings(parts: Sequence[Part]) -> Finding:
    """Find labels that differ only in case, blanks, width or form of a number: `Pos` and `pos`, `1.0` and `1`."""
    counts = Counter(label for part, number in all_rows(parts) for label in part.spelled(number))
    alike: dict[str, list[str]] = {}
    for label, _ in counts.most_common():
        alike.setdefault(one_spelling(label), []).append(label)
    torn = {spelled: group[0].strip() for group in alike.values() if len(group) > 1 for spelled in group[1:]}
    # blanks at the ends are cut when labels are read, so they do no harm
    harmful = {spelled for spelled, usual in torn.items() if spelled.strip() != usual}
    title = "Spelling of labels"
    if not torn:
        return Finding("spellings", title, "fine", "no two labels differ only in case, spaces or width")
    rows = [
        part.row(number, note="; ".join(f"`{label}`, elsewhere `{torn[label]}`" for label in odd))
        for part, number in all_rows(parts)
        if (odd := [label for label in part.spelled(number) if label in torn])
    ]
    pairs = [f"`{spelled}` and `{usual}`" for spelled, usual in torn.items()]
    said = f"{'; '.join(pairs[:_LISTED])}{f' and {len(pairs) - _LISTED} more' if len(pairs) > _LISTED else ''}"
    if not harmful:
        said += ": read as one, since spaces at the ends are removed"
    fix = "write each label in one way: " + ", ".join(f"`{torn[spelled]}`" for spelled in list(torn)[:_LISTED])
    fix += "; or train with `--set task.label_spelling=joined`" if harmful else ""
    return Finding("spellings", title, "error" if harmful else "warning", said, len(torn), fix, rows)


def lengths(parts: Sequence[Part]) -> Finding:
    """Check the lengths of the texts, in characters, and find very long and very short ones; of a pair both count."""
    quantiles = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)
    table = [("split", f"{parts[0].thing}s", "shortest", "5%", "25%", "median", "75%", "95%", "longest")]
    rows: list[Row] = []
    for part in parts:
        lengths_N = np.array([sum(len(text.strip()) for text in texts) for texts in part.each], dtype=np.int64)
        told = np.quantile(lengths_N, quantiles, method="nearest") if len(part) else np.zeros(len(quantiles))
        table.append((part.name, f"{len(part):,}", *(f"{int(length):,}" for length in told)))
        limit = max(_LONG, _LONG_TIMES * float(np.median(lengths_N))) if len(part) else _LONG
        very_long = np.flatnonzero(lengths_N > limit).tolist()
        rows += [part.row(row, note=f"{lengths_N[row]:,} characters") for row in very_long]
        rows += [
            part.row(row, note="no letter or digit")
            for row, texts in enumerate(part.each)
            if any(text.strip() and not any(map(str.isalnum, text)) for text in texts)
        ]
    medians = (
        f"the median of the {parts[0].name} {parts[0].thing}s has {table[1][5]} characters, the longest {table[1][-1]}"
    )
    if not rows:
        return Finding("lengths", "Lengths", "fine", medians, table=table)
    empty = sum(row.note.startswith("no") for row in rows)
    said = [f"{empty:,} without a letter or digit"] if empty else []
    said += [f"{len(rows) - empty:,} very long"] if len(rows) > empty else []
    fix = "check that these are texts at all"
    fix += "" if parts[0].halves else "; `--long windows` reads long texts to their end"
    return Finding("lengths", "Lengths", "warning", f"{medians}; {', '.join(said)}", len(rows), fix, rows, table)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED:,} more"
