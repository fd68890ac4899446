"""Runs the data checks on questions on passages: on answers, questions and passages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from weft.data.checks.damage import marks
from weft.data.checks.duplicates import digests
from weft.data.checks.findings import Finding, Part, Row, counted
from weft.data.checks.labels_and_lengths import lengths
from weft.data.checks.scripts import scripts
from weft.data.examples.roles import as_option, find_roles
from weft.data.examples.span_questions import ROLES, Question, questions_of
from weft.data.sources import Table
from weft.dataset import DataConfig
from weft.errors import InputError
from weft.experiments.inspection.inspect import bad_rows, han_scripts, unspaced_scripts
from weft.training.reports import Note

SIDES = ("question", "passage")
OTHER = ", other answers"
ANEW = "; then drop `answer_start`: the position of an answer is searched again"


@dataclass(frozen=True, slots=True)
class _Asked:
    """The questions of one file."""

    part: str
    table: Table
    questions: Sequence[Question]

    def row(self, one: Question, *, note: str = "") -> Row:
        """Return one of them to be shown."""
        return Row(
            self.part, one.line, self.table.place(one.line), one.question, " / ".join(one.right), note, one.passage
        )


def inspect_questions(
    data: DataConfig, *, text: str | None = None, label: str | None = None
) -> Iterator[Note | Finding]:
    """Check questions on passages, yielding notes and findings; columns are found as in training.

    Raises InputError if a file cannot be read at all or its columns are unclear.
    """
    found: list[_Asked] = []
    for name, file in {"train": data.train, "dev": data.dev, "test": data.test}.items():
        if file:
            table = data.open(file, on_bad_row="skip")
            columns = find_roles(table, ROLES, named={"text": text, "label": label})
            answers = columns["label"][0]
            rows = list(questions_of(table, columns=columns["text"], label=answers))
            if not rows:
                raise InputError("no row can be read", where=table.source, hint=table.bad[0].what if table.bad else "")
            found.append(_Asked(name, table, rows))
            said = f"question and passage from `{as_option(columns['text'])}`, answers from `{answers}`"
            yield Note(f"{table.path}: {counted(len(rows), 'question')}; {said}")
    yield bad_rows({one.part: one.table for one in found})
    yield _answers(found)
    yield _lost(found)
    yield _moved(found)
    yield _repeats(found)
    if len(found) > 1:
        yield _overlap(found)
    for side in SIDES:
        parts = [_side(one, side) for one in found]
        for finding in (lengths(parts), scripts(parts), *han_scripts(parts), *unspaced_scripts(parts), *marks(parts)):
            fix = finding.fix.split(";")[0] if finding.key == "lengths" else finding.fix  # the rest is of labels
            fix += ANEW if side == "passage" and finding.key in ("characters", "markup") and fix else ""
            yield replace(finding, key=f"{finding.key}-{side}", title=f"{finding.title}: {side}s", fix=fix)


def _answers(found: Sequence[_Asked]) -> Finding:
    """Count questions, passages, answers, and questions without any."""
    table = [("split", "questions", "passages", "without an answer", "with several")]
    for one in found:
        passages, answers = {asked.passage for asked in one.questions}, [len(asked.right) for asked in one.questions]
        counts = (len(one.questions), len(passages), answers.count(0), sum(number > 1 for number in answers))
        table.append((one.part, *(f"{number:,}" for number in counts)))
    shares = [sum(not asked.right for asked in one.questions) / len(one.questions) for one in found]
    said = "; ".join(f"{share:.0%} of {one.part} have no answer" for one, share in zip(found, shares, strict=True))
    said = said if any(shares) else "every question has an answer"
    never = [one.part for one, share in zip(found[1:], shares[1:], strict=True) if share and not shares[0]]
    if never:
        fix = "without unanswerable questions in train the model always predicts an answer: add some"
        return Finding("answers", "Answers", "warning", said, len(never), fix, table=table)
    if shares[0] == 1:
        fix = "is `--label` the right column?"
        return Finding(
            "answers", "Answers", "error", "no question has an answer", len(found[0].questions), fix, table=table
        )
    return Finding("answers", "Answers", "fine", said, table=table)


def _lost(found: Sequence[_Asked]) -> Finding:
    """Report questions none of whose answers occur in their passages."""
    title = "Answers not in the passage"
    rows = [one.row(asked) for one in found for asked in one.questions if asked.unplaced and not asked.answers]
    if not rows:
        return Finding("lost", title, "fine", "every answerable question has an answer in its passage")
    said = f"{counted(len(rows), 'question')} that training skips, and that no prediction can match in a test set"
    fix = "copy the answer from the passage letter by letter, or correct the passage"
    return Finding("lost", title, "warning", said, len(rows), fix, rows)


def _moved(found: Sequence[_Asked]) -> Finding:
    """Report answers that occur elsewhere than their `answer_start` says."""
    title = "Wrong answer positions"
    rows = [one.row(asked, note=_taken(asked)) for one in found for asked in one.questions if asked.moved]
    if not rows:
        return Finding("moved", title, "fine", "each answer is at its `answer_start`, as far as one is given")
    said = f"{counted(len(rows), 'question')}: the nearest occurrence of the answer is used"
    fix = "count characters from 0, not bytes or words"
    return Finding("moved", title, "warning", said, len(rows), fix, rows)


def _taken(asked: Question) -> str:
    """Describe the positions of a question's answers in its passage."""
    return "taken from character " + ", ".join(f"{span.start:,}" for span in asked.answers or ())


def _repeats(found: Sequence[_Asked]) -> Finding:
    """Report questions that occur again with the same passage, within a file."""
    title, rows = "Repeated questions", []
    for one in found:
        first: dict[tuple[bytes, ...], Question] = {}
        sides = (digests((getattr(asked, side) for asked in one.questions), "alike") for side in SIDES)
        for asked, key in zip(one.questions, zip(*sides, strict=True), strict=True):
            before = first.setdefault(key, asked)
            if before is not asked:
                differ = "" if set(before.right) & set(asked.right) or before.right == asked.right else OTHER
                rows.append(one.row(asked, note=f"same as line {before.line:,}{differ}"))
    if not rows:
        return Finding("repeats", title, "fine", "no question is repeated for the same passage")
    other = sum(row.note.endswith(OTHER) for row in rows)
    said = f"{counted(len(rows), 'question')} of the same passage, {other:,} of them with other answers"
    fix = "put all right answers of a question into one row, and keep that"
    return Finding("repeats", title, "warning", said, len(rows), fix, rows)


def _overlap(found: Sequence[_Asked]) -> Finding:
    """Report the questions of dev and test on passages that occur in train too."""
    title = "Overlap between splits: passages"
    known, *others = (digests((asked.passage for asked in one.questions), "alike") for one in found)
    learned = set(known)
    rows = [
        one.row(asked)
        for one, keys in zip(found[1:], others, strict=True)
        for asked, key in zip(one.questions, keys, strict=True)
        if key in learned
    ]
    if not rows:
        return Finding("overlap", title, "fine", "no passage of dev or test is in train")
    said = f"{counted(len(rows), 'question')} of dev and test are on passages of train"
    fix = "split by passages, not by questions: scores on passages that the model was trained on are too good"
    return Finding("overlap", title, "error", said, len(rows), fix, rows)


def _side(one: _Asked, side: str) -> Part:
    """Return all questions of a file, or all its passages, each once."""
    lines: dict[str, int] = {}
    for asked in one.questions:
        lines.setdefault(getattr(asked, side), asked.line)
    return Part(one.part, one.table.path, list(lines), [""] * len(lines), list(lines.values()))
