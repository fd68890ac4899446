"""Turns an estimator's arguments into a run, a model and its folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np

from weft import bundle, run_folder
from weft.config import validated, with_settings
from weft.dataset import Examples, held_out
from weft.errors import ConfigError, InputError, did_you_mean
from weft.experiments.self_training import fit_self_trained
from weft.files import written_folder
from weft.run import RunConfig, fit_in_memory

RandomState = int | np.random.RandomState | None


def by_name(init: Callable[..., None]) -> Callable[..., None]:
    """Make an `__init__` raise ConfigError, with the nearest name, for an argument that it does not have."""
    known = list(signature(init).parameters)[1:]

    @wraps(init)
    def checked(self: Any, *args: Any, **given: Any) -> None:
        for name in given:
            if name not in known:
                hint = did_you_mean(name, known)
                if not hint.startswith("did"):
                    hint += "; any other setting by its path, as settings={'training.ema': 0.99}"
                raise ConfigError(f"there is no argument `{name}`", where=type(self).__name__, hint=hint)
        init(self, *args, **given)

    return checked


def run_config(
    kind: str,
    *,
    named: Mapping[str, Any],
    dev_share: float,
    random_state: RandomState,
    settings: Mapping[str, Any] | None,
) -> RunConfig:
    """Build the settings of a run.

    Args:
        kind: the kind of the task.
        named: the settings that an estimator has arguments for, by dotted paths; None is left out.
        dev_share: the share that is held out for validation.
        random_state: the random seed; None, or a RandomState of numpy: drawn anew.
        settings: further settings by dotted paths; these come last.

    Raises ConfigError for what is wrong.

    """
    found: dict[str, Any] = {
        "data": {"train": "the texts", "dev_share": dev_share},
        "task": {"kind": kind},
        "seed": _seed(random_state),
    }
    for path in settings or {}:
        if path == "self_training.unlabelled" or (path.startswith("data.") and path != "data.dev_share"):
            raise ConfigError(
                "texts are given to `fit`, and no file is read", where=path, hint="leave it out of settings"
            )
    given = {path: value for path, value in named.items() if value is not None}
    found = with_settings(found, {**given, **(settings or {})})
    config = validated(RunConfig, found)
    if config.task.kind != kind:
        raise ConfigError(f"expected `{kind}`, found `{config.task.kind}`", where="task.kind")
    return config


def fitted(config: RunConfig, rows: Sequence[Any], *, unlabelled: Sequence[Any] = ()) -> bundle.Model:
    """Train a model on examples, some of which are held out, and by self-training on `unlabelled` ones too.

    Raises InputError if there are too few.
    """
    try:
        train, dev = held_out(rows, config.data, config.task, config.seed)
    except InputError as error:
        what = f"{error.what} (n_samples = {len(rows)})"
        raise InputError(what, hint="give more texts, or raise dev_share") from None
    examples = Examples(config.task, train, dev, [], [])
    if config.self_training is not None:
        return fit_self_trained(config, examples, unlabelled)
    return fit_in_memory(config, examples)


def write_model(folder: str | Path, model: bundle.Model) -> None:
    """Write a trained folder. Raises RunFolderError if something exists there already."""
    folder = Path(folder)
    run_folder.check_free(folder, hint="name another folder, or remove this one")
    with written_folder(folder) as fresh:
        bundle.save(fresh, model)


def _seed(state: RandomState) -> Any:
    if state is None:
        return np.random.randint(2**31)  # numpy's global draws: what None means to scikit-learn
    return state.randint(2**31) if isinstance(state, np.random.RandomState) else state
