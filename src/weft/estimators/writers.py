"""Estimators that write: lists of texts in, lists of texts out; know how they are asked, not how models are trained.

scikit-learn is not needed for them; where it is installed, they can be cloned, searched over grids and cross-validated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from weft.bundle import Model
from weft.data.examples.documents import Document
from weft.data.examples.source_target import SourceTarget
from weft.decoding.choices import SearchConfig
from weft.errors import InputError, MissingExtra
from weft.estimators.fitting import RandomState, by_name, fitted, run_config, write_model
from weft.estimators.lists import text_groups, texts
from weft.evaluation.evaluate import answer
from weft.metrics.overlap import chrf
from weft.models.base import DecoderConfig, EncoderConfig
from weft.run import RunConfig
from weft.tasks.generation.generator import GeneratedText

if TYPE_CHECKING:
    from weft.estimators.scikit import TextEstimator as _Base
else:
    try:
        from weft.estimators.scikit import TextEstimator as _Base
    except MissingExtra:
        _Base = object


class _Writer(_Base):
    """What both do alike once `model_` is there."""

    model_: Model

    def save(self, folder: str | Path) -> None:
        """Write a trained folder for `weft.load`, `weft generate` and the like.

        Raises InputError before `fit`, and RunFolderError where something stands there already.
        """
        write_model(folder, self._trained())

    def _trained(self) -> Model:
        if not hasattr(self, "model_"):
            raise InputError("has learned nothing yet", where=f"{type(self).__name__}", hint="call fit first")
        return self.model_


class Seq2Seq(_Writer):
    """A text for a text: translation, summary, description, in English, Chinese or between them.

    `Seq2Seq(encoder="gru", decoder="gru", epochs=20).fit(sources, targets).predict(sources)`

    Some of the pairs are held out to choose the best weights by. The same pairs and `random_state` give the model that
    `weft train --task seq2seq` finds with these settings and this seed.

    Args:
        encoder: what reads: a kind, as `cnn`, `gru` or `transformer`, or a config, of a class from outside the package
            too; None: one that suits the decoder.
        decoder: what writes: `lstm`, `gru`, `gpt`, `transformer`, or a config.
        gold: the share of true tokens that the decoder is fed in training; the others are its own guesses.
        epochs: how often every pair is learned from, at most; None: what suits the decoder, as in `weft train`.
        search: how texts are found, as `weft.Beam(5)` or `greedy`; None: by beam search.
        learning_rate: of the optimiser; None: what suits the decoder.
        dev_share: the share of the pairs that is held out.
        random_state: the seed; None, or a RandomState of numpy: drawn anew at each fit.
        settings: any others by their dotted paths, as `{"task.max_source": 64, "device": "cpu"}`; these come last.

    Attributes:
        model_: what `weft.load` gives of a trained folder.

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
        """The best text for each source.

        Raises InputError before `fit`, and for a source that is empty or none.
        """
        return [one.text for one in self.answer(sources)]

    def answer(self, sources: Sequence[str], *, search: SearchConfig | None = None) -> list[GeneratedText]:
        """For each source the text, its log-probability, and the alternatives that the search was asked for.

        Raises as `predict` does, and ConfigError for a search that cannot be.
        """
        return self._trained().answer(texts(sources, "sources"), search=search)

    def score(self, sources: Sequence[str], targets: Sequence[str | Sequence[str]]) -> float:
        """The chrF of what is written for all sources, divided by 100: 0 to 1; several targets are all right.

        chrF2 (Popović 2015, 2016) needs no words, so that Chinese and English are measured alike.
        Raises as `predict` does, and InputError where there are not as many targets as sources.
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


class LanguageModel(_Writer):
    """A text that goes on, in English, Chinese or both.

    `LanguageModel(epochs=20).fit(texts).generate(["春眠", ""])`

    Each text is one that the model learns to begin and to end. Some are held out to choose the best weights by. The
    same texts and `random_state` give the model that `weft train --task language_model` finds with these settings.

    Args:
        decoder: `gpt`, `lstm`, `gru`, `transformer`, or a config, of a class from outside the package too.
        epochs: how often every text is learned from, at most; None: what suits the decoder, as in `weft train`.
        search: how texts are written, as `weft.Sample(top_p=0.9)` or `greedy`; None: drawn, with care.
        learning_rate: of the optimiser; None: what suits the decoder.
        dev_share: the share of the texts that is held out.
        random_state: the seed of training; None, or a RandomState of numpy: drawn anew at each fit.
        settings: any others by their dotted paths, as `{"task.context": 64, "device": "cpu"}`; these come last.

    Attributes:
        model_: what `weft.load` gives of a trained folder.

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
        """What follows each prompt, without the prompt; an empty one asks for a text from its beginning.

        Raises InputError before `fit`, and for a prompt with characters that the model has never seen; ConfigError for
        a search that cannot be.
        """
        return [one.text for one in self.answer(prompts, search=search)]

    def answer(self, prompts: Sequence[str], *, search: SearchConfig | None = None) -> list[GeneratedText]:
        """What follows each prompt, its log-probability, and the alternatives asked for. Raises as `generate` does."""
        return self._trained().answer(texts(prompts, "prompts", blank="keep"), search=search)

    def stream(self, prompt: str, *, search: SearchConfig | None = None) -> Iterator[str]:
        """What follows a prompt, part by part as it is written. Raises as `generate` does, once the first is asked."""
        return self._trained().stream(prompt, search=search)

    def score(self, texts: Sequence[str], targets: None = None) -> float:  # noqa: ARG002  (as in `fit`)
        """Minus the nats a token of texts, all tokens alike, so that more is better.

        A token is what the tokenizer makes one: it compares models of the same tokenizer.
        Raises InputError before `fit`, and for a text that is empty or none.
        """
        return -self._quick_scores(texts)["log_loss"]

    def perplexity(self, texts: Sequence[str]) -> float:
        """The exponential of the nats a token of texts. Raises as `score` does."""
        return self._quick_scores(texts)["perplexity"]

    def _quick_scores(self, texts: Sequence[str]) -> dict[str, float]:
        model, passages = self._trained(), _passages(texts)
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
    """Sources with their targets. Raises InputError where there are not as many of one as of the other."""
    read, groups = texts(sources, "sources"), text_groups(targets, "targets")
    if len(read) != len(groups):
        raise InputError(f"expected a target for each source, found {len(read):,} sources and {len(groups):,} targets")
    return [SourceTarget(source, group) for source, group in zip(read, groups, strict=True)]


def _passages(given: Any) -> list[Document]:
    return [Document(text) for text in texts(given)]
