"""Every kind of task on ten rows in English and Chinese: the settings of a tiny model, its rows, and a bad one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn

from tests.pictures import drawn
from tests.sounds import played
from weft.data.columns import Columns
from weft.data.examples.captioned import CaptionedImage
from weft.data.examples.documents import Document, Prompt
from weft.data.examples.joint import JointText
from weft.data.examples.labelled import LabelledText
from weft.data.examples.option_questions import Choice
from weft.data.examples.source_target import SourceTarget
from weft.data.examples.span_questions import Question
from weft.data.examples.tagged import TaggedText
from weft.data.examples.text_pairs import TextPair
from weft.data.examples.transcribed import Transcribed
from weft.dataset import DataConfig, Examples, read
from weft.run import RunConfig, suited, validated
from weft.tasks.base import Task

NO_VIEWS = {"view_dropout": 0.0}
NO_DROPOUT = {"dropout": 0.0}
GRU = {"kind": "gru", "width": 8, "hidden": 6, **NO_DROPOUT}
TRANSFORMER = {"kind": "transformer", "width": 8, "heads": 2, "layers": 1, "feed_forward": 12, **NO_DROPOUT}
CNN = {"kind": "cnn", "width": 8, "maps": 6, **NO_DROPOUT}
CHAR = {"kind": "char", "vocabulary": {"min_count": 1}}
SHAPES = {"kind": "mixed", "views": ["lower", "shape", "prefix", "suffix"], "normalize": {"case": "keep"}}

TEXTS = [
    "a good film",
    "the plot is dull and far too long for me",
    "good",
    "what a dull evening that was",
    "a film that is good and warm, and good again",
    "这部电影很好看",
    "太长了，没意思",
    "好看！",
    "情节没意思，看了一半就走了，再也不想看",
    "很好看的一部电影",
]
LABELS = ["good", "bad", "good", "bad", "good", "good", "bad", "good", "bad", "good"]
SECONDS = ["good indeed", "no", "why?", "dull", "the film is warm", "好", "不好看", "为什么？", "没意思", "电影很好"]
TOPICS = ["film", "plot|film", "", "evening", "film|warm", "film", "plot", "", "plot|evening", "film"]
TARGETS = ["good", "too long", "good", "a dull evening", "warm and good", "好看", "太长", "好看", "没意思", "很好看"]
ENGLISH = "Ada lives in Bonn. Bob, who is old, lives in a small town by the sea."
CHINESE = "李明住在上海。王芳住在北京。"
ASKED = [
    ("Who lives in Bonn?", ENGLISH, "Ada", ("Ada", "Bob")),
    ("Where does Bob live?", ENGLISH, "a small town by the sea", ("a small town by the sea", "Bonn", "Rome")),
    ("Who is old?", ENGLISH, "Bob", ("Bob", "Ada")),
    ("Who lives in Rome?", f"{ENGLISH} Eve is young.", "", ("Ada", "Eve", "Bob", "none of them")),
    ("Who is young?", f"{ENGLISH} Eve is young.", "Eve", ("Bob", "Eve")),
    ("谁住在上海？", CHINESE, "李明", ("李明", "王芳")),
    ("王芳住在哪里？", CHINESE, "北京", ("上海", "北京", "成都")),
    ("谁住在成都？", f"{CHINESE}张伟很老。", "", ("李明", "谁也不", "王芳")),
    ("谁很老？", f"{CHINESE}张伟很老。", "张伟", ("李明", "张伟")),
    ("李明住在哪里？", CHINESE, "上海", ("北京", "上海")),
]
NUMBERS = [0, 0, 0, 3, 1, 0, 1, 1, 1, 1]

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class SmallTask:
    """A task that a test may train: what is set, the rows of its file, and a row that it must refuse (or None)."""

    name: str
    settings: Mapping[str, Any]
    rows: Rows
    bad: Mapping[str, Any] | None

    @property
    def kind(self) -> str:
        """The kind of task."""
        return self.settings["kind"]

    def write(self, folder: Path, *, bad_at: int | None = None) -> Path:
        """Its rows as JSON lines, the bad one before the row with this number."""
        rows = list(self.rows)
        if bad_at is not None:
            assert self.bad is not None
            rows.insert(bad_at, self.bad)
        path = folder / "rows.jsonl"
        path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
        return path

    def config(self, file: Path | str = "-", *, dropout: float = 0.0, **training: Any) -> RunConfig:
        """A run on a file: one epoch of batches of four rows."""
        task = _with_dropout(self.settings, dropout)
        settings = {"epochs": 1, "batch_rows": 4, "batch_tokens": None, **training}
        data = {"train": str(file), "dev_share": 0.3}
        return suited(validated(RunConfig, {"data": data, "task": task, "training": settings}))

    def read(self, file: Path, **settings: Any) -> Examples:
        """Its examples, as a run reads them."""
        config = self.config(file)
        return read(DataConfig(**{**config.data.model_dump(), **settings}), config.task, seed=0)

    @cached_property
    def examples(self) -> list[Any]:
        """All its examples, in the order of the file."""
        with TemporaryDirectory() as folder:
            found = self.read(self.write(Path(folder)))
        return sorted([*found.train, *found.dev], key=lambda one: one.line)

    @cached_property
    def task(self) -> Task:
        """The task, learned from its examples; not to be tuned."""
        return self.learned()

    def learned(self) -> Task:
        """A task of one's own."""
        with TemporaryDirectory() as folder:
            return self.read(self.write(Path(folder))).task.learn(self.examples)

    @cached_property
    def columns(self) -> Columns:
        """Its examples, encoded."""
        return self.task.encode(self.examples)

    @cached_property
    def model(self) -> nn.Module:
        """A model whose every weight is at work, in eval mode."""
        return self.built(self.task)

    def built(self, task: Task) -> nn.Module:
        """A model of a task, its weights drawn anew."""
        with torch.inference_mode(False):  # wherever it is first asked for, a gradient can be taken later
            torch.manual_seed(0)
            model = task.build_model()
            task.initialize(model, self.columns)
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.add_(torch.randn_like(parameter), alpha=0.3)
        return model.eval()


