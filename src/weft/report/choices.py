"""The kinds of pages that a run may have: a task names one, a new one is a new line here."""

from __future__ import annotations

from functools import partial

from weft.errors import RunFolderError, did_you_mean
from weft.report.pages.generation import written
from weft.report.pages.joint import several
from weft.report.pages.labels import labelled, masked
from weft.report.pages.numbers import numbered
from weft.report.pages.page import Page
from weft.report.pages.question_answering import asked
from weft.report.pages.retrieval import found
from weft.report.pages.similarity import alike
from weft.report.pages.tagging import tagged

PAGES = {
    "labels": Page("run.html.j2", labelled),
    "tokens": Page("run.html.j2", masked),
    "text": Page("generation.html.j2", written),
    "numbers": Page("numbers.html.j2", numbered, "numbers_sections.html.j2"),
    "tags": Page("tagging.html.j2", tagged, "tags.html.j2"),
    "pairs": Page("similarity.html.j2", alike),
    "gallery": Page("retrieval.html.j2", found),
    "spans": Page("question_answering.html.j2", asked),
}


PAGES["several"] = Page("joint.html.j2", partial(several, pages=PAGES))


def page_for(kind: str) -> Page:
    """Look a kind of page up. Raises RunFolderError for one that there is not."""
    if kind not in PAGES:
        raise RunFolderError(f"there is no page `{kind}`", hint=did_you_mean(kind, PAGES))
    return PAGES[kind]
