"""A run from config to folder, step by step: read, learn, encode, build, train, evaluate, save, write the page."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from pydantic import Field

from weft import bundle, run_folder
from weft.config import Config, differences, kind_of, read_saved, read_yaml, validated, with_settings, write_yaml
from weft.data.columns import encode_rows
from weft.data.examples.base import examples_of
from weft.data.formats.folders import is_parallel
from weft.dataset import DataConfig, Examples, read
from weft.errors import ConfigError, InputError, TrainingError, did_you_mean
from weft.evaluation.attention_maps import attention_maps, write_attention_maps
from weft.evaluation.evaluate import answer_columns, answered_number, evaluate, write_answers
from weft.evaluation.input_importance import input_importance
from weft.files import remove, sweep, write_json, write_text, written_folder
from weft.lock import held
from weft.models.device import Device, pick
from weft.tasks.base import TUNED, Task, TaskConfig
from weft.tasks.choices import TASKS, TaskChoice, implied
from weft.training import checkpoint, distributed, loop
from weft.training.distributed import Group
from weft.training.floors import with_floors
from weft.training.job import Job
from weft.training.reports import DoneReport, Note, Report, ended
from weft.training.settings import OF_STEPS, SelfTrainingConfig, TrainingConfig, epochs_for, precision_for
from weft.training.trials import choose


class RunConfig(Config):
    """Settings that decide the result of a run: data, task, training, seed, device."""

    data: DataConfig
    task: TaskChoice = TASKS[0]()
    """Task that the model learns, with its encoder or decoder: text classification unless its `kind` names another."""
    training: TrainingConfig = TrainingConfig()
    self_training: SelfTrainingConfig | None = None
    """Self-training on texts without labels, as `weft train FILE --unlabelled FILE`; None: labels alone are used."""
    seed: int = Field(default=0, ge=0)
    """Random seed of all draws: the same seed gives the same split and the same weights."""
    device: Device = "auto"
    """Device to train on; `auto`: a GPU if there is one."""


@dataclass(frozen=True, slots=True)
class _Data:
    """Content of `data.json`."""

    fingerprint: str


@dataclass(frozen=True, slots=True)
class _Run:
    config: RunConfig
    examples: Examples
    folder: Path
    group: Group
    device: torch.device
    stop: Callable[[], int]


Source = RunConfig | DataConfig | str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
"""The settings of a run, those of its data, or the file to learn from: a run.yaml, one of texts, or several."""


def config_of(
    given: Source, *, settings: Mapping[str, Any] | None = None, parts: Sequence[type[Config]] = ()
) -> RunConfig:
    """Return the settings of a run on what is given; where no task is named, what the file implies, else the default.

    Raises ConfigError for anything that is no settings and no file, and InputError where the file cannot be read.
    """
    several = isinstance(given, Sequence) and not isinstance(given, str | bytes) and len(given) > 0
    if not (isinstance(given, RunConfig | DataConfig | str | os.PathLike) or several):
        hint = 'write a file, as in weft.train("reviews.csv", "runs/reviews"), or weft.RunConfig(data=...)'
        raise ConfigError(f"expected a file or settings, found {type(given).__name__}", where="config", hint=hint)
    if isinstance(given, RunConfig) and not settings:
        return given
    if isinstance(given, str | os.PathLike) and os.fspath(given).endswith((".yaml", ".yml")):
        found = read_yaml(Path(given))
    elif isinstance(given, RunConfig):
        found = {name: getattr(given, name) for name in given.model_fields_set}
    else:
        found = {"data": given if isinstance(given, DataConfig) else {"train": given}}
    found = with_settings(found, settings or {})
    if "task" not in found or (isinstance(found["task"], Mapping) and "kind" not in found["task"]):
        data = validated(RunConfig, {"data": found.get("data", {})}).data
        own = {**found["task"]} if "task" in found else {}
        parallel = is_parallel(data.train)
        label = own.get("label")
        task = implied(own, parallel=parallel, table=None if parallel else data.open(data.train), label=label)
        found["task"] = {"kind": kind_of(task), **own}
    return validated(RunConfig, found, parts=parts)


def trained(
    config: RunConfig,
    folder: Path,
    *,
    examples: Examples | None = None,
    resume: bool = False,
    parts: Sequence[type[Config]] = (),
    stop: Callable[[], int] = lambda: 0,
) -> Iterator[Report]:
    """Train one model into a folder, and yield reports; the settings are whole, all else is as in `weft.train`.

    Raises ConfigError for settings of self-training, which takes several models.
    """
    if config.self_training is not None:
        hint = "pass the settings to weft.train, which trains in rounds, or leave these out"
        raise ConfigError("takes several models, and this trains one", where="self_training", hint=hint)
    run_folder.check_before_lock(folder, resume=resume)
    with held(folder) if distributed.leads() else nullcontext():
        yield from _may_start(folder, resume)
        group, device = distributed.join(pick(config.device))
        suited(config)  # mistakes come up before anything is read
        going_on = (folder / run_folder.CONFIG).is_file()
        before = validated(RunConfig, read_yaml(folder / run_folder.CONFIG), parts=parts) if going_on else None
        examples = examples or read(config.data, config.task, seed=config.seed)
        if config.data.brings_test and not examples.test:  # left out, since it has no labels
            config = config.model_copy(update={"data": config.data.model_copy(update={"test": None})})
        run = yield from _fitted(_Run(config, examples, folder, group, device, stop), before=before)
        if before is not None:
            _check_same(run, before)
        if run_folder.is_finished(folder):
            checkpoint.drop(folder / run_folder.CHECKPOINTS)  # a kill may have come between seal and removal
            yield Note(f"{folder} is finished: nothing to do")
            return
        if group.leads:
            sweep(folder)
            for tuned in (folder / run_folder.TASK).rglob(TUNED):
                remove(tuned)  # a kill came after tuning: it is to be done again
        group.wait()
        if group.leads and not going_on:
            job = _job(run)
            _begin(run, job.task)
            group.wait()
        else:
            group.wait()
            job = _job(run, bundle.load_task(folder / run_folder.TASK, parts=parts))
        seconds = 0.0
        notes = map(Note, [] if going_on else _notes(run, job))
        for report in _recorded(run, chain(notes, loop.train(job), _tuning(job))):
            seconds = report.seconds if isinstance(report, DoneReport) else seconds
            yield report
        if group.leads:
            _finish(run, job, seconds)
        group.wait()


def fit_in_memory(config: RunConfig, examples: Examples, *, refit: bool = True) -> bundle.Model:
    """Train in memory, on examples that are read already: no folder, no page, no reports.

    With `refit`, a model that is solved for learns from the dev set too once that has decided what was left open.
    Raises WeftError: of the kind that fits.
    """
    device = pick(config.device)
    run = ended(_fitted(_Run(config, examples, Path(), Group(), device, lambda: 0)))
    job = replace(_job(run), checkpoints=None)
    job = replace(job, refit=refit and not job.task.tunes)
    for _ in loop.train(job):
        pass
    _tune(job)
    return bundle.Model(job.task, job.model.eval(), job.device)


def _fitted(run: _Run, before: RunConfig | None = None) -> Generator[Report, None, _Run]:
    """Return the run with what the training rows and the device decide where nothing is set, and notes.

    What only trials can decide is tried, unless it was decided `before`.
    """
    config, examples = run.config, run.examples
    by_steps = [f"training.{name}" for name in sorted(config.training.model_fields_set & OF_STEPS)]
    fit = examples.task.fitted(examples.train, device=run.device.type, by_steps=by_steps)
    if examples.known is not None:  # of another model on other rows, whose size is to be the same
        same = examples.task.fitted(examples.known, device=run.device.type, by_steps=by_steps)
        fit = replace(fit, task=same.task)
    if not fit.tries:
        return _with(run, fit)
    runs = {name: _with(run, one) for name, one in fit.tries.items()}
    if before is not None:
        known = before.task.model_dump_json()
        return next((one for one in runs.values() if one.config.task.model_dump_json() == known), run)
    choice = yield from choose({name: _job(one) for name, one in runs.items()}, seconds=fit.budget)
    chosen = runs[choice.name]
    return replace(chosen, examples=replace(chosen.examples, notes=[*chosen.examples.notes, choice.note]))


def _with(run: _Run, fit: Any) -> _Run:
    """Return a run with settings that fit its rows."""
    config, notes = suited(run.config.model_copy(update={"task": fit.task}), fit.training), [*fit.notes]
    if fit.steps is not None and "epochs" not in run.config.training.model_fields_set:
        batch_rows, rows = config.training.batch_rows, len(run.examples.train)
        epochs = epochs_for(fit.steps, rows=rows, batch_rows=batch_rows)
        config = config.model_copy(update={"training": config.training.model_copy(update={"epochs": epochs})})
        notes.append(f"at most {epochs} epochs (training.epochs), which suit {rows:,} rows")
    return replace(
        run, config=config, examples=replace(run.examples, task=fit.task, notes=[*run.examples.notes, *notes])
    )


def suited(config: RunConfig, more: Mapping[str, Any] = MappingProxyType({})) -> RunConfig:
    """Return a copy with the training settings that suit its parts, and `more`, where none are set."""
    advised = {name: value for part in config.task.part_configs for name, value in getattr(part, "advised", {}).items()}
    advised |= more
    given = {name: getattr(config.training, name) for name in config.training.model_fields_set}
    mine, theirs = given.get("optimizer"), advised.get("optimizer")
    if mine is not None and theirs is not None and theirs["kind"] == mine.kind:
        given["optimizer"] = {**theirs, **{name: getattr(mine, name) for name in mine.model_fields_set}}
    training = validated(TrainingConfig, {**advised, **given})
    return config.model_copy(update={"training": training})


def _may_start(folder: Path, resume: bool) -> Iterator[Report]:
    state = run_folder.check_may_start(folder, resume=resume)
    if resume and state != "finished" and checkpoint.latest(folder / run_folder.CHECKPOINTS) is None:
        yield Note(f"there is no checkpoint in {folder} to resume from: starting from the beginning")


def _check_same(run: _Run, before: RunConfig) -> None:
    changed = differences(before.model_dump(mode="json"), run.config.model_dump(mode="json"))
    if changed:
        hint = "go on with the settings it was started with, or train into another folder"
        raise ConfigError(f"was started with other settings: {'; '.join(changed)}", where=str(run.folder), hint=hint)
    if fingerprint_of(run.folder) != run.examples.fingerprint:
        raise InputError(f"has changed since the run in {run.folder} was started", where=run.config.data.train)


def _job(run: _Run, task: Task | None = None) -> Job:
    """Encode the data and build the model; a task that was not learned before is learned first."""
    config, data, tables = run.config, run.config.data, run.examples.tables
    if task is None:
        with examples_of(tables.get("train", data.train)):
            task = config.task.learn(run.examples.train if run.examples.known is None else run.examples.known)
        _check_metric(config.training.metric, task)
    precision = precision_for(task.config.part_configs, run.device, asked=config.training.precision)
    bundle.check_size(task)
    torch.manual_seed(config.seed)
    model = task.build_model()
    with examples_of(tables.get("train", data.train)):
        columns = encode_rows(task.encode, run.examples.train)
    with examples_of(tables.get("dev" if data.dev else "train", data.dev or data.train)):
        dev_columns = encode_rows(task.encode, run.examples.dev)
    notes = task.initialize(model, columns)
    for part, file, examples in (("dev", data.dev, run.examples.dev), ("test", data.test, run.examples.test)):
        if file:
            # a label that was never learned is to be known before hours of training
            with examples_of(tables.get(part, file)):
                notes += [f"{file}: {said}" for said in task.check(examples)]
                if file != data.dev:  # whose values are told with those of the training set
                    notes += [f"{file}: {said}" for said in task.gaps(examples)]
    return Job(
        task=task,
        model=(model.double() if precision == "float64" else model).to(run.device),
        columns=columns,
        dev_columns=dev_columns,
        dev_examples=run.examples.dev,
        config=config.training,
        seed=config.seed,
        device=run.device,
        precision=precision,
        group=run.group,
        checkpoints=run.folder / run_folder.CHECKPOINTS,
        stop=run.stop,
        notes=tuple(notes),
        refit=refits(data, run.examples, task),
    )


def refits(data: DataConfig, examples: Examples, task: Task) -> bool:
    """Whether a model that is solved for learns from the held-out rows too at the end, as others are scored."""
    return not data.dev and bool(examples.test) and not task.tunes


def fingerprint_of(folder: Path) -> str:
    """Return the checksum of the rows that a run was started with, as `Examples.fingerprint`."""
    return read_saved(folder / run_folder.DATA, _Data).fingerprint


def _check_metric(metric: str | None, task: Task) -> None:
    if metric is not None and metric not in task.metrics:
        hint = did_you_mean(metric, task.metrics)
        raise ConfigError(f"there is no score `{metric}`", where="training.metric", hint=hint)


def _kind(config: TaskConfig) -> str:
    return " + ".join(dict.fromkeys(part.kind for part in config.part_configs)) or config.kind


def _notes(run: _Run, job: Job) -> list[str]:
    model = (
        f"{_kind(job.task.config)} with {bundle.weights(job.model):,} parameters, {job.precision} on {job.device.type}"
    )
    learned = job.task.notes({"train": job.columns, "dev": job.dev_columns})
    return [*run.examples.notes, *learned, *job.notes, model]


def _begin(run: _Run, task: Task) -> None:
    """Write what a run begins with, its settings last: with them it is started."""
    try:
        with written_folder(run.folder / run_folder.TASK) as fresh:
            bundle.save_task(fresh, task)
        write_json(run.folder / run_folder.DATA, asdict(_Data(run.examples.fingerprint)))
        write_yaml(run.config, run.folder / run_folder.CONFIG)
    except BaseException:
        _clear(run.folder)
        raise


def _clear(folder: Path) -> None:
    """Remove what a run wrote, and nothing else."""
    checkpoint.drop(folder / run_folder.CHECKPOINTS)
    for name in run_folder.FILES:
        remove(folder / name)
    sweep(folder)


def _recorded(run: _Run, reports: Iterator[Report]) -> Iterator[Report]:
    """Pass reports on, each also a line of `reports.jsonl`; only the leading process speaks."""
    if run.group.leads:
        _rewind(run.folder)
    with (run.folder / run_folder.REPORTS).open("a", encoding="utf-8") if run.group.leads else nullcontext() as file:
        try:
            for report in reports:
                if file is not None:
                    print(json.dumps(report.to_json(), ensure_ascii=False), file=file, flush=True)
                    yield report
        except TrainingError:
            # without a checkpoint there is nothing to keep, and a folder would only stand in the way of the next try
            if file is not None and checkpoint.latest(run.folder / run_folder.CHECKPOINTS) is None:
                _clear(run.folder)
            raise


def _rewind(folder: Path) -> None:
    """Drop the reports of steps that the latest checkpoint has not seen: they are about to be taken again."""
    path, found = folder / run_folder.REPORTS, checkpoint.latest(folder / run_folder.CHECKPOINTS)
    last = checkpoint.step_of(found) if found else 0
    kept = [report for report in run_folder.read_lines(path) if _step(report) <= last]
    write_text(path, "".join(f"{json.dumps(report, ensure_ascii=False)}\n" for report in kept))


def _step(report: Mapping[str, Any]) -> int:
    step = report.get("step", 0)
    return step if isinstance(step, int) else 0


def _tuning(job: Job) -> Iterator[Report]:
    """Tune what is tuned after training, on the leading process."""
    if job.group.leads:
        yield from map(Note, _tune(job))


def _tune(job: Job) -> list[str]:
    """Fit thresholds and temperature on the answers of the best weights; returns notes for the user."""
    if not job.task.tunes:
        return []
    answers = answer_columns(job.task, job.model, job.dev_columns, device=job.device)
    return job.task.tune(answers, job.dev_examples)


def _tuned(task: Task) -> str:
    return f"{' and '.join(task.tunes)} {'were' if len(task.tunes) > 1 or task.tunes[0].endswith('s') else 'was'}"


def _finish(run: _Run, job: Job, seconds: float) -> None:
    folder, part = run.folder, "test" if run.examples.test else "dev"
    examples = run.examples.test or run.examples.dev
    bundle.save_weights(folder, job.model)
    bundle.save_task(folder / run_folder.TASK, job.task)
    result = evaluate(job.task, job.model, examples, device=job.device)
    tuned = f", on which {_tuned(job.task)} tuned too" if job.task.tunes and part == "dev" else ""
    facts = {
        "data": f"{part} set, {answered_number(len(examples), job.task.config.unit_name)}{tuned}",
        **bundle.sizes(folder, job.task),
        "parameters": bundle.weights(job.model),
        "train_seconds": round(seconds, 3),
        "task": job.task.config.kind,
        "unit": job.task.config.unit_name,
        "page": job.task.config.page,
        "headline": list(job.task.config.headline),
        "encoder": _kind(job.task.config),
        "weft": version("weft"),
    }
    importance = input_importance(job.task, job.model, examples, answers=result.answers, device=job.device)
    shown = job.task.extra_results(job.model, run.examples.train, device=job.device)
    shown |= {"importance": importance} if importance else {}
    found = with_floors(job, run.examples.train, result.to_json(), scored=examples, answers=result.answers)
    write_json(folder / run_folder.SCORES, {**found, **shown, **facts})
    write_answers(folder / run_folder.ANSWERS, job.task, result.answers, examples)
    write_attention_maps(
        folder / run_folder.ATTENTION, attention_maps(job.task, job.model, examples=examples, answers=result.answers)
    )
    from weft.report.pages.run import run_page

    run_page(folder)
    run_folder.seal(folder, version=version("weft"))
    checkpoint.drop(folder / run_folder.CHECKPOINTS)
