"""The page of a run that answers questions: each answer marked in its passage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from weft.metrics.answers import f1, style_of
from weft.metrics.saved_scores import Interval, is_number
from weft.report import formatting
from weft.report.folder import Run
from weft.run_folder import read_answers

SURE, RIGHT = 12, 4
"""Number of wrong answers on the page, of highest confidence first, and of right ones."""
AROUND = 160
"""Number of characters of a passage that are shown on each side of a mark."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A span of a passage, from its first to after its last character, and its kind."""

    start: int
    end: int
    kind: str


def asked(run: Run) -> dict[str, Any]:
    """Gather the values of `question_answering.html.j2` beside those of every page of a run.

    Raises RunFolderError where the answers are damaged.
    """
    rows = [row for row in read_answers(run.folder) if "question" in row and "answers" in row]
    shares = [f1(str(row["answer"]), row["answers"], style=style_of(row["question"])) for row in rows]
    order = sorted(range(len(rows)), key=lambda row: (shares[row], -_sure(rows[row])))
    wrong = [row for row in order if shares[row] < 1]
    right = [row for row in reversed(order) if shares[row] == 1 and rows[row]["answer"]]
    return {
        "lead": f"{len(wrong):,} of {len(rows):,} questions are not answered exactly right." if rows else "",
        "kinds": _kinds(run),
        "wrong": [_card(rows[row], shares[row]) for row in wrong[:SURE]],
        "right": [_card(rows[row], shares[row]) for row in right[:RIGHT]],
    }


def marked(passage: str, marks: Sequence[Mark]) -> Markup:
    """Cut the part of a passage around some marks, with these in it; of marks that overlap the first one stays."""
    kept: list[Mark] = []
    for mark in sorted((one for one in marks if one.end > one.start), key=lambda one: one.start):
        if not kept or mark.start >= kept[-1].end:
            kept.append(mark)
    if not kept:
        return escape(passage[: 2 * AROUND] + ("…" if len(passage) > 2 * AROUND else ""))
    parts, at = [], max(0, kept[0].start - AROUND)
    parts.append(escape("…" if at else ""))
    for mark in kept:
        between = passage[at : mark.start]
        if len(between) > 2 * AROUND:
            between = f"{between[:AROUND]} … {between[-AROUND:]}"
        parts += [
            escape(between),
            Markup('<mark class="{}">{}</mark>').format(mark.kind, passage[mark.start : mark.end]),
        ]
        at = mark.end
    parts.append(escape(passage[at : at + AROUND] + ("…" if at + AROUND < len(passage) else "")))
    return Markup("").join(parts)


def _card(row: Mapping[str, Any], share: float) -> dict[str, Any]:
    passage, answer = str(row.get("passage", "")), str(row["answer"])
    given = Mark(int(row.get("start", 0)), int(row.get("end", 0)), "right" if share == 1 else "wrong")
    right = [str(one) for one in row["answers"]]
    found = [
        Mark(place, place + len(one), "missing") for one in right[:1] if (place := _near(passage, one, given)) >= 0
    ]
    return {
        "question": row["question"],
        "passage": marked(passage, [given, *(found if share < 1 else [])]),
        "answer": answer or "(not in the text)",
        "expected": " / ".join(right) or "(not in the text)",
        "sure": formatting.score(_sure(row)),
        "share": formatting.score(share),
        "wrong": share < 1,
    }


def _near(passage: str, text: str, given: Mark) -> int:
    """Find the place of a right answer: where it overlaps the predicted one, else the first."""
    inside = passage.find(text, max(0, given.start - len(text)), given.end + len(text))
    return inside if inside >= 0 and given.end else passage.find(text)


def _sure(row: Mapping[str, Any]) -> float:
    sure = row.get("probability")
    return sure if is_number(sure) else 0.0


def _kinds(run: Run) -> list[dict[str, Any]]:
    """Return scores of questions with an answer, and of those without one, where there are both."""
    titles = {"with_answer": "With an answer in the passage", "without_answer": "Without"}
    found = [(title, run.detail(name, {})) for name, title in titles.items()]
    if not all(part.get("questions") for _, part in found):
        return []
    return [
        {
            "title": title,
            "count": formatting.count(part["questions"]),
            **{name: Interval.read(part.get(name)) for name in ("exact_match", "f1")},
        }
        for title, part in found
    ]
