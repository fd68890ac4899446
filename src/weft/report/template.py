"""Fills templates with values, and writes them as self-contained pages."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from weft.files import write_text
from weft.metrics.names import measure
from weft.report import formatting
from weft.report.figures.canvas import PALETTE


def write_page(path: Path, template: str, **values: Any) -> Path:
    """Fill a template with values and write it as one self-contained page."""
    page = filled(template, **values)
    write_text(path, page.encode("utf-8", "replace").decode("utf-8"))  # a text may hold half a surrogate pair
    return path


def filled(template: str, **values: Any) -> str:
    """Fill a template, or a part of one, with values."""
    return _templates().get_template(template).render(palette=PALETTE, words=formatting, measure=measure, **values)


@cache
def _templates() -> jinja2.Environment:
    """Return the templates, each of which is compiled once for all the pages of a process."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    found.filters["codes"] = _codes
    return found


def _codes(sentence: str) -> Markup:
    """Set text in backticks as code; all else is escaped."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(sentence))))
