"""Language modelling: rows of texts, the loss of next tokens, continuations of prompts, scores."""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from weft.data.batch import Moves
from weft.data.columns import Columns
from weft.data.examples.conversations import Exchange
from weft.data.examples.documents import Document, Prompt, answers_of, prompts_of, questions_of, some_of
from weft.data.examples.roles import Names
from weft.data.sources import Table
from weft.decoding.choices import Sample, SearchChoice, SearchConfig
from weft.decoding.generate import Output
from weft.decoding.teacher_forcing import TeacherForcing, feed
from weft.decoding.token_loss import Reference, references, token_loss
from weft.errors import ConfigError, InputError
from weft.inputs.documents import COUNTED, PROMPT, DocumentInput
from weft.inputs.source_target import check_written, symbols_for
from weft.inputs.warm_start import start_from_run, started_tokenizer, with_folder, with_start
from weft.metrics.floors import Floor, beside
from weft.metrics.free_text import distinct, novelty, repetition
from weft.metrics.kneser_ney import KneserNey
from weft.metrics.systems import CorpusScore, intervals
from weft.models.choices import WriterChoice
from weft.models.encoder_decoder import DecoderAlone
from weft.models.gpt import GptDecoderConfig
from weft.tasks.base import AnswerForm, Task
from weft.tasks.conversation import ConversationSettings
from weft.tasks.decided_by_rows import Fitted
from weft.tasks.generation.generator import GeneratedText, Generator, as_texts, outputs_per_row
from weft.tasks.generation.scores import text_scores
from weft.tasks.generation.sizes import Amount, fitted_to
from weft.tasks.generation.writer import Forced, Writer
from weft.tasks.plain_text import PlainTextConfig
from weft.tasks.results import Loss, Scores
from weft.text.out_of_vocabulary import notes_on
from weft.text.stream import stream_text
from weft.text.tokenizers.base import Tokenizer
from weft.text.tokenizers.choices import TokenizerChoice, for_free_text

SAMPLES = 64
"""Number of texts that are generated after training, to be shown and measured."""


@dataclass(frozen=True, slots=True)
class TextBatch(Moves):
    """B rows of ids [B, T + 1] that begin with the end symbol or go on from an earlier row; the mask, [B, T].

    Of documents the mask has the tokens whose probability counts, of prompts those that are there.
    """

    ids_BT: Tensor
    mask_BT: Tensor
    keys: Sequence[np.ndarray]
    purpose: Literal["score", "continue"] = "score"


RowPrediction = Reference | list[Output]
"""Log-probability of a row, or the texts generated after it."""