def _with_dropout(settings: Mapping[str, Any], dropout: float) -> dict[str, Any]:
    """The settings with another share wherever something may be dropped."""
    inner = {name: _with_dropout(value, dropout) for name, value in settings.items() if isinstance(value, Mapping)}
    return {name: dropout if name.endswith("dropout") else inner.get(name, value) for name, value in settings.items()}


def _rows(**columns: Sequence[Any]) -> list[dict[str, Any]]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


LABELLED = _rows(text=TEXTS, label=LABELS)
PAIRS = _rows(text=TEXTS, second=SECONDS, label=LABELS)
SEVERAL = _rows(text=TEXTS, label=TOPICS)
TRANSLATED = _rows(source=TEXTS, target=TARGETS)
PLAIN = _rows(text=TEXTS)
SPANS = [
    {"question": asked, "context": read, "answers": [answer] if answer else []} for asked, read, answer, _ in ASKED
]
OPTIONS = [
    {"question": asked, "passage": read, "options": list(options), "answer": str(number)}
    for (asked, read, _, options), number in zip(ASKED, NUMBERS, strict=True)
]
NAMED = [
    ("Ada lives in Bonn .", "B-人 O O B-地 O"),
    ("Bob moved to New York in May", "B-人 O O B-地 I-地 O O"),
    ("Who is Eve ?", "O O B-人 O"),
    ("nobody lives here", "O O O"),
    ("Ada Lovelace and Bob left Bonn", "B-人 I-人 O B-人 O B-地"),
    ("李 明 住 在 上 海", "B-人 I-人 O O B-地 I-地"),
    ("王 芳 很 老", "B-人 I-人 O O"),
    ("北 京 很 大 ， 上 海 也 大", "B-地 I-地 O O O B-地 I-地 O O"),
    ("今 天 下 雨", "O O O O"),
    ("张 伟 去 成 都", "B-人 I-人 O B-地 I-地"),
]
TAGGED = [{"tokens": tokens.split(), "tags": tags.split()} for tokens, tags in NAMED]
WORDS = [
    ["李明", "住", "在", "上海"],
    ["王芳", "很", "老"],
    ["北京", "很", "大"],
    ["今天", "下雨"],
    ["张伟", "去", "成都"],
]
SEGMENTED = [{"words": words} for words in (*(tokens.split() for tokens, _ in NAMED[:5]), *WORDS)]
SPOKEN = [
    {"text": text, "spans": [{"start": start, "end": end, "label": label} for start, end, label in spans]}
    for text, spans in (
        ("fly from Oslo to Rome", [(9, 13, "from"), (17, 21, "to")]),
        ("a ticket to New York, please", [(12, 20, "to")]),
        ("good morning", []),
        ("from Bonn", [(5, 9, "from")]),
        ("I go to Rome, not from Rome", [(8, 12, "to"), (23, 27, "from")]),
        ("从上海飞到北京", [(1, 3, "from"), (5, 7, "to")]),
        ("去成都的票", [(1, 3, "to")]),
        ("早上好", []),
        ("从广州出发", [(1, 3, "from")]),
        ("我要从北京去上海，不去广州", [(3, 5, "from"), (6, 8, "to"), (11, 13, "to")]),
    )
]
PARTS_OF_SPEECH = [
    {"tokens": row["tokens"], "tags": [tag if tag == "O" else tag[2:] for tag in row["tags"]]} for row in TAGGED
]
INTENTS = ["where", "move", "who", "", "move", "哪里", "谁", "哪里", "", "去"]
UTTERANCES = [{**row, "intent": intent} for row, intent in zip(TAGGED, INTENTS, strict=True)]
del UTTERANCES[2]["tags"]  # some rows have one of the answers alone
RATED = [
    {**row, "topics": topics.split("|"), "price": number}
    for number, (row, topics) in enumerate(zip(LABELLED, TOPICS, strict=True))
]
EMPTY = {"text": " ", "label": "good"}
NO_QUESTION = {"question": "", "context": ENGLISH, "answers": ["Ada"]}
ONE_OPTION = {"question": "Who?", "passage": ENGLISH, "options": ["Ada"], "answer": "0"}

