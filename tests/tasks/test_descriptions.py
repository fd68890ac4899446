"""What each task says of itself holds: its scores are in the catalogue, its page is there, its words are known."""

from typing import ClassVar, Literal

import pytest
import torch

from tests.pictures import drawn
from tests.sounds import played
from weft.bundle import load
from weft.cli import compare, inspect
from weft.cli.console import in_one_line
from weft.config import kind_of, validated
from weft.data.examples.captioned import CaptionedImage
from weft.data.examples.documents import Document
from weft.data.examples.joint import JointText
from weft.data.examples.labelled import LabelledText
from weft.data.examples.option_questions import Choice
from weft.data.examples.source_target import SourceTarget
from weft.data.examples.span_questions import Question, Span
from weft.data.examples.tagged import LabelledSpan, TaggedText
from weft.data.examples.text_pairs import TextPair
from weft.data.examples.transcribed import Transcribed
from weft.data.sources import open_table
from weft.dataset import DataConfig, read_whole
from weft.errors import InputError
from weft.evaluation.evaluate import Evaluation, evaluate
from weft.experiments.self_training import train
from weft.files import read_json
from weft.metrics.names import MEASURES
from weft.report.choices import PAGES
from weft.run import RunConfig
from weft.tasks.base import Task
from weft.tasks.choices import KINDS, TASKS, implied
from weft.tasks.classification import ClassificationConfig
from weft.tasks.generation.writer import Writer
from weft.tasks.similarity_scores import QUICK
from weft.tasks.teaching import Teacher

PASSAGE = "In Rome it rains. In Oslo it snows."
BAG = {"encoder": "bag"}
SMALL = {"encoder": {"kind": "lstm", "width": 8}}
WRITER = {"decoder": {"kind": "gru", "width": 8}}
KNOWN = {
    "classification": (BAG, [LabelledText("good", "yes"), LabelledText("bad", "no")] * 6),
    "multilabel": (BAG, [LabelledText("good", ("yes", "fine")), LabelledText("bad", ("no",))] * 6),
    "regression": (BAG, [LabelledText("good", (4.5,)), LabelledText("bad", (1.0,))] * 6),
    "seq2seq": (WRITER, [SourceTarget("a b c d e", ("one two", "two"))] * 12),
    "language_model": (WRITER, [Document("so it goes on and on")] * 12),
    "masked_language_model": (SMALL, [Document("so it goes on and on and on and on")] * 12),
    "question_answering": (SMALL, [Question("Where?", PASSAGE, (Span("Rome", 3),)), Question("Who?", PASSAGE, ())] * 6),
    "tagging": (
        {**SMALL, "form": "spans", "scheme": "bio", "unit": "word"},
        [TaggedText("In Rome 下雨", (LabelledSpan(3, 7, "city"),)), TaggedText("it rains", ())] * 6,
    ),
    "similarity": ({}, [TextPair("so good", "很好", 4.5), TextPair("so bad", "very dull", 1.0)] * 6),
    "captioning": (
        {**WRITER, "image": {"column": "image", "encoder": {"kind": "resnet", "width": 8, "stages": 1}}},
        [SourceTarget(*one) for one in zip(drawn(["cat", "狗"]), [("a cat", "猫"), ("一只狗",)], strict=True)] * 6,
    ),
    "retrieval": (
        {**SMALL, "image": {"column": "image", "encoder": {"kind": "resnet", "width": 8, "stages": 1}}},
        [CaptionedImage(*one) for one in zip(drawn(["cat", "狗"]), [("a cat", "猫"), ("一只狗",)], strict=True)] * 6,
    ),
    "autoencoding": (
        {"image": {"column": "image", "encoder": {"kind": "resnet", "width": 8, "stages": 1}}, "width": 4},
        [CaptionedImage(path, ()) for path in drawn(["cat", "狗"])] * 6,
    ),
    "joint": (
        {
            **SMALL,
            "tasks": {"tone": {"kind": "classification"}, "topics": {"kind": "multilabel"}},
        },
        [
            JointText("so good", {"tone": LabelledText("so good", "up"), "topics": LabelledText("so good", ("film",))}),
            JointText("很差", {"tone": LabelledText("很差", "down"), "topics": LabelledText("很差", ("food", "film"))}),
        ]
        * 6,
    ),
    "transcription": (
        {"sound": {"column": "clip", "encoder": {"channels": 8, "hidden": 8}}},
        [Transcribed(path, word) for path, word in zip(played(["ok", "好"]), ("ok", "好"), strict=True)] * 6,
    ),
    "multiple_choice": (SMALL, [Choice("Where does it rain?", PASSAGE, ("Rome", "Oslo"), 0)] * 12),
}
"""Of each task some settings for a small model, and examples."""


class MoodConfig(ClassificationConfig):
    """A task that nothing in weft has heard of."""

    kind: Literal["mood"] = "mood"
    headline: ClassVar[tuple[str, ...]] = ("macro_recall",)
    next_step: ClassVar[str] = "ask: mood {}"