class LanguageModelConfig(ConversationSettings, PlainTextConfig):
    """Settings of language modelling: the next token is predicted from those before it."""

    kind: Literal["language_model"] = "language_model"
    answers_with: ClassVar[AnswerForm] = "text"
    example_type: ClassVar[type[Any]] = Prompt
    parts: ClassVar[tuple[str, ...]] = ("decoder",)
    headline: ClassVar[tuple[str, ...]] = ("bits_per_byte", "perplexity")
    page: ClassVar[str] = "text"
    next_step: ClassVar[str] = "next: weft generate {} --prompt ..."
    offer: ClassVar[str] = "--task language_model for plain text"
    objective: ClassVar[str | None] = "clm"
    compared_by: ClassVar[tuple[str, ...]] = ("bits_per_byte", "perplexity")
    compared_kinds: ClassVar[tuple[str, ...]] = ("lstm", "gru", "gpt")
    tokenizer: TokenizerChoice | None = None
    """Tokenizer of the texts; None: `char` for Chinese, else `bpe`."""
    context: int = Field(default=256, ge=2)
    """Largest number of tokens that are read at once; longer texts are cut into rows of this length."""
    decoder: WriterChoice = GptDecoderConfig()
    """Decoder that predicts the next token."""
    smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Label smoothing: the share of each target token that is spread evenly over the vocabulary (Szegedy et al. 2016,
    section 7)."""
    teacher_forcing: TeacherForcing = TeacherForcing()
    search: SearchChoice = Sample(temperature=0.8, top_p=0.95)
    """Search by which the trained model generates text."""
    start: str | None = None
    """Trained folder that decoder and tokenizer start from; written `--decoder pretrained:FOLDER`."""

    @model_validator(mode="before")
    @classmethod
    def _with_start(cls, settings: Any) -> Any:
        return with_start(settings, part="decoder", own=frozenset(cls.model_fields))

    @classmethod
    def may_fit(cls, table: Table) -> bool:
        """Whether a table has the messages of a chat."""
        return table.holds_chat

    @property
    def own_search(self) -> SearchConfig:
        """The search of the settings."""
        return self.search

    def comparable(self, record: Mapping[str, Any]) -> tuple[str, Reference]:
        """Read a text with its nats and tokens."""
        return str(record["text"]), Reference(record["log_loss"] * record["tokens"], record["tokens"])

    def corpus_scores(self, given: Sequence[str], made: Sequence[Reference]) -> dict[str, CorpusScore]:
        """Compute bits per byte: all other scores depend on the tokenizer."""
        answers = [GeneratedText("", 0.0, (), reference) for reference in made]
        return {"bits_per_byte": text_scores(answers, given)["bits_per_byte"]}

    def for_inputs(self, table: Table, *, named: Mapping[str, Names] | None = None) -> LanguageModelConfig:
        """Return the config for prompts, a row each."""
        return super().for_inputs(table, named=named).model_copy(update={"unit": "row"})

    def read(self, table: Table) -> Iterator[Document]:
        """Yield the texts of a table, or the answers of its conversations."""
        return answers_of(table, columns=self.turns) if self.reads_turns else super().read(table)

    def read_inputs(self, table: Table) -> Iterator[Prompt]:
        """Read the prompts of a table, a row each: conversations, or texts that begin one where those were learned."""
        if self.reads_turns:
            return questions_of(table, columns=self.turns)
        prompts = prompts_of(table, column=self.text or "")
        return (replace(self.example(one.text), line=one.line) for one in prompts) if self.turns else prompts

    def data_notes(
        self, parts: Mapping[str, Sequence[Any]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """Say what is learned of conversations; else as of any texts."""
        said = super().data_notes(parts, files, named)
        return (
            [f"conversations from `{', '.join(self.turns)}`: answers alone are learned", *said] if self.turns else said
        )

    def _reading(self, turns: tuple[str, ...]) -> Self:
        return super()._reading(turns).model_copy(update={"unit": "row"})

    def example(self, text: str, second: str | None = None) -> Prompt:
        """Make a prompt from a text; where conversations were learned, it is the first turn of one."""
        if second is not None:
            raise InputError("expected one text, found a pair", hint="a language model continues one text")
        asked = self.turns and not text.startswith("<|")
        return Prompt(Exchange((("user", text),)).prompt if asked else text)

    def fitted(self, examples: Sequence[Document], *, device: str, by_steps: Sequence[str] = ()) -> Fitted:  # noqa: ARG002
        """Decide the size of the decoder and the number of epochs, where nobody set them; see `fitted_to`.

        A tokenizer that is named without its normalization gets that of texts to be generated.
        """
        texts = [one.text for one in examples]
        read = {"tokenizer": for_free_text(self.tokenizer, texts)} if self.tokenizer else {}
        return fitted_to(self.model_copy(update=read), Amount.of(texts), device=device)

    def learn(self, examples: Sequence[Document]) -> LanguageModelTask:
        """Learn the tokenizer."""
        texts, decoder = [one.text for one in examples], self.decoder.ready()
        if decoder.longest is not None and self.context > decoder.longest:
            what = (
                f"`{decoder.kind}` has positions for {decoder.longest} tokens, fewer than the context of {self.context}"
            )
            raise ConfigError(what, where="task.context", hint=f"set it to {decoder.longest} or less")
        tokenizer = with_folder(self.tokenizer, decoder.reads_with) or for_free_text(self.tokenizer, texts)
        learned = started_tokenizer(tokenizer, self.start) if self.start else tokenizer.learn(texts)
        check_written(tokenizer, learned, where="task.tokenizer")
        return LanguageModelTask(self.model_copy(update={"tokenizer": tokenizer, "decoder": decoder}), learned)

    def load(self, folder: Path) -> LanguageModelTask:
        """Load what `LanguageModel.save` wrote."""
        if self.tokenizer is None:
            raise ConfigError("is not set in a saved task", where="task.tokenizer")
        return LanguageModelTask(self, self.tokenizer.load(folder))


class LanguageModelTask(Writer, Task):
    """A tokenizer; `begin` and `end` are one id, the one after the tokenizer's, unless the decoder has its own."""

    config: LanguageModelConfig
    metric: ClassVar[str] = "log_loss"
    metrics: ClassVar[tuple[str, ...]] = ("log_loss", "perplexity", "bits_per_byte")

    def __init__(self, config: LanguageModelConfig, tokenizer: Tokenizer) -> None:
        symbols = symbols_for(config.decoder, tokenizer)
        (self.begin,), self.end = symbols.begin, symbols.end
        self.config, self.tokenizer = config, tokenizer
        self.input = DocumentInput(config, tokenizer, begin=self.begin, end=self.end)

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files."""
        self.input.save(folder)

    def build_model(self) -> DecoderAlone:
        """Build the decoder, with fresh weights."""
        (ids,) = self.input.spec().vocab_sizes
        return DecoderAlone(self.config.decoder.build(ids, memory_width=None))

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:  # noqa: ARG002
        """Start the decoder from a trained folder, or from pre-trained weights, where they are named."""
        assert isinstance(model, DecoderAlone)
        if self.config.start:
            return start_from_run(self.config.start, model, self.config.decoder, part="decoder")
        return self.config.decoder.start(model.decoder)

    def encode(self, examples: Sequence[Document | Prompt]) -> Columns:
        """Encode texts, in rows of at most `context` tokens to predict; or prompts, a row each.

        Raises InputError for a prompt with characters that the model has never seen.
        """
        texts = [one.text for one in examples]
        if any(isinstance(one, Prompt) for one in examples):
            return self.input.encode_prompts(texts)
        return self.input.encode(texts, [one.begin for one in examples if isinstance(one, Document)])

    def check(self, examples: Sequence[Document]) -> list[str]:
        """Return notes on unseen characters; every text can be scored."""
        return notes_on(self.unseen(examples))

    def unseen(self, examples: Sequence[Document | Prompt]) -> Counter[str]:
        """Count the characters of texts and prompts that training never saw."""
        return self.input.unseen([one.text for one in examples])

    def collate(self, columns: Columns, rows: np.ndarray) -> TextBatch:
        """Gather and pad some rows."""
        read = self.input.collate(columns, rows)
        if PROMPT not in columns.ragged:
            return TextBatch(read.ids_BS, read.counted_BS[:, 1:], ())
        prompts = columns.ragged[PROMPT]
        keys = [prompts.values[prompts.offsets_R1[row] : prompts.offsets_R1[row + 1], 0] for row in rows]
        return TextBatch(read.ids_BS, read.mask_BS, keys, "continue")

    def loss(self, model: nn.Module, batch: TextBatch, step: int) -> Loss:
        """Compute the cross-entropy of next tokens, summed; the count is their number."""
        assert isinstance(model, DecoderAlone)
        gold, gold_N = self.config.teacher_forcing.at(step), batch.ids_BT[:, 1:][batch.mask_BT]
        state = model.decoder.start(None, rows=len(batch.ids_BT))
        states_BTD = feed(model.decoder, state, batch.ids_BT[:, :-1], gold=gold)
        total = token_loss(model.decoder.logits(states_BTD[batch.mask_BT]), gold_N, smoothing=self.config.smoothing)
        return Loss(total, torch.tensor(float(len(gold_N))).to(total))

    @property
    def writes_with(self) -> Tokenizer:
        """The one tokenizer."""
        return self.tokenizer

    def forced(self, model: nn.Module, batch: TextBatch) -> Forced:
        """Return the texts themselves. Raises InputError for prompts."""
        if not isinstance(model, DecoderAlone) or batch.purpose != "score":
            raise InputError("there is no reference to compare what is written with")
        return Forced(model.decoder, None, batch.ids_BT, batch.mask_BT)

    @property
    def outputs_per_row(self) -> int:
        """Number of outputs that the search writes side by side."""
        return outputs_per_row(self.config.search)

    def with_search(self, search: SearchConfig) -> LanguageModelTask:
        """Return a copy that generates by another search."""
        other = copy.copy(self)
        other.config = self.config.model_copy(update={"search": search})
        return other

    def predict(self, model: nn.Module, batch: TextBatch) -> list[RowPrediction]:
        """Compute the log-probability of each row, or generate its continuation."""
        assert isinstance(model, DecoderAlone)
        if batch.purpose == "score":
            state = model.decoder.start(None, rows=len(batch.ids_BT))
            return [*references(model.decoder, state, batch.ids_BT, batch.mask_BT)]
        parts: list[RowPrediction] = [[] for _ in batch.keys]
        lengths_B = batch.mask_BT.sum(1)
        for length in lengths_B.unique().tolist():  # prompts of one length at a time: none needs padding
            rows_N = (lengths_B == length).nonzero()[:, 0]
            keys = [batch.keys[row] for row in rows_N.tolist()]
            start = partial(model.decoder.start, None, rows=len(rows_N))
            found = self._generator(model).write(start, batch.ids_BT[rows_N, :length], keys)
            for row, outputs in zip(rows_N.tolist(), found, strict=True):
                parts[row] = outputs
        return parts

    def answers(self, parts: Sequence[RowPrediction], columns: Columns) -> list[GeneratedText]:
        """Return the continuation of each prompt, or the log-probability of each text, over all its rows."""
        if PROMPT in columns.ragged:
            texts = as_texts([part for part in parts if isinstance(part, list)], self.tokenizer, self.config.search)
            return [GeneratedText(*row[0], tuple(text for text, _ in row[1:])) for row in texts]
        each = zip([part for part in parts if isinstance(part, Reference)], columns.fixed["spelled"], strict=True)
        known = [(part.nats, part.tokens, shown) for part, shown in each]
        sums_E3 = np.zeros((int(columns.owner_R.max(initial=-1)) + 1, 3))
        np.add.at(sums_E3, columns.owner_R, np.array(known).reshape(-1, 3))
        return [
            GeneratedText("", -nats / max(1, tokens), (), Reference(nats, int(tokens), shown))
            for nats, tokens, shown in sums_E3.tolist()
        ]

    @torch.inference_mode()
    def stream(self, model: nn.Module, example: Prompt) -> Iterator[str]:
        """Yield the continuation of a prompt as it is generated."""
        assert isinstance(model, DecoderAlone)
        columns = self.encode([example])
        batch = self.collate(columns, np.zeros(1, dtype=np.int64)).to(next(model.parameters()).device)
        start = partial(model.decoder.start, None, rows=1)
        yield from stream_text(self.tokenizer, self._generator(model).stream(start, batch.ids_BT, batch.keys))

    def average(self, answers: Sequence[Sequence[GeneratedText]]) -> list[GeneratedText]:
        """Raise InputError: texts have no mean."""
        del answers
        raise InputError("generated texts cannot be averaged", where="--ensemble", hint="evaluate each model by itself")

    def quick_scores(self, answers: Sequence[GeneratedText], examples: Sequence[Document]) -> dict[str, float]:
        """Compute nats per token, perplexity and bits per byte."""
        return {name: one.value for name, one in text_scores(answers, [one.learned for one in examples]).items()}

    def score(self, answers: Sequence[GeneratedText], examples: Sequence[Document]) -> Scores:
        """Compute the quick scores with their intervals."""
        found = text_scores(answers, [one.learned for one in examples])
        details = {"signatures": {name: one.signature for name, one in found.items()}, "texts": len(examples)}
        return Scores(intervals(found), details)

    def learned_floors(
        self, train: Sequence[Document], answers: Sequence[GeneratedText], examples: Sequence[Document]
    ) -> dict[str, Any]:
        """Compare with an n-gram model of the same tokens."""
        some = some_of(train)
        known, asked = self.encode(some), self.encode(examples)
        rows, read = asked.ragged["text"], known.ragged["text"]
        model = KneserNey(read.values[:, 0], read.lengths_R, vocabulary=self.input.spec().vocab_sizes[0])
        counted = asked.ragged[COUNTED].values[:, 0] > 0 if COUNTED in asked.ragged else np.ones(len(rows.values), bool)
        counted[rows.offsets_R1[:-1]] = False  # the first token of a row is what the next one follows
        nats_N = np.where(counted, model.nats(rows.values[:, 0], rows.lengths_R), 0.0)
        sums_R2 = np.add.reduceat(np.stack([nats_N, counted], 1), rows.offsets_R1[:-1], axis=0)
        parts = [Reference(nats, int(tokens)) for nats, tokens in sums_R2.tolist()]
        texts = [one.learned for one in examples]
        own, other = (_decided(text_scores(one, texts)) for one in (answers, self.answers(parts, asked)))
        of = "" if some is train else f" on {len(some):,} of {len(train):,} training texts"
        return beside(own, {f"a Kneser-Ney {model.order}-gram model{of}": Floor.of(other)})

    def extra_results(self, model: nn.Module, examples: Sequence[Document], *, device: torch.device) -> dict[str, Any]:
        """Generate some texts from nothing, with scores of their diversity and novelty against the training texts."""
        assert isinstance(model, DecoderAlone)
        batch = TextBatch(
            torch.full((SAMPLES, 1), self.begin, device=device),
            torch.ones(SAMPLES, 1, dtype=torch.bool, device=device),
            [np.array([row]) for row in range(SAMPLES)],
            "continue",
        )
        search = self.config.search if isinstance(self.config.search, Sample) else Sample()
        task = self.with_search(search.model_copy(update={"samples": 1}))
        with torch.inference_mode():
            parts = task.predict(model, batch)
        texts = [row[0][0] for row in as_texts([one for one in parts if isinstance(one, list)], self.tokenizer, search)]
        found = novelty(texts, [one.learned for one in examples], n=4)
        measured = {f"distinct_{n}": distinct(texts, n=n) for n in (1, 2, 3)}
        measured |= {"repetition_4": repetition(texts, n=4), "new_4grams": found.new_ngrams, "copied": found.copied}
        return {"samples": texts[:10], "free_text": measured}

    def record(self, answer: GeneratedText, example: Document | Prompt) -> dict[str, Any]:
        """Return a prompt and its continuation; or a text and its loss."""
        line = {"line": example.line} if example.line else {}
        if isinstance(example, Prompt):
            return {"prompt": example.text, **answer.recorded, **line}
        loss = answer.loss or Reference(math.nan, 0)
        prompt = {"prompt": example.text[: example.begin]} if example.begin else {}
        return {
            **prompt,
            "text": example.learned,
            "log_loss": round(-answer.log_probability, 6),
            "tokens": loss.tokens,
            **line,
        }

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Describe the unit, the tokenizer with its coverage, and the rows."""
        return self.input.notes(columns)

    def _generator(self, model: DecoderAlone) -> Generator:
        return Generator(model.decoder, self.tokenizer, self.config.search, self.end, self.config.context)


def _decided(scores: Mapping[str, CorpusScore]) -> dict[str, CorpusScore]:
    """Put the score that no tokenizer changes first, which decides against simple methods."""
    return {"bits_per_byte": scores["bits_per_byte"], **scores}
