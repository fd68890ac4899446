"""One run from config to folder: read, learn, encode, build, train, evaluate, save, page. Knows the order, no details.

A run folder holds `config.yaml`, `task/` and `weights.safetensors` with `bundle.json` (the model), `reports.jsonl`
(what was told on the way), `scores.json`, `answers.jsonl` (the dev part), `page.html`, and while it is not finished
`checkpoints/`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from pydantic import Field

from weft import bundle
from weft.config import Config, differences, read_yaml, validated, write_yaml
from weft.data.columns import Columns
from weft.data.sources import OnBadRow, Table, open_table
from weft.data.split import split
from weft.errors import ConfigError, InputError, RunFolderError, TrainingError, did_you_mean
from weft.evaluation.evaluate import evaluate, write_answers
from weft.files import read_json, write_json, write_text, written_folder
from weft.models.device import Device, pick
from weft.tasks.base import Task, TaskConfig, examples_of
from weft.tasks.choices import TaskChoice
from weft.tasks.classification import ClassificationConfig
from weft.training import checkpoint, loop, parallel
from weft.training.loop import Job
from weft.training.parallel import Group
from weft.training.reports import DoneReport, Note, Report
from weft.training.settings import TrainingConfig, precision_for


class DataConfig(Config):
    """Where examples come from."""

    train: str
    """The file to learn from."""
    dev: str | None = None
    """The file by which the best weights are chosen; None: a share of the training file."""
    dev_share: float = Field(default=0.1, gt=0, lt=1)
    encoding: str = "auto"
    on_bad_row: OnBadRow = "stop"


class RunConfig(Config):
    """Everything that decides the result of a run."""

    data: DataConfig
    task: TaskChoice = ClassificationConfig()
    training: TrainingConfig = TrainingConfig()
    seed: int = Field(default=0, ge=0)
    device: Device = "auto"


@dataclass(frozen=True, slots=True)
class Parts:
    """The examples of a run, and what is to be said of them."""

    config: RunConfig
    train: list[Any]
    dev: list[Any]
    notes: list[str]
    fingerprint: str
    """Of texts and labels: a resumed run must see the same."""


def read(config: RunConfig) -> Parts:
    """Read and split the data. Raises InputError for what is wrong with a file."""
    table = open_table(config.data.train, encoding=config.data.encoding, on_bad_row=config.data.on_bad_row)
    given: TaskConfig = config.task
    task = given.resolved(table)
    config = config.model_copy(update={"task": task})
    examples = list(task.read(table))
    notes = [_about(table, len(examples))]
    guessed = [name for name in ("text", "label") if getattr(given, name, "") is None]
    if guessed:
        columns = " and ".join(f"{name} from column `{getattr(task, name)}`" for name in guessed)
        notes.append(f"{columns} (guessed; name them with {', '.join('--' + name for name in guessed)})")
    notes += _bad(table)
    if not examples:
        raise InputError("no row is left to learn from", where=table.path)
    if config.data.dev:
        dev_table = open_table(config.data.dev, encoding=config.data.encoding, on_bad_row=config.data.on_bad_row)
        train, dev = examples, list(task.for_table(dev_table).read(dev_table))
        notes += [_about(dev_table, len(dev)), *_bad(dev_table)]
        if not dev:
            raise InputError("no row is left to choose by", where=dev_table.path)
    else:
        labels, texts = [str(one.label) for one in examples], [one.text for one in examples]
        halves = split(labels, texts, share=config.data.dev_share, seed=config.seed)
        train, dev = [examples[row] for row in halves.train], [examples[row] for row in halves.dev]
        notes.append(
            f"{len(train):,} rows to learn from, {len(dev):,} held out to choose by; equal texts are on one side"
        )
        if not dev:
            raise InputError(
                "there are too few rows to hold some out", where=table.path, hint="name a dev file with --dev"
            )
    return Parts(config, train, dev, notes, _fingerprint([*train, *dev]))


def train(
    config: RunConfig,
    folder: str | Path,
    *,
    resume: bool = False,
    parts: Sequence[type[Config]] = (),
    stop: Callable[[], int] = lambda: 0,
) -> Iterator[Report]:
    """Train into a folder, told as it goes; the folder is a bundle when the reports end.

    Args:
        config: what to do.
        folder: must not exist, or hold an unfinished run of the same config to `resume`.
        resume: go on from the latest checkpoint.
        parts: config classes from outside the package.
        stop: asked after each step for the number of a signal to stop on; 0 goes on.

    Raises:
        WeftError: of the kind that fits; nothing is written for a mistake in config or data.

    """
    folder = Path(folder)
    yield from _may_start(folder, resume)
    if (folder / "bundle.json").is_file():
        yield Note(f"{folder} is finished: nothing to do")
        return
    group, device = parallel.join(pick(config.device))
    data = read(suited(config))
    going_on = (folder / "config.yaml").is_file()
    group.wait()
    if going_on:
        _check_same(folder, data, parts)
    if group.leads and not going_on:
        job = _job(_learned(data), data, device, group, folder, stop)
        _begin(folder, job.task, data)
        group.wait()
    else:
        group.wait()
        job = _job(bundle.load_task(folder / "task", parts=parts), data, device, group, folder, stop)
    if group.leads:
        _rewind(folder)
    seconds = 0.0
    with (folder / "reports.jsonl").open("a", encoding="utf-8") if group.leads else nullcontext() as file:
        for report in _story(job, [] if going_on else _notes(job, data)):
            if isinstance(report, DoneReport):
                seconds = report.seconds
            if file is not None:
                print(json.dumps(report.to_json(), ensure_ascii=False), file=file, flush=True)
                yield report
    if group.leads:
        _finish(folder, job, data, seconds)
    group.wait()


def suited(config: RunConfig) -> RunConfig:
    """The same, with the training settings that suit its encoder where none are set."""
    encoder = getattr(config.task, "encoder", None)
    given = {name: getattr(config.training, name) for name in config.training.model_fields_set}
    training = validated(TrainingConfig, {**getattr(encoder, "recommended", {}), **given})
    return config.model_copy(update={"training": training})


def _may_start(folder: Path, resume: bool) -> Iterator[Report]:
    if not resume and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunFolderError("exists already", where=str(folder), hint="go on with --resume, or name another --output")
    if folder.exists() and not (folder / "config.yaml").is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunFolderError("is not a run folder", where=str(folder), hint="name another --output")
    if resume and not (folder / "bundle.json").is_file() and checkpoint.latest(folder / "checkpoints") is None:
        yield Note(f"there is no checkpoint in {folder} to go on from: starting afresh")


def _check_same(folder: Path, data: Parts, parts: Sequence[type[Config]]) -> None:
    before = validated(RunConfig, read_yaml(folder / "config.yaml"), parts=parts)
    changed = differences(before.model_dump(mode="json"), data.config.model_dump(mode="json"))
    if changed:
        hint = "go on with the settings it was started with, or train into another folder"
        raise ConfigError(f"differs from the run in {folder}", where=", ".join(changed), hint=hint)
    if read_json(folder / "data.json")["fingerprint"] != data.fingerprint:
        raise InputError(f"has changed since the run in {folder} was started", where=data.config.data.train)


def _learned(data: Parts) -> Task:
    with examples_of(data.config.data.train):
        task: Task = data.config.task.learn(data.train)
    metric = data.config.training.metric
    if metric is not None and metric not in task.metrics:
        hint = did_you_mean(metric, task.metrics)
        raise ConfigError(f"there is no score `{metric}`", where="training.metric", hint=hint)
    return task


def _job(task: Task, data: Parts, device: torch.device, group: Group, folder: Path, stop: Callable[[], int]) -> Job:
    config = data.config
    precision = config.training.precision
    if precision == "auto":
        precision = precision_for(_kind(task), device)
    torch.manual_seed(config.seed)
    model = task.build_model()
    return Job(
        task=task,
        model=(model.double() if precision == "float64" else model).to(device),
        columns=_encode(task, data.train, config.data.train),
        dev_columns=_encode(task, data.dev, config.data.dev or config.data.train),
        dev_examples=data.dev,
        config=config.training,
        seed=config.seed,
        device=device,
        precision=precision,
        group=group,
        checkpoints=folder / "checkpoints",
        stop=stop,
    )


def _encode(task: Task, examples: Sequence[Any], file: str) -> Columns:
    with examples_of(file):
        return task.encode(examples)


def _kind(task: Task) -> str:
    return getattr(getattr(task.config, "encoder", None), "kind", task.config.kind)


def _notes(job: Job, data: Parts) -> list[str]:
    weights = sum(one.numel() for one in job.model.parameters())
    model = f"{_kind(job.task)} with {weights:,} weights, {job.precision} on {job.device.type}"
    return [*data.notes, *job.task.notes({"train": job.columns, "dev": job.dev_columns}), model]


def _begin(folder: Path, task: Task, data: Parts) -> None:
    with written_folder(folder) as fresh:
        (fresh / "task").mkdir()
        bundle.save_task(fresh / "task", task)
        write_json(fresh / "data.json", {"fingerprint": data.fingerprint})
        write_yaml(data.config, fresh / "config.yaml")


def _rewind(folder: Path) -> None:
    """Drop the reports of steps that the latest checkpoint has not seen: they are about to be taken again."""
    path, found = folder / "reports.jsonl", checkpoint.latest(folder / "checkpoints")
    last = checkpoint.step_of(found) if found else 0
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    whole = [line for line in lines if line.endswith("}")]
    write_text(path, "".join(f"{line}\n" for line in whole if json.loads(line).get("step", 0) <= last))


def _story(job: Job, notes: list[str]) -> Iterator[Report]:
    yield from map(Note, notes)
    try:
        yield from loop.train(job)
    except TrainingError:
        # without a checkpoint there is nothing to keep, and a folder would only stand in the way of the next try
        if job.group.leads and job.checkpoints and checkpoint.latest(job.checkpoints) is None:
            shutil.rmtree(job.checkpoints.parent, ignore_errors=True)
        raise


def _finish(folder: Path, job: Job, data: Parts, seconds: float) -> None:
    bundle.save_weights(folder, job.model)
    result = evaluate(job.task, job.model, data.dev, device=job.device)
    facts = {
        "data": f"dev part, {len(data.dev):,} texts",
        "size_bytes": bundle.size(folder),
        "parameters": sum(one.numel() for one in job.model.parameters()),
        "train_seconds": round(seconds, 3),
        "task": job.task.config.kind,
        "encoder": _kind(job.task),
        "weft": version("weft"),
    }
    write_json(folder / "scores.json", {**result.to_json(), **facts})
    write_answers(folder / "answers.jsonl", job.task, result.answers, data.dev)
    from weft.report.page import run_page

    run_page(folder)
    bundle.seal(folder, version=version("weft"))
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)


def _about(table: Table, rows: int) -> str:
    split_by = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}.get(table.delimiter)
    fields = f", fields between {split_by}" if split_by and table.form == "csv" and table.delimiter != "," else ""
    return f"{table.path}: {rows:,} rows, {table.encoding}{fields}"


def _bad(table: Table) -> list[str]:
    return [f"left out {bad.file}:{bad.line}: {bad.what}" for bad in table.bad]


def _fingerprint(examples: Sequence[Any]) -> str:
    digest = hashlib.sha256()
    for example in examples:
        digest.update(repr((example.text, example.label)).encode())
    return digest.hexdigest()
