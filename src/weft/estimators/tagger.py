"""A tagger of texts with the interface of scikit-learn: texts and their spans in, spans out; or words in, words out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from weft.data.examples.tagged import LabelledSpan, TaggedText, checked_spans, reading_of, words_of
from weft.errors import InputError
from weft.estimators.fitting import RandomState, by_name, fitted, run_config
from weft.estimators.lists import plain, text_groups, texts
from weft.estimators.trained import TrainedEstimator
from weft.models.base import EncoderConfig
from weft.run import RunConfig
from weft.tasks.tag_answers import TagAnswer
from weft.text.tokenizers.base import TokenizerConfig

Spans = Sequence[Sequence[tuple[int, int, str]]]


class Tagger(TrainedEstimator):
    """Finds labelled spans in texts, such as names, or cuts texts into words; in English, Chinese or both.

    `Tagger(encoder="lstm").fit(texts, spans).predict(texts)`, where the spans of a text are `(start, end, label)` in
    characters, the last one not included; or `Tagger().fit(words)` with the words of each text, for segmentation.

    Some of the texts are held out for validation, to choose the best weights. The same data and `random_state` give the
    model that `weft train --task tagging` finds with these settings and this seed.

    Args:
        encoder: a kind that keeps positions, such as `lstm`, `cnn` or `transformer`, or a config, also of a class from
            outside the package.
        epochs: the maximum number of epochs; None: the encoder's own default, as in `weft train`.
        learning_rate: the learning rate; None: the optimiser's default.
        batch_rows: the number of texts of a batch; None: the encoder's own default.
        dev_share: the share of the texts that is held out for validation.
        tokenizer: a kind, such as `mixed` or `bpe`, or a config; None: chosen by the script.
        random_state: the random seed; None, or a RandomState of numpy: drawn anew at each fit.
        settings: any other settings by their dotted paths, such as `{"task.tagger.kind": "linear"}`; these come last.

    Attributes:
        model_: the trained model, like that of `weft.load`.

    """

    @by_name
    def __init__(
        self,
        encoder: str | EncoderConfig = "lstm",
        *,
        epochs: float | None = None,
        learning_rate: float | None = None,
        batch_rows: int | None = None,
        dev_share: float = 0.1,
        tokenizer: str | TokenizerConfig | None = None,
        random_state: RandomState = 0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.encoder = encoder
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_rows = batch_rows
        self.dev_share = dev_share
        self.tokenizer = tokenizer
        self.random_state = random_state
        self.settings = settings

    def fit(self, X: Sequence[str] | Sequence[Sequence[str]], y: Spans | None = None) -> Self:
        """Learn from texts [E] and the spans of each [E]; or without `y` from the words of each text [E].

        Raises:
            InputError: there are too few texts, not as many texts as lists of spans, or a span does not fit its text.
            ConfigError: a setting is wrong, or does not fit another.

        """
        examples = _segmented(X) if y is None else _examples(texts(X), y)
        self.model_ = fitted(self._config(examples, words=y is None), examples)
        return self

    def predict(self, X: Sequence[str]) -> list[list[LabelledSpan]] | list[list[str]]:
        """Find the spans of each text [E], as `(start, end, label)`; after training on words, its words.

        Raises InputError before `fit`, and for a text that is empty or none.
        """
        answers = self.answer(X)
        if self.trained().task.config.form == "words":
            return [one.words for one in answers]
        return [[LabelledSpan(span.start, span.end, span.label) for span in one.spans] for one in answers]

    def answer(self, X: Sequence[str]) -> list[TagAnswer]:
        """Find the spans of each text [E] with their strings and probabilities. Raises as `predict` does."""
        return self.trained().answer(texts(X))

    def score(self, X: Sequence[str], y: Spans | Sequence[Sequence[str]]) -> float:
        """Return the F1 of spans (start, end and label as in `y`) or, after training on words, of words: 0 to 1.

        Raises as `fit` and `predict` do.
        """
        model = self.trained()
        words = model.task.config.form == "words"
        examples = _segmented(y) if words else _examples(texts(X), y)
        answers = model.answer([TaggedText(one.text) for one in examples])
        return next(iter(model.task.quick_scores(answers, examples).values()))

    def _config(self, examples: Sequence[TaggedText], *, words: bool) -> RunConfig:
        """Return the settings of a run. Raises ConfigError for a wrong one."""
        reading = reading_of((one.text for one in examples), "words" if words else "spans")
        named = {
            "task.encoder": self.encoder,
            "task.tokenizer": self.tokenizer,
            "task.form": reading.form,
            "task.scheme": reading.scheme,
            "task.unit": reading.unit,
            "training.epochs": self.epochs,
            "training.optimizer.learning_rate": self.learning_rate,
            "training.batch_rows": self.batch_rows,
        }
        return run_config(
            "tagging", named=named, dev_share=self.dev_share, random_state=self.random_state, settings=self.settings
        )


def _segmented(words: Any) -> list[TaggedText]:
    return [words_of(one) for one in text_groups(words, "words")]


def _examples(rows: Sequence[str], spans: Any) -> list[TaggedText]:
    """Make examples of texts and their spans. Raises InputError, with its place, for spans that do not fit."""
    each = plain(spans, "spans")
    if len(rows) != len(each):
        what = f"expected a list of spans for each text, found {len(rows):,} texts and {len(each):,} lists"
        raise InputError(what, hint="a text without spans has an empty list")
    examples = []
    for number, (text, own) in enumerate(zip(rows, each, strict=True)):
        try:
            examples.append(TaggedText(text, checked_spans(text, own)))
        except (InputError, TypeError) as error:
            what, hint = (
                (error.what, error.hint) if isinstance(error, InputError) else (f"`{own}` is no list of spans", "")
            )
            raise InputError(what, where=f"spans[{number}]", hint=hint) from None
    return examples
