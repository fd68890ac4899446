"""What tasks with a question on a passage do alike: columns, tokenizer, reader, layout, notes; knows no answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, SerializeAsAny, model_validator

from weft.config import one_of
from weft.data.columns import Columns
from weft.data.sources import Table
from weft.errors import ConfigError
from weft.inputs.question_passage import PARTS, Layout
from weft.inputs.warm_start import start_from_run, started_tokenizer, with_folder, with_start
from weft.models.base import EncoderConfig
from weft.models.choices import ENCODERS, FOLDERS
from weft.models.rnn import LstmEncoderConfig
from weft.models.span import ReaderKind
from weft.tasks.base import Task, TaskConfig
from weft.text.tokenizers.base import Frame, Tokenizer
from weft.text.tokenizers.choices import TokenizerChoice, fitting

JOINT = ("transformer", "pretrained")
"""The encoders that read question and passage best in one row."""

ReaderEncoder = Annotated[
    SerializeAsAny[EncoderConfig], one_of(EncoderConfig, ENCODERS, default=LstmEncoderConfig), FOLDERS
]


class PassageTaskConfig(TaskConfig):
    """What is read of a file with questions on passages, and what reads them."""

    texts: ClassVar[tuple[str, ...]] = ("question", "passage")
    asked: ClassVar[str]
    """What is asked of a passage, in words."""
    together: ClassVar[str]
    """What a pre-trained encoder reads in one row, in words."""
    text: str | None = None
    label: str | None = None
    tokenizer: TokenizerChoice | None = None
    """How texts become ids; None: that of the encoder, else chosen by script."""
    max_length: int = Field(default=512, ge=16)
    """Positions that are read at once; a longer passage is read in windows that overlap by a quarter."""
    max_question: int = Field(default=64, ge=1)
    encoder: ReaderEncoder = LstmEncoderConfig()
    """What reads the ids."""
    reader: ReaderKind | Literal["auto"] = "auto"
    start: str | None = None
    """The trained folder that encoder and tokenizer are from; written `--encoder pretrained:FOLDER`."""

    @model_validator(mode="before")
    @classmethod
    def _with_start(cls, settings: Any) -> Any:
        return with_start(settings, part="encoder", own=frozenset(cls.model_fields))

    @property
    def split_rule(self) -> str:
        """What is held out, in words."""
        return "questions on one passage are kept in one split"

    def found_columns(self, table: Table, *, text: str | None, label: str | None) -> tuple[str, str | None]:
        """The columns that are read, joined by commas, and that of the answers: as named, else by usual names.

        Raises InputError where they are not there.
        """
        raise NotImplementedError

    def for_table(self, table: Table, *, text: str | None = None, label: str | None = None) -> Self:
        """The same for another table."""
        named = label or (self.label if self.label in table.columns else None)
        return self.model_copy(update={"text": text or self._there(table), "label": named}).resolved(table)

    def for_inputs(self, table: Table, *, text: str | None = None) -> Self:
        """The same for questions without answers."""
        found, _ = self.found_columns(table, text=text or self._there(table), label=None)
        return self.model_copy(update={"text": found, "label": None})

    def _there(self, table: Table) -> str | None:
        return self.text if set((self.text or "").split(",")) <= set(table.columns) else None

    def data_notes(
        self, parts: Mapping[str, Sequence[Any]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """How many questions of the other parts are on passages of the training part."""
        del files, named
        known = {one.passage for one in parts["train"]}
        seen = {name: sum(one.passage in known for one in rows) for name, rows in parts.items() if name != "train"}
        return [
            f"{count:,} questions of {name} are on passages that are in train too"
            for name, count in seen.items()
            if count
        ]

    def decided(self, examples: Sequence[Any]) -> tuple[Self, Tokenizer]:
        """The same with all that was left open decided, and its tokenizer, learned from the examples.

        Raises ConfigError where parts do not go together.
        """
        encoder = self.encoder.ready()
        texts = list(dict.fromkeys(text for one in examples for text in one.texts))
        tokenizer = with_folder(self.tokenizer, encoder.reads_with) or fitting(texts, ordered=True)
        reader = self.reader if self.reader != "auto" else "joint" if encoder.kind in JOINT else "attention"
        decided: dict[str, Any] = {"encoder": encoder, "tokenizer": tokenizer, "reader": reader}
        if "max_length" not in self.model_fields_set and encoder.longest is not None:
            decided["max_length"] = min(self.max_length, encoder.longest)
        learned = started_tokenizer(tokenizer, self.start) if self.start else tokenizer.learn(texts)
        return self.model_copy(update=decided), learned

    def layout(self, tokenizer: Tokenizer) -> Layout:
        """How rows are laid out. Raises ConfigError where the encoder cannot read them so."""
        mark, frame, encoder = tokenizer.sizes[0], tokenizer.frame, self.encoder
        if self.reader == "joint":
            frame = frame or Frame((mark,), (mark,), (mark,))
        elif frame is not None:
            what = f"a pre-trained encoder reads {self.together} in one row"
            raise ConfigError(what, where="task.reader", hint="set task.reader to joint")
        layout_rows = Layout(frame, self.max_length, self.max_question)
        if not encoder.reads_order:
            hint = "take `lstm`, `gru`, `cnn`, `transformer` or a pre-trained encoder"
            raise ConfigError(f"`{encoder.kind}` keeps no positions", where="task.encoder", hint=hint)
        if layout_rows.room < 8:
            what = f"{self.max_length} leaves no room for a passage beside a question of {self.max_question}"
            raise ConfigError(what, where="task.max_length", hint="raise it, or lower task.max_question")
        if encoder.longest is not None and self.max_length > encoder.longest:
            limit = f"`{encoder.kind}` has learned positions for {encoder.longest} tokens"
            what = f"{limit}, found {self.max_length}"
            raise ConfigError(what, where="task.max_length", hint=f"set it to {encoder.longest}")
        return layout_rows


class PassageTask(Task):
    """A tokenizer and the layout of its rows; its config is a PassageTaskConfig with a reader."""

    def __init__(self, config: PassageTaskConfig, tokenizer: Tokenizer) -> None:
        self.config, self.tokenizer, self.layout = config, tokenizer, config.layout(tokenizer)

    def started(self, model: Any) -> list[str]:
        """Start the encoder of a model from a trained folder, of a reader the whole model; or a pre-trained encoder."""
        if self.config.start:
            return [start_from_run(self.config.start, model, part="encoder", heads=True, told=not self.tokenizer.frame)]
        return self.config.encoder.start(model.encoder)

    @property
    def read_sizes(self) -> tuple[int, ...]:
        """How many ids of each view an encoder reads, that of the part of a row among them unless there is a frame."""
        first, *views = self.tokenizer.sizes
        return (first,) if self.tokenizer.frame else (first + 1, PARTS, *views)

    @property
    def told_by(self) -> Literal["segments", "views"]:
        """What tells of a position whether it is of the question."""
        return "segments" if self.tokenizer.frame else "views"

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """The tokenizer with its coverage, the reader, and what is long."""
        described = self.config.tokenizer.describe() if self.config.tokenizer else ""
        known = ", ".join(f"{part.facts['known']:.1%} of {name}" for name, part in columns.items())
        said = [
            f"tokenizer: {described}; {self.tokenizer.counted}, covering {known}",
            f"reader: {self.config.reader}",
        ]
        for name, part in columns.items():
            of = f"of the {name} {self.config.asked} are"
            if part.facts["long"]:
                limit = f"{self.layout.room} tokens, read in windows"
                said.append(f"{part.facts['long']:.1%} {of} on passages longer than {limit}")
            if part.facts["long_questions"]:
                said.append(f"{part.facts['long_questions']:.1%} {of} cut at max_question")
        return said


def rows_by_example(columns: Columns) -> list[list[int]]:
    """The rows of each example, in the order of the examples: a long passage has several."""
    of: dict[int, list[int]] = {}
    for row, owner in enumerate(columns.owner_R.tolist()):
        of.setdefault(owner, []).append(row)
    return list(of.values())
