"""Estimators for scikit-learn: lists of texts in, arrays out; knows how they are asked, not how models are trained."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from weft import bundle
from weft.config import Config, validated
from weft.errors import ConfigError, InputError, MissingExtra
from weft.files import written_folder
from weft.models.base import EncoderConfig
from weft.reading import Examples, held_out
from weft.run import RunConfig, fit
from weft.tasks.classification import ClassificationConfig
from weft.tasks.texts import Labelled
from weft.text.tokenizer import TokenizerConfig

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import Tags, check_random_state
    from sklearn.utils.validation import check_is_fitted
except ImportError:
    raise MissingExtra("scikit-learn", extra="sklearn") from None


class TextClassifier(ClassifierMixin, BaseEstimator):
    """One label of several for a text, in English, Chinese or both.

    `TextClassifier(encoder="cnn", epochs=5).fit(texts, labels).predict_proba(texts)`

    Some of the texts are held out to choose the best weights by, so each label needs a few. The same data and
    `random_state` give the model that `weft train` finds with these settings and this seed.

    Args:
        encoder: a kind, as `bag`, `cnn` or `lstm`, or a config, of a class from outside the package too.
        epochs: how often every text is learned from, at most.
        learning_rate: of the optimiser; None: its default. The embedding tables, and so nearly all of a bag, have a
            rate of their own: `settings={"training.table_rate": 0.1}`.
        batch_rows: texts of a batch; None: what suits the encoder.
        dev_share: the share of the texts that is held out.
        tokenizer: a kind, as `mixed` or `bpe`, or a config; None: chosen by encoder and script.
        class_weight: `balanced` weighs a text by the inverse frequency of its label; None: all alike.
        random_state: the seed; None, or a RandomState of numpy: drawn anew at each fit.
        settings: any others by their dotted paths, as `{"task.max_length": 256, "device": "cpu"}`; these come last.

    Attributes:
        classes_: the labels, sorted, in the type that they were given in [C].
        model_: what `weft.load` gives of a trained folder; it knows the labels as strings.

    """

    def __init__(
        self,
        encoder: str | EncoderConfig = "cnn",
        *,
        epochs: int = 5,
        learning_rate: float | None = None,
        batch_rows: int | None = None,
        dev_share: float = 0.1,
        tokenizer: str | TokenizerConfig | None = None,
        class_weight: Literal["balanced"] | None = None,
        random_state: int | np.random.RandomState | None = 0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.encoder = encoder
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_rows = batch_rows
        self.dev_share = dev_share
        self.tokenizer = tokenizer
        self.class_weight = class_weight
        self.random_state = random_state
        self.settings = settings

    def fit(self, X: Sequence[str], y: Sequence[Any]) -> Self:
        """Learn from texts [E] and their labels [E]: strings, integers or booleans, all of one type.

        Raises:
            InputError: there are too few texts or labels, not as many of one as of the other, or one is none.
            ConfigError: a setting is wrong, or does not fit another.

        """
        texts, labels_E = _texts(X), _labels(y)
        if len(texts) != len(labels_E):
            raise InputError(f"expected a label for each text, found {len(texts):,} texts and {len(labels_E):,} labels")
        config = self._config()
        rows = [Labelled(text, str(label)) for text, label in zip(texts, labels_E.tolist(), strict=True)]
        try:
            train, dev = held_out(rows, config.data, config.task, config.seed)
        except InputError as error:
            raise InputError(error.what, hint="give more texts, or raise dev_share") from None
        self.model_ = fit(config, Examples(config.task, train, dev, [], []))
        self.classes_ = np.unique(labels_E)
        return self

    def predict_proba(self, X: Sequence[str]) -> np.ndarray:
        """The probability of each label for each text, [E, C], the columns in the order of `classes_`.

        Raises sklearn's NotFittedError before `fit`, and InputError for a text that is empty or none.
        """
        check_is_fitted(self)
        names = [str(label) for label in self.classes_.tolist()]
        answers = self.model_.answer(_texts(X))
        rows = [[one.probabilities[name] for name in names] for one in answers]
        return np.array(rows, dtype=np.float64).reshape(-1, len(names))

    def predict(self, X: Sequence[str]) -> np.ndarray:
        """The most probable label of each text, [E]. Raises as `predict_proba` does."""
        best_E = self.predict_proba(X).argmax(1)
        return self.classes_[best_E]

    def save(self, folder: str | Path) -> None:
        """Write a trained folder, in place of what stood there, for `weft.load`, `weft predict` and the like.

        It answers with the labels as strings. Raises sklearn's NotFittedError before `fit`.
        """
        check_is_fitted(self)
        with written_folder(Path(folder)) as fresh:
            (fresh / "task").mkdir()
            bundle.save_task(fresh / "task", self.model_.task)
            bundle.save_weights(fresh, self.model_.network)
            bundle.seal(fresh, version=version("weft"))

    def _config(self) -> RunConfig:
        """The settings of a run. Raises ConfigError for what is wrong."""
        state = self.random_state
        seed = state if isinstance(state, int | np.integer) else check_random_state(state).randint(2**31)
        settings: dict[str, Any] = {
            "data": {"train": "the texts", "dev_share": self.dev_share},
            "task": {"kind": "classification", "encoder": self.encoder, "tokenizer": self.tokenizer},
            "training": {"epochs": self.epochs},
            "seed": seed,
        }
        named = {
            "training.optimizer.learning_rate": self.learning_rate,
            "training.batch_rows": self.batch_rows,
            "task.loss.class_weights": self.class_weight,
        }
        for path, value in {name: value for name, value in named.items() if value is not None}.items():
            _put(settings, path, value)
        for path, value in (self.settings or {}).items():
            _put(settings, path, value)
        config = validated(RunConfig, settings)
        if not isinstance(config.task, ClassificationConfig):
            raise ConfigError(f"expected `classification`, found `{config.task.kind}`", where="task.kind")
        return config

    def __sklearn_tags__(self) -> Tags:
        """Tags of scikit-learn: it reads a list of strings."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags


