"""What every task that reads texts shares: columns, tokenizer, ids, windows, notes; of labels it knows the names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from weft.data.checks.findings import Part
from weft.data.checks.labels_and_lengths import brief
from weft.data.columns import Long
from weft.data.examples.label_separators import separator_hint, separator_notes
from weft.data.examples.labelled import LabelledText
from weft.data.examples.roles import columns_of, guess_columns, guess_text_column
from weft.data.sources import Row, Table
from weft.errors import ConfigError, InputError
from weft.files import read_json
from weft.inputs.warm_start import started_tokenizer, with_folder, with_start
from weft.inputs.word_vectors import Change, as_wide, check_vectors
from weft.models.base import EncoderConfig
from weft.models.choices import EncoderChoice
from weft.models.classifier import ClassifierConfig
from weft.models.cnn import CnnEncoderConfig
from weft.store import column, shared
from weft.tasks.base import TUNED, TaskConfig
from weft.text.tokenizers.base import Tokenizer
from weft.text.tokenizers.choices import TokenizerChoice, fitting


class TextClassifierConfig(TaskConfig):
    """What is read of a file, how texts become ids, and the model that reads them."""

    text: str | None = None
    """The column of the text, or two joined by a comma for pairs of texts; None: guessed from the file, and said."""
    label: str | None = None
    """The column of the label; None: guessed from the file, and said."""
    tokenizer: TokenizerChoice | None = None
    """How texts become ids; None: chosen by encoder and script, and said."""
    max_length: int = Field(default=512, ge=8)
    """Positions of a text that an encoder reads at once; a bag reads all."""
    long: Long = "head"
    """What is read of longer texts."""
    encoder: EncoderChoice = CnnEncoderConfig()
    """What reads the ids."""
    vectors: str | None = None
    """A text file of word vectors, as fastText and GloVe write them, that the pieces start from; they make the encoder
    as wide as they are, unless its width is set. A trained folder does not need it."""
    vectors_change: Change = "trained"
    """`fixed` leaves the vectors as the file has them."""
    start: str | None = None
    """The trained folder that encoder and tokenizer are from; written `--encoder pretrained:FOLDER`."""
    classifier: ClassifierConfig = ClassifierConfig()
    calibrate: Literal["none", "temperature"] = "none"
    """`temperature` divides all scores by one number, which is fitted on the dev set after training, so that
    probabilities can be trusted more (Guo et al. 2017, section 4.2); no answer changes."""

    @model_validator(mode="before")
    @classmethod
    def _with_start(cls, settings: Any) -> Any:
        return with_start(settings, part="encoder", own=frozenset(cls.model_fields))

    def resolved(self, table: Table) -> Self:
        """The same with both columns named."""
        first, *others = columns_of(self.text, table.columns) if self.text else (None,)
        text, label = guess_columns(table, text=first, label=self.label)
        texts = [text, *(guess_text_column(table, text=other) for other in others)]
        return self.widened().model_copy(update={"text": ",".join(texts), "label": label})

    def for_table(self, table: Table, *, text: str | None = None, label: str | None = None) -> Self:
        """The same for another table."""
        columns = {
            "text": text or self._found(table),
            "label": label or (self.label if self.label in table.columns else None),
        }
        return self.model_copy(update=columns).resolved(table)

    def for_inputs(self, table: Table, *, text: str | None = None) -> Self:
        """The same for texts without labels."""
        text = text or self._found(table)
        names = columns_of(text, table.columns) if text else (None,)
        texts = [guess_text_column(table, text=name) for name in names]
        return self.model_copy(update={"text": ",".join(texts), "label": None})

    def example(self, text: str, second: str | None = None) -> LabelledText:
        """A text without a label."""
        return LabelledText(text, second=second)

    def filter_training(self, examples: Sequence[Any]) -> tuple[Sequence[Any], list[str]]:
        """All of them, and whether their labels look as if they were separated otherwise."""
        separator = getattr(self, "label_separator", None)
        return examples, separator_notes(shared(one.label for one in examples), separator=separator)

    def data_notes(
        self, parts: Mapping[str, Sequence[Any]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """The short form of what `weft inspect` says."""
        return brief([part_of(name, files[name], rows) for name, rows in parts.items()], options=named)

    def read(self, table: Table) -> Iterator[LabelledText]:
        """The labelled texts of a table; what is empty is refused. Without `label`, texts alone."""
        names = columns_of(self.text or "", table.columns)
        for row in table:
            texts = [row.values.get(name, "") for name in names]
            empty = [name for name, text in zip(names, texts, strict=True) if not text.strip()]
            if empty:
                table.reject(row.line, "text is empty", column=empty[0])
            else:
                try:
                    label = self.labels_of(row) if self.label else None
                    file = table.files[row.line - 1] if table.files else ""
                    yield LabelledText(texts[0], label, row.line, *texts[1:], file=file)
                except InputError as error:
                    column = self.label or ""
                    stops = table.on_bad_row == "stop"  # else there is nobody to read a hint
                    hint = error.hint or (separator_hint(table, column) if stops else "")
                    table.reject(row.line, error.what, column=column, hint=hint)

    def _found(self, table: Table) -> str | None:
        """The column of the text, as in training, where the table has it."""
        return self.text if self.text and set(columns_of(self.text, table.columns)) <= set(table.columns) else None

    def labels_of(self, row: Row) -> str | tuple[str, ...]:
        """The label of a row, or its labels. Raises InputError where there is none and there has to be one."""
        raise NotImplementedError

    def widened(self) -> Self:
        """The same with an encoder as wide as the vectors, where there are any and no width is set."""
        return self.model_copy(update={"encoder": as_wide(self.encoder, self.vectors)}) if self.vectors else self

    def decided(self, texts: Sequence[str], *, each: int, choices: int) -> Self:
        """The same with all that was left open decided: a tokenizer that suits encoder and script, for example.

        `each` says of how many texts an example is, `choices` how many labels exclude each other.
        Raises ConfigError where the config cannot read two.
        """
        if each > 1 and self.long == "windows":
            hint = "take `head` or `head-tail`"
            raise ConfigError("two texts cannot be read in windows", where="task.long", hint=hint)
        encoder = self.encoder.ready().for_labels(choices)
        tokenizer = with_folder(self.tokenizer, encoder.reads_with) or fitting(texts, ordered=encoder.reads_order)
        decided: dict[str, Any] = {"encoder": encoder, "tokenizer": tokenizer}
        if "max_length" not in self.model_fields_set and encoder.longest is not None and self.encoder is not encoder:
            decided["max_length"] = min(self.max_length, encoder.longest)
        return self.model_copy(update=decided).widened()

    def learned_tokenizer(self, texts: Sequence[str]) -> Tokenizer:
        """Learn the tokenizer. Raises ConfigError where encoder, tokenizer and vectors do not go together."""
        assert self.tokenizer is not None
        learned = started_tokenizer(self.tokenizer, self.start) if self.start else self.tokenizer.learn(texts)
        _check_pair(self.encoder, learned)
        _check_length(self.encoder, self.max_length)
        if self.vectors and (self.start or self.encoder.reads_with):
            hint = "leave it out: the encoder has vectors of its own"
            raise ConfigError("a pre-trained encoder starts from no others", where="task.vectors", hint=hint)
        if self.vectors:
            check_vectors(self.vectors, self.encoder, learned)
        return learned

    def saved(self, folder: Path) -> Saved:
        """What `Texts.save` wrote."""
        if self.tokenizer is None:
            raise ConfigError("is not set in a saved task", where="task.tokenizer")
        found, tuned = read_json(folder / "labels.json"), folder / TUNED
        return Saved(
            self.tokenizer.load(folder),
            found["labels"],
            found["counts"],
            each=found.get("each", 1),
            texts=found.get("texts", 0),
            tuned=read_json(tuned) if tuned.exists() else {},
        )


@dataclass(frozen=True, slots=True)
class Saved:
    """What a task learns of texts and labels, and what was tuned after training."""

    tokenizer: Tokenizer
    labels: Sequence[str]
    counts: Sequence[int]
    each: int
    texts: int
    tuned: Mapping[str, Any]


def part_of(name: str, file: str, rows: Sequence[Any], *, files: Sequence[str] = ()) -> Part:
    """Labelled examples as the data doctor reads them; `files` where each has its own."""
    first, second = (column(rows, lambda one, half=half: one.texts[half : half + 1]) for half in (0, 1))
    columns = (column(rows, lambda one, of=of: (getattr(one, of),)) for of in ("whole", "label", "line"))
    return Part(name, file, *columns, files, (first, second) if len(rows[0].texts) > 1 else ())


def in_order(labels: Mapping[str, int]) -> list[str]:
    """Labels that are numbers in their order, before words in theirs."""
    return sorted(labels, key=_natural)


def _natural(label: str) -> tuple[int, float, str]:
    try:
        return (0, float(label), label)
    except ValueError:
        return (1, 0.0, label)


def _check_length(encoder: EncoderConfig, max_length: int) -> None:
    if encoder.longest is not None and max_length > encoder.longest:
        what = (
            f"`{encoder.kind}` has learned positions for {encoder.longest} tokens, and texts of {max_length} are read"
        )
        hint = f"lower task.max_length to {encoder.longest}, or take an encoder with more positions"
        raise ConfigError(what, where="task.max_length", hint=hint)


def _check_pair(encoder: EncoderConfig, tokenizer: Tokenizer) -> None:
    if encoder.reads_order and not tokenizer.ordered:
        raise ConfigError(
            f"`{encoder.kind}` reads positions in order, and n-grams have none",
            where="task.tokenizer",
            hint="leave task.tokenizer out, or take `mixed`, `word`, `char`, `bpe`, `wordpiece`, `unigram` or `bytes`",
        )
    if not encoder.reads_order and tokenizer.ordered:
        raise ConfigError(
            f"`{encoder.kind}` reads n-grams", where="task.tokenizer", hint="leave task.tokenizer out, or take `ngrams`"
        )
