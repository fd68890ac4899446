"""Masked language modelling: pre-training of an encoder on plain text, for other tasks with few labels."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field, SerializeAsAny, model_validator
from torch import Tensor, nn

from weft.config import one_of
from weft.data.batch import Tokens
from weft.data.columns import Columns
from weft.data.examples.documents import Document, some_of
from weft.decoding.token_loss import token_loss
from weft.errors import ConfigError, InputError
from weft.inputs.documents import WordTokens, WordTokensInput
from weft.inputs.masking import Masking
from weft.inputs.warm_start import started_tokenizer, with_folder, with_start
from weft.metrics.floors import Floor, beside
from weft.metrics.systems import CorpusScore, intervals
from weft.models.base import EncoderConfig
from weft.models.choices import ENCODERS, FOLDERS
from weft.models.masked import MaskedModel
from weft.models.transformer import TransformerEncoderConfig
from weft.tasks.base import AnswerForm, Task
from weft.tasks.plain_text import PlainTextConfig
from weft.tasks.results import Loss, Scores
from weft.text.tokenizers.base import Tokenizer
from weft.text.tokenizers.choices import TokenizerChoice, bpe_for, wide_share
from weft.text.tokenizers.pretrained import PretrainedTokenizer
from weft.text.tokenizers.vocab import UNKNOWN
from weft.text.tokenizers.words import MixedTokenizerConfig
from weft.text.whole_words import word_starts

ReaderChoice = Annotated[
    SerializeAsAny[EncoderConfig], one_of(EncoderConfig, ENCODERS, default=TransformerEncoderConfig), FOLDERS
]


@dataclass(frozen=True, slots=True)
class MaskedAnswer:
    """The masked tokens of a text, the prediction for each, and its confidence; `nats` is the loss of all."""

    hidden: tuple[str, ...]
    predicted: tuple[str, ...]
    confidence: float
    nats: float

    @property
    def right(self) -> int:
        """Number of tokens that were predicted right."""
        return sum(one == other for one, other in zip(self.hidden, self.predicted, strict=True))


RowPrediction = tuple[np.ndarray, np.ndarray, float, float]
"""Masked and predicted ids of a row, the sum of the probabilities of the latter, the loss of the former."""


class MaskedLanguageModelConfig(PlainTextConfig):
    """Settings of masked language modelling: masked words of a text are predicted from those around them."""

    kind: Literal["masked_language_model"] = "masked_language_model"
    answers_with: ClassVar[AnswerForm] = "tokens"
    example_type: ClassVar[type[Any]] = Document
    headline: ClassVar[tuple[str, ...]] = ("accuracy", "perplexity")
    page: ClassVar[str] = "tokens"
    next_step: ClassVar[str] = "next: weft train FILE --encoder pretrained:{}"
    objective: ClassVar[str | None] = "mlm"
    tokenizer: TokenizerChoice | None = None
    """Tokenizer of the texts; None: `mixed` for Chinese, else `bpe`."""
    max_length: int = Field(default=256, ge=8)
    """Largest number of positions that are read at once; longer texts are cut into rows of this length."""
    encoder: ReaderChoice = TransformerEncoderConfig()
    """Encoder that is pre-trained."""
    share: float = Field(default=0.15, gt=0, lt=1)
    """Share of the words that are masked and predicted."""
    start: str | None = None
    """Trained folder that encoder and tokenizer start from; written `--encoder pretrained:FOLDER`."""

    @model_validator(mode="before")
    @classmethod
    def _with_start(cls, settings: Any) -> Any:
        return with_start(settings, part="encoder", own=frozenset(cls.model_fields))

    def example(self, text: str, second: str | None = None) -> Document:
        """Make an example of a text, some words of which are masked."""
        if second is not None:
            raise InputError("expected one text, found a pair", hint="join them into one text")
        return Document(text)

    def learn(self, examples: Sequence[Document]) -> MaskedLanguageModelTask:
        """Learn the tokenizer. Raises ConfigError where the encoder keeps no positions, or the tokenizer no words."""
        if self.encoder.reads is not Tokens:
            what = f"`{self.encoder.kind}` reads n-grams, which cannot be masked"
            raise ConfigError(what, where="task.encoder", hint="take `transformer`, `lstm`, `gru`, `rnn` or `cnn`")
        texts, encoder = [one.text for one in examples], self.encoder.ready()
        tokenizer = with_folder(self.tokenizer, encoder.reads_with) or _fitting(texts)
        max_length, longest = self.max_length, encoder.longest
        if longest is not None and max_length > longest:
            if "max_length" in self.model_fields_set:
                what = f"`{encoder.kind}` has learned positions for {longest} tokens"
                raise ConfigError(what, where="task.max_length", hint=f"set it to {longest} or less")
            max_length = longest
        learned = started_tokenizer(tokenizer, self.start) if self.start else tokenizer.learn(texts)
        word_starts(learned, [])
        decided = {"encoder": encoder, "tokenizer": tokenizer, "max_length": max_length}
        return MaskedLanguageModelTask(self.model_copy(update=decided), learned)

    def load(self, folder: Path) -> MaskedLanguageModelTask:
        """Load what `MaskedLanguageModel.save` wrote."""
        if self.tokenizer is None:
            raise ConfigError("is not set in a saved task", where="task.tokenizer")
        return MaskedLanguageModelTask(self, self.tokenizer.load(folder))


class MaskedLanguageModelTask(Task):
    """A tokenizer, and the masking of its ids.

    The mask is the unknown token: no id has to be added, and an unknown word is read as a masked one. A pre-trained
    tokenizer has a mask of its own.
    """

    config: MaskedLanguageModelConfig
    metric: ClassVar[str] = "log_loss"
    metrics: ClassVar[tuple[str, ...]] = ("log_loss", "perplexity", "accuracy")

    def __init__(self, config: MaskedLanguageModelConfig, tokenizer: Tokenizer) -> None:
        self.config, self.tokenizer = config, tokenizer
        self.input = WordTokensInput(config, tokenizer)
        self.masking = _masking(config, tokenizer)

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files."""
        self.input.save(folder)

    def build_model(self) -> MaskedModel:
        """Build the encoder and its head, with fresh weights."""
        encoder = self.input.build_encoder()
        return MaskedModel(encoder, size=self.masking.size, first=self.masking.first)

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:
        """Start the encoder from a trained folder, where one is named."""
        return self.input.initialize(model, columns)

    def encode(self, examples: Sequence[Document]) -> Columns:
        """Encode texts in rows of at most `max_length`, and where words begin in them."""
        return self.input.encode([one.text for one in examples])

    def check(self, examples: Sequence[Document]) -> list[str]:
        """Refuse nothing: every text can be scored."""
        del examples
        return []

    def collate(self, columns: Columns, rows: np.ndarray) -> WordTokens:
        """Gather and pad some rows."""
        return self.input.collate(columns, rows)

    def loss(self, model: nn.Module, batch: WordTokens, step: int) -> Loss:
        """Compute the cross-entropy of masked tokens, summed; the count is their number. Masks are new in each step."""
        del step  # the generator is seeded by it
        ids_BS = batch.source.ids_BS
        draws_BS3 = torch.rand((*ids_BS.shape, 3), device=ids_BS.device)
        source, chosen_BS = self.masking(batch.source, batch.starts_BS, draws_BS3)
        total = token_loss(model(source, chosen_BS), ids_BS[chosen_BS] - self.masking.first)
        return Loss(total, chosen_BS.sum().to(total))

    def predict(self, model: nn.Module, batch: WordTokens) -> list[RowPrediction]:
        """Predict the masked tokens of each row, which are the same whenever the row is read."""
        ids_BS, first = batch.source.ids_BS, self.masking.first
        source, chosen_BS = self.masking(batch.source, batch.starts_BS, _draws_of(batch.source))
        log_NV = model(source, chosen_BS).float().log_softmax(-1)
        best_N, told_N = log_NV.max(-1)
        hidden_N = ids_BS[chosen_BS]
        nats_N = -log_NV.gather(1, hidden_N[:, None] - first)[:, 0]
        columns = (hidden_N, told_N + first, best_N.double().exp(), nats_N.double())
        sizes = chosen_BS.sum(1).tolist()
        split = [column.cpu().split(sizes) for column in columns]
        return [
            (hidden.numpy(), predicted.numpy(), float(confidence.sum()), float(nats.sum()))
            for hidden, predicted, confidence, nats in zip(*split, strict=True)
        ]

    def answers(self, parts: Sequence[RowPrediction], columns: Columns) -> list[MaskedAnswer]:
        """Merge the predictions of all rows of each text."""
        pieces = self.tokenizer.pieces or ()
        rows_E: list[list[RowPrediction]] = [[] for _ in range(int(columns.owner_R.max(initial=-1)) + 1)]
        for owner, part in zip(columns.owner_R.tolist(), parts, strict=True):
            rows_E[owner].append(part)
        found = []
        for rows in rows_E:
            hidden, predicted = (tuple(pieces[one] for row in rows for one in row[side].tolist()) for side in (0, 1))
            confidence, nats = (sum(float(row[place]) for row in rows) for place in (2, 3))
            found.append(MaskedAnswer(hidden, predicted, confidence / max(1, len(hidden)), nats))
        return found

    def average(self, answers: Sequence[Sequence[MaskedAnswer]]) -> list[MaskedAnswer]:
        """Raise InputError: models of several vocabularies have no mean."""
        del answers
        what = "predictions of masked words cannot be averaged"
        raise InputError(what, where="--ensemble", hint="evaluate each model by itself")

    def quick_scores(self, answers: Sequence[MaskedAnswer], examples: Sequence[Document]) -> dict[str, float]:
        """Compute nats per masked token, perplexity and accuracy."""
        del examples
        return {name: one.value for name, one in _corpus_scores(answers).items()}

    def score(self, answers: Sequence[MaskedAnswer], examples: Sequence[Document]) -> Scores:
        """Compute the quick scores with their intervals."""
        found = _corpus_scores(answers)
        hidden = sum(len(one.hidden) for one in answers)
        return Scores(intervals(found), {"texts": len(examples), "hidden": hidden})

    def learned_floors(
        self, train: Sequence[Document], answers: Sequence[MaskedAnswer], examples: Sequence[Document]
    ) -> dict[str, Any]:
        """Compare with the frequencies of tokens in training, one added to each, the commonest being predicted."""
        del examples
        some, first = some_of(train), self.masking.first
        counts_V = np.ones(self.masking.size - first)
        read = self.encode(some).ragged["text"].values[:, 0]
        read = read[(read >= first) & ~np.isin(read, self.masking.fixed)]
        counts_V += np.bincount(read - first, minlength=len(counts_V))
        nats_V, commonest = -np.log(counts_V / counts_V.sum()), int(counts_V.argmax())
        pieces = self.tokenizer.pieces or ()
        numbers = {piece: number - first for number, piece in enumerate(pieces) if number >= first}
        guesses = [
            MaskedAnswer(
                one.hidden,
                (pieces[commonest + first],) * len(one.hidden),
                float(counts_V[commonest] / counts_V.sum()),
                float(nats_V[[numbers[piece] for piece in one.hidden]].sum()),
            )
            for one in answers
        ]
        of = "" if some is train else f" of {len(some):,} of {len(train):,} training texts"
        own, other = (_decided(_corpus_scores(one)) for one in (answers, guesses))
        return beside(own, {f"the frequency of each token{of}": Floor.of(other)})

    def record(self, answer: MaskedAnswer, example: Document) -> dict[str, Any]:
        """Return a text, its masked tokens (as `label`), the predicted ones (as `answer`), and their confidence."""
        return {
            "text": example.text,
            "label": " ".join(answer.hidden),
            "answer": " ".join(answer.predicted),
            "probability": round(answer.confidence, 6),
            "log_loss": round(answer.nats / max(1, len(answer.hidden)), 6),
            **({"line": example.line} if example.line else {}),
        }

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """The tokenizer and its coverage, the rows, what is hidden."""
        masked = f"{self.config.share:.0%} of the words are masked, others in each epoch; in dev always the same"
        return [*self.input.notes(columns), masked]


