"""The page of a run with several tasks: the part of the page of each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from weft.metrics.saved_scores import by_task
from weft.report.folder import Run
from weft.report.pages.floors import best_floor, floor_rows
from weft.report.pages.page import Page
from weft.report.template import filled


def several(run: Run, pages: Mapping[str, Page]) -> dict[str, Any]:
    """Gather the values of `joint.html.j2`: those of the page of each task, of the kinds that `pages` has.

    Raises RunFolderError where the answers are damaged.
    """
    tasks = []
    for number, (name, scores) in enumerate(by_task(run.scores).items(), 1):
        own = replace(run, scores={**scores, "encoder": name}, of_task=name)
        page = pages[own.page]
        values = page.values(own)
        shown = filled(page.sections, run=own, at=f"task-{number}-", of=f"{name}: ", **values)
        floors = filled("floors.html.j2", floors=floor_rows(own))
        lead = f"{values['lead']} {best_floor(own)}".strip()
        tasks.append({"name": name, "lead": lead, "floors": Markup(floors), "sections": Markup(shown)})
    return {"lead": "", "tasks": tasks}
