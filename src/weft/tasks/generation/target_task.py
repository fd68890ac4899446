"""The common part of tasks that write a target for what an encoder reads: settings, loss, search, answers, scores."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from weft.data.columns import Columns
from weft.decoding.choices import Beam, Greedy, SearchChoice, SearchConfig
from weft.decoding.teacher_forcing import TeacherForcing, feed
from weft.decoding.token_loss import Reference, disagreement, references, token_loss
from weft.errors import InputError
from weft.metrics.overlap import overlap
from weft.metrics.systems import CorpusScore
from weft.models.encoder_decoder import EncoderDecoder
from weft.tasks.base import AnswerForm, Task, TaskConfig
from weft.tasks.generation.floors import BLEU_TOKENS, decisive
from weft.tasks.generation.generator import GeneratedText, Generator, RowPrediction, as_texts, outputs_per_row
from weft.tasks.generation.scores import quick_text_overlap_scores
from weft.tasks.generation.writer import Writer
from weft.tasks.results import Loss
from weft.text.stream import stream_text
from weft.text.tokenizers.base import Tokenizer


class TargetTaskConfig(TaskConfig):
    """Settings shared by the tasks that write a target: the loss, teacher forcing, the search."""

    answers_with: ClassVar[AnswerForm] = "text"
    headline: ClassVar[tuple[str, ...]] = ("bleu", "chrf")
    page: ClassVar[str] = "text"
    compared_by: ClassVar[tuple[str, ...]] = ("bleu", "chrf", "log_loss", "rougeL")
    compared_kinds: ClassVar[tuple[str, ...]] = ("lstm", "gru", "transformer")
    smoothing: float = Field(default=0.1, ge=0, lt=1)
    """Label smoothing: the share of each target token that is spread evenly over the vocabulary (Szegedy et al. 2016,
    section 7)."""
    r_drop: float = Field(default=0.0, ge=0)
    """R-Drop alpha: the weight of the disagreement of two forward passes with other dropout (Liang et al. 2021,
    equation 4), at twice the cost; 0 is none."""
    teacher_forcing: TeacherForcing = TeacherForcing()
    search: SearchChoice = Beam(5)
    """Search by which the trained model generates targets; during training, the dev set is answered greedily."""

    @property
    def own_search(self) -> SearchConfig:
        """Search of the settings."""
        return self.search

    def comparable(self, record: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, ...]], str]:
        """Read a source with its references, and the text generated for it."""
        return (str(record["source"]), tuple(record["references"])), str(record["answer"])

    def corpus_scores(
        self, given: Sequence[tuple[str, tuple[str, ...]]], made: Sequence[str]
    ) -> dict[str, CorpusScore]:
        """Compute BLEU and chrF."""
        return dict(overlap(made, [references for _, references in given]))


class TargetTask(Writer, Task):
    """A task whose models are an encoder and a decoder: `input` reads, `target` is the tokenizer of what is written.

    Its batches have a `source`, for each row what its draws are seeded by (`keys`) and pieces that may be copied
    (`copied`), and the first target of each row (`firsts`), where all have one.
    """

    config: Any
    target: Tokenizer
    longest: int
    """Largest number of tokens of an output."""
    metric: ClassVar[str] = "bleu"
    tie_metric: ClassVar[str | None] = "log_loss"  # BLEU is 0 until four tokens in a row are right somewhere
    metrics: ClassVar[tuple[str, ...]] = ("bleu", "chrf", "log_loss", "perplexity")
    begin: tuple[int, ...]
    """The ids that begin every target."""

    def judged_on(self, references: Sequence[Sequence[str]]) -> Self:
        """Choose the weights by the score that can tell outputs for such references apart."""
        self.metric = decisive(references)  # ty: ignore[invalid-attribute-access]
        return self

    def loss(self, model: nn.Module, batch: Any, step: int) -> Loss:
        """Compute label-smoothed cross-entropy, summed over the targets' tokens; the count is their number."""
        gold = self.config.teacher_forcing.at(step)

        def logits() -> tuple[Tensor, Tensor]:
            forced = self.forced(model, batch)
            state = forced.decoder.start(forced.memory, rows=len(forced.ids_BT))
            states_BTD = feed(forced.decoder, state, forced.ids_BT[:, :-1], gold=gold)
            return forced.decoder.logits(states_BTD[forced.mask_BT]), forced.ids_BT[:, 1:][forced.mask_BT]

        if self.config.r_drop and model.training:
            (first, gold_N), (second, _) = logits(), logits()
            agree = self.config.r_drop * disagreement(first, second)
            total = sum(
                token_loss(one, gold_N, smoothing=self.config.smoothing) for one in (first.clone(), second.clone())
            )
            return Loss(total + agree, torch.tensor(2.0 * len(gold_N)).to(total))
        found, gold_N = logits()
        total = token_loss(found, gold_N, smoothing=self.config.smoothing)
        return Loss(total, torch.tensor(float(len(gold_N))).to(total))

    def for_validation(self) -> Self:
        """Return a copy that generates by greedy search."""
        return self.with_search(Greedy())

    @property
    def outputs_per_row(self) -> int:
        """Number of outputs that the search writes side by side."""
        return outputs_per_row(self.config.search)

    def with_search(self, search: SearchConfig) -> Self:
        """Return a copy that generates by another search."""
        other = copy.copy(self)
        other.config = self.config.model_copy(update={"search": search})
        return other

    def generator(self, model: EncoderDecoder) -> Generator:
        """Return the decoder with the search of the settings."""
        return Generator(model.decoder, self.target, self.config.search, self.end, self.longest)

    def allowed(self, batch: Any) -> Any:
        """Return a batch of which nothing is read that the search bans."""
        return batch

    def predict(self, model: nn.Module, batch: Any) -> list[RowPrediction]:
        """Generate texts for each row and, where its target is known, compute its log-probability."""
        assert isinstance(model, EncoderDecoder)
        batch = self.allowed(batch)
        memory, rows = model.read(batch.source), len(batch.keys)
        losses: Sequence[Reference | None] = [None] * rows
        if batch.firsts is not None:
            losses = references(model.decoder, model.decoder.start(memory, rows=rows), *batch.firsts)
        begin_BP = torch.tensor(self.begin).expand(rows, -1).to(memory.states_BSD.device)
        start = partial(model.decoder.start, memory, rows=rows)
        outputs = self.generator(model).write(start, begin_BP, batch.keys)
        each = zip(outputs, losses, batch.copied or [()] * rows, strict=True)
        return [RowPrediction(*one) for one in each]

    def answers(self, parts: Sequence[RowPrediction], columns: Columns) -> list[GeneratedText]:
        """Return the best output of each row as text, and the others asked for."""
        outputs, copied = [part.outputs for part in parts], [part.copied for part in parts]
        texts = as_texts(outputs, self.target, self.config.search, copied)
        unread_R = columns.fixed.get("unread", np.zeros(len(parts), dtype=np.int64)).tolist()
        return [
            GeneratedText(*row[0], tuple(text for text, _ in row[1:]), part.loss, unread)
            for row, part, unread in zip(texts, parts, unread_R, strict=True)
        ]

    @torch.inference_mode()
    def stream(self, model: nn.Module, example: Any) -> Iterator[str]:
        """Yield the text for a source as it is generated."""
        assert isinstance(model, EncoderDecoder)
        batch = self.collate(self.encode([example]), np.zeros(1, dtype=np.int64))
        batch = self.allowed(batch.to(next(model.parameters()).device))
        memory = model.read(batch.source)
        begin_BP = torch.tensor(self.begin).expand(1, -1).to(memory.states_BSD.device)
        start = partial(model.decoder.start, memory, rows=1)
        written = self.generator(model).stream(start, begin_BP, batch.keys)
        yield from stream_text(self.target, written, (batch.copied or [()])[0])

    def unread(self, answer: GeneratedText) -> int:
        """Return the number of tokens of a source beyond the maximum."""
        return answer.unread

    @property
    def writes_with(self) -> Tokenizer:
        """The tokenizer of targets."""
        return self.target

    def average(self, answers: Sequence[Sequence[GeneratedText]]) -> list[GeneratedText]:
        """Raise InputError: texts have no mean."""
        del answers
        raise InputError("generated texts cannot be averaged", where="--ensemble", hint="evaluate each model by itself")

    def quick_scores(self, answers: Sequence[GeneratedText], examples: Sequence[Any]) -> dict[str, float]:
        """Compute BLEU, chrF, and the loss of the references."""
        return quick_text_overlap_scores(answers, [one.targets for one in examples])

    def samples(self, answers: Sequence[GeneratedText], examples: Sequence[Any]) -> list[dict[str, str]]:
        """Return four answers, from one end of the part to the other, since neighbours are often alike."""
        apart = max(len(examples) // 4, 1)
        some = list(zip(answers, examples, strict=True))[::apart][:4]
        return [{"source": one.source, "reference": one.targets[0], "answer": given.text} for given, one in some]

    def search_notes(self) -> list[str]:
        """Say how the dev set is decoded, if not by the search of the settings, and what chooses, if not BLEU."""
        short = f"most targets have fewer than {BLEU_TOKENS} words, so that BLEU says little: chrF chooses the weights"
        said = [short] if self.metric == "chrf" else []
        if self.config.search.kind == "greedy":
            return said
        found = self.config.search.in_words
        return [*said, f"during training the dev set is decoded by greedy search, which is fast; at the end by {found}"]
