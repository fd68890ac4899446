"""A regressor of texts with the interface of scikit-learn: lists of texts in, arrays of numbers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from weft.data.examples.labelled import LabelledText
from weft.data.examples.valued import LARGEST
from weft.errors import InputError
from weft.estimators.fitting import RandomState, by_name, fitted, run_config, write_model
from weft.estimators.lists import texts
from weft.estimators.scikit import RegressorMixin, TextEstimator, check_is_fitted
from weft.models.base import EncoderConfig
from weft.run import RunConfig
from weft.tasks.number_answers import array_of
from weft.text.tokenizers.base import TokenizerConfig


class TextRegressor(RegressorMixin, TextEstimator):
    """Predicts a number of a text, or several, in English, Chinese or both, with an interval of each.

    `TextRegressor().fit(texts, prices).predict(texts)`, and `predict_interval` for both ends of the intervals.

    Some of the texts are held out for validation: they choose the best weights, and fit the intervals. The same data
    and `random_state` give the model that `weft train --value` finds with these settings and this seed.

    Args:
        encoder: a kind, such as `bag`, `cnn` or `lstm`, or a config, also of a class from outside the package.
        loss: `mse`, `mae`, `huber`, or `quantile` for intervals that are wider where texts tell less; None: `mse`.
        coverage: the share of the true numbers that intervals are to hold.
        epochs: the maximum number of epochs; None: the encoder's own default, as in `weft train`.
        learning_rate: the learning rate; None: the optimiser's default.
        batch_rows: the number of texts of a batch; None: the encoder's own default.
        dev_share: the share of the texts that is held out for validation.
        tokenizer: a kind, such as `mixed` or `bpe`, or a config; None: chosen by encoder and script.
        random_state: the random seed; None, or a RandomState of numpy: drawn anew at each fit.
        settings: any other settings by their dotted paths, such as `{"task.max_length": 256, "device": "cpu"}`; these
            come last.

    Attributes:
        model_: the trained model, like that of `weft.load`.

    """

    @by_name
    def __init__(
        self,
        encoder: str | EncoderConfig = "auto",
        *,
        loss: Literal["mse", "mae", "huber", "quantile"] | None = None,
        coverage: float = 0.9,
        epochs: float | None = None,
        learning_rate: float | None = None,
        batch_rows: int | None = None,
        dev_share: float = 0.1,
        tokenizer: str | TokenizerConfig | None = None,
        random_state: RandomState = 0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.encoder = encoder
        self.loss = loss
        self.coverage = coverage
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_rows = batch_rows
        self.dev_share = dev_share
        self.tokenizer = tokenizer
        self.random_state = random_state
        self.settings = settings

    def fit(self, X: Sequence[str], y: Sequence[Any]) -> Self:
        """Learn from texts [E] and their numbers, [E] or [E, K].

        Raises:
            InputError: there are too few texts, not as many of one as of the other, or a number is none.
            ConfigError: a setting is wrong, or does not fit another.

        """
        rows, value_EK = texts(X), _numbers(y)
        if len(rows) != len(value_EK):
            raise InputError(
                f"expected a number for each text, found {len(rows):,} texts and {len(value_EK):,} numbers"
            )
        several = value_EK.reshape(len(rows), -1).tolist()
        examples = [LabelledText(text, tuple(own)) for text, own in zip(rows, several, strict=True)]
        self.model_ = fitted(self._config(), examples)
        self.flat_, self.n_outputs_ = value_EK.ndim == 1, len(several[0])
        return self

    def predict(self, X: Sequence[str]) -> np.ndarray:
        """Predict the number of each text, [E], or its numbers, [E, K], as in `fit`.

        Raises sklearn's NotFittedError before `fit`, and InputError for a text that is empty or none.
        """
        return self._array(self._answers(X), "values")

    def predict_interval(self, X: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Predict the lower and the upper end of the interval of each number, as `predict` gives numbers.

        Raises as `predict` does, and InputError where too few texts were held out to fit intervals.
        """
        answers = self._answers(X)
        if any(one.low is None for one in answers):
            hint = "fit on more texts, raise dev_share, or lower coverage"
            raise InputError("there are no intervals: too few texts were held out to fit them", hint=hint)
        return self._array(answers, "low"), self._array(answers, "high")

    def save(self, folder: str | Path) -> None:
        """Write a trained folder for `weft.load`, `weft predict` and others.

        Raises sklearn's NotFittedError before `fit`, and RunFolderError if something exists there already.
        """
        check_is_fitted(self)
        write_model(folder, self.model_)

    def _answers(self, given: Sequence[str]) -> list[Any]:
        check_is_fitted(self)
        return self.model_.answer(texts(given))

    def _array(self, answers: Sequence[Any], part: str) -> np.ndarray:
        found_EK = array_of(answers, part).reshape(len(answers), self.n_outputs_)
        return found_EK.reshape(-1) if self.flat_ else found_EK

    def _config(self) -> RunConfig:
        """Return the settings of a run. Raises ConfigError for a wrong one."""
        named = {
            "task.encoder": self.encoder,
            "task.tokenizer": self.tokenizer,
            "task.loss.kind": self.loss,
            "task.coverage": self.coverage,
            "training.epochs": self.epochs,
            "training.optimizer.learning_rate": self.learning_rate,
            "training.batch_rows": self.batch_rows,
        }
        return run_config(
            "regression", named=named, dev_share=self.dev_share, random_state=self.random_state, settings=self.settings
        )


def _numbers(given: Any) -> np.ndarray:
    """Convert numbers to an array [E] or [E, K]. Raises InputError for what is none, infinite or too large."""
    if given is None or isinstance(given, str | bytes | Mapping):
        raise InputError(f"expected a list of numbers, found {type(given).__name__}")
    try:
        value_EK = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise _no_number(given) from None
    if value_EK.ndim not in (1, 2):
        raise InputError(f"expected a number for each text or a row of them, found an array of shape {value_EK.shape}")
    bad = np.flatnonzero(~(np.abs(value_EK.reshape(len(value_EK), -1)) <= LARGEST).all(1))
    if len(bad):
        found = np.atleast_1d(value_EK[bad[0]]).tolist()
        raise InputError(f"expected numbers between -1e15 and 1e15, found {found}", where=f"numbers[{bad[0]}]")
    return value_EK


def _no_number(given: Sequence[Any]) -> InputError:
    """Name the first value that is no number; rows of unlike lengths have none such."""
    for place, one in enumerate(given):
        try:
            np.asarray(one, dtype=np.float64)
        except (TypeError, ValueError):
            return InputError(f"expected a number, found `{str(one)[:40]}`", where=f"numbers[{place}]")
    return InputError("expected a list of numbers, found something else in it", where="numbers")
