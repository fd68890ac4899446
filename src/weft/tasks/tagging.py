"""Tagging: spans of a text with labels, the words of a text, or a tag for each token; CRF or linear, on any encoder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn

from weft.data.batch import Moves
from weft.data.checks.findings import counted
from weft.data.columns import Columns, Ragged
from weft.data.examples.base import place_of
from weft.data.examples.roles import Role
from weft.data.examples.span_columns import is_slashed, looks_tagged, only_spans, restored_notes, spans_alone
from weft.data.examples.tag_schemes import Scheme, TagSet, encode
from weft.data.examples.tagged import (
    TAGS,
    TOKENS,
    Form,
    LabelledSpan,
    Reading,
    TaggedText,
    Unit,
    broken_notes,
    found_reading,
    places_of,
    tag_column,
    tag_doubts,
    tagged_of,
    tagged_row,
    token_spans,
)
from weft.data.sources import Row, Table
from weft.errors import InputError
from weft.files import read_json, write_json
from weft.inputs.base import Input
from weft.inputs.tokens import TokenizedText, TokenSettings, TokensInput, learned_tokenizer
from weft.metrics.systems import CorpusScore
from weft.metrics.tagging import TaggedPair
from weft.models.base import Encoder
from weft.models.tagger import Tagger, TaggerConfig, TokenSource
from weft.tasks.base import AnswerForm, Doctor
from weft.tasks.decided_by_rows import Fitted, longer_for_few
from weft.tasks.joining import JoinableConfig, JoinableTask
from weft.tasks.results import Loss, Scores
from weft.tasks.tag_answers import Potentials, TagAnswer, averaged, merged, pair_of, record
from weft.tasks.tag_scores import QUICK, Known, comparable, quick_scores, scored, scores_of
from weft.tasks.teaching import TeacherOfUnlabelled
from weft.tasks.word_list import WordSegmenter
from weft.text.tokens import token_places

FILE = "tagging.json"
"""File of tags, and of the strings of training."""


@dataclass(frozen=True, slots=True)
class TagBatch(Moves):
    """Tokens of B rows with their tags [B, T], None when predicting; and which rows begin and end a text [B]."""

    source: TokenSource
    tags_BT: Tensor | None
    begins_B: Tensor
    ends_B: Tensor


class TaggingConfig(JoinableConfig, TokenSettings):
    """Settings of tagging: named entities and slots, word segmentation, parts of speech."""

    kind: Literal["tagging"] = "tagging"
    answers_with: ClassVar[AnswerForm] = "tags"
    reads_tokens: ClassVar[bool] = True
    example_type: ClassVar[type[Any]] = TaggedText
    roles: ClassVar[tuple[Role, ...]] = (TOKENS, TAGS)
    headline: ClassVar[tuple[str, ...]] = ("span_f1", "word_f1", "accuracy", "exact_match")
    page: ClassVar[str] = "tags"
    inspected_as: ClassVar[Doctor | None] = "tags"
    teaches: ClassVar[bool] = True
    implied_by: ClassVar[tuple[str, ...]] = ("tags",)
    offer: ClassVar[str] = "--task tagging for tags of tokens, spans of texts, or segmented words"
    compared_by: ClassVar[tuple[str, ...]] = ("span_f1", "word_f1", "accuracy", "exact_match")
    compared_kinds: ClassVar[tuple[str, ...]] = ("cnn", "lstm", "transformer")
    text: str | None = None
    """Column of the tokens or the text; None: guessed from the file, and named in the run."""
    tags: str | None = None
    """Column of the tags of tokens or of the spans; None: guessed from the file, and named in the run. Words without
    tags are word segmentation."""
    form: Form | None = None
    """Labelled parts of a text: `spans`, all its `words`, or each of its `tokens`; None: found out from the tags."""
    scheme: Scheme | None = None
    """Scheme of the tags in the files; None: found out from all of the training file, and named in the run."""
    unit: Unit | None = None
    """Tokens of a raw text: each `character`, Han characters and words (`mixed`), or each `word`, those of Han by
    dictionary; None: as the tokens of the training file are."""
    tagger: TaggerConfig = TaggerConfig()

    @classmethod
    def fits(cls, table: Table, *, label: str | None) -> bool:
        """Whether a file has tokens with tags, by its suffix or as `word/tag`, or spans and no labels."""
        tokens = is_slashed(table) or (table.form == "conll" and len(table.columns) > 1)
        return label is None and (tokens or spans_alone(table))

    @classmethod
    def may_fit(cls, table: Table) -> bool:
        """Whether the lines of a file look like tokens with tags."""
        return looks_tagged(table)

    @property
    def part_configs(self) -> tuple[Any, ...]:
        """The head and the encoder, whose recommendations go over those of the head."""
        return (self.tagger, self.encoder)

    @property
    def name(self) -> str:
        """The key of the texts among the encoded columns."""
        return "text"

    @property
    def columns_read(self) -> tuple[str, ...]:
        """The column of the text."""
        return (self.text,) if self.text else ()

    @property
    def reading(self) -> Reading:
        """Form, scheme and tokens by which tables are read, once they are found out."""
        assert self.form is not None
        assert self.scheme is not None
        assert self.unit is not None
        return Reading(self.form, self.scheme, self.unit)

    @property
    def found_in_table(self) -> dict[str, Any]:
        """The columns, and how they are read."""
        names = ("form", "scheme", "unit")
        return {**super().found_in_table, **{name: getattr(self, name) for name in names}}

    @property
    def unit_name(self) -> str:
        """Name of the examples in a sentence."""
        return "texts"

    def resolved(self, table: Table) -> Self:
        """Return a copy with the columns named, and the form, scheme and tokens found out."""
        table.read_as_sentences()
        return super().resolved(table).widened()

    def for_table(self, table: Table, *, named: Mapping[str, Any] | None = None) -> Self:
        """Return a copy for a further table with tags, whose scheme is found out where training had spans.

        Raises InputError where words are to be scored, and the table has none.
        """
        table.read_as_sentences()
        config = super().for_table(table, named=named)
        if self.form == "words" and self.tags is None and config.tags:
            hint = "give lines of words between blanks, or JSON lines with lists of words"
            raise InputError("has no segmented texts, and the model cuts words", where=table.path, hint=hint)
        if self.form != "spans" or self.scheme != "none" or not config.tags:
            return config
        columns = {"text": config.text or "", "tags": config.tags}
        found = found_reading(table, **columns, form=None, scheme=None, unit=self.unit)
        return config.model_copy(update={"scheme": found.scheme})

    def for_inputs(self, table: Table, *, named: Mapping[str, Any] | None = None) -> Self:
        """Return a copy for a table of inputs; lines of `word/tag` are read as the texts of their words."""
        if is_slashed(table):
            table.read_as_sentences()
        return super().for_inputs(table, named=named)

    def absent_notes(self, columns: Collection[str] = ()) -> list[str]:
        """Say that texts were restored from lines of `word/tag`."""
        return [*super().absent_notes(columns), *restored_notes(columns)]

    def with_columns(self, table: Table, found: Mapping[str, Sequence[str]]) -> Self:
        """Return a copy with the columns that were found; of the first table all else is found out too."""
        config = super().with_columns(table, found)
        if config.form and config.scheme and config.unit:
            return config
        if self.tags is None and (spans := only_spans(table)):
            config = config.model_copy(update={"tags": spans})
        tag_column(table, text=config.text or "", tags=config.tags, named=self.tags is not None)
        columns = {"text": config.text or "", "tags": config.tags}
        one = found_reading(table, **columns, form=self.form, scheme=self.scheme, unit=self.unit)
        if one.form != "words" and config.tags is None:
            hint = "name the column of the tags or spans with --tags"
            raise InputError("there are no tags to learn", where=table.path, hint=hint)
        return config.model_copy(update={"form": one.form, "scheme": one.scheme, "unit": one.unit})

    def read(self, table: Table) -> Iterator[TaggedText]:
        """Yield the texts of a table with their spans."""
        return tagged_of(table, text=self.text or "", tags=self.tags, reading=self.reading)

    def lacks_answer(self, row: Row) -> bool:
        """Whether a row has neither tags nor spans; words are their own answer."""
        given = row.lists.get(self.tags or "", row.whole.get(self.tags, row.values.get(self.tags or "")))
        return self.tags is not None and (given is None or given == "")

    def answered(self, row: Row, text: str) -> TaggedText:  # noqa: ARG002  (it is read with its tokens)
        """Make the example of a row, with its tokens."""
        return tagged_row(row, text=self.text or "", tags=self.tags, reading=self.reading)

    def example(self, text: str, second: str | None = None) -> TaggedText:
        """Make an example of a raw text, which is cut into tokens."""
        if second is not None:
            raise InputError("expected one text, found a pair", hint="join them into one text")
        return TaggedText(text)

    def question_of(self, example: TaggedText) -> TaggedText:
        """Return the text of an example with its tokens."""
        return replace(example, spans=None)

    def data_notes(
        self, parts: Mapping[str, Sequence[TaggedText]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """Say how the files were read: the form, the scheme, tags that do not follow it, texts of train in others."""
        del named
        what = {"spans": "labelled spans", "words": "words (segmentation)", "tokens": "a tag for each token"}
        units = {"character": "characters", "mixed": "Han characters and words", "word": "words"}
        reading = self.reading
        scheme = "" if reading.scheme == "none" else f"; tags by scheme {reading.scheme}"
        notes = [f"read as {what[reading.form]}{scheme}; tokens of raw texts: {units[reading.unit]}"]
        notes += tag_doubts(parts["train"], reading.form)
        train = {one.text for one in parts["train"]}
        for name, rows in parts.items():
            notes += broken_notes(rows, files[name], reading.scheme)
            if name != "train" and (again := sum(one.text in train for one in rows)):
                notes.append(f"{again:,} of {len(rows):,} {name} texts also in train")
        return notes

    def learn(self, examples: Sequence[TaggedText], read: Input[Any, Any] | None = None) -> Tagging:
        """Learn tags and tokenizer. Raises InputError where nothing is labelled, ConfigError where parts do not fit."""
        form, pairs, counts = self.reading.form, Counter(), Counter()
        strings: set[str] = set()
        scheme = "none" if form == "tokens" else self.tagger.scheme
        for one in examples:
            value = self.tokenized(one)
            spans = token_spans(one, value.places)
            pairs.update((last - first, label) for first, last, label in spans)
            tags = encode(spans, len(value.places), scheme)
            counts.update(zip((one.text[start:end] for start, end in value.places), tags, strict=True))
            strings.update(one.text[span.start : span.end] for span in one.spans or ())
        if not pairs:
            raise InputError("no text has a span", hint="is task.tags the right column?")
        config = self
        if read is None:
            config, tokenizer = learned_tokenizer(self, [self.tokenized(one) for one in examples])
            read = TokensInput(config, tokenizer)
        tags = TagSet.of(pairs, scheme)
        labels = Counter({label: 0 for _, label in pairs})
        for (_, label), times in pairs.items():
            labels[label] += times
        return Tagging(config, read, tags, Known.of(strings, counts), dict(labels))

    def load(self, folder: Path, read: Input[Any, Any] | None = None) -> Tagging:
        """Load what `Tagging.save` wrote."""
        read = read or TokensInput(self, self.loaded_tokenizer(folder))
        found = read_json(folder / FILE)
        tags = TagSet(tuple(found["names"]), found["scheme"])
        return Tagging(self, read, tags, Known.read(found["known"]), found["labels"])

    def fitted(self, examples: Sequence[Any], *, device: str, by_steps: Sequence[str] = ()) -> Fitted:  # noqa: ARG002
        """Take more epochs where few texts teach an encoder from nothing."""
        return Fitted(self) if self.encoder.reads_with or self.start else longer_for_few(self, len(examples))

    def tokenized(self, example: TaggedText) -> TokenizedText:
        """Return a text with the places of its tokens: those of its file, else those that it is cut into."""
        if example.tokens is not None:
            return TokenizedText(example.text, places_of(example.text, example.tokens))
        return TokenizedText(example.text, token_places(example.text, self.reading.unit))

    def comparable(self, record: Mapping[str, Any]) -> tuple[Any, Any]:
        """Read text and true spans, and the predicted ones, from a line of a table of answers."""
        pair = comparable(record, self.reading.form)
        return (pair.text, sorted(pair.true)), sorted(pair.found)

    def corpus_scores(self, given: Sequence[Any], made: Sequence[Any]) -> dict[str, CorpusScore]:
        """Compute the scores by which models that tagged the same texts are compared."""
        pairs = [TaggedPair(text, true, found) for (text, true), found in zip(given, made, strict=True)]
        found = scores_of(pairs, None, self.reading.form)
        return {name: one for name, one in found.items() if name in self.compared_by}


class Tagging(TeacherOfUnlabelled, WordSegmenter, JoinableTask):
    """The input of tokens, the tags, and what training knew."""

    config: TaggingConfig
    metric: ClassVar[str] = "span_f1"
    metrics: ClassVar[tuple[str, ...]] = QUICK["spans"]

    def __init__(
        self, config: TaggingConfig, read: Input[Any, Any], tags: TagSet, known: Known, labels: Mapping[str, int]
    ) -> None:
        self.config, self.input, self.tags, self.known, self.labels = config, read, tags, known, labels
        self.form = config.reading.form
        self.metrics = QUICK[self.form]  # ty: ignore[invalid-attribute-access]
        self.metric = self.metrics[0]  # ty: ignore[invalid-attribute-access]
        self.numbers = {tag: number for number, tag in enumerate(tags.names)}

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files and `tagging.json`."""
        self.input.save(folder)
        learned = {"names": self.tags.names, "scheme": self.tags.scheme, "labels": self.labels}
        write_json(folder / FILE, {**learned, "known": self.known.to_json()})

    def build_model(self) -> Tagger:
        """Build encoder and head, with fresh weights."""
        return self.build_head(self.input.build_encoder())

    def build_head(self, encoder: Encoder) -> Tagger:
        """Build the head over an encoder, with fresh weights."""
        read: Any = self.input
        tags = {"tags": self.tags.names, "allowed": self.tags.allows}
        return self.config.tagger.build(encoder, **tags, capitals=read.loses_case)

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:
        """Start the encoder from trained weights or word vectors, where that is asked for."""
        return self.input.initialize(model, columns, ())

    def encode(self, examples: Sequence[TaggedText]) -> Columns:
        """Encode texts token by token, with the numbers of their tags where all are known."""
        return self.with_answers(self.input.encode([self.config.tokenized(one) for one in examples]), examples)

    def with_answers(self, columns: Columns, examples: Sequence[TaggedText]) -> Columns:
        """Add the numbers of their tags to encoded texts, where all are known."""
        if not examples or any(one.spans is None for one in examples):
            return columns
        values = [self.config.tokenized(one) for one in examples]
        ids: list[int] = []
        for one, value in zip(examples, values, strict=True):
            tags = encode(token_spans(one, value.places), len(value.places), self.tags.scheme)
            ids += [self.numbers.get(tag, 0) for tag in tags]
        lengths_E = np.array([len(value.places) for value in values])
        tags = Ragged.of(np.array(ids, dtype=np.int32), lengths_E)
        counts_R = columns.ragged["first"].lengths_R
        starts_R = tags.offsets_R1[columns.owner_R] + columns.fixed["from"]
        at_N = np.arange(int(counts_R.sum())) + np.repeat(starts_R - (np.cumsum(counts_R) - counts_R), counts_R)
        return replace(columns, ragged={**columns.ragged, "tags": Ragged.of(tags.values[at_N], counts_R)})

    def stand_in(self, example: TaggedText) -> TaggedText:
        """Return a text without spans."""
        return replace(example, spans=())

    def units(self, examples: Sequence[TaggedText]) -> int:
        """Count the tokens."""
        return sum(len(self.config.tokenized(one).places) for one in examples)

    def right(self, answers: Sequence[TagAnswer], examples: Sequence[TaggedText]) -> np.ndarray:
        """Return whether all spans of each text are those that it has, and no others, bool [E]."""
        pairs = map(pair_of, answers, examples)
        return np.array([{*one.true} == {*one.found} for one in pairs], dtype=bool)

    def check(self, examples: Sequence[TaggedText]) -> list[str]:
        """Refuse texts whose spans are not known; name labels that training never had."""
        for one in examples:
            if one.spans is None:
                raise InputError("there are no tags", where=place_of(one))
        strange = Counter(span.label for one in examples for span in one.spans or () if span.label not in self.labels)
        if not strange:
            return []
        shown = ", ".join(f"`{label}`" for label in list(strange)[:5])
        spans = counted(strange.total(), "span has a label", "spans have labels")
        return [f"{spans} that training never had, and cannot be predicted: {shown}"]

    def collate(self, columns: Columns, rows: np.ndarray) -> TagBatch:
        """Gather and pad some rows."""
        source: TokenSource = self.input.collate(columns, rows)
        from_B, of_B = (torch.from_numpy(columns.fixed[name][rows]) for name in ("from", "of"))
        counts_B = torch.from_numpy(columns.ragged["first"].lengths_of(rows))
        tags = columns.ragged.get("tags")
        tags_BT = None if tags is None else torch.from_numpy(tags.padded(rows)[0]).long()
        return TagBatch(source, tags_BT, from_B == 0, from_B + counts_B == of_B)

    def loss(self, model: nn.Module, batch: TagBatch, step: int) -> Loss:  # noqa: ARG002  (no schedule here)
        """Compute minus the log-probability of the right tags of each row; the count is that of tokens."""
        if batch.tags_BT is None:
            raise InputError("there are texts without tags among those to learn from")
        assert isinstance(model, Tagger)
        total = model.loss(batch.source, batch.tags_BT, batch.begins_B, batch.ends_B)
        return Loss(total, batch.source.mask_BT.sum().to(total))

    def predict(self, model: nn.Module, batch: TagBatch) -> list[Potentials]:
        """Score the tags of the tokens of each row."""
        assert isinstance(model, Tagger)
        scores_BTC = model(batch.source).float().log_softmax(-1).cpu().numpy()
        moves = model.transitions()
        shared = [one.float().cpu().numpy() for one in (moves.first_C, moves.between_CC, moves.last_C)]
        lengths = batch.source.mask_BT.sum(1).tolist()
        return [Potentials(row[:length], *shared) for row, length in zip(scores_BTC, lengths, strict=True)]

    def answers(self, parts: Sequence[Potentials], columns: Columns) -> list[TagAnswer]:
        """Merge the rows of each text, and decide on its tags."""
        return merged(parts, columns, self.tags, self.words)

    def check_students(self, train: Sequence[TaggedText]) -> None:
        """Refuse labels that the teacher does not know, which it would leave out of the texts that it tags."""
        super().check_students(train)
        if strange := sorted({span.label for one in train for span in one.spans or ()} - {*self.labels}):
            what = f"the training file has the label `{strange[0]}`, which the teacher never had"
            raise InputError(what, hint="give the file that the teacher was trained on, or one with the same labels")

    def said(self, answer: TagAnswer) -> list[list[Any]]:
        """Return the spans of the best sequence of tags."""
        return [[span.start, span.end, span.label] for span in answer.spans]

    def told(self, example: TaggedText, said: Sequence[Sequence[Any]]) -> TaggedText:
        """Return a text with the spans that a teacher found."""
        return replace(example, spans=tuple(LabelledSpan(*one) for one in said))

    def average(self, answers: Sequence[Sequence[TagAnswer]]) -> list[TagAnswer]:
        """Average the scores of several models, and decide by these."""
        return averaged(answers, self.tags)

    def quick_scores(self, answers: Sequence[TagAnswer], examples: Sequence[TaggedText]) -> dict[str, float]:
        """Compute precision, recall and F1, or accuracy."""
        return quick_scores(list(map(pair_of, answers, examples)), self.form)

    def samples(self, answers: Sequence[TagAnswer], examples: Sequence[TaggedText]) -> list[dict[str, str]]:
        """Return the answers to the first three texts."""
        found = []
        for given, one in list(zip(answers, examples, strict=True))[:3]:
            true = self.shown([(one.text[span.start : span.end], span.label) for span in one.spans or ()])
            answer = self.shown([(span.text, span.label) for span in given.spans])
            found.append({"answer": answer, "source": one.text, "reference": true})
        return found

    def shown(self, spans: Sequence[tuple[str, str]]) -> str:
        """Write strings and their labels in a line."""
        return " ".join(f"{text}/{label}" if label else text for text, label in spans)

    def score(self, answers: Sequence[TagAnswer], examples: Sequence[TaggedText]) -> Scores:
        """Compute all scores; details are those of simple methods and of each label, confusions and mistakes."""
        pairs = list(map(pair_of, answers, examples))
        floors = self.known.floors(pairs, [given.places for given in answers], self.tags, self.form)
        return scored(pairs, floors, self.known, self.form)

    def record(self, answer: TagAnswer, example: TaggedText) -> dict[str, Any]:
        """Return the text, its true spans or words where they are known, the predicted ones, and their probability."""
        return record(answer, example, self.form)

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Describe the labels, and the input."""
        shown = [f"`{label}` {times:,}" for label, times in sorted(self.labels.items(), key=lambda one: -one[1])]
        more = f" and {len(shown) - 8} more" if len(shown) > 8 else ""
        what = "1 label" if len(shown) == 1 else f"{len(shown)} labels"
        labels = [] if self.form == "words" else [f"{what}: {', '.join(shown[:8])}{more}"]
        return [*labels, f"{len(self.tags.names)} tags, by {self.config.tagger.kind}", *self.input.notes(columns)]
