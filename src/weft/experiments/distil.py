"""Distils a large model into a small one: the teacher's predictions, the student's run, a baseline, and figures.

The output folder holds `distil.json` (the settings it was started with), `teacher.jsonl` (the teacher's predictions, a
line a text), `words.vec` (the teacher's vectors of the student's words), the run folders `student` and `alone` (the
baseline), and at the end `distilled.json` and `page.html`. A student is a plain run of a plain task: nothing of its
teacher stays in it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Literal

import numpy as np

from weft import bundle, run_folder
from weft.bundle import Model
from weft.config import Config, read_saved, read_yaml
from weft.data.examples.base import examples_of
from weft.dataset import Examples, read
from weft.errors import ConfigError
from weft.evaluation.evaluate import answered_number, evaluate
from weft.experiments.teacher_answers import answered, checked, new_texts
from weft.experiments.word_vectors import words_for, write_vectors
from weft.files import read_json, write_json
from weft.lock import held
from weft.metrics.significance import mcnemar
from weft.report.pages.distilled import distilled_page
from weft.run import RunConfig, suited, trained
from weft.tasks.teaching import Targets, Teacher
from weft.training.reports import Note, Report

PLAN, ANSWERS, WORDS, RESULT = "distil.json", "teacher.jsonl", "words.vec", "distilled.json"
STUDENT, ALONE = "student", "alone"
TIMED, ROUNDS = 500, 5
"""Texts and rounds by which the throughput of each model is measured, the models taking turns."""


@dataclass(frozen=True, slots=True)
class _Lesson:
    """Settings, data and models of a distillation, before the teacher is run."""

    load: Callable[[Path], Model]
    teacher: Model
    task: Teacher
    """The teacher's."""
    examples: Examples
    more: list[Any]
    notes: list[str]
    plan: Mapping[str, Any]


def distil(
    config: RunConfig,
    folder: str | Path,
    *,
    teacher: str | Path,
    unlabelled: Sequence[str] = (),
    column: str | None = None,
    targets: Targets = "teacher",
    alone: Literal["train", "skip"] = "train",
    resume: bool = False,
    parts: Sequence[type[Config]] = (),
    stop: Callable[[], int] = lambda: 0,
) -> Iterator[Report]:
    """Train a student on a teacher's predictions, yielding reports; then write `distilled.json` and `page.html`.

    A classifier learns from the teacher's probabilities beside the labels, as `config.task.loss.teacher` says (Hinton
    et al. 2015, section 2), and its embeddings start from the teacher's vectors of words, if it reads words and no
    `task.vectors` are named; a generating model learns from the texts that the teacher generates, by the search of its
    settings (Kim and Rush 2016, section 3.2). Tags and scores of pairs are learned as the teacher's best answers to the
    unlabelled texts, beside the true ones to the others.

    Args:
        config: the student's settings: its data, encoder, training.
        folder: must not exist, or hold this very work to `resume`.
        teacher: the folder of a trained model of the same task and labels.
        unlabelled: files of further texts, for which there are the teacher's predictions alone.
        column: the text column of these files; None: that of training, else guessed.
        targets: whether a generating teacher's texts replace the true targets or are added to them.
        alone: whether the same student is also trained without a teacher, as a baseline.
        resume: whether to resume: the teacher's predictions and finished runs are kept.
        parts: config classes from outside the package, the student's or the teacher's.
        stop: as in `weft.train`.

    Raises:
        WeftError: of the kind that fits; nothing is written for a mistake in config or data.

    """
    load = partial(bundle.load, parts=parts, device=config.device)
    folder, lesson = Path(folder), _lesson(config, Path(teacher), unlabelled, column, load)
    _may_start(lesson.plan, folder, resume)
    with held(folder):
        _may_start(lesson.plan, folder, resume)
        yield from _distil(lesson, folder, Path(teacher), targets, alone, config, parts, stop)


