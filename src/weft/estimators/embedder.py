"""Vectors of texts with the interface of scikit-learn: pairs of texts in, a transformer of single texts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from weft.data.examples.text_pairs import TextPair
from weft.errors import InputError
from weft.estimators.fitting import RandomState, by_name, fitted, run_config
from weft.estimators.lists import plain, text_groups, texts
from weft.estimators.trained import TrainedEstimator
from weft.models.base import EncoderConfig
from weft.text.tokenizers.base import TokenizerConfig


class Embedder(TrainedEstimator):
    """Makes vectors of texts, learned from pairs of texts that are alike, or more or less so by a score.

    `Embedder().fit(pairs, scores).transform(texts)` gives vectors of length 1, so that products are cosines; `pairs`
    are two texts each, or without scores also three, the last one not like the first.

    Some of the pairs are held out for validation, to choose the best weights. The same data and `random_state` give the
    model that `weft train --task similarity` finds with these settings and this seed.

    Args:
        encoder: a kind, such as `projection`, `cnn` or `transformer`, or a config, also of a class from outside the
            package.
        width: the number of numbers of a vector that `transform` gives; None: all.
        epochs: the maximum number of epochs; None: the encoder's own default, as in `weft train`.
        learning_rate: the learning rate; None: the encoder's own default.
        batch_rows: the number of pairs of a batch; None: the encoder's own default.
        dev_share: the share of the pairs that is held out for validation.
        tokenizer: a kind, such as `mixed` or `bpe`, or a config; None: chosen by encoder and script.
        random_state: the random seed; None, or a RandomState of numpy: drawn anew at each fit.
        settings: any other settings by their dotted paths, such as `{"task.loss.kind": "ranking"}`; these come last.

    Attributes:
        model_: the trained model, like that of `weft.load`.

    """

    @by_name
    def __init__(
        self,
        encoder: str | EncoderConfig = "projection",
        *,
        width: int | None = None,
        epochs: float | None = None,
        learning_rate: float | None = None,
        batch_rows: int | None = None,
        dev_share: float = 0.1,
        tokenizer: str | TokenizerConfig | None = None,
        random_state: RandomState = 0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.encoder = encoder
        self.width = width
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_rows = batch_rows
        self.dev_share = dev_share
        self.tokenizer = tokenizer
        self.random_state = random_state
        self.settings = settings

    def fit(self, X: Sequence[Sequence[str]], y: Sequence[float] | None = None) -> Self:
        """Learn from pairs of texts [E] and the score of each [E]; without `y` from pairs that are all alike.

        Raises:
            InputError: there are too few pairs, a row has not two texts, or a score is no number.
            ConfigError: a setting is wrong, or does not fit another.

        """
        examples = _pairs(X, y)
        named = {
            "task.encoder": self.encoder,
            "task.tokenizer": self.tokenizer,
            "task.value": None if y is None else "score",
            "training.epochs": self.epochs,
            "training.optimizer.learning_rate": self.learning_rate,
            "training.batch_rows": self.batch_rows,
        }
        config = run_config(
            "similarity", named=named, dev_share=self.dev_share, random_state=self.random_state, settings=self.settings
        )
        self.model_ = fitted(config, examples)
        return self

    def transform(self, X: Sequence[str]) -> np.ndarray:
        """Return the vector of each text, float32 [E, D], of length 1.

        Raises InputError before `fit`, and for a text that is empty or none.
        """
        return self.trained().embed(texts(X), width=self.width)

    def predict(self, X: Sequence[Sequence[str]]) -> np.ndarray:
        """Return the score of each pair of texts, [E]; without scores in training their cosine. Raises as `fit`."""
        return np.array([one.score for one in self.trained().answer(_pairs(X, None))])

    def score(self, X: Sequence[Sequence[str]], y: Sequence[float] | None = None) -> float:
        """Return the Spearman correlation with the scores of pairs; without `y`, nDCG at 10 of finding second texts.

        Raises as `fit` and `predict` do.
        """
        model, examples = self.trained(), _pairs(X, y)
        if model.task.has_scores == (y is None):  # ty: ignore[missing-attribute]
            what = "scores" if y is None else "no scores"
            raise InputError(f"expected {what}, as in training", where="y")
        return next(iter(model.task.quick_scores(model.answer(examples), examples).values()))


def _pairs(rows: Any, scores: Any) -> list[TextPair]:
    """Make examples of pairs of texts and their scores. Raises InputError, with its place, for what is none."""
    groups = text_groups(rows, "pairs")
    most = 3 if scores is None else 2
    for number, group in enumerate(groups):
        if not 2 <= len(group) <= most:
            where = f"pairs[{number}]"
            hint = 'write them as [("one text", "another"), ...]'
            if len(group) == 1:
                hint += "; before a classifier, put FrozenEstimator(embedder) of scikit-learn, fitted on pairs"
            raise InputError(f"expected two texts, found {len(group)}", where=where, hint=hint)
    if len({len(group) for group in groups}) > 1:
        raise InputError("some rows have a third text, others none", where="pairs")
    if scores is None:
        return [TextPair(one, other, negative=(*more, None)[0]) for one, other, *more in groups]
    values = plain(scores, "scores")
    if len(values) != len(groups):
        raise InputError(f"expected a score for each pair, found {len(groups):,} pairs and {len(values):,} scores")
    for number, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
            raise InputError(f"expected a number, found {value!r}", where=f"scores[{number}]")
    return [TextPair(group[0], group[1], float(value)) for group, value in zip(groups, values, strict=True)]
