"""The page of a comparison over folds or seeds: scores, differences, curves, F1 by label, confusion matrices.

It reads `comparison.json` and, for the curves, the reports of the runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

from markupsafe import Markup

from weft.evaluation.compare import p_in_words
from weft.files import read_json
from weft.metrics.names import Better, Form, measure
from weft.metrics.saved_scores import Interval, is_number
from weft.report import formatting
from weft.report.figures.canvas import HALF, shorten
from weft.report.figures.curves import Curve, epoch_curves
from weft.report.figures.frontier import Model
from weft.report.figures.matrix import confusion
from weft.report.figures.plots import reliability
from weft.report.folder import Run, read_run
from weft.report.pages.columns import Cell, figures, metric
from weft.report.pages.labels import COMPACT
from weft.report.pages.run import Headline
from weft.report.template import write_page
from weft.run_folder import PAGE

SIDE_BY_SIDE = 8  # labels at most, for confusion matrices to stand side by side with their names

Found = Mapping[str, Any]
Runs = Mapping[str, Sequence[Run]]


@dataclass(frozen=True, slots=True)
class _Column:
    """A column: its value of a model, with notes beside and below it, its form, and the direction that is better."""

    title: str
    value: Callable[[Found], float]
    shown: Callable[[float], str]
    better: Better
    beside: Callable[[Found], str] = lambda _: ""
    below: Callable[[Found], str] = lambda _: ""


@dataclass(frozen=True, slots=True)
class _Against:
    """A cell of the table of differences between models."""

    said: str = ""
    p: str = ""
    kind: Literal["better", "worse", "unclear"] = "unclear"


def experiment_page(folder: Path) -> Path:
    """Write `page.html` into the folder of a comparison.

    Raises RunFolderError where one of the runs is missing or damaged.
    """
    found = read_json(folder / "comparison.json")
    models = found["models"]
    runs = {name: [read_run(folder / place) for place in places] for name, places in found["runs"].items()}
    best = next(model for model in models if model["name"] == found["best"])
    several, decides = found["repeats"] * found["folds"] > 1, found["decides"]
    known = measure(decides)
    labelled = "details" in best
    shown = _columns(found["shown"], several=several, labelled=labelled)
    steered = measure(metric([run for each in runs.values() for run in each]))
    dots, curves = [_dot(model, decides) for model in models], _curves(runs, partial(_dev, name=steered.name))
    return write_page(
        folder / PAGE,
        "comparison.html.j2",
        found=found,
        over=_over(found),
        best=best,
        decides=decides,
        measured=measure(decides).called,
        signed=lambda value: f"{value:+.{1 if known.form == 'points' else 3}f}".replace("-", "−"),
        headline=_headline(found, best),
        lead=_lead(found),
        columns=[column.title for column in shown],
        rows=list(zip(models, zip(*(_cells(column, models) for column in shown), strict=True), strict=True)),
        several=several,
        against=_against(found),
        p=p_in_words,
        **figures(dots, curves, score=known, dev=steered.name),
        losses=_losses(runs),
        compact=COMPACT,
        labelled=labelled,
        greedy=any(run.detail("search", "") for each in runs.values() for run in each),
        **(_labelled(models) if labelled else {"classes": ()}),
    )


def _labelled(models: Sequence[Found]) -> dict[str, Any]:
    """Gather the values of models that predict labels."""
    return {
        "classes": _class_rows(models),
        "confusions": _confusions(models),
        "in_a_row": len(models[0]["details"]["labels"]) <= SIDE_BY_SIDE,
        "calibrations": [
            Markup(reliability(model["details"]["calibration"], title=model["name"], size="small")) for model in models
        ],
    }


def _headline(found: Found, best: Found) -> Headline:
    """Name the best model and its score in a sentence."""
    known, trained = measure(found["decides"]), len(found["runs"])
    score = formatting.score(best["scores"][known.name]["mean"], known.form)
    of_all = f", the best of the {trained} models trained" if trained > 1 else ""
    return Headline(f"{best['name']} reaches", score, f"{known.called}{of_all}", "")


def _over(found: Found) -> str:
    names = [model["name"] for model in found["models"] if model["name"] in found["runs"]]
    models = f"{len(names)} model{'' if len(names) == 1 else 's'}"
    return f"{models} compared · {found['data']}"


def _lead(found: Found) -> str:
    """Name the models that the best one beats, and those from which it does not differ significantly."""
    rivals = [pair for pair in found["pairs"] if found["best"] in (pair["one"], pair["other"])]
    behind = [pair["other"] for pair in rivals if pair["told_apart"] and pair["one"] == found["best"]]
    ahead = [pair["one"] for pair in rivals if pair["told_apart"] and pair["other"] == found["best"]]
    like = [_other(pair, found["best"]) for pair in rivals if not pair["told_apart"]]
    said = [
        f"{start} {_listed(names)}"
        for start, names in (("better than", behind), ("worse than", ahead), ("not significantly different from", like))
        if names
    ]
    return f"It is {_listed(said)}." if said else ""


def _other(pair: Found, name: str) -> str:
    return pair["other"] if pair["one"] == name else pair["one"]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _columns(names: Sequence[str], *, several: bool, labelled: bool) -> list[_Column]:
    def over_runs(name: str, below: Callable[[Found], str] = lambda _: "") -> _Column:
        known = measure(name)

        def deviation(model: Found) -> str:
            value = formatting.score(model["scores"][name]["deviation"], known.form)
            return f" ± {value.removesuffix('%')}" if several else ""

        shown = partial(formatting.score, form=known.form)
        return _Column(known.title, lambda model: model["scores"][name]["mean"], shown, known.better, deviation, below)

    def span(model: Found) -> str:
        pooled = Interval.read(model["pooled"][decides])
        return formatting.span(pooled, measure(decides).form) if pooled else ""

    def error(model: Found) -> float:
        return model["pooled"]["calibration_error"]["value"]

    decides, *others = names
    calibration = [_Column(measure("calibration_error").title, error, formatting.score, "lower")]
    return [
        over_runs(decides, span),
        *(over_runs(name) for name in others),
        *(calibration if labelled else []),
        _Column("Texts/s", lambda model: model["texts_per_second"], formatting.pace, "higher"),
        _Column("Size", lambda model: model["size_bytes"], formatting.size, "lower"),
        _Column("Training", lambda model: model["train_seconds"], formatting.duration, "lower"),
    ]


def _cells(column: _Column, models: Sequence[Found]) -> list[tuple[Cell, str]]:
    values = [column.value(model) for model in models]
    best = column.shown(max(values) if column.better == "higher" else min(values)) if len(values) > 1 else None
    shown = [column.shown(value) for value in values]
    return [
        (Cell(text, column.below(model), text == best), column.beside(model))
        for text, model in zip(shown, models, strict=True)
    ]


def _against(found: Found) -> list[tuple[str, list[_Against]]]:
    """Compare each model, from the best to the worst, with each other: a row has its differences to the columns."""
    pairs = {frozenset((pair["one"], pair["other"])): pair for pair in found["pairs"]}
    names = [model["name"] for model in found["models"]]
    names.sort(key=lambda name: sum(pair["one"] == name for pair in found["pairs"]), reverse=True)
    decides = found["decides"]
    return [(name, [_facing(name, pairs.get(frozenset((name, other))), decides) for other in names]) for name in names]


def _facing(name: str, pair: Found | None, decides: str) -> _Against:
    if pair is None:
        return _Against()
    ahead, known = pair["one"] == name, measure(decides)
    facts = f"{p_in_words(pair['p'])}{_interval(pair, known.form, ahead=ahead)}"
    points = formatting.score(abs(pair["difference"]), known.form).removesuffix("%")
    if not pair["told_apart"]:
        sign = "" if not float(points) else "+" if ahead else "−"
        return _Against(f"not significant ({sign}{points})", facts)
    kind: Literal["better", "worse"] = "better" if ahead else "worse"
    return _Against(f"{kind} by {points}", facts, kind)


def _interval(pair: Found, form: Form, *, ahead: bool) -> str:
    """Describe the interval of a difference of the first model, or of the second one, less the other."""
    low, high = pair.get("low"), pair.get("high")
    if low is None or high is None:
        return ""
    ends = (low, high) if ahead else (-high, -low)
    low, high = (formatting.score(end, form).removesuffix("%").replace("-", "−") for end in ends)
    return f", {low} to {high}"


def _dot(model: Found, decides: str) -> Model:
    score = Interval.read(model["pooled"][decides])
    assert score is not None
    return Model(model["name"], score.value, score.low, score.high, model["texts_per_second"])


def _curves(runs: Runs, points: Callable[[Run], list[tuple[float, float]]]) -> list[Curve]:
    """Draw the curve of each model: every run thin, and their mean as far as all runs went."""
    found: list[Curve] = []
    for name, each in runs.items():
        lines = [line for run in each if (line := points(run))]
        steps = list(zip(*lines, strict=False))
        epochs = [fmean(epoch for epoch, _ in step) for step in steps]
        means = [fmean(value for _, value in step) for step in steps]
        found.append(Curve(name, epochs, means, lines if len(lines) > 1 else ()))
    return found


def _dev(run: Run, *, name: str) -> list[tuple[float, float]]:
    told = {report["step"]: report for report in run.reports if report.get("kind") == "evaluation"}
    points = [(told[step]["epoch"], told[step]["scores"].get(name)) for step in sorted(told)]
    return [point for point in points if is_number(point[1])]


def _training(run: Run) -> list[tuple[float, float]]:
    """Return the mean training loss of each epoch of which any was reported."""
    by_epoch: dict[int, list[float]] = {}
    told = {report["step"]: report for report in run.reports if report.get("kind") == "step"}
    for report in told.values():
        if is_number(report.get("loss")):
            by_epoch.setdefault(int(-(-report["epoch"] // 1)), []).append(report["loss"])
    return [(epoch, fmean(losses)) for epoch, losses in sorted(by_epoch.items())]


def _losses(runs: Runs) -> list[Markup]:
    told = {"training loss": _training, "log loss on the dev set": partial(_dev, name="log_loss")}
    drawn = [epoch_curves(_curves(runs, points), title, form="number", across=HALF) for title, points in told.items()]
    return [Markup(svg) for svg in drawn if svg]


def _class_rows(models: Sequence[Found]) -> list[dict[str, Any]]:
    """Return the F1 of each label by each model."""
    rows: list[dict[str, Any]] = []
    for each in zip(*(model["details"]["per_class"] for model in models), strict=True):
        found = [Interval.read(one["f1"]) for one in each]
        shown = [formatting.score(one.value) if one else formatting.NOTHING for one in found]
        best = formatting.score(max(one.value for one in found if one)) if any(found) and len(models) > 1 else None
        cells = [
            Cell(text, formatting.span(one) if one else "", text == best)
            for text, one in zip(shown, found, strict=True)
        ]
        rows.append({"label": each[0]["label"], "support": each[0]["support"], "cells": cells})
    return rows


def _confusions(models: Sequence[Found]) -> list[tuple[str, Markup]]:
    """Draw a matrix of each model: small ones where labels are few, else large ones to unfold."""
    labels = models[0]["details"]["labels"]
    size: Literal["large", "small"] = "small" if len(labels) <= SIDE_BY_SIDE else "large"
    return [
        (one["name"], Markup(confusion(one["details"]["confusion"], labels, title=shorten(one["name"], 24), size=size)))
        for one in models
    ]