def _distil(
    lesson: _Lesson,
    folder: Path,
    teacher: Path,
    targets: Targets,
    alone: Literal["train", "skip"],
    config: RunConfig,
    parts: Sequence[type[Config]],
    stop: Callable[[], int],
) -> Iterator[Report]:
    """Distil into a folder that this process holds."""
    write_json(folder / PLAN, lesson.plan)
    yield from map(Note, lesson.notes)
    examples, known = lesson.examples, lesson.teacher
    asked = lesson.task.questions([*examples.train, *lesson.more])
    answers = yield from answered(known, lesson.task.said, asked, folder / ANSWERS, stop=stop)
    learned = lesson.task.lessons(asked, answers, train=examples.train, targets=targets)
    rows = f"{len(learned):,} training rows, {len(examples.dev):,} validation rows"
    lessons = {STUDENT: replace(examples, train=learned, notes=[rows])}
    lessons[STUDENT] = yield from _started(known, lessons[STUDENT], folder / WORDS)
    if alone == "train":
        # of the same vocabulary, labels and size: what is learned from is all that differs
        lessons[ALONE] = replace(examples, task=examples.task.alone(), notes=[], known=learned)
    for name, its_examples in lessons.items():
        yield Note(f"\n{name}")
        place = folder / name
        yield from trained(config, place, examples=its_examples, resume=place.exists(), parts=parts, stop=stop)
    yield Note("\nthe models are timed, one after another")
    write_json(folder / RESULT, _figures(lesson, folder, teacher, list(lessons)))
    distilled_page(folder)


def results(folder: Path) -> dict[str, Any]:
    """Read the figures of a finished distillation."""
    return read_json(folder / RESULT)


def _lesson(
    config: RunConfig, place: Path, files: Sequence[str], column: str | None, load: Callable[[Path], Model]
) -> _Lesson:
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ConfigError("a teacher answers in one process", hint="start `weft distil` without torchrun")
    teacher, settings = load(place), place / run_folder.CONFIG
    # the teacher's seed splits off the dev set: with another it would hold texts that the teacher learned from
    seed = read_yaml(settings).get("seed", config.seed) if settings.is_file() else config.seed
    examples = read(config.data, config.task, seed=seed)
    with examples_of(config.data.train):
        knows = checked(teacher, examples)
    task = examples.task.hearing()
    if files and not task.hears:
        what = "the teacher is not heard, and the unlabelled texts have nobody else"
        raise ConfigError(what, where="task.loss.teacher.alpha", hint="set it below 1, or give no unlabelled texts")
    suited(config)
    with examples_of(config.data.train):
        learned = task.learn(examples.train)  # no mistake is to come up after hours of the teacher's
        bundle.check_size(learned)
        learned.build_model()
    more, said = new_texts(files, examples, config.data, column=column)
    knows.questions([*examples.train, *more])  # raises where there is nothing to be asked
    plan = {
        "teacher": run_folder.seal_sum(place),
        "texts": replace(examples, train=[*examples.train, *more]).fingerprint,
    }
    return _Lesson(load, teacher, knows, replace(examples, task=task), more, [*examples.notes, *said], plan)


def _started(teacher: Model, examples: Examples, path: Path) -> Generator[Report, None, Examples]:
    """Return examples with a task whose embeddings start from the teacher's vectors, if the student reads words."""
    if not path.exists():
        words, width = words_for(teacher, examples.task, examples.train)
        if not words:
            return examples
        yield Note(f"the teacher reads {len(words):,} words, which the student starts from")
        write_vectors(teacher, words, path, width=width)
    return replace(examples, task=examples.task.model_copy(update={"vectors": str(path)}))


def _may_start(plan: Mapping[str, Any], folder: Path, resume: bool) -> None:
    if not run_folder.check_may_start_plan(folder, plan=PLAN, kind="a distillation", resume=resume):
        return
    before = read_saved(folder / PLAN, dict[str, Any])
    if changed := [name for name in plan if before.get(name) != plan[name]]:
        what = f"was started with other {' and '.join(changed)}"
        raise ConfigError(what, where=str(folder), hint="go on as it was started, or name another --output")


