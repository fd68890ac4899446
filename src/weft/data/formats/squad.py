"""Reads questions on passages from SQuAD's nested JSON, and locates answers in their passages.

The nested form (Rajpurkar et al. 2016) is one object: `data` has articles, these have `paragraphs`, each a `context`
with its `qas`. CMRC 2018 has it too. Its rows are the questions, each identified by its path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weft.errors import InputError

COLUMNS = ("id", "title", "context", "question", "answers")
_PLACE = re.compile(r"-?[0-9]+(\.0*)?")


@dataclass(frozen=True, slots=True)
class Span:
    """An answer, and the character of its passage at which it starts."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """The position after its last character."""
        return self.start + len(self.text)


def question_rows(text: str) -> Iterator[tuple[str, dict[str, Any] | InputError]]:
    """Yield the questions of a nested file with their paths, `data[0].paragraphs[0].qas[0]`; InputErrors for bad ones.

    Raises InputError if the file as a whole is not of this form.
    """
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        what = f"is not JSON: {error.msg[:1].lower()}{error.msg[1:].removesuffix(' at')} at column {error.colno}"
        raise InputError(what, where=f":{error.lineno}", hint="write one object, or an object on each line") from None
    for path, article in _each({"data": whole} if isinstance(whole, list) else whole, "data", ""):
        for paragraph_path, paragraph in _each(article, "paragraphs", path):
            for question_path, question in _each(paragraph, "qas", paragraph_path):
                row = {"title": article.get("title"), "context": paragraph.get("context"), **question}
                lacking = [key for key in ("context", "question") if not isinstance(row.get(key), str)]
                yield question_path, InputError(f"has no `{lacking[0]}`") if lacking else row


def _each(parent: Any, name: str, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects in a list of an object, each with its path."""
    within = f"{path}.{name}" if path else name
    listed = parent.get(name) if isinstance(parent, dict) else None
    if not isinstance(listed, list):
        hint = "SQuAD's form is data[].paragraphs[].qas[]; else write an object on each line"
        raise InputError(f"expected a list `{within}`", hint=hint)
    for number, item in enumerate(listed):
        if not isinstance(item, dict):
            raise InputError(f"expected an object, found {type(item).__name__}", where=f" {within}[{number}]")
        yield f"{within}[{number}]", item


def answers_of(value: Any) -> list[tuple[str, int | None]]:
    """Return the texts of answers, each once, with where each starts if that is given: of any of the forms in use.

    These are a list of objects with `text` and `answer_start` (or `start`), one object with lists of both, a list of
    texts, and a text alone. An empty text, null and an empty list are no answers. Raises InputError for anything else.
    """
    if isinstance(value, Mapping):
        texts, starts = value.get("text"), value.get("answer_start", value.get("start"))
        if isinstance(texts, list):
            starts = starts if isinstance(starts, list) else [None] * len(texts)
            if len(starts) != len(texts):
                raise InputError(f"{len(texts)} answers have {len(starts)} `answer_start`, expected as many")
            value = [{"text": text, "start": start} for text, start in zip(texts, starts, strict=True)]
        else:
            value = [value]
    listed = value if isinstance(value, list | tuple) else [] if value is None else [value]
    read: dict[tuple[str, int | None], None] = {}
    for item in listed:
        answer = item if isinstance(item, Mapping) else {"text": item}
        text, start = answer.get("text"), answer.get("answer_start", answer.get("start"))
        if not isinstance(text, str):
            raise InputError("expected an answer with `text` and `answer_start`")
        if start is not None and not _PLACE.fullmatch(str(start)):
            raise InputError(f"expected a whole number as `answer_start`, found `{start}`")
        if text.strip():
            read[text, None if start is None else int(str(start).partition(".")[0])] = None
    return list(read)


def _stands(passage: str, text: str, start: int | None) -> bool:
    return start is not None and start >= 0 and passage.startswith(text, start)


def placed(passage: str, text: str, start: int | None) -> Span | None:
    """Find the occurrence of an answer nearest to its stated start, the first if none is stated; None if there is none.

    White space at the ends of an answer is no part of it.
    """
    if start is not None and text.strip() and _stands(passage, text, start):
        start, text = start + len(text) - len(text.lstrip()), text.strip()
        return Span(text, start)
    text = text.strip()
    starts = [match.start() for match in re.finditer(f"(?={re.escape(text)})", passage)] if text else []
    return Span(text, min(starts, key=lambda place: abs(place - (start or 0)))) if starts else None


def spans_of(passage: str, answers: Sequence[tuple[str, int | None]]) -> tuple[list[Span], int, int]:
    """Locate answers in a passage, each once; also count those that were moved to match, and those not in it."""
    spans = [placed(passage, text, start) for text, start in answers]
    kept = [span for span in spans if span is not None]
    moved = sum(
        span is not None and start is not None and span.start - start not in (0, len(text) - len(text.lstrip()))
        for span, (text, start) in zip(spans, answers, strict=True)
    )
    return list(dict.fromkeys(kept)), moved, len(spans) - len(kept)
