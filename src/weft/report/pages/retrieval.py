"""The page of a run that finds images for texts and texts for images: contact sheets of what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from weft.data.formats.image_files import thumbnail
from weft.report import formatting
from weft.report.figures.canvas import shorten
from weft.report.folder import Run
from weft.report.pages.labels import labelled
from weft.report.template import write_page

SHOWN = 160
"""Number of letters of a text."""


def found(run: Run) -> dict[str, Any]:
    """Gather the values of `retrieval.html.j2` beside those of every page of a run."""
    sheets = run.detail("sheets", {})
    images, texts = (formatting.count(run.detail(name, 0)) for name in ("images", "texts"))
    return {
        **labelled(run),
        "errors": None,
        "lead": f"{images} images with {texts} texts." if run.detail("texts", 0) else "",
        "alike": [{**_sheet(one), "image": Markup(thumbnail(str(one["query"])))} for one in sheets.get("alike", ())],
        "by_text": list(map(_sheet, sheets.get("by_text", ()))),
        "by_image": [
            {**_sheet(one), "image": Markup(thumbnail(str(one["query"])))} for one in sheets.get("by_image", ())
        ],
    }


def search_page(path: Path, title: str, lists: Sequence[Sequence[Mapping[str, Any]]], *, images: Sequence[str]) -> Path:
    """Write a page of queries, with the texts or images that were found for each, the nearest first.

    Args:
        path: of the page.
        title: where was searched.
        lists: for each query what was found: `query`, `score`, and `text` or `image`.
        images: the queries that are images.

    """
    rows = [
        {
            "query": shorten(str(one[0]["query"]), SHOWN),
            "image": Markup(thumbnail(str(one[0]["query"]))) if one[0]["query"] in images else "",
            "found": [_found(line) for line in one],
        }
        for one in lists
    ]
    return write_page(path, "search.html.j2", title=title, rows=rows)


def _sheet(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"query": shorten(str(one["query"]), SHOWN), "image": "", "found": list(map(_found, one["found"]))}


def _found(one: Mapping[str, Any]) -> dict[str, Any]:
    image = str(one.get("image", ""))
    return {
        "image": Markup(thumbnail(image)) if image else "",
        "name": image,
        "text": shorten(str(one.get("text", "")), SHOWN),
        "right": one.get("right", False),
        "score": f"{one['score']:.3f}" if "score" in one else "",
    }
