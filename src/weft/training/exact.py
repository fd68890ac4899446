"""Training without steps: solves for the weights of a linear bag, and decides on the dev set what was left open.

The scores of support-vector machines are no logarithms of odds; one factor, under which the dev set is most probable,
makes probabilities of them (Platt 1999, without the shift, so that no answer changes). The reports are those of the
loop of steps, with one evaluation. It keeps no checkpoints: what is interrupted is solved anew, to the same weights.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from weft.data.batch import Ngrams
from weft.data.columns import Columns, Ragged
from weft.errors import Interrupted
from weft.evaluation.evaluate import answer_columns
from weft.hashing import mix
from weft.models.bag import BagEncoder, BagEncoderConfig, shared
from weft.training.aims import AIMS, Aim
from weft.training.job import Job
from weft.training.linear import Solution, Solved, SparseRows
from weft.training.reports import DoneReport, EvalReport, Note, Report

_AT_ONCE = 8192
_FEWEST, _MOST, _WORK = 1_000, 10_000, 2e7
"""Fewest and most rows that settings are tried on, and the number of their n-grams times classes that lies between."""
_FOLDS, _ENOUGH = 3, 2_000
"""Number of folds of the training rows that settings are tried on too, and rows of a dev set that is enough alone."""
_SURE = 1.5
"""Standard errors by which a setting has to be better than the first one: three texts more, of three that differ."""


def train(job: Job) -> Iterator[Report]:
    """Solve for the weights of `job.model`, and leave it in evaluation mode.

    Raises Interrupted when `stop` gives a signal.
    """
    started = time.perf_counter()
    job.model.to("cpu")
    rows, dev = _Rows.of(job, job.columns), _Rows.of(job, job.dev_columns)
    yield from _decide(job, rows, dev)
    encoder: Any = job.model.encoder
    solution = yield from _solved(job, rows, cost=job.task.config.encoder.cost)
    scale = dev.aim.scale(dev.scores(encoder, solution), dev.truth_RC)
    _put(job.model, solution, scale=scale)
    job.model.to(job.device).eval()
    metric = job.config.metric or job.task.metric
    answers = answer_columns(job.task.for_validation(), job.model, job.dev_columns, device=job.device)
    yield EvalReport(0, 1.0, job.task.quick_scores(answers, job.dev_examples), metric, best=True)
    if job.refit:
        job.model.to("cpu")
        both = rows.and_those(dev)
        solution = yield from _solved(job, both, cost=job.task.config.encoder.cost, start=solution.dual_RC)
        _put(job.model, solution, scale=scale)
        job.model.to(job.device)
        yield Note(f"solved once more with the {len(dev.truth_RC):,} rows that had been held out")
    yield DoneReport(0, 0, time.perf_counter() - started)


def solve_plainly(job: Job) -> None:
    """Solve once, on all rows that may be learned from, by settings that leave nothing open; answers alone count."""
    rows = _Rows.of(job, job.columns)
    rows = rows.and_those(_Rows.of(job, job.dev_columns)) if job.refit else rows
    for _ in _decide(job, rows, rows):  # weighs the n-grams
        pass
    encoder: Any = job.model.encoder
    alike_RC, cost = torch.ones(1, 1), job.task.config.encoder.cost
    *_, solution = rows.aim.solve(rows.features(encoder), rows.truth_RC, cost=cost, weights_RC=alike_RC, start=None)
    assert isinstance(solution, Solution)
    _put(job.model, solution, scale=rows.aim.usual_scale)
    job.model.eval()


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows as sets of n-grams, and the decisions on them, bool [R, C], or their numbers, float [R, C].

    `weight_V` keeps the weights of the n-grams by each weighting that was tried on these rows.
    """

    source: Ngrams
    truth_RC: Tensor
    aim: Aim
    weight_V: dict[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, job: Job, columns: Columns) -> _Rows:
        """Gather the rows of a part of the data."""
        parts = np.array_split(np.arange(len(columns)), -(-len(columns) // _AT_ONCE))
        task: Any = job.task
        batches = [task.collate(columns, rows) for rows in parts]
        source = _joined([batch.source for batch in batches])
        return cls(source, torch.cat(list(map(task.decisions, batches))), AIMS[task.config.answers_with])

    def and_those(self, other: _Rows) -> _Rows:
        """Return these rows and others."""
        truth_RC = torch.cat([self.truth_RC, other.truth_RC])
        return _Rows(_joined([self.source, other.source]), truth_RC, self.aim)

    def some(self, count: int, *, seed: int) -> _Rows:
        """Return so many of the rows, drawn by seed, or all."""
        if len(self.truth_RC) <= count:
            return self
        return self.at(np.sort(np.random.default_rng(seed).permutation(len(self.truth_RC))[:count]))

    def folds(self) -> list[tuple[_Rows, _Rows]]:
        """Return for each of some folds the other rows and its own; rows of the same n-grams stand in one fold."""
        ends = torch.cat([self.source.starts_B, torch.tensor([len(self.source.ids_N)])])
        sums = torch.cat([torch.zeros(1, dtype=torch.int64), self.source.ids_N.long().cumsum(0)])[ends.long()].diff()
        fold_R = mix(sums.numpy().astype(np.uint64)) % np.uint64(_FOLDS)
        parts = [(np.flatnonzero(fold_R != fold), np.flatnonzero(fold_R == fold)) for fold in range(_FOLDS)]
        return [(self.at(others), self.at(own)) for others, own in parts if len(others) and len(own)]

    def at(self, drawn: np.ndarray) -> _Rows:
        """Return the rows at some places."""
        offsets_R1 = np.append(self.source.starts_B.numpy(), len(self.source.ids_N))
        ids_N, starts_B = Ragged(self.source.ids_N.numpy(), offsets_R1).flat(drawn)
        source = Ngrams(torch.from_numpy(ids_N), torch.from_numpy(starts_B))
        return _Rows(source, self.truth_RC[drawn], self.aim)

    def features(self, encoder: BagEncoder) -> SparseRows:
        """Weigh the n-grams."""
        ends_R1 = torch.cat([self.source.starts_B, torch.tensor([len(self.source.ids_N)])])
        weight_N = encoder.weights(self.source).float()
        return SparseRows(self.source.ids_N, weight_N, ends_R1, encoder.table.num_embeddings)

    def scores(self, encoder: BagEncoder, solution: Solution) -> Tensor:
        """Return the score of each decision, [R, C]."""
        weights = encoder.weights(self.source).float()
        table = solution.weight_VC
        read = functional.embedding_bag(
            self.source.ids_N, table, self.source.starts_B, mode="sum", per_sample_weights=weights
        )
        return read + solution.bias_C


def _joined(sources: list[Ngrams]) -> Ngrams:
    sizes = [len(one.ids_N) for one in sources]
    starts = [one.starts_B + before for one, before in zip(sources, np.cumsum([0, *sizes[:-1]]).tolist(), strict=True)]
    return Ngrams(torch.cat([one.ids_N for one in sources]), torch.cat(starts))


@dataclass(frozen=True, slots=True)
class _Settings:
    """Settings of a bag that its config may leave open."""

    weighting: str
    balance: str
    cost: float

    @property
    def named(self) -> str:
        """The settings in a few words."""
        balance = {"lengths": ", lengths alike", "shared": ", lengths by what texts share"}.get(self.balance, "")
        return f"{self.weighting}{balance}, cost {self.cost:g}"


def _decide(job: Job, rows: _Rows, dev: _Rows) -> Iterator[Report]:
    """Choose what the settings leave open, and put it into the config of the task and the encoder.

    Settings are tried on the dev set and, where that is small, on folds of the training rows: with few rows, chance
    chooses. A setting other than the first one is taken where it is better by more than so many standard errors of the
    difference. The cost is chosen after the weighting.
    """
    config: BagEncoderConfig = job.task.config.encoder
    encoder: Any = job.model.encoder
    aim = rows.aim
    count, scores = rows.truth_RC.shape
    ways = config.ways(scores=scores if aim.exclusive else 0, rows=count, rare=_has_rare_words(encoder, rows))
    first, *costs = aim.costs if config.cost is None else (config.cost,)
    best, *others = [_Settings(**way, cost=first) for way in ways]
    if others or costs:
        work = len(rows.source.ids_N) * rows.truth_RC.shape[1] / len(rows.truth_RC)
        tried = rows.some(int(min(_MOST, max(_FEWEST, _WORK / max(work, 1)))), seed=job.seed)
        folds = tried.folds() if len(dev.truth_RC) < _ENOUGH else []
        best_R = yield from _tried(job, best, rows, tried, dev, folds)
        merits = {best: float(best_R.mean())}
        for one in [*others, *costs]:
            settings = one if isinstance(one, _Settings) else replace(best, cost=one)
            merit_R = yield from _tried(job, settings, rows, tried, dev, folds)
            merits[settings] = float(merit_R.mean())
            gain_R = merit_R - best_R
            if gain_R.mean() > _SURE * gain_R.std(correction=0) / len(gain_R) ** 0.5:
                best, best_R = settings, merit_R
        yield Note(_chosen(best, merits, aim, folds=len(folds)))
    _prepare(encoder, best, rows)
    job.task.config = job.task.config.model_copy(update={"encoder": config.model_copy(update=asdict(best))})


def _has_rare_words(encoder: BagEncoder, rows: _Rows) -> bool:
    """Whether most of the words stand in one row alone, as names do; the first group of n-grams has them."""
    return encoder.group_V is not None and shared(rows.source.ids_N.numpy(), encoder.group_V.numpy())[0] < 0.5


def _chosen(best: _Settings, merits: Mapping[_Settings, float], aim: Aim, *, folds: int) -> str:
    """Say which of some settings was chosen, by their merits."""
    others = [merit for settings, merit in merits.items() if settings != best]
    least, most = aim.shown(min(others)), aim.shown(max(others))
    between = least if least == most else f"{least} to {most}"
    which = "the other" if len(others) == 1 else "the others"
    chance = "; the first one stays where none is better beyond chance" if max(others) > merits[best] else ""
    said = f"{aim.measured}: {aim.shown(merits[best])}; {which} {between}{chance}"
    where = f"on the dev set and {folds} folds of the training rows" if folds else "on the dev set"
    return f"chosen {where}, of {len(merits)} settings: {best.named} ({said})"


def _tried(
    job: Job, settings: _Settings, rows: _Rows, tried: _Rows, dev: _Rows, folds: list[tuple[_Rows, _Rows]]
) -> Generator[Report, None, Tensor]:
    """Solve by some settings on some of the rows, and on all folds of them but one in turn.

    Returns the merit of each row of the dev set, and of each row of the folds.
    """
    encoder: Any = job.model.encoder
    found = []
    for weighed, part, held in [(rows, tried, dev), *((others, others, own) for others, own in folds)]:
        _prepare(encoder, settings, weighed)  # by rows that are not scored: naive Bayes knows their labels
        solution = yield from _solved(job, part, cost=settings.cost)
        found.append(held.aim.merit(held.scores(encoder, solution), held.truth_RC))
    return torch.cat(found)


def _prepare(encoder: BagEncoder, settings: _Settings, rows: _Rows) -> None:
    """Weigh the n-grams by some settings."""
    encoder.weighting, encoder.balance = settings.weighting, settings.balance
    ids_N, truth_RC = rows.source.ids_N, rows.truth_RC
    if settings.weighting in rows.weight_V:
        encoder.weight_V.copy_(rows.weight_V[settings.weighting])
        encoder.prepare_balance(ids_N.numpy())
        return
    count_R = torch.diff(rows.source.starts_B, append=torch.tensor([len(ids_N)]))
    row_N = torch.repeat_interleave(count_R, output_size=len(ids_N))
    labels = truth_RC.unbind(1) if truth_RC.dtype == torch.bool else ()
    sides = (labels[0], ~labels[0]) if len(labels) == 1 else labels
    encoder.prepare(ids_N.numpy(), (ids_N[has_R[row_N]].numpy() for has_R in sides), rows=len(truth_RC))
    rows.weight_V[settings.weighting] = encoder.weight_V.clone()


def _solved(job: Job, rows: _Rows, *, cost: float, start: Tensor | None = None) -> Generator[Report, None, Solution]:
    """Solve, and look for a signal between steps."""
    task: Any = job.task
    encoder: Any = job.model.encoder
    weights_RC = task.decision_weights(rows.truth_RC)
    features = rows.features(encoder)
    for found in rows.aim.solve(features, rows.truth_RC, cost=cost, weights_RC=weights_RC, start=start):
        if isinstance(found, Solution):
            return found
        assert isinstance(found, Solved)
        if signal := job.stop():
            what = f"stopped with {found.classes} of {found.of} linear models solved"
            raise Interrupted(what, signal=signal, hint="go on with --resume")
    yield from ()
    raise AssertionError


@torch.no_grad()
def _put(model: nn.Module, solution: Solution, *, scale: float) -> None:
    """Put a solution into a model: the table has the scores, which the head scales; of two labels half to each."""
    head: Any = model.scores
    encoder: Any = model.encoder
    encoder.table.weight.copy_(solution.weight_VC)
    width = solution.weight_VC.shape[1]
    signs = torch.tensor([[-0.5], [0.5]]) if len(head.bias) > width else torch.eye(width)
    head.weight.copy_(scale * signs)
    head.bias.copy_(scale * signs @ solution.bias_C)