@pytest.fixture(scope="module", params=TASKS, ids=kind_of)
def evaluated(request) -> tuple[Task, Evaluation]:
    """A task with the evaluation of a model that has learned nothing."""
    settings, examples = KNOWN[kind_of(request.param)]
    torch.manual_seed(0)
    task = validated(request.param, settings).learn(examples)
    return task, evaluate(task, task.build_model().eval(), examples, device=torch.device("cpu"))


def test_its_scores_are_in_the_catalogue(evaluated):
    task, found = evaluated
    assert {name.rpartition(".")[2] for name in [*task.metrics, *found.scores.values]} <= set(MEASURES)


def test_the_best_weights_are_chosen_by_scores_that_it_has(evaluated):
    task, _ = evaluated
    assert {task.metric, task.tie_metric or task.metric} <= set(task.metrics)


def test_what_is_shown_of_it_is_scored(evaluated):
    task, found = evaluated
    shown, scored = {*task.config.headline, *task.config.compared_by}, set(found.scores.values)
    if task.config.kind == "tagging":  # it shows spans, words or tokens, whichever its files have
        shown -= {"word_f1", "accuracy"}
    if task.config.kind == "similarity":  # it shows what scores allow, or ranks where there are none
        shown -= {name for name in QUICK["ranks"] if name not in scored}
    ordered = {"quadratic_kappa", "mae"}  # of ordered labels
    assert {
        name for name in shown if name.rpartition(".")[2] not in ordered or task.config.kind == "regression"
    } <= scored
    assert task.config.page in PAGES


def test_what_it_can_do_is_done_by_its_task(evaluated):
    task, _ = evaluated
    assert isinstance(task, Teacher) is task.config.teaches
    assert isinstance(task, Writer) is (task.config.own_search is not None)


def test_its_parts_are_settings_of_models(evaluated):
    task, _ = evaluated
    assert [part.kind for part in task.config.part_configs]
    assert all(getattr(task.config, part) in task.config.part_configs for part in task.config.parts)


@pytest.mark.parametrize(
    ("settings", "parallel", "kind"),
    [
        ([], False, "classification"),
        (["text", "label"], False, "classification"),
        (["text", "label_separator"], False, "multilabel"),
        (["target"], False, "seq2seq"),
        (["image", "target"], False, "captioning"),
        (["text", "value"], False, "regression"),
        ([], True, "seq2seq"),
    ],
)
def test_options_imply_a_task(settings, parallel, kind):
    assert kind_of(implied(settings, parallel=parallel)) == kind


@pytest.mark.parametrize(
    ("shown", "kinds"),
    [
        (compare.METAVAR, [kind for kind, task in KINDS.items() if task.compared_by]),
        (inspect.METAVAR, [kind for kind, task in KINDS.items() if task.inspected_as]),
    ],
)
def test_help_has_the_tasks_that_there_are(shown, kinds):
    assert shown == "|".join(kinds)


def test_a_task_that_nobody_knows_trains_answers_and_has_a_page(tmp_path):
    rows = [f"{text} {n},{mood}" for text, mood in (("so good", "up"), ("so bad", "down")) for n in range(40)]
    (tmp_path / "moods.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    settings = {"data": {"train": str(tmp_path / "moods.csv")}, "task": {"kind": "mood", **BAG}}
    config = validated(RunConfig, {**settings, "training": {"epochs": 2}, "device": "cpu"}, parts=[MoodConfig])
    for _ in train(config, tmp_path / "run", parts=[MoodConfig]):
        pass
    scores = read_json(tmp_path / "run" / "scores.json")
    assert (scores["task"], scores["page"], scores["headline"]) == ("mood", "labels", ["macro_recall"])
    assert "macro recall" in in_one_line(scores, config.task.headline)
    assert "macro recall on the dev set" in (tmp_path / "run" / "page.html").read_text(encoding="utf-8")
    model = load(tmp_path / "run", parts=[MoodConfig])
    assert {one.label for one in model.answer(["so good", "so bad"])} <= {"up", "down"}


@pytest.mark.parametrize("name", ["ner.conll", "ner.txt"])
def test_columns_of_tokens_and_tags_imply_tagging(tmp_path, name):
    path = tmp_path / name
    path.write_text("John NN B-PER\nleft VB O\n\n王 NR B-PER\n来 VV O\n\n" * 3, encoding="utf-8")
    table = open_table(path)
    assert kind_of(implied([], table=table)) == "tagging"
    assert [task for task, config in KINDS.items() if config.may_fit(table)] == ["tagging"]
    with pytest.raises(InputError) as error:
        read_whole(DataConfig(train=str(path)), ClassificationConfig())
    assert error.value.hint.find("--task tagging") < error.value.hint.find("--task language_model")