PRICES = ["1", "2.5", "", "4", "-1", "6", "7", "8", "9", "n/a"]
TABLE = _rows(text=TEXTS, label=LABELS, price=PRICES, city=["Bonn", "上海"] * 5)
TABLES = [{**row, "label": topic} for row, topic in zip(TABLE, TOPICS, strict=True)]
NO_NUMBER = {**TABLE[0], "price": "cheap"}
COLUMNS = {"text": "text", "numbers": ["price"], "categories": ["city"], "tabular": {"dropout": 0.0}}
FURTHER = [{"kind": "tabular", "numbers": ["price"], "encoder": {"dropout": 0.0}}]

STARS = [4.0, 1.5, 4.0, 2.0, 5.0, 4.5, 1.0, 5.0, 1.0, 4.0]
WORDS_EACH = [3, 9, 1, 5, 9, 2, 2, 1, 4, 3]
VALUED = _rows(text=TEXTS, stars=STARS, length=WORDS_EACH)
VALUED_PAIRS = _rows(text=TEXTS, second=SECONDS, stars=STARS)
VALUED_TABLE = [{**row, "stars": stars} for row, stars in zip(TABLE, STARS, strict=True)]
REGRESSION = {"kind": "regression", "value": "stars", "coverage": 0.5, "classifier": NO_DROPOUT}
LIKENESS = _rows(text_a=TEXTS, text_b=SECONDS, score=["5", "0", "4.5", "1", "3", "4", "0.5", "2", "1", "3.5"])
LIKE = _rows(anchor=TEXTS, positive=SECONDS, negative=[*SECONDS[1:], SECONDS[0]])
PROJECTION = {"kind": "projection", "width": 16}

