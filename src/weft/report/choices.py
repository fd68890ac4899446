"""The kinds of pages that a run may have: a task names one, a new one is a new line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from weft.errors import RunFolderError, did_you_mean
from weft.report.folder import Run
from weft.report.pages.generation import written
from weft.report.pages.labels import labelled, masked
from weft.report.pages.question_answering import asked
from weft.report.pages.tagging import tagged


@dataclass(frozen=True, slots=True)
class Page:
    """A template, and the function that gathers its values from a run."""

    template: str
    values: Callable[[Run], dict[str, Any]]


PAGES = {
    "labels": Page("run.html.j2", labelled),
    "tokens": Page("run.html.j2", masked),
    "text": Page("generation.html.j2", written),
    "tags": Page("tagging.html.j2", tagged),
    "joint": Page("run.html.j2", labelled),
    "spans": Page("question_answering.html.j2", asked),
}


def page_for(kind: str) -> Page:
    """Look a kind of page up. Raises RunFolderError for one that there is not."""
    if kind not in PAGES:
        raise RunFolderError(f"there is no page `{kind}`", hint=did_you_mean(kind, PAGES))
    return PAGES[kind]
