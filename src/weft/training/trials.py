"""Trials of several models on one training set, by successive halving: who is best on the dev set after few steps?

Half of the networks go on from each round to the next, with twice the steps (Jamieson and Talwalkar 2016,
"Non-stochastic best arm identification and hyperparameter optimization"). Each trial is a whole training with its
schedule, only shorter, so that no network is judged while its rate is still high. A model that is solved for is tried
once, whole.

How many steps a budget of seconds buys follows from the weights and the length of the texts, and not from a clock: the
same seed gives the same choice.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from weft.errors import Interrupted, TrainingError
from weft.metrics.names import in_short, measure
from weft.training import loop
from weft.training.job import Job
from weft.training.reports import EvalReport, Note, Report
from weft.training.settings import rows_for

FEWEST = 30
"""Fewest steps of a trial: after fewer, no network has begun to learn."""
_OPERATIONS = 25e9
"""Operations a second that a core of a usual processor does when it trains a small network."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Steps of a trial, those of a whole training (0 where a model is solved for), and the best dev score."""

    steps: int
    of: int
    score: float

    @property
    def length(self) -> str:
        """The steps in words."""
        return (
            "solved" if not self.of else f"all {self.of:,} steps" if self.steps == self.of else f"{self.steps:,} steps"
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """The name of the model that was chosen, and a note on why."""

    name: str
    note: str


def choose(jobs: Mapping[str, Job], *, seconds: float) -> Generator[Report, None, Choice]:
    """Try models by their names, the first choice first, in about so many seconds of a processor core.

    Raises Interrupted when `stop` of a job gives a signal: trials keep nothing.
    """
    trials = _Trials(jobs, seconds)
    for name, job in jobs.items():
        if job.solved:
            yield from trials.take(name, 0)
    yield from trials.halve([name for name in trials.networks if trials.affords(name)])
    return trials.choice()


class _Trials:
    """Trials of networks in rounds, each of which has an equal share of the seconds."""

    def __init__(self, jobs: Mapping[str, Job], seconds: float) -> None:
        self.jobs = jobs
        self.found: dict[str, Trial] = {}
        self.networks = [name for name, job in jobs.items() if not job.solved]
        self.rounds = max(1, math.ceil(math.log2(max(1, len(self.networks)))))
        self.seconds = seconds / self.rounds
        first = next(iter(jobs.values()))
        self.metric = first.config.metric or first.task.metric

    def affords(self, name: str) -> bool:
        """Whether the first round has enough steps for a network."""
        return self.steps(name, share=len(self.networks)) >= min(FEWEST, _all_steps(self.jobs[name]))

    def steps(self, name: str, *, share: int) -> int:
        """Return the steps of a network in a round that it shares with others."""
        job = self.jobs[name]
        return min(_all_steps(job), int(self.seconds / share / seconds_a_step(job)))

    def rank(self, name: str) -> float:
        """Return the score of a trial, turned so that the largest is the best."""
        score = self.found[name].score
        return -score if measure(self.metric).better == "lower" else score

    def halve(self, left: Sequence[str]) -> Generator[Report, None, None]:
        """Try networks round by round, and drop the worse half after each."""
        for _ in range(self.rounds):
            for name in left:
                steps = self.steps(name, share=len(left))
                if name not in self.found or self.found[name].steps < steps:
                    yield from self.take(name, steps)
            left = sorted((name for name in left if name in self.found), key=self.rank, reverse=True)
            left = left[: math.ceil(len(left) / 2)]
            if len(left) < 2:
                break

    def take(self, name: str, steps: int) -> Generator[Report, None, None]:
        """Train a fresh model, for so many steps or solved as a whole, and keep its best score.

        One that diverges is left out.
        """
        job = self.jobs[name]
        config, of = job.config, 0
        if not job.solved:
            of = _all_steps(job)
            config = config.model_copy(update={"epochs": config.epochs * steps / of})
        torch.manual_seed(job.seed)
        model = job.task.build_model()
        job.task.initialize(model, job.columns)
        model = model.to(job.device, next(job.model.parameters()).dtype)
        score = torch.zeros(1, dtype=torch.float64, device=job.device)
        try:
            for report in loop.train(replace(job, model=model, config=config, checkpoints=None)):
                if isinstance(report, EvalReport) and report.best:
                    score += report.scores.get(self.metric, 0.0) - score
        except TrainingError as error:
            yield Note(f"trial of {name}: {error.what}")
            return
        except Interrupted as error:
            hint = "start again: trials keep nothing"
            raise Interrupted("stopped during the trials", signal=error.exit_code - 128, hint=hint) from None
        self.found[name] = trial = Trial(steps, of, float(job.group.from_leader(score)))
        yield Note(f"trial of {name}: dev {in_short(self.metric, trial.score)}, {trial.length}")

    def choice(self) -> Choice:
        """Choose the best, of equal ones the first."""
        small = [self._too_small(name) for name in self.networks if name not in self.found and not self.affords(name)]
        if not self.found:
            name = next(iter(self.jobs))
            return Choice(name, _said(f"encoder: {name}, by the rules, since none was tried", *small))
        ranked = sorted(self.found, key=self.rank, reverse=True)  # of equal ones the first stays first
        scores = [
            f"{name} {in_short(self.metric, self.found[name].score)} ({self.found[name].length})" for name in ranked
        ]
        many = f"the best of {len(ranked)} in trials" if len(ranked) > 1 else "the only one in a trial"
        by = f"by {measure(self.metric).called} on the dev set"
        return Choice(ranked[0], _said(f"encoder: {ranked[0]}, {many}, {by}: {', '.join(scores)}", *small))

    def _too_small(self, name: str) -> str:
        job = self.jobs[name]
        steps = min(FEWEST, _all_steps(job))
        needed = math.ceil(seconds_a_step(job) * steps * len(self.networks) * self.rounds)
        return f"{name} was not tried: a trial of {steps} steps needs --budget {needed}s"


def seconds_a_step(job: Job) -> float:
    """Return the seconds that a core of a usual processor takes for a step, by the operations of the dense weights."""
    tables = {id(one.weight) for one in job.model.modules() if isinstance(one, nn.Embedding)}
    dense = sum(one.numel() for one in job.model.parameters() if id(one) not in tables)
    rows = rows_for(job.config.batch_rows, rows=len(job.columns))
    tokens = rows * float(job.columns.cost_R.mean())
    tokens = min(tokens, job.config.batch_tokens or tokens)
    return 6 * dense * tokens / _OPERATIONS  # forward, and twice that backward; each multiplies and adds


def _all_steps(job: Job) -> int:
    rows = rows_for(job.config.batch_rows, rows=len(job.columns))
    return max(1, math.ceil(job.config.epochs * len(job.columns) / rows))


def _said(*parts: str) -> str:
    return "; ".join([*parts, "name another with --encoder"])