PICTURES = drawn(TEXTS)
"""An image for each text."""
STILL = {"width": 8, "stages": 1, "augmentation": {"shift": 0, "flip": False}}
IMAGE = {"column": "photo", "encoder": STILL}
SHOWN = [{**row, "photo": path} for row, path in zip(LABELLED, PICTURES, strict=True)]
NO_IMAGE = {**SHOWN[0], "photo": "none.png"}
QUIET = dict.fromkeys(("speed", "delay", "loudness", "noise", "frequency_masks", "time_masks"), 0)
SOUND = {"column": "clip", "bands": 16, "encoder": {"channels": 8, "stages": 2, "width": 8, "augmentation": QUIET}}
RECURRENT = {**SOUND["encoder"], "kind": "crnn", "hidden": 8, "layers": 1, "dropout": 0}
HEARD = [{**row, "clip": path} for row, path in zip(LABELLED, played(TEXTS), strict=True)]
"""A sound for each text."""
NO_SOUND = {**HEARD[0], "clip": "none.wav"}
SAID = ["ab", "no", "a b", "ok", "go", "好", "不好", "好看", "没", "很好"]
TRANSCRIBED = [{"clip": path, "transcript": word} for path, word in zip(played(SAID), SAID, strict=True)]
"""A sound for each word."""
CAPTIONED = [
    {"photo": path, "text": [text, *([second] if number % 3 else [])]}
    for number, (path, text, second) in enumerate(zip(PICTURES, TEXTS, SECONDS, strict=True))
]
DESCRIBED = [
    {"photo": path, "caption": [target, *([text] if number % 3 else [])]}
    for number, (path, target, text) in enumerate(zip(PICTURES, TARGETS, TEXTS, strict=True))
]
DESCRIBING = {"kind": "captioning", "image": IMAGE, "tokenizer": CHAR, "max_target": 12}
RETRIEVAL = {"kind": "retrieval", "image": IMAGE, "width": 8, "classifier": NO_DROPOUT, "text": "text"}

