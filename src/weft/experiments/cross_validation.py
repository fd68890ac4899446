"""Trains several models on the same folds, or with several seeds on one test file, and compares them.

The output folder holds `plan.json` (the plan it was started with), a run folder for every model and fold
(`cnn/repeat-1/fold-3`, or `cnn/seed-0`), and at the end `comparison.json` and `page.html`. Every fold learns its own
vocabulary and holds out its own validation set, so that nothing of its test set is known. A finished run keeps its
`bundle.json`, by which it is recognised on resume; its weights are removed unless they are to be kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from weft.config import differences, read_saved
from weft.data.checks.findings import counted
from weft.data.examples.base import examples_of
from weft.dataset import DataConfig, Examples
from weft.errors import ConfigError, WeftError
from weft.evaluation.compare import Design, compare
from weft.evaluation.compare_generation import compare_written
from weft.experiments.candidates import Candidate
from weft.experiments.folds import Fold, by_fold, by_seed
from weft.files import read_json, remove, write_json
from weft.lock import held
from weft.report.pages.comparison import experiment_page
from weft.run import suited, trained
from weft.run_folder import CONFIG, WEIGHTS, check_may_start_plan, reading
from weft.tasks.base import TaskConfig
from weft.training.reports import DoneReport, Note, Report

PLAN, RESULT = "plan.json", "comparison.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """The models to compare, and the data: `folds` of the training file, unless the data names a test file.

    The data and the seed are the same in all entries. Repeats split into folds anew, or train with further seeds.
    """

    entries: Sequence[Candidate]
    folds: int = 5
    repeats: int = 1

    @property
    def data(self) -> DataConfig:
        """Data that the examples come from."""
        return self.entries[0].config.data

    @property
    def seed(self) -> int:
        """Random seed of the first repeat; each further one has the next."""
        return self.entries[0].config.seed

    @property
    def design(self) -> Design:
        """Difference between the runs of a model: folds or seeds."""
        return "seeds" if self.data.test else "folds"

    def rounds(self) -> list[Fold]:
        """Return the folds that each model is trained and tested on. Raises WeftError for faults of the data."""
        task, seeds = self.entries[0].config.task, range(self.seed, self.seed + self.repeats)
        if self.design == "seeds":
            return by_seed(self.data, task, seeds=seeds)
        return by_fold(self.data, task, count=self.folds, seeds=seeds)

    def to_json(self) -> dict[str, Any]:
        """Convert the settings that must not change on resume; models and repeats may be added."""
        return {
            "train": self.data.train,
            "test": self.data.test,
            "folds": self.folds if self.design == "folds" else None,
            "seed": self.seed,
        }


def cross_validate(
    plan: Plan,
    folder: Path,
    *,
    models: Literal["drop", "keep"] = "drop",
    resume: bool = False,
    stop: Callable[[], int] = lambda: 0,
) -> Iterator[Report]:
    """Train every model on every fold or seed, yielding reports; then write `comparison.json` and `page.html`.

    Args:
        plan: the models and their data.
        folder: must not exist, or hold this very comparison to `resume`.
        models: whether the weights of finished runs are kept; they are not needed to compare.
        resume: whether to resume: finished runs are kept, an unfinished one resumes from its checkpoint.
        stop: as in `weft.train`.

    Raises:
        WeftError: of the kind that fits; nothing is written for a mistake in config or data.

    """
    _may_start(plan, folder, resume)
    with held(folder):
        yield from _validated(plan, folder, models, resume, stop)


def _validated(
    plan: Plan, folder: Path, models: Literal["drop", "keep"], resume: bool, stop: Callable[[], int]
) -> Iterator[Report]:
    """Compare in a folder that this process holds."""
    _may_start(plan, folder, resume)
    rounds = plan.rounds()
    with examples_of(plan.data.train):
        rounds[0].examples.task.check_comparable()
    tasks = {entry.name: _task(entry, rounds[0].examples) for entry in plan.entries}
    write_json(folder / PLAN, plan.to_json())
    try:
        for number, one in enumerate(rounds, 1):
            for entry in plan.entries:
                yield Note(f"\n{entry.name}, {one.name} ({number} of {len(rounds)})")
                place = folder / entry.name / one.place
                config = entry.config.model_copy(update={"seed": one.seed})
                examples = replace(one.examples, task=tasks[entry.name])
                for report in trained(config, place, examples=examples, resume=place.exists(), stop=stop):
                    yield report
                    if isinstance(report, DoneReport):  # what comes then is quiet, and long where texts are written
                        yield Note(f"{one.name}: {entry.name}: scoring {counted(len(one.examples.test), 'text')}")
                if models == "drop":
                    (place / WEIGHTS).unlink(missing_ok=True)
    except WeftError:
        if not any(folder.rglob(CONFIG)):  # nothing is lost, and it would only stand in the way
            remove(folder / PLAN)
        raise
    runs = {
        entry.name: [
            [folder / entry.name / one.place for one in rounds if one.repeat == repeat]
            for repeat in range(plan.repeats)
        ]
        for entry in plan.entries
    }
    task, design = tasks[plan.entries[0].name], plan.design
    with reading(folder, what="a run in it"):
        found = (
            compare(runs, design=design) if task.answers_with == "label" else compare_written(runs, task, design=design)
        )
    compared = found.to_json()
    compared["shown"] = [name for name in task.compared_by if name in compared["models"][0]["scores"]]
    places = {
        name: [str(one.relative_to(folder)) for fold in repeats for one in fold] for name, repeats in runs.items()
    }
    write_json(folder / RESULT, {"data": _data(plan, rounds), **compared, "runs": places})
    experiment_page(folder)


def results(folder: Path) -> dict[str, Any]:
    """Read the figures of a finished comparison, those of `weft.evaluation.compare.Comparison.to_json`."""
    return read_json(folder / RESULT)


def _may_start(plan: Plan, folder: Path, resume: bool) -> None:
    if plan.design == "folds" and plan.data.dev:
        hint = "leave it out, or name a --test file too"
        raise ConfigError("each fold holds out its own dev set", where="data.dev", hint=hint)
    if not check_may_start_plan(folder, plan=PLAN, kind="a comparison", resume=resume):
        return
    if changed := differences(read_saved(folder / PLAN, dict[str, Any]), plan.to_json()):
        hint = "go on as it was started, or name another folder (--output)"
        raise ConfigError(f"was started with other settings: {'; '.join(changed)}", where=str(folder), hint=hint)


def _task(entry: Candidate, examples: Examples) -> TaskConfig:
    """Return a model's task with its columns named; learned once, so that no mistake comes up after hours of others."""
    task = entry.config.task.model_copy(update=examples.task.found_in_table)
    suited(entry.config)
    try:
        with examples_of(entry.config.data.train):
            task.learn(examples.train)
    except ConfigError as error:
        raise ConfigError(error.what, where=f"{entry.name}: {error.where}", hint=error.hint) from None
    return task


def _data(plan: Plan, rounds: Sequence[Fold]) -> str:
    """Describe the data that the models were scored on."""
    texts = sum(len(one.examples.test) for one in rounds if one.repeat == 0)
    if plan.design == "seeds":
        seeds = f"{plan.repeats} seeds" if plan.repeats > 1 else f"seed {plan.seed}"
        return f"{plan.data.test}, {texts:,} texts, after training on {plan.data.train} with {seeds}"
    repeats = f", repeated {plan.repeats} times" if plan.repeats > 1 else ""
    return f"{plan.data.train}, {texts:,} texts in {plan.folds} folds{repeats}"
