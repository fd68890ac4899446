"""Estimators that generate texts: lists of texts in, lists of texts out.

scikit-learn is not needed for them; if it is installed, they can be cloned, searched over grids and cross-validated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from weft.data.examples.documents import Document
from weft.data.examples.source_target import SourceTarget
from weft.decoding.choices import SearchConfig
from weft.errors import InputError
from weft.estimators.fitting import RandomState, by_name, fitted, run_config
from weft.estimators.lists import text_groups, texts
from weft.estimators.trained import TrainedEstimator
from weft.evaluation.evaluate import answer
from weft.metrics.overlap import chrf
from weft.models.base import DecoderConfig, EncoderConfig
from weft.run import RunConfig
from weft.tasks.generation.generator import GeneratedText


class Seq2Seq(TrainedEstimator):
    """Generates a text from a text: translation, summary, description, in English, Chinese or between them.

    `Seq2Seq(encoder="gru", decoder="gru", epochs=20).fit(sources, targets).predict(sources)`

    Some of the pairs are held out for validation, to choose the best weights. The same pairs and `random_state` give
    the model that `weft train --task seq2seq` finds with these settings and this seed.

    Args:
        encoder: a kind, such as `cnn`, `gru` or `transformer`, or a config, also of a class from outside the package;
            None: one that suits the decoder.
        decoder: `lstm`, `gru`, `gpt`, `transformer`, or a config.
        gold: the share of true tokens that the decoder is fed in training (teacher forcing); the others are its own
            predictions.
        epochs: the maximum number of epochs; None: the decoder's own default, as in `weft train`.
        search: the decoding algorithm, such as `weft.Beam(5)` or `greedy`; None: beam search.
        learning_rate: the learning rate; None: the decoder's own default.
        dev_share: the share of the pairs that is held out for validation.
        random_state: the random seed; None, or a RandomState of numpy: drawn anew at each fit.
        settings: any other settings by their dotted paths, such as `{"task.max_source": 64, "device": "cpu"}`; these
            come last.

    Attributes:
        model_: the trained model, like that of `weft.load`.

    """

    @by_name
    def __init__(
        self,
        encoder: str | EncoderConfig | None = None,
        decoder: str | DecoderConfig = "transformer",
        *,
        gold: float = 1.0,
        epochs: float | None = None,
        search: str | SearchConfig | None = None,
        learning_rate: float | None = None,
        dev_share: float = 0.1,
        random_state: RandomState = 0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.encoder = encoder
        self.decoder = decoder
        self.gold = gold
        self.epochs = epochs
        self.search = search
        self.learning_rate = learning_rate
        self.dev_share = dev_share
        self.random_state = random_state
        self.settings = settings

    def fit(self, sources: Sequence[str], targets: Sequence[str | Sequence[str]]) -> Self:
        """Learn from sources [E] and for each its target, or a list of several, all of which are learned from.

        Raises:
            InputError: there are too few pairs, not as many targets as sources, or a text is empty or none.
            ConfigError: a setting is wrong, or does not fit another.

        """
        pairs = _pairs(sources, targets)
        # held-out sources are scored on all of their targets together
        references = "all" if any(len(one.targets) > 1 for one in pairs) else None
        config = self._config(references)
        self.model_ = fitted(config, config.task.filter_training(pairs)[0])
        return self

    def predict(self, sources: Sequence[str]) -> list[str]:
        """Generate the best text for each source.

        Raises InputError before `fit`, and for a source that is empty or none.
        """
        return [one.text for one in self.answer(sources)]

    def answer(self, sources: Sequence[str], *, search: SearchConfig | None = None) -> list[GeneratedText]:
        """Generate for each source the text, its log-probability, and the alternatives that the search returns.

        Raises as `predict` does, and ConfigError for an impossible search.
        """
        return self.trained().answer(texts(sources, "sources"), search=search)

    def score(self, sources: Sequence[str], targets: Sequence[str | Sequence[str]]) -> float:
        """Return the chrF of the generated texts, divided by 100: 0 to 1; several targets are all right.

        chrF2 (Popović 2015, 2016) needs no words, so that Chinese and English are measured alike. Raises as `predict`
        does, and InputError if there are not as many targets as sources.
        """
        pairs = _pairs(sources, targets)
        written = self.predict([one.source for one in pairs])
        return chrf(written, [one.targets for one in pairs]).value / 100

    def _config(self, references: str | None = None) -> RunConfig:
        named = {
            "task.encoder": self.encoder,
            "task.decoder": self.decoder,
            "task.teacher_forcing.gold": self.gold,
            "task.search": self.search,
            "task.references": references,
            "training.epochs": self.epochs,
            "training.optimizer.learning_rate": self.learning_rate,
        }
        return run_config(
            "seq2seq",
            named=named,
            dev_share=self.dev_share,
            random_state=self.random_state,
            settings=self.settings,
        )


class LanguageModel(TrainedEstimator):
    """Generates texts, and continues prompts, in English, Chinese or both.

    `LanguageModel(epochs=20).fit(texts).generate(["春眠", ""])`

    The model learns to begin and to end each text. Some are held out for validation, to choose the best weights. The
    same texts and `random_state` give the model that `weft train --task language_model` finds with these settings.

    Args:
        decoder: `gpt`, `lstm`, `gru`, `transformer`, or a config, also of a class from outside the package.
        epochs: the maximum number of epochs; None: the decoder's own default, as in `weft train`.
        search: the decoding algorithm, such as `weft.Sample(top_p=0.9)` or `greedy`; None: conservative sampling.
        learning_rate: the learning rate; None: the decoder's own default.
        dev_share: the share of the texts that is held out for validation.
        random_state: the random seed of training; None, or a RandomState of numpy: drawn anew at each fit.
        settings: any other settings by their dotted paths, such as `{"task.context": 64, "device": "cpu"}`; these
            come last.

    Attributes:
        model_: the trained model, like that of `weft.load`.

    """

    @by_name
    def __init__(
        self,
        decoder: str | DecoderConfig = "gpt",
        *,
        epochs: float | None = None,
        search: str | SearchConfig | None = None,
        learning_rate: float | None = None,
        dev_share: float = 0.1,
        random_state: RandomState = 0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.decoder = decoder
        self.epochs = epochs
        self.search = search
        self.learning_rate = learning_rate
        self.dev_share = dev_share
        self.random_state = random_state
        self.settings = settings

    def fit(self, texts: Sequence[str], targets: None = None) -> Self:  # noqa: ARG002  (a pipeline hands None over)
        """Learn from texts [E].

        Raises:
            InputError: there are too few texts, or one is empty or none.
            ConfigError: a setting is wrong, or does not fit another.

        """
        self.model_ = fitted(self._config(), _passages(texts))
        return self

    def generate(self, prompts: Sequence[str], *, search: SearchConfig | None = None) -> list[str]:
        """Generate the continuation of each prompt, without the prompt; an empty prompt asks for a whole text.

        Raises InputError before `fit`, and for a prompt with characters that the model has never seen; ConfigError for
        an impossible search.
        """
        return [one.text for one in self.answer(prompts, search=search)]

    def answer(self, prompts: Sequence[str], *, search: SearchConfig | None = None) -> list[GeneratedText]:
        """Generate continuations with their log-probabilities and alternatives. Raises as `generate` does."""
        return self.trained().answer(texts(prompts, "prompts", blank="keep"), search=search)

    def stream(self, prompt: str, *, search: SearchConfig | None = None) -> Iterator[str]:
        """Yield the continuation of a prompt, part by part. Raises as `generate` does, at the first part."""
        return self.trained().stream(prompt, search=search)

    def score(self, texts: Sequence[str], targets: None = None) -> float:  # noqa: ARG002  (as in `fit`)
        """Return minus the nats a token of texts, over all tokens, so that more is better.

        A token is one of the tokenizer's: it compares models of the same tokenizer. Raises InputError before `fit`, and
        for a text that is empty or none.
        """
        return -self._quick_scores(texts)["log_loss"]

    def perplexity(self, texts: Sequence[str]) -> float:
        """Return the exponential of the nats a token of texts. Raises as `score` does."""
        return self._quick_scores(texts)["perplexity"]

    def _quick_scores(self, texts: Sequence[str]) -> dict[str, float]:
        model, passages = self.trained(), _passages(texts)
        if not passages:
            raise InputError("there is no text to score")
        answers = answer(model.task, model.network, passages, device=model.device)
        return model.task.quick_scores(answers, passages)

    def _config(self) -> RunConfig:
        named = {
            "task.unit": "row",
            "task.decoder": self.decoder,
            "task.search": self.search,
            "training.epochs": self.epochs,
            "training.optimizer.learning_rate": self.learning_rate,
        }
        return run_config(
            "language_model",
            named=named,
            dev_share=self.dev_share,
            random_state=self.random_state,
            settings=self.settings,
        )


def _pairs(sources: Any, targets: Any) -> list[SourceTarget]:
    """Pair sources with their targets. Raises InputError if there are not as many of one as of the other."""
    read, groups = texts(sources, "sources"), text_groups(targets, "targets")
    if len(read) != len(groups):
        raise InputError(f"expected a target for each source, found {len(read):,} sources and {len(groups):,} targets")
    return [SourceTarget(source, group) for source, group in zip(read, groups, strict=True)]


def _passages(given: Any) -> list[Document]:
    return [Document(text) for text in texts(given)]