def _fitting(texts: Sequence[str]) -> Any:
    """Keep one view of a position, which can be masked without masking its neighbours."""
    return MixedTokenizerConfig() if wide_share(texts) > 0.3 else bpe_for(texts)


def _masking(config: MaskedLanguageModelConfig, tokenizer: Tokenizer) -> Masking:
    """Return the masking of a tokenizer. Raises ConfigError for a pre-trained one without a mask."""
    size = tokenizer.sizes[0]
    if not isinstance(tokenizer, PretrainedTokenizer):
        views = getattr(config.tokenizer, "views", ())
        bigram = views.index("bigram") if "bigram" in views else None
        return Masking(config.share, UNKNOWN, size, first=UNKNOWN + 1, bigram=bigram)
    mask, special = tokenizer.special("mask_token"), map(tokenizer.special, tokenizer.roles)
    if mask is None:
        hint = "take a BERT or one of its kin, or `--objective clm`"
        raise ConfigError("has no mask token (`mask_token`)", where="task.encoder", hint=hint)
    return Masking(config.share, mask, size, first=0, fixed=tuple(one for one in special if one is not None))


def _draws_of(tokens: Tokens) -> Tensor:
    """Draw numbers [B, S, 3] from 0 to 1 that depend on the ids of each row, and on nothing else."""
    draws_BS3 = torch.ones(*tokens.ids_BS.shape, 3)
    ids_BS, lengths = tokens.ids_BS.cpu().numpy(), tokens.lengths_B.tolist()
    for row, length in enumerate(lengths):
        seed = zlib.crc32(ids_BS[row, :length].tobytes())
        draws_BS3[row, :length] = torch.from_numpy(np.random.default_rng(seed).random((length, 3), dtype=np.float32))
    return draws_BS3.to(tokens.ids_BS.device)


def _corpus_scores(answers: Sequence[MaskedAnswer]) -> dict[str, CorpusScore]:
    sums_NF = np.array([[one.nats, one.right, len(one.hidden)] for one in answers], dtype=np.float64)
    return {
        "log_loss": CorpusScore("nats per masked token", sums_NF, _nats, "lower"),
        "perplexity": CorpusScore("exp(nats per masked token)", sums_NF, lambda sums: np.exp(_nats(sums)), "lower"),
        "accuracy": CorpusScore("masked tokens predicted correctly", sums_NF, lambda sums: _each(sums[..., 1], sums)),
    }


def _decided(scores: Mapping[str, CorpusScore]) -> dict[str, CorpusScore]:
    """Put the score first that decides against simple methods."""
    return {"accuracy": scores["accuracy"], **scores}


def _nats(sums: np.ndarray) -> np.ndarray:
    return _each(sums[..., 0], sums)


def _each(sum_: np.ndarray, sums: np.ndarray) -> np.ndarray:
    return sum_ / np.maximum(1, sums[..., 2])
