"""Trains on an eighth, a quarter, a half and all of the rows: would more labelled rows bring more?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from weft.dataset import Examples, read
from weft.errors import ConfigError
from weft.evaluation.evaluate import evaluate
from weft.files import read_json, write_json
from weft.report.pages.run import run_page
from weft.run import RunConfig, fit_in_memory, trained
from weft.run_folder import LEARNING_CURVE, SCORES
from weft.training.reports import Note, Report

SHARES = (1 / 8, 1 / 4, 1 / 2)
"""Shares of the training rows that are learned from, beside all."""


def train_with_curve(
    config: RunConfig, folder: str | Path, *, resume: bool = False, stop: Callable[[], int] = lambda: 0
) -> Iterator[Report]:
    """Train into a folder as `weft.train`, then on shares of the rows; adds `learning_curve.json` and its figure.

    Smaller shares are parts of larger ones, and hold a row of each label; all are scored on the same rows.

    Raises:
        WeftError: as `weft.train`.

    """
    if config.self_training is not None:
        raise ConfigError("is of labels alone", where="--learning-curve", hint="leave out it, or the unlabelled texts")
    folder = Path(folder)
    examples = read(config.data, config.task, seed=config.seed)
    yield from trained(config, folder, examples=examples, resume=resume, stop=stop)
    scored, points = examples.test or examples.dev, []
    order = _order(examples.train, seed=config.seed)
    for share in SHARES:
        rows = order[: max(2, round(share * len(order)))]
        part = _part(examples, rows)
        model = fit_in_memory(config, part, refit=bool(examples.test) and not config.data.dev)
        found = evaluate(model.task, model.network, scored, device=model.device)
        values = {name: score.value for name, score in found.scores.values.items()}
        points.append({"rows": len(rows), "scores": values})
        first = next((name for name in config.task.headline if name in values), None)
        yield Note(f"{len(rows):,} rows: {first} {values[first]:.4f}" if first else f"{len(rows):,} rows")
    whole = {name: one["value"] for name, one in read_json(folder / SCORES)["scores"].items()}
    points.append({"rows": len(examples.train), "scores": whole})
    write_json(folder / LEARNING_CURVE, points)
    run_page(folder)


def _order(examples: Sequence[Any], *, seed: int) -> np.ndarray:
    """Draw an order of the rows in which the first row of each label comes before all others."""
    drawn = np.random.default_rng(seed).permutation(len(examples))
    seen: set[Any] = set()
    later = []
    for row in drawn.tolist():
        stratum = examples[row].stratum
        later.append(stratum in seen)
        seen.add(stratum)
    return drawn[np.argsort(later, kind="stable")]


def _part(examples: Examples, rows: np.ndarray) -> Examples:
    return replace(examples, train=[examples.train[row] for row in np.sort(rows).tolist()], notes=[])
