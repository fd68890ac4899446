"""A text classifier with the interface of scikit-learn: lists of texts in, arrays out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from weft.data.examples.labelled import LabelledText
from weft.errors import InputError
from weft.estimators.fitting import RandomState, by_name, fitted, run_config, write_model
from weft.estimators.lists import plain, texts
from weft.estimators.scikit import ClassifierMixin, TextEstimator, check_is_fitted
from weft.models.base import EncoderConfig
from weft.run import RunConfig
from weft.text.tokenizers.base import TokenizerConfig


class TextClassifier(ClassifierMixin, TextEstimator):
    """Classifies texts, in English, Chinese or both, with one label each.

    `TextClassifier(encoder="cnn", epochs=5).fit(texts, labels).predict_proba(texts)`

    Some of the texts are held out for validation, to choose the best weights, so each label needs a few. The same data
    and `random_state` give the model that `weft train` finds with these settings and this seed.

    Args:
        encoder: a kind, such as `bag`, `cnn` or `lstm`, or a config, also of a class from outside the package.
        epochs: the maximum number of epochs; None: the encoder's own default, as in `weft train`.
        learning_rate: the learning rate; None: the optimiser's default. The embedding tables, and so nearly all of a
            bag, have a rate of their own: `settings={"training.table_rate": 0.1}`.
        batch_rows: the number of texts of a batch; None: the encoder's own default.
        dev_share: the share of the texts that is held out for validation.
        tokenizer: a kind, such as `mixed` or `bpe`, or a config; None: chosen by encoder and script.
        class_weight: `balanced` weighs a text by the inverse frequency of its label; None: all alike.
        random_state: the random seed; None, or a RandomState of numpy: drawn anew at each fit.
        settings: any other settings by their dotted paths, such as `{"task.max_length": 256, "device": "cpu"}`; these
            come last.

    Attributes:
        classes_: the labels, sorted, in the type that they were given in [C].
        model_: the trained model, like that of `weft.load`; its labels are strings.

    """

    @by_name
    def __init__(
        self,
        encoder: str | EncoderConfig = "auto",
        *,
        epochs: float | None = None,
        learning_rate: float | None = None,
        batch_rows: int | None = None,
        dev_share: float = 0.1,
        tokenizer: str | TokenizerConfig | None = None,
        class_weight: Literal["balanced"] | None = None,
        random_state: RandomState = 0,
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

    def fit(self, X: Sequence[str], y: Sequence[Any], *, unlabelled: Sequence[str] | None = None) -> Self:
        """Learn from texts [E] and their labels [E]: strings, integers or booleans, all of one type.

        `unlabelled` are further texts, any number of them, from which the model learns by self-training
        (`settings={"self_training.share": 0.3}`) where that is better on the texts held out. A label of -1 is a label
        like any other.

        Raises:
            InputError: there are too few texts or labels, not as many of one as of the other, or one is none.
            ConfigError: a setting is wrong, or does not fit another.

        """
        rows, labels_E = texts(X), _labels(y)
        if len(rows) != len(labels_E):
            raise InputError(f"expected a label for each text, found {len(rows):,} texts and {len(labels_E):,} labels")
        examples = [LabelledText(text, str(label)) for text, label in zip(rows, labels_E.tolist(), strict=True)]
        more = [LabelledText(text, None) for text in (texts(unlabelled) if unlabelled is not None else ())]
        self.model_ = fitted(self._config(self_training=unlabelled is not None), examples, unlabelled=more)
        self.classes_ = np.unique(labels_E)
        return self

    def predict_proba(self, X: Sequence[str]) -> np.ndarray:
        """Predict the probability of each label for each text, [E, C], the columns in the order of `classes_`.

        Raises sklearn's NotFittedError before `fit`, and InputError for a text that is empty or none.
        """
        check_is_fitted(self)
        names = [str(label) for label in self.classes_.tolist()]
        answers = self.model_.answer(texts(X))
        rows = [[one.probabilities[name] for name in names] for one in answers]
        return np.array(rows, dtype=np.float64).reshape(-1, len(names))

    def predict(self, X: Sequence[str]) -> np.ndarray:
        """Predict the most probable label of each text, [E]. Raises as `predict_proba` does."""
        best_E = self.predict_proba(X).argmax(1)
        return self.classes_[best_E]

    def save(self, folder: str | Path) -> None:
        """Write a trained folder for `weft.load`, `weft predict` and others.

        It predicts the labels as strings. Raises sklearn's NotFittedError before `fit`, and RunFolderError if something
        exists there already.
        """
        check_is_fitted(self)
        write_model(folder, self.model_)

    def _config(self, *, self_training: bool = False) -> RunConfig:
        """Return the settings of a run. Raises ConfigError for a wrong one."""
        named = {
            "self_training.unlabelled": ["the texts"] if self_training else None,
            "task.encoder": self.encoder,
            "task.tokenizer": self.tokenizer,
            "task.loss.class_weights": self.class_weight,
            "training.epochs": self.epochs,
            "training.optimizer.learning_rate": self.learning_rate,
            "training.batch_rows": self.batch_rows,
        }
        return run_config(
            "classification",
            named=named,
            dev_share=self.dev_share,
            random_state=self.random_state,
            settings=self.settings,
        )


def _labels(labels: Any) -> np.ndarray:
    """Convert labels to an array [E]. Raises InputError if they are not of one type that can name a class."""
    given = plain(labels, "labels")
    for number, label in enumerate(given):
        where = f"labels[{number}]"
        if label is None or (isinstance(label, float) and math.isnan(label)):
            raise InputError("there is no label", where=where)
        if isinstance(label, str) and not label.strip():
            raise InputError("label is empty", where=where, hint="drop such texts, or name what they have in common")
        if type(label) not in {str, int, bool, float}:
            raise InputError(f"expected a string, an integer or a boolean, found {type(label).__name__}", where=where)
        if type(label) is not type(given[0]):
            both = f"{type(given[0]).__name__} and {type(label).__name__}"
            raise InputError(f"expected labels of one type, found {both}", where=where)
        if isinstance(label, float) and not label.is_integer():
            raise InputError(f"expected a class, found the continuous value `{label}`", where=where)
    return np.asarray(labels)