CLASSIFIER = {"kind": "classification", "classifier": NO_DROPOUT}
SOURCE_TARGET = {"kind": "seq2seq", "tokenizer": CHAR, "max_target": 12}
SMALL_TASKS = [
    SmallTask("classification-cnn", {**CLASSIFIER, "encoder": {**CNN, **NO_VIEWS}}, LABELLED, EMPTY),
    SmallTask("classification-bag", {**CLASSIFIER, "encoder": {"kind": "bag", "width": 8}}, LABELLED, EMPTY),
    SmallTask(
        "classification-windows",
        {
            **CLASSIFIER,
            "encoder": {**TRANSFORMER, **NO_VIEWS},
            "max_length": 8,
            "long": "windows",
            "calibrate": "temperature",
        },
        LABELLED,
        EMPTY,
    ),
    SmallTask(
        "classification-pairs",
        {**CLASSIFIER, "encoder": {**GRU, **NO_VIEWS}, "text": "text,second"},
        PAIRS,
        {**PAIRS[0], "second": ""},
    ),
    SmallTask(
        "multilabel",
        {"kind": "multilabel", "label_separator": "|", "classifier": NO_DROPOUT, "encoder": {**GRU, **NO_VIEWS}},
        SEVERAL,
        {"text": "", "label": "film"},
    ),
    SmallTask(
        "classification-ordinal",
        {**CLASSIFIER, "encoder": {**GRU, **NO_VIEWS}, "ordinal": True},
        _rows(text=TEXTS, label=["3", "1", "2", "1", "3", "2", "1", "3", "1", "2"]),
        EMPTY,
    ),
    SmallTask("classification-columns", {**CLASSIFIER, **COLUMNS, "encoder": {**CNN, **NO_VIEWS}}, TABLE, NO_NUMBER),
    SmallTask(
        "classification-gated",
        {**CLASSIFIER, **COLUMNS, "encoder": {"kind": "bag", "width": 8}, "fusion": {"kind": "gated", "width": 6}},
        TABLE,
        NO_NUMBER,
    ),
    SmallTask("classification-tabular", {**CLASSIFIER, "inputs": FURTHER}, TABLE, NO_NUMBER),
    SmallTask(
        "classification-two-texts",
        {
            **CLASSIFIER,
            "text": "text",
            "encoder": {**GRU, **NO_VIEWS},
            "inputs": [{"kind": "text", "column": "second", "encoder": {**CNN, **NO_VIEWS}}, *FURTHER],
        },
        [{**pair, "price": row["price"]} for pair, row in zip(PAIRS, TABLE, strict=True)],
        {**PAIRS[0], "price": "1", "second": ""},
    ),
    SmallTask(
        "multilabel-columns",
        {
            "kind": "multilabel",
            "label_separator": "|",
            **COLUMNS,
            "classifier": NO_DROPOUT,
            "encoder": {**GRU, **NO_VIEWS},
        },
        TABLES,
        {**NO_NUMBER, "label": "film"},
    ),
    SmallTask("classification-images", {**CLASSIFIER, "image": IMAGE}, SHOWN, NO_IMAGE),
    SmallTask(
        "transcription",
        {"kind": "transcription", "sound": {**SOUND, "encoder": {**RECURRENT, "stages": 1}}},
        TRANSCRIBED,
        {**TRANSCRIBED[0], "clip": "none.wav"},
    ),
    SmallTask("classification-sounds", {**CLASSIFIER, "sound": SOUND}, HEARD, NO_SOUND),
    SmallTask(
        "multilabel-sounds",
        {
            "kind": "multilabel",
            "label_separator": "|",
            "text": "text",
            "encoder": {**GRU, **NO_VIEWS},
            "classifier": NO_DROPOUT,
            "sound": {**SOUND, "encoder": RECURRENT},
        },
        [{**row, "label": topics} for row, topics in zip(HEARD, TOPICS, strict=True)],
        NO_SOUND,
    ),
    SmallTask(
        "regression-sounds",
        {**REGRESSION, "inputs": [{"kind": "sound", **SOUND}]},
        [{**row, "stars": stars} for row, stars in zip(HEARD, STARS, strict=True)],
        {**NO_SOUND, "stars": 1},
    ),
    SmallTask(
        "multilabel-images",
        {
            "kind": "multilabel",
            "label_separator": "|",
            "text": "text",
            "encoder": {**GRU, **NO_VIEWS},
            "classifier": NO_DROPOUT,
            "image": IMAGE,
        },
        [{**row, "label": topics} for row, topics in zip(SHOWN, TOPICS, strict=True)],
        NO_IMAGE,
    ),
    SmallTask(
        "regression-images",
        {**REGRESSION, "inputs": [{"kind": "image", **IMAGE}]},
        [{**row, "stars": stars} for row, stars in zip(SHOWN, STARS, strict=True)],
        {**NO_IMAGE, "stars": 1},
    ),
    SmallTask(
        "regression-windows",
        {
            **REGRESSION,
            "value": "stars,length",
            "encoder": {**TRANSFORMER, **NO_VIEWS},
            "max_length": 8,
            "long": "windows",
        },
        VALUED,
        {**VALUED[0], "length": "many"},
    ),
    SmallTask(
        "regression-bag", {**REGRESSION, "encoder": {"kind": "bag", "width": 8}}, VALUED, {"text": "", "stars": 1}
    ),
    SmallTask(
        "regression-pairs-quantile",
        {**REGRESSION, "encoder": {**GRU, **NO_VIEWS}, "text": "text,second", "loss": {"kind": "quantile"}},
        VALUED_PAIRS,
        {**VALUED_PAIRS[0], "stars": 1e300},
    ),
    SmallTask(
        "regression-columns",
        {**REGRESSION, **COLUMNS, "encoder": {**CNN, **NO_VIEWS}, "loss": {"kind": "huber"}},
        VALUED_TABLE,
        {**VALUED_TABLE[0], "stars": "inf"},
    ),
    SmallTask(
        "seq2seq-transformer",
        {**SOURCE_TARGET, "encoder": TRANSFORMER, "decoder": TRANSFORMER, "search": {"kind": "beam", "size": 3}},
        TRANSLATED,
        {"source": "", "target": "good"},
    ),
    SmallTask(
        "seq2seq-gru",
        {**SOURCE_TARGET, "encoder": GRU, "decoder": GRU, "search": "greedy"},
        TRANSLATED,
        {"source": "good", "target": ""},
    ),
    SmallTask(
        "language_model-rows",
        {
            "kind": "language_model",
            "tokenizer": CHAR,
            "context": 16,
            "unit": "row",
            "decoder": {**TRANSFORMER, "kind": "gpt"},
        },
        PLAIN,
        {"text": ""},
    ),
    SmallTask(
        "language_model-stream",
        {
            "kind": "language_model",
            "tokenizer": CHAR,
            "context": 8,
            "unit": "stream",
            "decoder": {**GRU, "kind": "lstm"},
        },
        PLAIN,
        None,
    ),
    SmallTask(
        "masked_language_model",
        {
            "kind": "masked_language_model",
            "max_length": 8,
            "encoder": {**TRANSFORMER, **NO_VIEWS},
            "tokenizer": {"kind": "mixed"},
        },
        PLAIN,
        {"text": " "},
    ),
    SmallTask(
        "question_answering-attention",
        {"kind": "question_answering", "encoder": {**GRU, **NO_VIEWS}, "span": {"hidden": 5, **NO_DROPOUT}},
        SPANS,
        NO_QUESTION,
    ),
    SmallTask(
        "question_answering-joint",
        {
            "kind": "question_answering",
            "encoder": {**TRANSFORMER, **NO_VIEWS},
            "span": NO_DROPOUT,
            "max_length": 32,
            "max_question": 12,
        },
        SPANS,
        NO_QUESTION,
    ),
    SmallTask(
        "multiple_choice-attention",
        {"kind": "multiple_choice", "encoder": {**GRU, **NO_VIEWS}, "option": {"hidden": 5, **NO_DROPOUT}},
        OPTIONS,
        ONE_OPTION,
    ),
    SmallTask(
        "multiple_choice-joint",
        {
            "kind": "multiple_choice",
            "encoder": {**TRANSFORMER, **NO_VIEWS},
            "option": NO_DROPOUT,
            "max_length": 40,
            "max_question": 16,
        },
        OPTIONS,
        ONE_OPTION,
    ),
    SmallTask(
        "tagging-crf",
        {"kind": "tagging", "encoder": {**GRU, **NO_VIEWS}, "tagger": NO_DROPOUT, "tokenizer": SHAPES},
        TAGGED,
        {"tokens": ["Ada", "lives"], "tags": ["O"]},
    ),
    SmallTask(
        "tagging-windows",
        {"kind": "tagging", "encoder": {**TRANSFORMER, **NO_VIEWS}, "tagger": NO_DROPOUT, "max_length": 8},
        SEGMENTED,
        {"words": []},
    ),
    SmallTask(
        "tagging-linear-subwords",
        {
            "kind": "tagging",
            "encoder": {**GRU, **NO_VIEWS},
            "tagger": {**NO_DROPOUT, "kind": "linear", "scheme": "bio"},
            "tokenizer": {"kind": "bytes"},
        },
        SPOKEN,
        {"text": "from Bonn", "spans": [{"start": 5, "end": 12, "label": "from"}]},
    ),
    SmallTask(
        "tagging-parts-of-speech",
        {
            "kind": "tagging",
            "encoder": {**CNN, **NO_VIEWS},
            "tagger": NO_DROPOUT,
            "tokenizer": SHAPES,
            "scheme": "none",
            "form": "tokens",
        },
        PARTS_OF_SPEECH,
        {"tokens": ["a", ""], "tags": ["O", "O"]},
    ),
    SmallTask(
        "similarity-projection",
        {"kind": "similarity", "encoder": PROJECTION},
        LIKENESS,
        {**LIKENESS[0], "score": "much"},
    ),
    SmallTask(
        "similarity-cnn",
        {
            "kind": "similarity",
            "encoder": {**CNN, **NO_VIEWS},
            "loss": {"kind": "cosine", "lowest": "minus-one"},
            "bi_encoder": {"widths": [8]},
        },
        LIKENESS,
        {**LIKENESS[0], "text_b": ""},
    ),
    SmallTask(
        "similarity-ranking",
        {"kind": "similarity", "encoder": {**GRU, **NO_VIEWS}, "loss": {"kind": "ranking"}},
        LIKENESS,
        {**LIKENESS[0], "score": ""},
    ),
    SmallTask(
        "similarity-negatives",
        {"kind": "similarity", "encoder": {**TRANSFORMER, **NO_VIEWS}},
        LIKE,
        {**LIKE[0], "negative": ""},
    ),
    SmallTask(
        "joint-tags",
        {
            "kind": "joint",
            "encoder": {**GRU, **NO_VIEWS},
            "tokenizer": SHAPES,
            "tasks": {
                "intent": {"kind": "classification", "label": "intent", "classifier": NO_DROPOUT},
                "slots": {"kind": "tagging", "tags": "tags", "tagger": NO_DROPOUT},
            },
            "weights": {"slots": 2.0},
        },
        UTTERANCES,
        {"tokens": ["Ada", "lives"], "tags": ["O"], "intent": "where"},
    ),
    SmallTask(
        "joint-windows",
        {
            "kind": "joint",
            "encoder": {**TRANSFORMER, **NO_VIEWS},
            "max_length": 8,
            "tasks": {
                "tone": {"kind": "classification", "label": "label", "classifier": NO_DROPOUT},
                "topics": {
                    "kind": "multilabel",
                    "label": "topics",
                    "classifier": NO_DROPOUT,
                    "calibrate": "temperature",
                },
                "price": {"kind": "regression", "value": "price", "classifier": NO_DROPOUT},
            },
        },
        RATED,
        {"text": " ", "label": "good", "topics": ["film"]},
    ),
    SmallTask(
        "captioning-lstm",
        {**DESCRIBING, "decoder": {**GRU, "kind": "lstm"}, "search": "greedy"},
        DESCRIBED,
        {**DESCRIBED[0], "photo": "none.png"},
    ),
    SmallTask(
        "captioning-transformer",
        {**DESCRIBING, "decoder": TRANSFORMER, "search": {"kind": "beam", "size": 3}},
        DESCRIBED,
        {**DESCRIBED[0], "caption": []},
    ),
    SmallTask(
        "retrieval-infonce",
        {**RETRIEVAL, "encoder": {**GRU, **NO_VIEWS}},
        CAPTIONED,
        {**CAPTIONED[0], "photo": "none.png"},
    ),
    SmallTask(
        "retrieval-sigmoid",
        {**RETRIEVAL, "encoder": PROJECTION, "loss": {"kind": "sigmoid", "rows_at_once": 3}},
        CAPTIONED,
        {**CAPTIONED[0], "text": []},
    ),
    SmallTask(
        "autoencoding",
        {"kind": "autoencoding", "image": IMAGE, "width": 4, "hidden": 0},
        CAPTIONED,
        {**CAPTIONED[0], "photo": "none.png"},
    ),
]
IN_BATCH = ("similarity-ranking", "similarity-negatives", "retrieval-infonce", "retrieval-sigmoid", "autoencoding")
"""Names of those whose loss compares the rows of a batch with each other."""
UNSCORED = ("similarity-negatives", "retrieval-infonce", "retrieval-sigmoid", "autoencoding")
"""Names of those whose examples have no answer but themselves."""


