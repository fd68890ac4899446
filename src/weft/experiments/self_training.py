"""Trains on few labels and many texts without one: a model labels texts, and the next learns from the surest of them.

While it goes on, the folder holds `self_training.json` (what it was started with), the run folders `alone` (labels
alone), `round-1` and so on, and `round-1.jsonl`, the answers that its labels were taken from. The best run on the dev
set becomes the run of the folder itself, whose `scores.json` and page show it beside the others on the same rows.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from weft import bundle, run_folder
from weft.bundle import Model
from weft.config import Config, differences, kind_of, read_saved, read_yaml, validated, write_yaml
from weft.data.checks.findings import listed
from weft.dataset import Examples, read
from weft.errors import ConfigError, InputError, WeftError
from weft.evaluation.compare import difference_interval, p_in_words
from weft.evaluation.evaluate import answer
from weft.experiments.teacher_answers import answered, new_among, new_texts, places_of
from weft.files import read_json, remove, write_json, write_text
from weft.lock import held
from weft.metrics.bootstrap import mean
from weft.metrics.names import in_short, measure
from weft.metrics.significance import mcnemar
from weft.report.pages.run import run_page
from weft.run import RunConfig, Source, config_of, fit_in_memory, suited, trained
from weft.tasks.choices import TASKS
from weft.tasks.teaching import SelfTraining
from weft.training.reports import Note, Report
from weft.training.settings import SelfTrainingConfig

PLAN, ALONE, ROUND = "self_training.json", "alone", "round-{}"


def train(
    config: Source,
    folder: str | Path,
    *,
    examples: Examples | None = None,
    settings: Mapping[str, Any] | None = None,
    resume: bool = False,
    parts: Sequence[type[Config]] = (),
    stop: Callable[[], int] = lambda: 0,
) -> Iterator[Report]:
    """Train into a folder, and yield reports as it goes on; the folder is a trained folder when they end.

    Nothing happens before they are asked for, by a loop: `for report in weft.train("a.csv", "runs/a"): print(report)`.
    `weft.fit` goes through them by itself.

    Args:
        config: what to do: the settings of a run, or of its data, or a file, with the defaults for the rest.
        folder: must not exist, or hold an unfinished run of the same config to `resume`.
        examples: the parts of the data where they are read already (a fold, say); None: read as `config.data` says.
        settings: further settings by dotted paths, such as `{"task.encoder": "bag", "training.epochs": 3}`.
        resume: go on from the latest checkpoint.
        parts: config classes from outside the package.
        stop: asked after each step for the number of a signal to stop on; 0 goes on.

    Raises:
        WeftError: of the kind that fits; nothing is written for a mistake in config or data.

    """
    whole = config_of(config, settings=settings, parts=parts)
    start = trained if whole.self_training is None else self_trained
    return start(whole, Path(folder), examples=examples, resume=resume, parts=parts, stop=stop)


def fit(
    config: Source,
    folder: str | Path,
    *,
    settings: Mapping[str, Any] | None = None,
    resume: bool = False,
    parts: Sequence[type[Config]] = (),
) -> Model:
    """Train into a folder to the end, and return the model: `weft.fit("reviews.csv", "runs/reviews").answer([...])`.

    Arguments and errors are those of `train`.
    """
    for _ in train(config, folder, settings=settings, resume=resume, parts=parts):
        pass
    return bundle.load(folder, parts=parts)


def self_trained(
    config: RunConfig,
    folder: Path,
    *,
    examples: Examples | None = None,
    resume: bool = False,
    parts: Sequence[type[Config]] = (),
    stop: Callable[[], int] = lambda: 0,
) -> Iterator[Report]:
    """Train a model on the labels alone, then in rounds on more and more sure labels; keeps the best on the dev set.

    Pseudo-labels, Lee 2013; the surest of each label, Zou et al. 2018. Arguments and errors are those of `train`.
    """
    how = config.self_training
    assert how is not None
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ConfigError("self-training takes one process", hint="start it without torchrun")
    _check(config)
    if not run_folder.check_may_start_plan(folder, plan=PLAN, kind="a run in rounds", resume=resume) and resume:
        yield Note(f"there is nothing in {folder} to resume: starting from the beginning")
    if run_folder.is_finished(folder):
        yield Note(f"{folder} is finished: nothing to do")
        return
    examples = examples or read(config.data, config.task, seed=config.seed)
    try:
        more, notes = new_texts(how.unlabelled, examples, config.data, column=how.column)
    except InputError as error:
        hint = error.hint.replace("--column ", "--set self_training.column=")
        raise InputError(error.what, where=error.where, hint=hint) from None
    work = _Work(config, how, folder, examples, more, parts, stop)
    with held(folder):
        work.check_same()
        write_json(folder / PLAN, work.plan)
        try:
            yield from work.rounds(notes)
        except WeftError:
            if not any(folder.rglob(run_folder.CONFIG)):  # nothing is lost, and it would only stand in the way
                remove(folder / PLAN)
            raise


def fit_self_trained(config: RunConfig, examples: Examples, unlabelled: Sequence[Any]) -> Model:
    """Self-train in memory, as `self_trained` does in a folder, and return the best model on the dev set.

    Raises InputError where all the unlabelled examples are known already.
    """
    how = config.self_training
    assert how is not None
    _check(config)
    more, gone = new_among(unlabelled, places_of(examples))
    if not more:
        what = f"no unlabelled text is left to learn from: {gone.total():,} are among the others, or repeated"
        raise InputError(what, where="unlabelled")
    plain = config.model_copy(update={"self_training": None})
    model = kept = fit_in_memory(plain, examples)
    best, ask = _Round(ALONE, _scores(kept, examples.dev)), kept.task.config.question_of
    for number in range(1, how.rounds + 1):
        task: Any = model.task
        said = [task.said(one) for one in model.answer([ask(one) for one in more])]
        taken = task.pseudo_labelled(more, said, share=how.share)
        model = fit_in_memory(plain, replace(examples, train=[*examples.train, *taken.examples]))
        found = _Round(ROUND.format(number), _scores(model, examples.dev))
        if _is_better(found, best, _deciding(config, model)):
            kept, best = model, found
    return kept


def _scores(model: Model, examples: Sequence[Any]) -> dict[str, float]:
    """Return the scores of a model on the dev set, as its training found them."""
    return model.task.quick_scores(
        answer(model.task.for_validation(), model.network, examples, device=model.device), examples
    )


def _deciding(config: RunConfig, model: Model) -> list[str]:
    """Return the scores by which models are chosen: the first one, and the one where that is the same."""
    by = [config.training.metric or model.task.metric, model.task.tie_metric]
    return [name for name in by if name]


def _check(config: RunConfig) -> None:
    if not isinstance(config.task, SelfTraining):
        able = " or ".join(f"`{kind_of(one)}`" for one in TASKS if issubclass(one, SelfTraining))
        what = f"learns from texts that a model gives one label each, and this is task `{config.task.kind}`"
        raise ConfigError(what, where="self_training", hint=f"leave the unlabelled texts out: it takes task {able}")
    if any(getattr(part, "budget", None) for part in config.task.part_configs):
        what = "tries encoders, and may choose others for other rows: what is learned from is all that should differ"
        raise ConfigError(what, where="task.encoder.budget", hint="name an encoder, as --encoder lstm")
    suited(config)


@dataclass(frozen=True, slots=True)
class _Work:
    config: RunConfig
    how: SelfTrainingConfig
    folder: Path
    examples: Examples
    more: Sequence[Any]
    parts: Sequence[type[Config]]
    stop: Callable[[], int]

    @property
    def plan(self) -> dict[str, Any]:
        """The settings, and a checksum of all texts."""
        texts = replace(self.examples, train=[*self.examples.train, *self.more]).fingerprint
        return {"settings": self.config.model_dump(mode="json"), "texts": texts}

    def check_same(self) -> None:
        """Raise ConfigError where the folder was started with other settings or texts."""
        if not (self.folder / PLAN).is_file():
            return
        before = read_saved(self.folder / PLAN, dict[str, Any])
        if changed := differences(before, self.plan):
            said = "; ".join("other texts" if one.startswith("texts") else one for one in changed)
            hint = "go on as it was started, or name another folder (--output)"
            raise ConfigError(f"was started otherwise: {said}", where=str(self.folder), hint=hint)

    def rounds(self, notes: Sequence[str]) -> Iterator[Report]:
        """Train every model, choose one, and make its run that of the folder."""
        said = [*notes]
        yield from map(Note, [*said, "\nlabels alone"])
        yield from self._run(ALONE, self.examples)
        found, learned = [_Round(ALONE, self._dev(ALONE))], self.examples
        for number in range(1, self.how.rounds + 1):
            name, teacher = ROUND.format(number), self._teacher(found[-1].name, learned)
            taken = yield from self._taken(teacher, name)
            said.append(_in_words(number, taken.labels, of=len(self.more)))
            yield Note(f"\n{said[-1]}")
            learned = replace(self.examples, train=[*self.examples.train, *taken.examples], notes=[])
            yield from self._run(name, learned)
            same_M = _answers(self.folder / name) == _answers(self.folder / found[-1].name)
            found.append(_Round(name, self._dev(name), taken.labels, float(same_M.mean())))
            said.append(f"round {number}: answers {same_M.mean():.1%} of {len(same_M):,} texts as the model before")
            yield Note(said[-1])
        result = self._compared(found, _deciding(self.config, teacher))
        said.append(result["said"])
        yield Note(said[-1])
        self._keep(result, [Note(one) for one in said])

    def _run(self, name: str, examples: Examples) -> Iterator[Report]:
        place = self.folder / name
        if not run_folder.is_finished(place):
            going_on = place.exists()
            yield from trained(self._plain, place, examples=examples, resume=going_on, parts=self.parts, stop=self.stop)

    def _teacher(self, name: str, examples: Examples) -> Model:
        """Return the model of a run as it was chosen by the dev set, and not solved once more with the dev set.

        Of a teacher that knows the dev set, the next model would score too well there.
        """
        model = bundle.load(self.folder / name, parts=self.parts, device=self.config.device)
        solved = all(getattr(part, "solved", False) for part in model.task.config.part_configs)
        refit = solved and bool(examples.test) and not self.config.data.dev
        return fit_in_memory(self._plain, examples, refit=False) if refit else model

    @property
    def _plain(self) -> RunConfig:
        return self.config.model_copy(update={"self_training": None})

    def _taken(self, teacher: Model, name: str) -> Generator[Report, None, Any]:
        """Return the texts that are sure enough by a model, with its labels."""
        task: Any = teacher.task
        said = yield from answered(teacher, task.said, self.more, self.folder / f"{name}.jsonl", stop=self.stop)
        return task.pseudo_labelled(self.more, said, share=self.how.share)

    def _dev(self, name: str) -> dict[str, float]:
        """Return the scores on the dev set of the best weights of a run."""
        reports = run_folder.read_lines(self.folder / name / run_folder.REPORTS)
        return [report["scores"] for report in reports if report.get("kind") == "evaluation" and report["best"]][-1]

    def _compared(self, found: Sequence[_Round], by: Sequence[str]) -> dict[str, Any]:
        """Choose by the scores on the dev set, and compare the best round with labels alone on the rows scored."""
        best = found[1]
        for one in found[2:]:
            best = one if _is_better(one, best, by) else best
        kept = best if _is_better(best, found[0], by) else found[0]
        right = {name: _right(self.folder / name) for name in (ALONE, best.name)}
        gain, test = mean(right[best.name] - right[ALONE]), mcnemar(right[best.name] > 0, right[ALONE] > 0)
        scores = {one.name: read_json(self.folder / one.name / run_folder.SCORES) for one in found}
        result = {
            "unlabelled": len(self.more),
            "by": by[0],
            "rounds": [asdict(one) for one in found],
            "best": best.name,
            "kept": kept.name,
            "score": self.config.task.headline[0],
            "scores": {name: one["scores"] for name, one in scores.items()},
            "gain": {**asdict(gain), "p": test.p},
        }
        return {**result, "said": _decision(result, data=scores[ALONE]["data"].split(",")[0])}

    def _keep(self, result: Mapping[str, Any], notes: Sequence[Report]) -> None:
        """Make the chosen run that of the folder: its files are copied, and the seal comes last."""
        place = self.folder / str(result["kept"])
        for name in (one for one in run_folder.FILES if one != run_folder.SEAL):
            remove(self.folder / name)
            if (place / name).is_dir():
                shutil.copytree(place / name, self.folder / name)
            elif (place / name).is_file():
                shutil.copyfile(place / name, self.folder / name)
        of_run = validated(RunConfig, read_yaml(place / run_folder.CONFIG), parts=self.parts)
        write_yaml(of_run.model_copy(update={"self_training": self.how}), self.folder / run_folder.CONFIG)
        lines = (place / run_folder.REPORTS).read_text(encoding="utf-8")
        told = "".join(f"{json.dumps(one.to_json(), ensure_ascii=False)}\n" for one in notes)
        write_text(self.folder / run_folder.REPORTS, lines + told)
        scores = {**read_json(place / run_folder.SCORES), "self_training": result}
        write_json(self.folder / run_folder.SCORES, scores)
        run_page(self.folder)
        run_folder.seal(self.folder, version=version("weft"))
        remove(place)


@dataclass(frozen=True, slots=True)
class _Round:
    """One model: its scores on the dev set, and what it learned from: texts and threshold by label, agreement."""

    name: str
    dev: Mapping[str, float]
    taken: Mapping[str, tuple[int, float]] | None = None
    agreement: float | None = None


def _is_better(one: _Round, other: _Round, by: Sequence[str]) -> bool:
    """Whether a model is better on the dev set, by the first score in which they differ."""
    for name in by:
        gain = one.dev[name] - other.dev[name]
        if gain:
            return (gain > 0) == (measure(name).better == "higher")
    return False


def _right(folder: Path) -> np.ndarray:
    """Return 1 for each row of a table of answers that is right, else 0."""
    return np.array([float(one["label"] == one["answer"]) for one in run_folder.read_answers(folder)])


def _answers(folder: Path) -> np.ndarray:
    """Return the answers of a run, as texts."""
    return np.array([str(one["answer"]) for one in run_folder.read_answers(folder)])


def _in_words(number: int, labels: Mapping[str, tuple[int, float]], *, of: int) -> str:
    """Say how many texts of each label were taken, and from which probability on."""
    shown = listed([f"`{label}` {size:,} from {threshold:.2f}" for label, (size, threshold) in labels.items()])
    total = sum(size for size, _ in labels.values())
    return f"round {number}: {total:,} of {of:,} unlabelled texts are sure enough to learn from: {shown}"


def _decision(result: Mapping[str, Any], *, data: str) -> str:
    """Say which model was kept, and how they differ on the rows that both were scored on."""
    gain, score, best = result["gain"], result["score"], str(result["best"]).replace("-", " ")
    known = measure(score)
    mine, alone = (result["scores"][name][score]["value"] for name in (result["best"], ALONE))
    interval = difference_interval(gain["low"], gain["high"], digits=1, scale=100)
    apart = f"{100 * gain['value']:+.1f} points, {interval}, {p_in_words(gain['p'])}"
    figures = f"on the {data} {known.called} {in_short(score, mine)} against {in_short(score, alone)} ({apart})"
    if result["kept"] == ALONE:
        return f"self-training is no better on the dev set: the model of the labels alone is kept; {figures}"
    return f"self-training ({best}) is better on the dev set than labels alone, and kept; {figures}"