def _put(settings: dict[str, Any], path: str, value: Any) -> None:
    """Set what a dotted path names; a bare kind on the way is opened, as in `weft.config.overridden`."""
    *parents, last = path.split(".")
    if parents[:1] == ["data"] and last != "dev_share":
        raise ConfigError("texts are given to `fit`, and no file is read", where=path, hint="leave it out of settings")
    for name in parents:
        inner = settings.get(name)
        if isinstance(inner, Config):
            raise ConfigError(f"`{name}` is given as an object", where=path, hint="set it in that object")
        settings[name] = {"kind": inner} if isinstance(inner, str) else dict(inner or {})
        settings = settings[name]
    settings[last] = value


def _plain(given: Any, name: str) -> list[Any]:
    """What a list, an array or a column of a table holds, without numpy's types."""
    if isinstance(given, str) or not (hasattr(given, "__len__") or hasattr(given, "__array__")):
        raise InputError(f"expected a list of {name}, found {type(given).__name__}")
    if hasattr(given, "__array__"):
        given = np.asarray(given)
        if given.ndim != 1:
            raise InputError(f"expected one column of {name}, found an array of shape {given.shape}")
    return [one.item() if isinstance(one, np.generic) else one for one in given]


def _texts(texts: Any) -> list[str]:
    """Texts as a list of plain strings. Raises InputError for whatever else is given."""
    rows = _plain(texts, "texts")
    for number, text in enumerate(rows):
        if not isinstance(text, str):
            raise InputError(f"expected a text, found {type(text).__name__}", where=f"texts[{number}]")
        if not text.strip():
            raise InputError("text is empty", where=f"texts[{number}]")
    return rows


def _labels(labels: Any) -> np.ndarray:
    """Labels as an array [E]. Raises InputError where they are not of one type that can name a class."""
    plain = _plain(labels, "labels")
    for number, label in enumerate(plain):
        where = f"labels[{number}]"
        if label is None or (isinstance(label, float) and math.isnan(label)):
            raise InputError("there is no label", where=where)
        if type(label) not in {str, int, bool, float}:
            raise InputError(f"expected a string, an integer or a boolean, found {type(label).__name__}", where=where)
        if type(label) is not type(plain[0]):
            both = f"{type(plain[0]).__name__} and {type(label).__name__}"
            raise InputError(f"expected labels of one type, found {both}", where=where)
        if isinstance(label, float) and not label.is_integer():
            raise InputError(f"expected a class, found the continuous value `{label}`", where=where)
    return np.asarray(labels)