def unanswered(example: Any) -> Any:
    """The example without its right answer, as it is to be answered."""
    if isinstance(example, Document):
        return Prompt(example.text[:3], example.line)
    if isinstance(example, SourceTarget):
        return replace(example, targets=())
    if isinstance(example, Question):
        return replace(example, answers=None)
    if isinstance(example, Choice):
        return replace(example, answer=None)
    if isinstance(example, TaggedText):
        return replace(example, spans=None)
    if isinstance(example, TextPair):
        return replace(example, score=None)
    if isinstance(example, Transcribed):
        return replace(example, transcript=None)
    if isinstance(example, CaptionedImage):
        return example
    if isinstance(example, JointText):
        return replace(example, of={name: unanswered(one) for name, one in example.of.items()})
    assert isinstance(example, LabelledText)
    return replace(example, label=None)


def unscorable(example: Any) -> Any:
    """The example with an answer that cannot be scored: a label that was never learned, a number more, else none."""
    if isinstance(example, JointText):
        return replace(example, of={name: unscorable(one) for name, one in example.of.items()})
    if not isinstance(example, LabelledText):
        return unanswered(example)
    if isinstance(example.label, tuple) and example.label and isinstance(example.label[0], float):
        return replace(example, label=(*example.label, 1.0))
    return replace(example, label="unheard" if isinstance(example.label, str) else ("unheard",))


def drawn_by_place(size: tuple[int, int, int], **_: Any) -> torch.Tensor:
    """In place of `torch.rand`: draws that depend on the position in a row alone, so that batches hide the same."""
    rows, steps, draws = size
    generator = torch.Generator().manual_seed(0)
    return torch.empty(64, draws).uniform_(generator=generator)[:steps].expand(rows, steps, draws)
