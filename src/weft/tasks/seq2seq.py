"""Sequence-to-sequence: a target generated for a source (translation, summary), with loss, search and scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import nn

from weft.config import LARGEST, read_saved
from weft.data.checks.source_target import fan_out
from weft.data.columns import Columns
from weft.data.examples.base import place_of
from weft.data.examples.conversations import conversation_columns
from weft.data.examples.roles import Names, Role
from weft.data.examples.source_target import (
    SOURCE,
    TARGET,
    SourceTarget,
    are_pairs,
    cleaned_pairs,
    exchanged,
    grouped,
    paired,
    repeated_sources,
    source_targets_of,
)
from weft.data.sources import Table
from weft.errors import InputError
from weft.files import write_json
from weft.inputs.source_target import (
    SourceTargetBatch,
    SourceTargetInput,
    SourceTargetSettings,
    SourceTargetTokenizers,
    check_positions,
    decided,
    learned_tokenizers,
    loaded_tokenizers,
    without_banned,
)
from weft.metrics.floors import beside
from weft.models.base import EncoderConfig
from weft.models.encoder_decoder import EncoderDecoder
from weft.tasks.base import Doctor
from weft.tasks.conversation import ConversationSettings
from weft.tasks.decided_by_rows import Fitted
from weft.tasks.generation.floors import counted_floors, learned_floors, row_scores
from weft.tasks.generation.generator import GeneratedText
from weft.tasks.generation.scores import text_overlap_scores
from weft.tasks.generation.sizes import fitted_to_pairs
from weft.tasks.generation.target_task import TargetTask, TargetTaskConfig
from weft.tasks.generation.writer import Attention, Forced
from weft.tasks.results import Scores
from weft.tasks.teaching import Targets, Teacher
from weft.text.out_of_vocabulary import notes_on, unseen_characters
from weft.text.tokenizers.base import Tokenizer

ROOM = 8
"""Number of tokens that an output may have beyond the longest target of the training part."""


Longest = Annotated[int, Field(ge=1, le=LARGEST)]


class Seq2SeqConfig(ConversationSettings, TargetTaskConfig, SourceTargetSettings):
    """Settings of sequence-to-sequence tasks: a target is generated for each source."""

    kind: Literal["seq2seq"] = "seq2seq"
    example_type: ClassVar[type[Any]] = SourceTarget
    roles: ClassVar[tuple[Role, ...]] = (SOURCE, TARGET)
    parts: ClassVar[tuple[str, ...]] = ("encoder", "decoder")
    next_step: ClassVar[str] = "next: weft generate {} --text ..."
    implied_by: ClassVar[tuple[str, ...]] = ("source", "target")
    parallel: ClassVar[bool] = True
    offer: ClassVar[str] = "--source NAME --target NAME for pairs to translate, sum up or describe"
    inspected_as: ClassVar[Doctor | None] = "pairs"
    teaches: ClassVar[bool] = True
    source: str | None = None
    """Column of the source; None: guessed from the file, and named in the run."""
    target: Names = None
    """Column of the target, or a list of several, each of which is right; None: guessed from the file, and named in the
    run."""
    duplicates: Literal["keep", "drop"] = "drop"
    """Treatment of equal pairs in the training file: `drop` learns from the first alone, `keep` from all."""
    longest_ratio: float | None = Field(default=None, gt=1)
    """Largest ratio of the lengths of a pair, over the usual one, that training keeps; None: it keeps all pairs."""
    references: Literal["one", "all"] = "one"
    """References of an example of the dev and test sets: `one` is the target of its row, `all` the targets of all rows
    with its source, which are then one example."""

    @classmethod
    def fits(cls, table: Table, *, label: str | None) -> bool:
        """Whether the columns are plainly a source and a target, or conversations, and no label is named."""
        return label is None and (are_pairs(table) or bool(conversation_columns(table)))

    @property
    def line_suffix(self) -> str | None:
        """Suffix of the file of sources, which names that column."""
        return self.source

    @property
    def input_limit(self) -> tuple[str, int]:
        """Setting that limits the tokens of a source, and its value."""
        return "max_source", self.max_source

    def read(self, table: Table) -> Iterator[SourceTarget]:
        """Yield the pairs of a table; without `target`, sources alone; of conversations, answers to what is before."""
        if self.reads_turns:
            return exchanged(table, columns=self.turns)
        return source_targets_of(table, source=self.source or "", targets=self.columns_of("target", table))

    def read_inputs(self, table: Table) -> Iterator[SourceTarget]:
        """Yield the sources of a table."""
        return exchanged(table, columns=self.turns, answering=True) if self.reads_turns else self.read(table)

    def example(self, text: str, second: str | None = None) -> SourceTarget:
        """Make an example of a source."""
        if second is not None:
            raise InputError("expected one text, found a pair", hint="this model generates a text from one text")
        return SourceTarget(text)

    def filter_training(self, examples: Sequence[SourceTarget]) -> tuple[list[SourceTarget], list[str]]:
        """Return an example for each target, without those that the settings drop; and notes on these."""
        kept, said = cleaned_pairs(examples, longest_ratio=self.longest_ratio, duplicates=self.duplicates)
        if self.references == "one" and (many := fan_out([(one.source, one.targets[0]) for one in kept]).said):
            said.append(f"{many}: task.references=all scores each source once, against all its targets")
        return kept, said

    def data_notes(
        self, parts: Mapping[str, Sequence[Any]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """Return notes on sources that stand in train too, and on those with several targets."""
        del files, named
        said = [f"conversations from `{', '.join(self.turns)}`: each answer is a target"] if self.turns else []
        return [*said, *repeated_sources(parts, references=self.references)]

    def evaluation_examples(self, examples: Sequence[SourceTarget]) -> list[SourceTarget]:
        """Return an example for each source, where all its targets are right."""
        return grouped(examples) if self.references == "all" else list(examples)

    def fitted(self, examples: Sequence[SourceTarget], *, device: str, by_steps: Sequence[str] = ()) -> Fitted:  # noqa: ARG002
        """Decide the size of the model and the number of epochs, where nobody set them; see `fitted_to_pairs`."""
        return fitted_to_pairs(self, *paired(examples), device=device)

    def learn(self, examples: Sequence[SourceTarget]) -> Seq2SeqTask:
        """Learn the tokenizers, and the largest length of outputs.

        Raises ConfigError where parts do not go together, InputError where there is no pair.
        """
        sources, targets = paired(examples)
        if not targets:
            raise InputError("there is no pair to learn from", hint="give sources with their targets")
        config = decided(self, sources, targets)
        tokenizers = learned_tokenizers(config, sources, targets)
        lengths = tokenizers.target.encode(targets).lengths_R
        read, longest = SourceTargetInput(config, tokenizers), min(self.max_target, int(lengths.max()) + ROOM)
        return Seq2SeqTask(config, read, longest=longest).judged_on([one.targets for one in examples])

    def load(self, folder: Path) -> Seq2SeqTask:
        """Load what `Seq2Seq.save` wrote."""
        read = SourceTargetInput(self, loaded_tokenizers(self, folder))
        return Seq2SeqTask(self, read, longest=read_saved(folder / "seq2seq.json", dict[str, Longest])["longest"])


class Seq2SeqTask(TargetTask, Teacher):
    """Tokenizers of source and target, and the largest number of tokens of an output."""

    config: Seq2SeqConfig

    def __init__(self, config: Seq2SeqConfig, read: SourceTargetInput, *, longest: int) -> None:
        self.config, self.input, self.longest = config, read, longest
        self.symbols, self.target = read.symbols, read.tokenizers.target
        self.begin, self.end = read.symbols.begin, read.symbols.end

    @property
    def tokenizers(self) -> SourceTargetTokenizers:
        """The tokenizers of sources and targets."""
        return self.input.tokenizers

    def save(self, folder: Path) -> None:
        """Write the files of the tokenizers, and `seq2seq.json`."""
        self.input.save(folder)
        write_json(folder / "seq2seq.json", {"longest": self.longest})

    def build_model(self) -> EncoderDecoder:
        """Build encoder and decoder, with fresh weights."""
        encoder_config = self.config.encoder
        assert isinstance(encoder_config, EncoderConfig)
        encoder = self.input.build_encoder()
        check_positions(encoder_config, encoder, self.config.decoder)
        ids = max(self.end + 1, self.tokenizers.target.sizes[0]) + self.input.slots
        decoder = self.config.decoder.build(ids, memory_width=encoder.width)
        return EncoderDecoder(encoder, decoder, tying=self.tokenizers.tying(encoder, decoder))

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:  # noqa: ARG002
        """Load pre-trained weights, where encoder or decoder have them."""
        assert isinstance(model, EncoderDecoder)
        assert self.config.encoder is not None
        notes = [*self.config.encoder.start(model.encoder), *self.config.decoder.start(model.decoder)]
        model.share()
        return notes

    def encode(self, examples: Sequence[SourceTarget]) -> Columns:
        """Encode every source with an end symbol, and the first target of each, where all have one."""
        return self.input.encode([(one.source, one.targets[0] if one.targets else None) for one in examples])

    def check(self, examples: Sequence[SourceTarget]) -> list[str]:
        """Refuse a source without a target."""
        for one in examples:
            if not one.targets:
                raise InputError("there is no target", where=place_of(one))
        return notes_on(self.unseen(examples))

    def unseen(self, examples: Sequence[SourceTarget]) -> Counter[str]:
        """Count the characters of sources that training never saw, unless they have ids to be copied by."""
        if self.input.slots:
            return Counter()
        return unseen_characters(self.tokenizers.source, (one.source for one in examples))

    def collate(self, columns: Columns, rows: np.ndarray) -> SourceTargetBatch:
        """Gather and pad some rows."""
        return self.input.collate(columns, rows)

    def allowed(self, batch: SourceTargetBatch) -> SourceTargetBatch:
        """Return a batch without the pieces that may be copied and are banned."""
        return without_banned(batch, self.config.search.banned, first=self.input.first_copied)

    @property
    def reads_with(self) -> Tokenizer:
        """The tokenizer of sources."""
        return self.tokenizers.source

    def forced(self, model: nn.Module, batch: SourceTargetBatch) -> Forced:
        """Return the first target of each source. Raises InputError where some have none."""
        if not isinstance(model, EncoderDecoder) or batch.target_BT is None or batch.mask_BT is None:
            raise InputError("there are sources without a target to learn from, and so no reference to compare with")
        return Forced(model.decoder, model.read(batch.source), batch.target_BT, batch.mask_BT)

    def with_answers(self, examples: Sequence[SourceTarget], answers: Sequence[GeneratedText]) -> list[SourceTarget]:
        """Return each source with a generated text, with that as its target."""
        both = zip(examples, answers, strict=True)
        return [replace(one, targets=(given.text,)) for one, given in both if given.text.strip()]

    def attention(self, model: nn.Module, columns: Columns, row: int) -> Attention | None:
        """Return the attention of the decoder to the source; of a Transformer the mean over heads of its last layer."""
        assert isinstance(model, EncoderDecoder)
        batch = self.collate(columns, np.array([row])).to(next(model.parameters()).device)
        assert batch.target_BT is not None
        state = model.decoder.start(model.read(batch.source), rows=1, record=True)
        _, state = model.decoder(batch.target_BT[:, :-1], state)
        if not (seen := getattr(state, "seen", None)):
            return None
        source, target = batch.source.ids_BS[0, :-1].tolist(), batch.target_BT[0, 1:-1].tolist()
        weights_TS = torch.cat(seen, 1)[0].float().cpu().numpy()
        return Attention(source, target, weights_TS, (batch.copied or [()])[0])

    def questions(self, examples: Sequence[SourceTarget]) -> list[SourceTarget]:
        """Return every source once."""
        return list({one.source: one for one in examples}.values())

    def said(self, answer: GeneratedText) -> str:
        """Return the generated text."""
        return answer.text

    def lessons(
        self, asked: Sequence[SourceTarget], said: Sequence[str], *, train: Sequence[SourceTarget], targets: Targets
    ) -> list[SourceTarget]:
        """Return sources with the teacher's texts, and the true pairs, where both are wanted; none for no text."""
        written = zip(asked, said, strict=True)
        pairs = [SourceTarget(one.source, (text,), one.line) for one, text in written if text.strip()]
        return [*train, *pairs] if targets == "both" else pairs

    def score(self, answers: Sequence[GeneratedText], examples: Sequence[SourceTarget]) -> Scores:
        """Compute BLEU, chrF, TER, ROUGE and perplexity with intervals; details have the signatures, and the search."""
        found = text_overlap_scores(answers, [one.targets for one in examples])
        own = row_scores([one.text for one in answers], examples)
        details = {**found.details, **beside(own, counted_floors(examples)), "search": self.config.search.in_words}
        return Scores(found.values, details)

    def learned_floors(
        self, train: Sequence[SourceTarget], answers: Sequence[GeneratedText], examples: Sequence[SourceTarget]
    ) -> dict[str, Any]:
        """Compare with the target of the nearest training source, and of long sources with the first sentences."""
        return beside(row_scores([one.text for one in answers], examples), learned_floors(train, examples))

    def record(self, answer: GeneratedText, example: SourceTarget) -> dict[str, Any]:
        """Return source, targets where they are known, and the generated text."""
        known = {"references": list(example.targets)} if example.targets else {}
        line = {"line": example.line} if example.line else {}
        return {"source": example.source, **known, **answer.recorded, "unread": answer.unread, **line}

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Describe the vocabularies with their coverage, and texts that are too long."""
        return [*self.input.notes(columns), *self.search_notes()]
