"""The page of `weft inspect`: a table of findings, then each with its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from weft.data.checks.findings import Finding, Row, counted
from weft.data.formats.image_files import is_image, thumbnail
from weft.data.formats.sound_files import is_sound, playable
from weft.report import formatting
from weft.report.figures.canvas import shorten
from weft.report.template import write_page

SHOWN = 25
"""Number of rows of a finding on the page; `inspection.json` has all."""
TABLED = 40
"""Number of rows of a small table on the page."""
_TEXT = 150  # columns of a text; the rest unfolds
_WHOLE = 5_000  # letters of a text at most
CALLED = {"error": "error", "warning": "warning", "fine": "ok"}
_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"}
_PICTURES |= dict.fromkeys(range(0x7F, 0xA0), 0x2426)  # a browser would show nothing


def inspection_page(findings: Sequence[Finding], path: Path, *, title: str) -> Path:
    """Write the page: a table of all findings, then each with its rows, in the order given."""
    # a page with rows of train alone needs no parts: its title names the file
    several = any(row.part != "train" for one in findings for row in one.rows)
    shown = [_shown(one) for one in findings]
    return write_page(path, "inspection.html.j2", title=title, tally=tally(findings), several=several, findings=shown)


def tally(findings: Sequence[Finding]) -> str:
    """Count the errors and warnings: `2 errors and 3 warnings`."""
    counts = Counter(one.severity for one in findings)
    if counts["error"] and counts["warning"]:
        return f"{counted(counts['error'], 'error')} and {counted(counts['warning'], 'warning')}"
    if counts["error"]:
        return counted(counts["error"], "error")
    return counted(counts["warning"], "warning") if counts["warning"] else "No problems found"


def _shown(finding: Finding) -> dict[str, Any]:
    return {
        "finding": finding,
        "called": CALLED[finding.severity],
        "count": f"{finding.count:,}" if finding.count else formatting.NOTHING,
        "texts": any(row.text or row.label for row in finding.rows),
        "labels": any(row.label for row in finding.rows),
        "notes": any(row.note for row in finding.rows),
        "rows": [_row(row) for row in finding.rows[:SHOWN]],
        "more": max(0, len(finding.rows) - SHOWN),
        "head": finding.table[0] if finding.table else (),
        "table": finding.table[1 : 1 + TABLED],
        "numbers": [_are_numbers(column) for column in zip(*finding.table[1:], strict=True)],
        "more_table": max(0, len(finding.table) - 1 - TABLED),
    }


def _are_numbers(column: Sequence[str]) -> bool:
    return all(cell[:1].isdigit() for cell in column)


def _row(row: Row) -> dict[str, Any]:
    texts = [text.translate(_PICTURES) for text in ((row.text, row.second) if row.second else (row.text,))]
    shorts, text = [shorten(one, _TEXT) for one in texts], "\n\n".join(texts)
    cut = len(text) - _WHOLE
    whole = text if cut <= 0 else f"{text[:_WHOLE]}… ({cut:,} more letters)"
    unfolds = any(short.endswith("…") and not one.endswith("…") for short, one in zip(shorts, texts, strict=True))
    return {
        "part": row.part,
        "line": row.where if not row.where.endswith(f":{row.line}") else f"{row.line:,}",
        "shorts": shorts,
        "whole": whole if unfolds else "",
        "image": Markup(thumbnail(row.text)) if is_image(row.text) else "",
        "sound": Markup(playable(row.text)) if is_sound(row.text) else "",
        "label": row.label,
        "note": row.note.translate(_PICTURES),
    }
