"""The page of a run that predicts labels: confusion matrix, calibration, classes, and wrong answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from markupsafe import Markup

from weft.data.formats.image_files import is_image, thumbnail
from weft.data.formats.sound_files import is_sound, playable
from weft.metrics.saved_scores import Interval
from weft.report import formatting
from weft.report.figures.canvas import shorten
from weft.report.figures.matrix import confusion
from weft.report.figures.plots import reliability
from weft.report.folder import Errors, Run, hardest_errors, sureness

SHOWN = 150  # columns of a text in the table of errors; the rest unfolds
PAIRED = 6  # labels at most, for the confusion matrix and the calibration to stand side by side
COMPACT = 20  # labels at most, for their table to write out each interval; of more the worst stand first, others unfold
SCORES = ("precision", "recall", "f1")
WHOLE = 20_000  # letters of a text at most
CUT = 60  # columns of an answer in the table of errors


def labelled(run: Run) -> dict[str, Any]:
    """Gather the values of `run.html.j2` of a run that predicts labels, beside those of every page of a run."""
    labels, classes = run.labels, _class_rows(run)
    if len(classes) > COMPACT:
        classes.sort(key=lambda row: (row["f1"].value if row["f1"] else 2.0, -(row["support"] or 0)))
    return {
        "lead": _lead(run),
        "classes": classes[:COMPACT] if len(classes) > COMPACT else classes,
        "more_classes": classes[COMPACT:],
        "levels": _levels(run),
        "thresholds": any(row["threshold"] is not None for row in classes),
        "confusion": Markup(confusion(counts, labels)) if (counts := run.detail("confusion", [])) else "",
        "few_labels": len(labels) <= PAIRED,
        "compact": len(classes) > COMPACT,
        "calibration": Markup(reliability(run.detail("calibration", []))),
        "errors": _errors(hardest_errors(run)),
    }


def masked(run: Run) -> dict[str, Any]:
    """Gather the values of `run.html.j2` of a run that predicts masked tokens: its errors are counted by text."""
    return {**labelled(run), "errors": _errors(hardest_errors(run), "texts")}


def _lead(run: Run) -> str:
    errors = hardest = ""
    counts = run.detail("confusion", [])
    total, hits = sum(map(sum, counts)), sum(row[place] for place, row in enumerate(counts))
    if exact := run.detail("exact", {}):
        total, hits = exact["texts"], exact["right"]
    if total:
        what = "do not get exactly their labels" if exact else "are misclassified"
        errors = f"{total - hits:,} of {total:,} texts {what}. " if hits < total else ""
        rows = [row for row in _class_rows(run) if row["f1"] and row["support"]]
        if len(rows) > 1 and hits < total:
            worst = min(rows, key=lambda row: row["f1"].value)
            hardest = f"Lowest F1: “{shorten(worst['label'], 40)}”, {formatting.score(worst['f1'].value)}."
    return f"{errors}{hardest}".strip()


def _levels(run: Run) -> list[dict[str, str]]:
    """Describe the scores of a hierarchy of labels, level by level."""
    return [
        {
            "level": formatting.count(row.get("level")),
            "labels": formatting.count(row.get("labels")),
            **{name: formatting.score(row[name]) for name in ("accuracy", "macro_f1")},
        }
        for row in run.detail("levels", [])
    ]


def _class_rows(run: Run) -> list[dict[str, Any]]:
    return [
        {
            "label": str(row.get("label", "")),
            "support": row.get("support"),
            "threshold": row.get("threshold"),
            # of a label without texts there is nothing to score
            **{name: Interval.read(row.get(name)) if row.get("support") else None for name in SCORES},
        }
        for row in run.detail("per_class", [])
    ]


def _label(found: Any) -> str:
    return ", ".join(map(str, found)) or "none" if isinstance(found, list) else str(found)


def _errors(errors: Errors | None, what: Literal["answers", "texts"] = "answers") -> dict[str, Any] | None:
    if errors is None or not errors.answers:
        return None
    wrong = f"{errors.wrong:,} of {errors.answers:,} predictions {'is' if errors.wrong == 1 else 'are'} wrong"
    if what == "texts":
        wrong = f"In {errors.wrong:,} of {errors.answers:,} texts a masked token is predicted wrong"
    if not errors.wrong:
        return {"said": f"None: all {errors.answers:,} predictions are correct.", "rows": []}
    shown = f"; these are the {len(errors.hardest)} with the highest confidence"
    most = "" if len(errors.hardest) == errors.wrong else shown
    read = "Text" if any("text" in row for row in errors.hardest) else "Columns"
    return {"said": f"{wrong}{most}.", "read": read, "rows": [_error_row(row) for row in errors.hardest]}


def _columns(row: Mapping[str, Any]) -> Mapping[str, Any]:
    found = row.get("columns")
    return found if isinstance(found, Mapping) else {}


def _error_row(row: Mapping[str, Any]) -> dict[str, Any]:
    texts = [str(row[name]) for name in ("text", "second", "passage") if name in row]
    beside = {name: " ".join(value) if isinstance(value, list) else value for name, value in _columns(row).items()}
    files = [str(value) for value in (row.get("file"), *beside.values()) if value]
    image, sound = (next(filter(is_one, files), "") for is_one in (is_image, is_sound))
    columns = [f"{name}: {value}" for name, value in beside.items() if value]
    columns += [image or sound] if (image or sound) and not columns and not texts else []
    text = " | ".join([*texts, *columns])
    short = shorten(text, SHOWN)
    cut = len(text) - WHOLE
    whole = text if cut <= 0 else f"{text[:WHOLE]}… ({cut:,} more letters)"
    sure = sureness(row)
    return {
        "short": short,
        "whole": whole if short.endswith("…") and not text.endswith("…") else "",
        "image": Markup(thumbnail(image)) if image else "",
        "sound": Markup(playable(sound)) if sound else "",
        "label": shorten(_label(row.get("labels", row.get("label", ""))), CUT),
        "answer": shorten(_label(row.get("answer", "")), CUT),
        "sure": formatting.NOTHING if sure is None else formatting.score(sure),
        "line": formatting.count(row.get("line")),
    }
