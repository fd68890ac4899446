"""Several tasks on one text: how they are named, one reading of the text, missing answers, scores and answers."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.small_tasks import SMALL_TASKS, unanswered
from weft import bundle
from weft.config import read_yaml, validated
from weft.data.examples.tagged import LabelledSpan
from weft.data.sources import open_table
from weft.errors import ConfigError, InputError
from weft.evaluation.evaluate import answer
from weft.experiments.self_training import fit
from weft.report.pages.run import run_page
from weft.run import RunConfig, config_of
from weft.tasks.choices import KINDS, TASKS, implied
from weft.tasks.classification import ClassificationConfig
from weft.tasks.joining import JoinableConfig
from weft.tasks.joint import JointConfig
from weft.tasks.joint_settings import JOINABLE

SMALL = next(one for one in SMALL_TASKS if one.name == "joint-tags")
TINY = {"task.encoder": {"kind": "gru", "width": 8, "hidden": 6}, "training.epochs": 1, "device": "cpu"}


def joint(**settings):
    """A config of a joint task; raises ConfigError where it is none."""
    return validated(RunConfig, {"data": {"train": "-"}, "task": {"kind": "joint", **settings}}).task


def test_every_task_that_decides_on_one_text_can_be_joined():
    assert {*JOINABLE} == {one for one in TASKS if issubclass(one, JoinableConfig)}


def test_a_label_and_tags_together_imply_both():
    assert implied(["label", "tags"]) is JointConfig
    assert implied(["tasks"]) is JointConfig
    assert implied(["tags"]) is KINDS["tagging"]
    assert implied(["label"]) is TASKS[0]


def test_options_and_a_mapping_name_the_same_tasks(tmp_path):
    table = open_table(SMALL.write(tmp_path))
    short = joint(label="intent", tags="tags").resolved(table)
    tasks = {"intent": {"kind": "classification", "label": "intent"}, "tags": {"kind": "tagging", "tags": "tags"}}
    assert short == joint(tasks=tasks).resolved(table)
    assert [*short.tasks] == ["intent", "tags"]
    assert (short.text, short.label, short.tags) == ("tokens", None, None)
    assert short.tasks["tags"].scheme == "bio"


def test_a_student_hears_probabilities_of_labels_and_tags_where_none_are_right(tmp_path):
    table = open_table(SMALL.write(tmp_path))
    config = joint(label="intent", tags="tags").resolved(table)
    train = list(config.read(table))
    task = config.learn(train)
    asked = [*train, config.example("去北京。"), config.example("rain in Oslo")]
    task.check_students(train)
    assert task.questions(asked) == asked
    found = [[0, 1, next(iter(task.tasks["tags"].labels))]]
    losses = []
    for share in (0.75, 0.5):
        rest = (1 - share) / (len(task.tasks["intent"].labels) - 1)
        told = np.log([share, *[rest] * (len(task.tasks["intent"].labels) - 1)]).tolist()
        said = [{"intent": told, "tags": found}] * len(asked)
        learned = task.lessons(asked, said, train=train, targets="teacher")
        for one, its in zip(learned, asked, strict=True):
            right = its.of["tags"].spans
            assert [*one.of["tags"].spans] == ([LabelledSpan(*found[0])] if right is None else [*right])
        assert [one.of["intent"].label for one in learned] == [one.of["intent"].label for one in asked]
        student = config.hearing().learn(learned)
        batch = student.collate(student.encode(learned), np.arange(len(learned)))
        assert all(known is None for known in batch.known)
        assert batch.of[0].label_B[-2:].tolist() == [-1, -1]
        assert {round(one, 4) for one in batch.of[0].soft_BC.exp().flatten().tolist()} == {share, round(rest, 4)}
        torch.manual_seed(0)
        losses.append(student.loss(student.build_model().eval(), batch, 0).sum.item())
    assert losses[0] != losses[1]
    assert config.hearing().alone() == config


def test_each_of_several_columns_of_labels_is_a_task(tmp_path):
    rows = [{"text": text, "tone": tone, "语言": kind} for text, tone, kind in [("good", "+", "en"), ("坏", "-", "zh")]]
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    config = joint(label="tone,语言").resolved(open_table(tmp_path / "rows.jsonl"))
    assert {name: one.label for name, one in config.tasks.items()} == {"tone": "tone", "语言": "语言"}
    first, _ = config.read(open_table(tmp_path / "rows.jsonl"))
    assert first.label == ("+", "en")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"tasks": {"a": {"kind": "tagging", "encoder": "lstm"}}},
            "`encoder` is set for the task `a`.*\n.*set it once",
        ),
        ({"tasks": {"a": {"kind": "classification", "numbers": ["n"]}}}, "`numbers` is set for the task `a`"),
        ({"tasks": {"a": {"kind": "seq2seq"}}}, "tasks.a: there is no kind `seq2seq`"),
        ({"tasks": {"a": {"kind": "tagging"}}, "weights": {"b": 1}}, "there is no task `b` to be weighed"),
        ({"tasks": {"a": {"kind": "tagging"}}, "weights": {"a": -1}}, "weights.a: expected greater than or equal to 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, said):
    with pytest.raises(ConfigError, match=said):
        joint(**settings)


def test_tasks_without_names_are_asked_for(tmp_path):
    with pytest.raises(ConfigError, match=r"task.tasks: names no task\nhint: pass --label and --tags"):
        joint().resolved(open_table(SMALL.write(tmp_path)))


def test_a_row_may_lack_some_answers_and_not_all(tmp_path):
    assert [one.of["intent"].label for one in SMALL.examples][2:4] == ["who", None]
    assert SMALL.examples[2].of["slots"].spans is None
    assert SMALL.examples[3].of["slots"].spans == ()
    assert SMALL.examples[0].of["slots"].spans == (LabelledSpan(0, 3, "人"), LabelledSpan(13, 17, "地"))
    (tmp_path / "bad.jsonl").write_text('{"tokens": ["a"], "tags": ["O"]}\n{"tokens": ["b"]}\n', encoding="utf-8")
    config = joint(tags="tags").resolved(open_table(tmp_path / "bad.jsonl"))
    with pytest.raises(InputError, match=r"bad.jsonl:2: there is no answer for any of the tasks `tags`"):
        list(config.read(open_table(tmp_path / "bad.jsonl")))


def test_tokens_without_tags_are_no_text(tmp_path):
    table = open_table(SMALL.write(tmp_path))
    tasks = {"intent": {"kind": "classification", "label": "intent"}}
    with pytest.raises(InputError, match=r"rows.jsonl:1: text is a list.*\nhint: join"):
        list(joint(tasks=tasks, text="tokens").resolved(table).read(table))


def test_a_dev_set_without_any_answer_of_a_task_is_refused():
    none = SMALL.task.encode([replace(one, of={**one.of, "intent": unanswered(one.of["intent"])})
                              for one in SMALL.examples[:2]])  # fmt: skip
    with pytest.raises(InputError, match="no text of dev has an answer for `intent`"):
        SMALL.task.notes({"train": SMALL.columns, "dev": none})


def test_a_missing_answer_has_no_share_in_the_loss():
    task, model, columns = SMALL.task, SMALL.model, SMALL.columns
    known = columns.fixed["intent: known"]
    assert known.tolist() == [bool(one.of["intent"].label) for one in SMALL.examples]
    rows = np.arange(len(columns))
    before = task.loss(model, task.collate(columns, rows), 0).sum
    others = np.where(known, columns.fixed["intent: label"], 1)  # of any label
    columns = replace(columns, fixed={**columns.fixed, "intent: label": others})
    torch.testing.assert_close(task.loss(model, task.collate(columns, rows), 0).sum, before)
    none = task.loss(model, task.collate(columns, np.flatnonzero(~known)), 0)
    assert none.sum.isfinite()
    assert none.count == (~known).sum()


def test_the_encoder_runs_once_a_batch():
    calls = []
    hook = SMALL.model.encoder.register_forward_hook(lambda *_: calls.append(1))
    answer(SMALL.task, SMALL.model, SMALL.examples, device=torch.device("cpu"))
    hook.remove()
    assert len(calls) == 1


def test_weights_scale_the_loss_of_their_task():
    task, model, columns = SMALL.task, SMALL.model, SMALL.columns
    batch = task.collate(columns, np.arange(len(columns)))

    def loss(**weights):
        task.config, kept = task.config.model_copy(update={"weights": weights}), task.config
        try:
            return task.loss(model, batch, 0).sum
        finally:
            task.config = kept

    both, alone = loss(), loss(slots=0.0)
    torch.testing.assert_close(loss(slots=3.0), alone + 3 * (both - alone))


def test_all_right_counts_texts_with_every_known_answer_right():
    task = SMALL.task
    answers = answer(task, SMALL.model, SMALL.examples, device=torch.device("cpu"))
    right = [
        all(
            task.tasks[name].right([given[name]], [own])[0] for name, own in example.of.items() if own.label is not None
        )
        for given, example in zip(answers, SMALL.examples, strict=True)
    ]
    scores = task.quick_scores(answers, SMALL.examples)
    assert scores["all_right"] == pytest.approx(np.mean(right))
    assert scores["mean_of_tasks"] == pytest.approx((scores["intent.accuracy"] + scores["slots.span_f1"]) / 2)


def test_a_run_has_answers_scores_and_a_page_for_each_task(tmp_path):
    file = SMALL.write(tmp_path)
    model = fit(str(file), tmp_path / "run", settings={"task": {"label": "intent", "tags": "tags"}, **TINY})
    assert read_yaml(tmp_path / "run" / "config.yaml")["task"]["tasks"].keys() == {"intent", "tags"}
    english, chinese = model.answer(["Ada lives in Bonn", "李明住在上海"])
    assert english["intent"].label in {"where", "move", "who", "哪里", "谁", "去"}
    assert chinese["tags"].text == "李明住在上海"
    assert (
        bundle.load(tmp_path / "run").answer([{"tokens": "李明住在上海"}])[0]["intent"].label == chinese["intent"].label
    )
    scores = json.loads((tmp_path / "run" / "scores.json").read_text(encoding="utf-8"))
    assert {"all_right", "mean_of_tasks", "intent.accuracy", "tags.span_f1"} <= scores["scores"].keys()
    assert "a plain linear model of tf-idf" in scores["details"]["tasks"]["intent"]["floors"]
    assert {*scores["details"]["tasks"]["tags"]["floors"]} == {"the commonest tag of each token"}
    page = run_page(tmp_path / "run").read_text(encoding="utf-8")
    for said in ("intent: Confusion matrix", "tags: Scores by label", "Beside simple methods"):
        assert said in page


def test_a_training_metric_may_be_that_of_one_task(tmp_path):
    task = {"label": "intent", "tags": "tags"}
    settings = {"task": task, **TINY, "training.metric": "tags.span_f1"}
    fit(str(SMALL.write(tmp_path)), tmp_path / "run", settings=settings)
    with pytest.raises(ConfigError, match=r"training.metric: there is no score `tags.accuracy`"):
        fit(str(tmp_path / "rows.jsonl"), tmp_path / "no", settings={**settings, "training.metric": "tags.accuracy"})


def test_a_label_that_training_never_had_can_count_as_wrong(tmp_path):
    rows = [{"text": "good film", "label": "+"}, {"text": "没意思", "label": "-"}, {"text": "很好看", "label": "+"}]
    examples = [ClassificationConfig(text="text", label="label").answered(_row(row), row["text"]) for row in rows]
    strict = ClassificationConfig(text="text", label="label", encoder="cnn").learn(examples)
    lenient = ClassificationConfig(text="text", label="label", encoder="cnn", unseen_labels="wrong").learn(examples)
    odd = [*examples, type(examples[0])("what", "?", 4)]
    with pytest.raises(InputError, match=r"line 4: label `\?`.*\n.*--set task.unseen_labels=wrong"):
        strict.check(odd)
    assert lenient.check(odd) == ["labels without a training text count as answered wrong: `?` 1"]
    with pytest.raises(InputError, match=r"label `\?` is not one"):
        lenient.check(odd[-1:])
    answers = answer(lenient, lenient.build_model().eval(), odd, device=torch.device("cpu"))
    found = lenient.score(answers, odd)
    assert found.details["labels"] == ["+", "-", "?"]
    known = strict.score(answers[:3], examples).values["accuracy"].value
    assert found.values["accuracy"].value == pytest.approx(3 * known / 4)
    assert lenient.quick_scores(answers, odd)["accuracy"] == found.values["accuracy"].value


def _row(values):
    from weft.data.sources import Row

    return Row(values, 1)


def test_settings_in_python_imply_the_task(tmp_path):
    file = SMALL.write(tmp_path)
    found = config_of(str(file), settings={"task.label": "intent", "task.tags": "tags"})
    assert isinstance(found.task, JointConfig)


def test_a_number_is_predicted_beside_a_label_and_counts_as_neither_right_nor_wrong(tmp_path):
    rows = [
        {"text": text, "tone": text[:1], "price": price}
        for price in range(20)
        for text in [f"{'a坏'[price % 2]} film {price}"]
    ]
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    tasks = {"tone": {"kind": "classification", "label": "tone"}, "price": {"kind": "regression", "value": "price"}}
    model = fit(str(tmp_path / "rows.jsonl"), tmp_path / "run", settings={"task": {"tasks": tasks}, **TINY})
    (given,) = model.answer(["坏"])
    assert given["price"].value == pytest.approx(next(iter(given["price"].values.values())))
    scores = json.loads((tmp_path / "run" / "scores.json").read_text(encoding="utf-8"))
    assert scores["scores"]["all_right"]["value"] == scores["scores"]["tone.accuracy"]["value"]
    assert "ridge regression on tf-idf" in scores["details"]["tasks"]["price"]["floors"]
    page = (tmp_path / "run" / "page.html").read_text(encoding="utf-8")
    assert "price: Predicted and true values" in page
