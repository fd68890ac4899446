"""The settings of transcription, and the reading of its rows: the name of a sound, and what is said in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, SerializeAsAny

from weft.config import one_of
from weft.data.checks.findings import counted, listed
from weft.data.checks.sounds import SILENT
from weft.data.examples.roles import Names, Role, find_roles
from weft.data.examples.transcribed import TRANSCRIPT, Transcribed
from weft.data.formats.sound_files import listen_to
from weft.data.sources import Row, Table
from weft.errors import InputError, did_you_mean
from weft.inputs.media import MediaInputConfig, is_folder_of
from weft.inputs.sound import SOUND, SoundInputConfig
from weft.inputs.source_target import check_written
from weft.metrics.error_rates import error_rates
from weft.metrics.systems import CorpusScore
from weft.models.crnn import CrnnEncoderConfig
from weft.models.sound_choices import SOUND_ENCODERS
from weft.models.sound_cnn import SoundEncoderConfig
from weft.tasks.base import AnswerForm, Doctor, TaskConfig
from weft.text.tokenizers.base import Tokenizer, TokenizerConfig
from weft.text.tokenizers.choices import EXACT, TokenizerChoice
from weft.text.tokenizers.vocab import VocabularyConfig
from weft.text.tokenizers.words import CharTokenizerConfig

SpeechEncoderChoice = Annotated[
    SerializeAsAny[SoundEncoderConfig], one_of(SoundEncoderConfig, SOUND_ENCODERS, default=CrnnEncoderConfig)
]


class SpeechInputConfig(SoundInputConfig):
    """Sounds whose positions are labelled."""

    encoder: SpeechEncoderChoice = CrnnEncoderConfig()
    """Encoder that reads the sounds; for transcripts `crnn` where none is set, which knows what came before."""


class TranscriptionSettings(TaskConfig):
    """Settings of transcription: what is said in a sound is written, by a label or a blank at each position."""

    kind: Literal["transcription"] = "transcription"
    texts: ClassVar[tuple[str, ...]] = ("sound", "second text")
    answers_with: ClassVar[AnswerForm] = "text"
    example_type: ClassVar[type[Any]] = Transcribed
    roles: ClassVar[tuple[Role, ...]] = (TRANSCRIPT,)
    further_columns: ClassVar[tuple[str, ...]] = ("sound",)
    headline: ClassVar[tuple[str, ...]] = ("cer", "wer")
    page: ClassVar[str] = "text"
    next_step: ClassVar[str] = "next: weft predict {} FILE"
    inspected_as: ClassVar[Doctor | None] = "sounds"
    implied_together: ClassVar[tuple[str, ...]] = ("sound", "target")
    offer: ClassVar[str] = "--sound NAME --target NAME to write what is said"
    sound: SpeechInputConfig = SpeechInputConfig()
    target: str | None = None
    """Column of the transcripts; None: guessed from the file, and named in the run."""
    tokenizer: TokenizerChoice | None = None
    """Tokenizer of the transcripts, each piece of which is a label; None: their characters, blanks among them, which
    few sounds suffice to learn, and of which new words are made."""
    words: Literal["any", "known"] = "any"
    """Words that are written: `any` that labels spell, or the `known` ones of the training transcripts alone, as all
    syllables of a language; words stand between blanks, and a beam above 1 is needed."""
    beam: int = Field(default=8, ge=1, le=1000)
    """Number of prefixes that the prefix beam search keeps at each position (Hannun et al. 2014); 1 takes the likeliest
    label of each position."""

    @property
    def encoder(self) -> SoundEncoderConfig:
        """Encoder of the sounds."""
        return self.sound.encoder

    @property
    def part_configs(self) -> tuple[Any, ...]:
        """The encoder."""
        return (self.encoder,)

    @property
    def columns_beside(self) -> tuple[str, ...]:
        """The column of the sounds."""
        return self.sound.columns_read

    @property
    def media(self) -> tuple[MediaInputConfig, ...]:
        """The input of sounds."""
        return (self.sound,)

    def absent_notes(self, columns: Collection[str] = ()) -> list[str]:  # noqa: ARG002
        """Return nothing: a sound is never read as missing."""
        return []

    def file_of(self, example: Transcribed) -> str:
        """Return the path of the sound of an example."""
        return example.sound

    @property
    def unit_name(self) -> str:
        """Name of the examples of a file, in a sentence."""
        return "sounds"

    def resolved(self, table: Table) -> Self:
        """Return a copy whose columns are found in a table. Raises InputError where that is unclear."""
        config = self.model_copy(update={"sound": self.sound.resolved(table)})
        named, beside = {"target": config.target}, config.sound.columns_read
        return config.with_transcripts(table, find_roles(table, self.roles, named=named, beside=beside))

    def with_columns(self, table: Table, found: Mapping[str, Sequence[str]]) -> Self:
        """Return a copy with the columns that were found in a further table, that of the sounds too."""
        return self.model_copy(update={"sound": self.sound.resolved(table)}).with_transcripts(table, found)

    def with_transcripts(self, table: Table, found: Mapping[str, Sequence[str]]) -> Self:
        """Return a copy with the column of transcripts. Raises InputError where it is that of the sounds."""
        (target,) = found.get("target", ()) or (None,)
        if target is not None and target in self.sound.columns_read:
            hint = "name two columns: --sound NAME --target NAME"
            raise InputError(f"`{target}` is named as the sound and as its transcript", where=table.path, hint=hint)
        return self.model_copy(update={"target": target})

    def for_inputs(self, table: Table, *, named: Mapping[str, Names] | None = None) -> Self:
        """Return the config for a table of sounds; where they are files of a folder, there is nothing to name."""
        if is_folder_of(SOUND, table):
            return self.model_copy(update={"sound": self.sound.resolved(table), "target": None})
        return super().for_inputs(table, named=named)

    def read(self, table: Table) -> Iterator[Transcribed]:
        """Yield the sounds of a table with their transcripts; a row without either is refused."""
        for row in table:
            transcript = None if self.target is None else " ".join(row.values.get(self.target, "").split())
            if transcript == "":
                hint = "write down what is said, or leave the row out"
                table.reject(row.line, "transcript is empty", column=self.target or "", hint=hint, blank="transcript")
                continue
            try:
                file = table.place(row.line) if table.files or table.parts else ""
                yield Transcribed(self.sound.value_of(row), transcript, row.line, file)
            except InputError as error:
                table.reject(row.line, error.what, column=self.sound.name, hint=error.hint)

    def example(self, text: str, second: str | None = None) -> Transcribed:
        """Make an example of the path of a sound. Raises InputError where none can be read there."""
        if second is not None:
            raise InputError("expected one sound, found a pair", hint="this model writes what is said in one sound")
        return self.example_of({self.sound.name: text})

    def question_of(self, example: Transcribed) -> Transcribed:
        """Return the sound of an example."""
        return Transcribed(example.sound)

    def example_of(self, fields: Mapping[str, Any]) -> Transcribed:
        """Make an example to be answered from its fields: the path of a sound."""
        name = self.sound.name
        if strange := [one for one in fields if one != name]:
            raise InputError(f"there is no column `{strange[0]}`", hint=did_you_mean(strange[0], [name]))
        return Transcribed(self.sound.value_of(Row({name: str(fields.get(name, ""))}, 0)))

    def data_notes(
        self, parts: Mapping[str, Sequence[Transcribed]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """Return notes on silent sounds, and on transcripts of train that stand in other parts."""
        del files, named
        train = parts["train"]
        lengths = [len(one.transcript or "") for one in train]
        least, most = min(lengths), max(lengths)
        between = f"{most}" if least == most else f"{least} to {most}"
        notes = [f"transcripts of {between} characters"]
        if silent := [one for one in train if listen_to(one.sound).peak < SILENT]:
            lines = listed([f"line {one.line}" for one in silent])
            them = "they have transcripts" if len(silent) > 1 else "it has a transcript"
            notes.append(f"{counted(len(silent), 'sound')} in which nothing is heard, though {them}: {lines}")
        known = {one.transcript for one in train}
        for name, rows in parts.items():
            if name != "train" and (again := sum(one.transcript in known for one in rows)):
                notes.append(f"{again:,} of {len(rows):,} {name} transcripts also in train")
        return notes

    @property
    def labels(self) -> TokenizerConfig:
        """The tokenizer of the settings, or that of characters, of which each that stands once is a label."""
        return self.tokenizer or CharTokenizerConfig(normalize=EXACT, vocabulary=VocabularyConfig(min_count=1))

    def learned_tokenizer(self, transcripts: Sequence[str]) -> Tokenizer:
        """Learn the labels. Raises ConfigError for pieces that cannot be turned back into text."""
        learned = self.labels.learn(transcripts)
        check_written(self.labels, learned, where="task.tokenizer")
        return learned

    def comparable(self, record: Mapping[str, Any]) -> tuple[Any, Any]:
        """Read the sound with its transcript, and what was written, from a line of a table of answers."""
        return (str(record["source"]), str(record["references"][0])), str(record["answer"])

    def corpus_scores(self, given: Sequence[Any], made: Sequence[Any]) -> dict[str, CorpusScore]:
        """Compute the error rates by which models that heard the same sounds are compared."""
        return error_rates(list(made), [true for _, true in given])