def _figures(lesson: _Lesson, folder: Path, teacher: Path, runs: Sequence[str]) -> dict[str, Any]:
    """Measure every model on the scored set: quality, speed, size, and the student's gain."""
    examples, part = lesson.examples.test or lesson.examples.dev, "test" if lesson.examples.test else "dev"
    device, task = lesson.teacher.device, lesson.teacher.task.config
    places = {**{name: folder / name for name in runs}, "teacher": teacher}
    loaded = {**{name: lesson.load(folder / name) for name in runs}, "teacher": lesson.teacher}
    found = {
        name: read_json(place / run_folder.SCORES) if (place / run_folder.SCORES).is_file() else {}
        for name, place in places.items()
    }
    # the teacher's own scores may be of other texts
    found["teacher"] |= evaluate(lesson.teacher.task, lesson.teacher.network, examples, device=device).to_json()
    paces = _paces(loaded, examples)
    models = {
        name: {
            "encoder": task.part_configs[0].kind,
            **found[name],
            "speed": paces[name],
            **bundle.sizes(places[name], model.task),
            "parameters": model.parameters,
        }
        for name, model in loaded.items()
    }
    score = next(name for name in task.headline if name in found["teacher"]["scores"])
    tested = task.answers_with == "label" and len(runs) > 1
    return {
        "data": f"{part} set, {answered_number(len(examples), task.unit_name)}",
        "score": score,
        "asked": len(lesson.task.questions([*lesson.examples.train, *lesson.more])),
        "unlabelled": len(lesson.more),
        "models": models,
        "gain": _gain(models, score),
        "p": _chance(folder) if tested else None,
        "unlike": _unlike(loaded, started=(folder / WORDS).is_file()),
    }


def _unlike(models: Mapping[str, Model], *, started: bool) -> str:
    """Say in what the model of the baseline differs from the student's; empty where there is no baseline."""
    if ALONE not in models:
        return ""
    student, alone = models[STUDENT], models[ALONE]
    same = "They are the same model, with the same vocabulary"
    if student.parameters != alone.parameters:
        counts = f"{student.parameters:,} parameters against {alone.parameters:,}"
        same = f"They are not quite the same model: {counts}, as the baseline is trained otherwise without a teacher"
    return f"{same}; the word vectors of the student start from the teacher’s." if started else f"{same}."


def _gain(models: Mapping[str, Any], score: str) -> dict[str, float | None]:
    """Return the student's share of the gap between baseline and teacher, if any; its speed-up and size."""
    value = {name: one["scores"][score]["value"] for name, one in models.items()}
    gap = value["teacher"] - value.get(ALONE, value["teacher"])
    student, teacher = models[STUDENT], models["teacher"]
    return {
        "closed": (value[STUDENT] - value[ALONE]) / gap if gap > 0 else None,
        "faster": student["speed"]["texts_per_second"] / teacher["speed"]["texts_per_second"],
        "size": student["size_bytes"] / teacher["size_bytes"],
    }


def _paces(models: Mapping[str, Model], examples: Sequence[Any]) -> dict[str, dict[str, float]]:
    """Measure the texts a second of each, from text to prediction: rounds in which the models take turns.

    Returns the median of the rounds, with the slowest and the fastest.
    """
    seconds: dict[str, list[float]] = {name: [] for name in models}
    for number in range(ROUNDS + 1):
        for name, model in models.items():
            texts = [model.task.config.question_of(one) for one in examples[: TIMED if number else 32]]
            started = time.perf_counter()
            model.answer(texts)
            if number:  # the first call of a model is slow: kernels are chosen, memory taken
                seconds[name].append(time.perf_counter() - started)
    texts, ends = min(TIMED, len(examples)), {"texts_per_second": median, "low": max, "high": min}
    return {
        name: {key: round(texts / max(1e-9, end(each)), 1) for key, end in ends.items()}
        for name, each in seconds.items()
    }


def _chance(folder: Path) -> float:
    """Return the p-value of the difference between student and baseline (McNemar 1947)."""
    student, alone = (
        np.array([one["label"] == one["answer"] for one in run_folder.read_answers(folder / name)])
        for name in (STUDENT, ALONE)
    )
    return mcnemar(student, alone).p
