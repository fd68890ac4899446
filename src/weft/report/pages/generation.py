"""The page of a run that generates texts: best and worst outputs, samples, attention, signatures of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from weft.data.formats.image_files import is_image, thumbnail
from weft.data.formats.sound_files import is_sound, playable
from weft.evaluation.answers_by_length import Answered, expected_texts
from weft.metrics.names import measure
from weft.metrics.overlap import chrf
from weft.metrics.saved_scores import Interval, is_number
from weft.report import formatting
from weft.report.differences import cut, differing
from weft.report.figures.canvas import printable
from weft.report.figures.heatmap import attention, length_curve
from weft.report.figures.plots import by_step
from weft.report.folder import Run, read_attention_maps

LOSSES = (
    "Losses are in nats per token. The training loss includes dropout and, where it is set, label smoothing, which "
    "raise it above that of the dev set."
)
WORST, BEST = 10, 5
FEWEST, SURPRISE = 6, 300
"""Least number of texts to show some as most and least surprising, and letters of each that are shown."""
STAGES = 12
"""Largest number of stages of training whose samples are shown."""
FREE_TEXT = {
    "distinct_1": "Distinct 1-grams",
    "distinct_2": "Distinct 2-grams",
    "distinct_3": "Distinct 3-grams",
    "repetition_4": "Repeated 4-grams",
    "new_4grams": "New 4-grams",
    "copied": "Copied texts",
}


def written(run: Run) -> dict[str, Any]:
    """Gather the values of `generation.html.j2` beside those of every page of a run.

    Raises:
        RunFolderError: the answers or the attention are damaged.

    """
    answered = Answered.read(run.folder, name="cer" if "cer" in run.intervals else "chrf")
    surprising, expected = expected_texts(run.folder, BEST, fewest=FEWEST)
    worst = answered.worst(WORST) if answered else []
    best = [row for row in answered.best(BEST) if row not in worst] if answered else []
    return {
        "lead": _lead(answered),
        "judged": measure(answered.name).called if answered else "",
        "signatures": _signatures(run),
        "learned": _learned(run.reports),
        "curves_notes": _curves_notes(run),
        "texts": [cut(str(text).strip("\n")) for text in run.scores.get("samples") or []],
        "free_text": [
            (title, formatting.score(found))
            for name, title in FREE_TEXT.items()
            if is_number(found := (run.scores.get("free_text") or {}).get(name))
        ],
        "lengths": Markup(length_curve(answered.buckets())) if answered else "",
        "looks": [
            Markup(attention(one["source"], one["target"], one["weights_TS"]))
            for one in read_attention_maps(run.folder)
        ],
        "worst": [_card(answered, row) for row in worst] if answered else [],
        "best": [_card(answered, row) for row in best] if answered else [],
        "surprising": [_surprise(row) for row in surprising],
        "expected": [_surprise(row) for row in expected],
    }


def _curves_notes(run: Run) -> list[str]:
    """Describe the curves: the search of the dev scores, and the losses."""
    search = run.detail("search", "greedy search")
    greedy = f"Dev scores are by greedy search, those in the table by {search}."
    return [LOSSES] if search == "greedy search" else [greedy, LOSSES]


def _lead(answered: Answered | None) -> str:
    if answered is None:
        return ""
    total = len(answered.rows)
    exact = f"{answered.exact:,} of {total:,} outputs match a reference exactly."
    unread = f" Truncated sources: {answered.unread:,}." if answered.unread else ""
    empty = sum(not str(row["answer"]).strip() for row in answered.rows)
    return exact + unread + (f" Empty outputs: {empty:,}." if empty else "")


def _signatures(run: Run) -> list[tuple[str, str, str]]:
    """List name, value and signature of each score; after them those that take no notice of case."""
    found = [
        (measure(name).title, _value(run.intervals.get(name), name), str(signature))
        for name, signature in run.detail("signatures", {}).items()
    ]
    lower = [
        (
            f"{measure(name).title}, lower-cased",
            _value(Interval.read(one), name),
            str(one.get("signature", "")),
        )
        for name, one in run.detail("lower_case", {}).items()
    ]
    return found + lower


def _value(found: Interval | None, name: str) -> str:
    return formatting.score(found.value, measure(name).form) if found else formatting.NOTHING


def _learned(reports: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each sample with its outputs, stage by stage."""
    tests = [report for report in by_step(reports, "evaluation") if report.get("samples")]
    best = next((test["step"] for test in reversed(tests) if test.get("best")), None)
    count = min((len(test["samples"]) for test in tests), default=0)
    return [_sample(tests, place, best) for place in range(count)]


def _sample(tests: Sequence[Mapping[str, Any]], place: int, best: int | None) -> dict[str, Any]:
    """Return a sample; equal answers in a row are one stage, and of very many stages some are left out."""
    first = tests[0]["samples"][place]
    runs = [list(group) for _, group in groupby(tests, lambda test: test["samples"][place].get("answer", ""))]
    kept = sorted({round(one) for one in np.linspace(0, len(runs) - 1, min(STAGES, len(runs)))})
    return {
        **_source(str(first.get("source", ""))),
        "reference": cut(str(first.get("reference", ""))),
        "stages": [_stage(runs[number], place, best) for number in kept],
    }


def _stage(tests: Sequence[Mapping[str, Any]], place: int, best: int | None) -> dict[str, Any]:
    sample = tests[0]["samples"][place]
    first, last = (f"{round(test['epoch'], 2):g}" for test in (tests[0], tests[-1]))
    answer, reference = str(sample.get("answer", "")), str(sample.get("reference", ""))
    return {
        "when": first if first == last else f"{first} to {last}",
        "best": any(test["step"] == best for test in tests),
        "answer": differing(reference, answer)[1] if reference else escape(cut(answer)),
    }


def _card(answered: Answered, place: int) -> dict[str, Any]:
    row = answered.rows[place]
    answer, references = str(row["answer"]), list(map(str, row["references"]))
    nearest = max(references, key=lambda reference: chrf([answer], [[reference]]).value)
    expected, found = differing(nearest, answer)
    unread, line = row.get("unread"), row.get("line")
    said = [f"{measure(answered.name).called} {formatting.score(float(answered.score_N[place]), 'points')}"]
    said += [f"best of {len(references)} references"] if len(references) > 1 else []
    said += [f"line {formatting.count(line)}"] if line else []
    return {
        **_source(str(row.get("source", ""))),
        "expected": expected,
        "found": found,
        "said": " · ".join(said),
        "unread": f"source truncated by {formatting.count(unread)} tokens" if unread else "",
    }


def _source(source: str) -> dict[str, Any]:
    """Return a source, and the image or the sound that it names, where it names one."""
    return {
        "source": cut(source),
        "image": Markup(thumbnail(source)) if is_image(source) else "",
        "sound": Markup(playable(source)) if is_sound(source) else "",
    }


def _surprise(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "text": cut(printable(str(row["text"])), longest=SURPRISE),
        "loss": formatting.score(row["log_loss"], "number"),
        "line": formatting.count(row.get("line")),
    }
