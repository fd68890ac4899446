"""A kind of page: its templates, and the function that gathers their values from a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from weft.report.folder import Run


@dataclass(frozen=True, slots=True)
class Page:
    """The template of a page, the function that gathers its values, and the template of the sections of its own."""

    template: str
    values: Callable[[Run], dict[str, Any]]
    sections: str = "labels.html.j2"
