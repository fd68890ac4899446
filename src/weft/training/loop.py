"""The training loop: a task and its columns in, trained weights out, as a generator of reports.

One rule makes accumulation and processes exact: every micro-batch
of every process adds the gradient of its *sum*, and the total is divided once, by the count over all of them.
Another makes resuming exact: whatever a step draws comes from a generator seeded by (seed, step, rank).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from signal import SIGINT, SIGTERM

import numpy as np
import torch
from torch import Tensor

from weft.data.loader import plan, share
from weft.errors import Interrupted, TrainingError
from weft.evaluation.evaluate import answer_columns
from weft.metrics.names import measure
from weft.models.torch_private import seed_cpu
from weft.models.weights import own_weights, put_weights
from weft.training import checkpoint, exact, optim
from weft.training.checkpoint import Progress, Weights
from weft.training.ema import Average
from weft.training.job import Job
from weft.training.optimizers import Optimizer
from weft.training.reports import DoneReport, EvalReport, Note, Report, SaveReport, StepReport
from weft.training.settings import rows_for
from weft.training.sparse import SparseGradients, divide_and_clip

FORETOLD_AFTER = 20
"""Number of steps after which the time of all is foretold."""
FORETOLD_FROM = 2.0
"""Minutes from which on the time is worth a note."""


@dataclass(slots=True)
class _State:
    progress: Progress
    optimizers: list[Optimizer]
    average: Average | None
    best: Weights
    loss_count_2: Tensor
    """Sum and count of the loss since the last report, kept on the device so that no step waits for it."""
    first_bad: Tensor
    """The first step whose loss or gradient was not finite, or infinity."""


def train(job: Job) -> Iterator[Report]:
    """Train `job.model` in place, and leave the best weights in it, in evaluation mode.

    Goes on from the latest checkpoint, if any. A model that can be solved for takes no steps.

    Raises TrainingError when a loss is not finite, Interrupted (after a checkpoint) when `stop` gives a signal.
    """
    if job.solved:
        yield from exact.train(job)
        return
    config, state = job.config, _start(job)
    progress = state.progress
    if progress.step:
        yield Note(f"went on from the checkpoint of step {progress.step}")
    batch_rows = rows_for(config.batch_rows, rows=len(job.columns))
    if config.batch_rows is None and not progress.step:
        yield Note(f"batches of at most {batch_rows} rows (training.batch_rows)")
    pace = _Pace(job)
    while progress.epoch < config.epochs and not progress.stopped:
        batches = plan(
            job.columns.cost_R,
            batch_rows=batch_rows,
            batch_tokens=config.batch_tokens,
            seed=job.seed,
            epoch=progress.epoch,
            order_R=job.columns.shape_R,
        )
        last = math.ceil((config.epochs - progress.epoch) * len(batches))  # of a part of an epoch
        while progress.batch < min(last, len(batches)) and not progress.stopped:
            yield from _advance(job, state, pace, batches)
        if not progress.stopped:
            progress.epoch, progress.batch = progress.epoch + 1, 0
            if not config.evaluate_every:
                yield from _evaluate(job, state, min(progress.epoch, config.epochs))
    if progress.best is None:
        yield from _evaluate(job, state, min(progress.epoch, config.epochs))
    if progress.rising:
        more = f"training.epochs={math.ceil(3 * config.epochs)}"
        yield Note(f"still improving at the last evaluation: longer training may do better ({more})")
    put_weights(job.model, state.best)
    job.model.eval()
    yield DoneReport(progress.step, progress.best_step, progress.seconds)


def _advance(job: Job, state: _State, pace: _Pace, batches: list[np.ndarray]) -> Iterator[Report]:
    """Take one step, and do all that is due after it: a report, an evaluation, a checkpoint, the end."""
    config, progress = job.config, state.progress
    rows = batches[progress.batch]
    started = time.perf_counter()
    signal = _step(job, state, rows, (progress.epoch + (progress.batch + 0.5) / len(batches)) / config.epochs)
    progress.seconds += time.perf_counter() - started
    progress.step += 1
    progress.batch += 1
    pace.count(rows)
    reports = progress.step == 1 or progress.step % config.report_every == 0  # the first says that it has begun
    # on a GPU to look at the loss is to wait for the step: there it is looked at only where it is reported
    if reports or job.device.type == "cpu":
        _check_finite(job, state, rows)
    if reports:
        yield _report(job, state, pace, len(batches))
    if said := pace.foretold(progress.epoch + progress.batch / len(batches)):
        yield Note(said)
    if config.evaluate_every and progress.step % config.evaluate_every == 0:
        yield from _evaluate(job, state, progress.epoch + progress.batch / len(batches))
    if signal or progress.step % config.checkpoint_every == 0:
        yield from _save(job, state)
    if signal:
        raise Interrupted(f"stopped after step {progress.step}", signal=signal, hint="go on with --resume")


def _start(job: Job) -> _State:
    optimizers = optim.build(job.model, job.config.optimizer, table_rate=job.config.table_rate)
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["base"] = group["lr"]
    found = checkpoint.latest(job.checkpoints) if job.checkpoints else None
    average = None if job.config.ema is None else Average(job.model, decay=job.config.ema)
    progress, best = Progress(), {}
    if found:
        progress, best = checkpoint.restore(found, job.model, optimizers, average=average)
    sums = torch.tensor([progress.loss, progress.count], dtype=torch.float64, device=_wide(job.device))
    return _State(progress, optimizers, average, best, sums, torch.tensor(torch.inf, device=job.device))


def _step(job: Job, state: _State, rows: np.ndarray, done: float) -> int:
    """Take one optimiser step on a global batch; returns the signal that any process was sent, 0 for none."""
    config, step, group = job.config, state.progress.step, job.group
    _seed_draws(_seed(job.seed, step, group.rank), job.device)
    job.model.train()
    totals_3 = torch.zeros(3, dtype=torch.float64, device=_wide(job.device))
    parameters = [one for one in job.model.parameters() if one.requires_grad]
    sparse = SparseGradients(parameters)
    for part in range(config.accumulate):
        mine = share(rows, part=part * group.world + group.rank, parts=config.accumulate * group.world)
        if len(mine):
            batch = job.task.collate(job.columns, mine).to(job.device)
            with torch.autocast(job.device.type, torch.bfloat16, enabled=job.precision == "bfloat16"):
                loss = job.task.loss(job.model, batch, step)
            loss.sum.backward()
            sparse.take()
            totals_3[:2] += torch.stack([loss.sum.detach(), loss.count]).to(totals_3)
    sparse.put()
    signal = job.stop()
    totals_3[2] = {0: 0, SIGTERM: 1_000_000}.get(signal, 1)
    group.sum(totals_3)
    group.sum_gradients(parameters)
    count = totals_3[1].where(totals_3[1] > 0, 1.0)  # of a batch that has nothing to tell the gradient is 0
    norm = divide_and_clip(parameters, count.to(parameters[0].dtype), largest=config.clip)
    bad = ~(torch.isfinite(totals_3[0]) & torch.isfinite(norm))
    state.first_bad = torch.where(bad, state.first_bad.clamp_max(step), state.first_bad)
    factor = optim.rate(config.schedule, progress=done, warmup=config.warmup)
    if state.average is not None:
        state.average.catch_up(step)
    for optimizer in state.optimizers:
        for settings in optimizer.param_groups:
            settings["lr"] = settings["base"] * factor
        optimizer.step()
        optimizer.zero_grad()
    state.loss_count_2 += totals_3[:2]
    return signal if group.world == 1 else _agreed(float(totals_3[2]))


def _agreed(signals: float) -> int:
    """Return the signal on which all processes stop, when any was sent one; the sum counts terminations in millions."""
    return SIGTERM if signals >= 1_000_000 else SIGINT if signals else 0


def _seed_draws(seed: int, device: torch.device) -> None:
    if device.type == "cpu":
        seed_cpu(seed)
    else:
        torch.manual_seed(seed)


def _seed(seed: int, step: int, rank: int) -> int:
    return int(np.random.SeedSequence((seed, step, rank)).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _wide(device: torch.device) -> torch.device:
    """Return the device that keeps sums in float64: the device itself, or the CPU where it has none (mps)."""
    return torch.device("cpu") if device.type == "mps" else device


def _check_finite(job: Job, state: _State, rows: np.ndarray) -> None:
    first = float(state.first_bad)
    if first == float("inf"):
        return
    progress = state.progress
    owners = sorted({int(job.columns.owner_R[row]) + 1 for row in rows})
    shown = ", ".join(map(str, owners[:8])) + (" ..." if len(owners) > 8 else "")
    named = f"; its batch held training examples {shown}" if first == progress.step - 1 else ""
    raise TrainingError(
        f"the loss or its gradient is not finite in step {int(first) + 1} (epoch {progress.epoch + 1}){named}",
        hint="lower training.optimizer.learning_rate, or set training.clip",
    )


def _report(job: Job, state: _State, pace: _Pace, batches: int) -> StepReport:
    total, count = state.loss_count_2.tolist()
    state.loss_count_2.zero_()
    progress = state.progress
    epoch = progress.epoch + progress.batch / batches
    rows_per_second, seconds_left = pace.measure(epoch)
    current = state.optimizers[0].param_groups[0]["lr"]
    loss = total / max(count, 1e-12)
    return StepReport(progress.step, epoch, job.config.epochs, loss, current, rows_per_second, seconds_left)


def _evaluate(job: Job, state: _State, epoch: float) -> Iterator[Report]:
    """Score the dev set; keep the weights when they are the best so far; count the patience down."""
    progress, task = state.progress, job.task
    metric = job.config.metric or task.metric
    scores: dict[str, float] = {}
    samples: list[dict[str, str]] = []
    names = [metric, task.tie_metric or metric]
    values_2 = torch.zeros(2, dtype=torch.float64, device=_wide(job.device))
    with state.average.in_place(progress.step) if state.average else nullcontext():
        if job.group.leads:
            job.model.eval()
            answers = answer_columns(task.for_validation(), job.model, job.dev_columns, device=job.device)
            scores = task.quick_scores(answers, job.dev_examples)
            samples = task.samples(answers, job.dev_examples)
            values_2.copy_(torch.tensor([scores[name] for name in names], dtype=torch.float64))
        # all must agree on the best step and on the end, bit for bit
        found = zip(names, job.group.from_leader(values_2).tolist(), strict=True)
        gained = [-value if measure(name).better == "lower" else value for name, value in found]
        better = progress.best is None or gained > progress.best
        # a tie with a lower loss gives better weights, but is no reason to go on, unless no score is there yet
        rises = better and (progress.best is None or gained[0] > progress.best[0] or gained[0] == 0)
        progress.rising = rises and progress.best is not None
        if better:
            progress.best, progress.best_step = gained, progress.step
            state.best = {name: weight.cpu().clone() for name, weight in own_weights(job.model).items()}
    progress.waited = 0 if rises else progress.waited + 1
    if not rises:
        progress.stopped = job.config.patience is not None and progress.waited >= job.config.patience
    yield EvalReport(progress.step, epoch, scores, metric, better, samples)
    if progress.stopped:
        waited = f"{progress.waited} evaluations" if progress.waited > 1 else "the last evaluation"
        yield Note(f"stopped early: no better {metric.replace('_', ' ')} in {waited} (training.patience)")


def _save(job: Job, state: _State) -> Iterator[Report]:
    if job.checkpoints is None:
        return
    _check_finite(job, state, np.zeros(0, dtype=np.int64))
    state.progress.loss, state.progress.count = state.loss_count_2.tolist()
    if job.group.leads:
        path = checkpoint.save(
            job.checkpoints, state.progress, job.model, state.optimizers, state.best, average=state.average
        )
        yield SaveReport(state.progress.step, str(path))
    job.group.wait()


class _Pace:
    """Rows a second and time left, for people to read; nothing depends on it."""

    def __init__(self, job: Job) -> None:
        self.epochs = job.config.epochs
        self.started = self.last = time.perf_counter()
        self.rows = self.steps = 0
        self.after_first = self.started, 0.0
        self.first_epoch: float | None = None

    def count(self, rows: np.ndarray) -> None:
        self.rows += len(rows)
        self.steps += 1

    def foretold(self, epoch: float) -> str:
        """Foretell once, after some steps, how long training will take, and what halves it; nothing if short."""
        if self.steps == 1:
            self.after_first = time.perf_counter(), epoch  # the first step warms up
        if self.steps != FORETOLD_AFTER:
            return ""
        began, first = self.after_first
        minutes = (time.perf_counter() - began) / max(1e-9, epoch - first) * (self.epochs - epoch) / 60
        if minutes < FORETOLD_FROM:
            return ""
        long = f"{minutes / 60:.1f} hours" if minutes >= 90 else f"{minutes:.0f} minutes"
        half = f"training.epochs={self.epochs / 2:g} takes half of that"
        return f"training will take about {long}, evaluations not counted, unless it stops early; {half}"

    def measure(self, epoch: float) -> tuple[float, float | None]:
        """Return rows a second since the last call, and seconds left at the mean pace; None at the first call."""
        now = time.perf_counter()
        pace = self.rows / max(1e-9, now - self.last)
        left = None
        if self.first_epoch is None:
            self.first_epoch, self.started = epoch, now
        else:
            left = (now - self.started) / max(1e-9, epoch - self.first_epoch) * (self.epochs - epoch)
        self.last, self.rows = now, 0
        return pace, left
