import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import weft
from tests.pretrained_folders import write_model, write_tokenizer
from weft.config import validated
from weft.data.columns import encode_rows
from weft.data.examples.option_questions import Choice, lacks_passage
from weft.data.sources import open_table
from weft.errors import ConfigError, InputError
from weft.evaluation.evaluate import answer
from weft.store import kept
from weft.tasks.multiple_choice import MultipleChoiceConfig
from weft.training.optim import AdamWConfig, build

SMALL = {"encoder": {"kind": "gru", "width": 8, "hidden": 6}, "option": {"hidden": 6, "dropout": 0.0}}
JOINT = {
    "encoder": {"kind": "transformer", "width": 8, "heads": 2, "layers": 1, "feed_forward": 8},
    "option": {"dropout": 0.0},
}
KINDS = pytest.mark.parametrize("settings", [SMALL, JOINT], ids=["attention", "joint"])
ASKED = [
    Choice("Who is old?", "Ada is old. Bob and Eve are young.", ("Bob", "Ada", "Eve"), 1, 1),
    Choice("Who is young?", "Ada is old. Bob is young.", ("Bob", "Ada"), 0, 2),
    Choice("谁住在上海？", "李明住在上海。\n王芳住在北京。", ("李明", "王芳", "张伟", "赵磊"), 0, 3),
    Choice("王芳住在哪里？", "李明住在上海。\n王芳住在北京。", ("上海", "北京", "成都"), 1, 4),
]


def learned(settings, found=ASKED):
    return validated(MultipleChoiceConfig, settings).learn(found)


def model_of(task, asked=ASKED):
    torch.manual_seed(0)
    model = task.build_model().eval()
    task.initialize(model, task.encode(asked))
    return model


def answers_of(task, model, asked):
    return answer(task, model, asked, device=torch.device("cpu"))


def written(path, rows):
    path.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in rows) + "\n", encoding="utf-8")
    return str(path)


def as_row(one):
    turns = one.passage.split("\n")
    passage = turns if len(turns) > 1 else one.passage
    return {"context": passage, "question": one.question, "options": one.options, "answer": one.answer}


@KINDS
def test_it_learns_to_choose(settings):
    task = learned(settings)
    model = model_of(task)
    batch = task.collate(columns := task.encode(ASKED), np.arange(len(columns)))
    optimizers = build(model, AdamWConfig(learning_rate=0.02), table_rate=0.05)
    losses = []
    for _ in range(25):
        loss = task.loss(model, batch, 0)
        losses.append(loss.sum.item())
        (loss.sum / loss.count).backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    assert losses[-1] < losses[0] / 2
    assert task.quick_scores(answers_of(task, model, ASKED), ASKED)["accuracy"] == 1


@KINDS
def test_the_loss_is_over_the_options_of_each_question(settings):
    task = learned(settings)
    model, columns = model_of(task), task.encode(ASKED)
    assert len(columns) == len(ASKED)
    loss = task.loss(model, task.collate(columns, np.array([2, 0])), 0)
    found = answers_of(task, model, ASKED)
    expected = -sum(np.log(found[row].probabilities[ASKED[row].answer]) for row in (2, 0))
    assert loss.sum.item() == pytest.approx(expected, rel=1e-4)
    assert loss.count.item() == 2


@KINDS
def test_answers_do_not_depend_on_what_else_is_asked(settings):
    task = learned({**settings, "max_length": 120})
    model = model_of(task)
    together = answers_of(task, model, ASKED)
    for said, one in zip(together, ASKED, strict=True):
        (alone,) = answers_of(task, model, [one])
        assert said.options == one.options
        assert said.option == one.options[said.number]
        assert sum(said.probabilities) == pytest.approx(1)
        assert said.probabilities == pytest.approx(alone.probabilities, rel=1e-4)


def test_the_order_of_the_options_does_not_matter():
    task = learned(SMALL)
    model, one = model_of(task), ASKED[2]
    (said,), (turned,) = (
        answers_of(task, model, [replace(one, options=options, answer=None)])
        for options in (one.options, one.options[::-1])
    )
    assert said.option == turned.option
    assert said.probabilities == pytest.approx(turned.probabilities[::-1], rel=1e-4)


@KINDS
def test_a_long_passage_is_read_in_windows_with_all_options_in_each(settings):
    task = learned({**settings, "max_length": 24, "max_question": 8})
    long = Choice("Who is old?", "Nothing of it. " * 8 + "Ada is old.", ("Bob", "Ada", "Eve"), 1)
    columns = task.encode([ASKED[1], long, ASKED[1]])
    assert columns.owner_R.tolist() == [0, *[1] * (len(columns) - 2), 2]
    assert len(columns) >= 4
    assert columns.ragged["passage lengths"].lengths_R.tolist() == [2, *[3] * (len(columns) - 2), 2]
    first, said, last = answers_of(task, model_of(task), [ASKED[1], long, ASKED[1]])
    assert first.probabilities == pytest.approx(last.probabilities)
    assert said.options == long.options


def test_questions_in_a_file_are_encoded_as_those_in_memory():
    task = learned({**SMALL, "tokenizer": "mixed"})
    whole, parts = task.encode(ASKED * 3), encode_rows(task.encode, kept(iter(ASKED * 3)))
    for name, rows in whole.ragged.items():
        assert np.array_equal(rows.values, parts.ragged[name].values)
        assert np.array_equal(rows.offsets_R1, parts.ragged[name].offsets_R1)


def test_scores_tell_the_number_of_options_and_what_needs_no_model():
    task = learned(SMALL)
    found = answers_of(task, model_of(task), ASKED)
    scores = task.score(found, ASKED)
    assert [(one["options"], one["questions"]) for one in scores.details["by_options"]] == [(2, 1), (3, 2), (4, 1)]
    chance = scores.details["floors"]["a random option"]["accuracy"]
    assert chance == pytest.approx((1 / 3 + 1 / 2 + 1 / 4 + 1 / 3) / 4)
    assert scores.values["accuracy"].low is None  # of four questions
    assert task.check(ASKED) == []
    record = task.record(found[2], ASKED[2])
    assert set(record["probabilities"]) == set(ASKED[2].options)
    assert (record["label"], record["text"]) == ("李明", "谁住在上海？")


def test_several_models_choose_as_one():
    task = learned(SMALL)
    found = answers_of(task, model_of(task), ASKED)
    for mean, alone in zip(task.average([found, found]), found, strict=True):
        assert mean.probabilities == pytest.approx(alone.probabilities)
    with pytest.raises(InputError, match="the same options"):
        task.average([found, found[::-1]])


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"encoder": "bag"}, "keeps no positions"),
        ({**JOINT, "max_length": 98}, "leaves no room"),
        ({"encoder": {"kind": "transformer", "positions": "learned", "max_length": 110}, "max_length": 200}, "110"),
    ],
)
def test_what_does_not_go_together_is_refused(settings, says):
    with pytest.raises(ConfigError, match=says):
        learned(settings)


def test_a_pretrained_encoder_reads_all_in_one_row(tmp_path):
    write_model(tmp_path)
    write_tokenizer(tmp_path)
    task = learned({"encoder": {"kind": "pretrained", "folder": str(tmp_path)}, "max_question": 16})
    assert task.config.reader == "joint"
    batch = task.collate(columns := task.encode(ASKED), np.arange(len(columns)))
    assert batch.source.source.passage.segments_BS.amax(1).tolist() == [1] * 12
    for said, one in zip(answers_of(task, model_of(task), ASKED), ASKED, strict=True):
        assert said.option in one.options
    with pytest.raises(ConfigError, match="all in one row"):
        learned({"encoder": {"kind": "pretrained", "folder": str(tmp_path)}, "reader": "attention"})


def run_of(folder, data, **training):
    settings = {
        "data": {"train": data, "dev": data},
        "task": {"kind": "multiple_choice", **SMALL},
        "training": {"epochs": 2, "batch_rows": 4, **training},
        "device": "cpu",
    }
    return validated(weft.RunConfig, settings), folder


def test_a_trained_folder_answers_as_before_it_was_saved_and_goes_on_where_it_stopped(tmp_path):
    data = written(tmp_path / "c.jsonl", map(as_row, ASKED * 3))
    config, whole = run_of(tmp_path / "whole", data, checkpoint_every=2)
    weft.fit(config, whole)
    floors = json.loads((whole / "scores.json").read_text(encoding="utf-8"))["details"]["floors"]
    assert {"the longest option", "the sliding window (MCTest)"} < {*floors}
    stopped = tmp_path / "stopped"
    steps = iter([0, 0, 15, *[0] * 20])
    with pytest.raises(weft.WeftError, match="stopped after step"):
        list(weft.train(config, stopped, stop=lambda: next(steps)))
    list(weft.train(config, stopped, resume=True))
    one, other = weft.load(whole), weft.load(stopped)
    for (name, mine), theirs in zip(one.network.state_dict().items(), other.network.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs), name
    found = one.answer([weft.Choice(each.question, each.passage, each.options) for each in ASKED])
    saved = [json.loads(line) for line in (whole / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [each.option for each in found] == [each["answer"] for each in saved[:4]]
    assert isinstance(found[0], weft.ChoiceAnswer)
    page = (whole / "page.html").read_text(encoding="utf-8")
    assert all(each["text"] in page for each in saved if each["answer"] != each["label"])
    with pytest.raises(InputError, match="two options or more, found 0"):
        one.answer([weft.Choice("Who?", "Ada.")])


BANK = [
    ["题号", "题干", "选项A", "选项B", "选项C", "答案", "解析"],
    *[
        [f"{n}", f"日本的首都是哪一个（{n}）？", "伦敦", "东京", "巴黎", "B", f"首都是东京，见第{n}页。"]
        for n in range(6)
    ],
    *[[f"{n}", f"Where is Oslo ({n})?", "Italy", "Norway", "", "B", f"It is in Norway: page {n}."] for n in range(6)],
]


def test_a_bank_of_questions_without_passages_is_learned_and_answered(tmp_path):
    bank = tmp_path / "bank.csv"
    bank.write_text("".join(",".join(row) + "\n" for row in BANK), encoding="utf-8")
    table, named = open_table(bank), {"text": "题干,选项A,选项B,选项C", "label": "答案"}
    unasked = MultipleChoiceConfig().resolved(table)
    assert unasked == MultipleChoiceConfig(**named).resolved(table)
    first, *_, last = found = list(unasked.read(table))
    assert (first.passage, first.options, first.right) == ("", ("伦敦", "东京", "巴黎"), "东京")
    assert (last.options, last.right, len({one.whole for one in found})) == (("Italy", "Norway"), "Norway", 12)
    assert unasked.filter_training(found)[1] == ["12 questions without a passage, with 2 to 3 options each"]
    asked = list(unasked.for_inputs(table).read_inputs(table))
    assert [one.answer for one in asked] == [None] * 12
    task = learned(SMALL, found)
    answers = answers_of(task, model_of(task, found), asked)
    assert [one.options for one in answers] == [one.options for one in found]
    assert {*task.score(answers, found).details["floors"]} == {"a random option", "the longest option"}
    assert "passage" not in task.record(answers[0], first)


@pytest.mark.parametrize(
    ("names", "alone"),
    [
        ("q,A,B,C", True),
        ("q,option_1,option_2", True),
        ("q,选项A,选项B", True),
        ("q,options", True),
        ("q,p,a,b,c", False),
        ("q,p,options", False),
        ("q,选项B,选项A", False),
    ],
)
def test_names_of_options_tell_whether_there_is_a_passage(names, alone):
    assert lacks_passage(names.split(",")) is alone


def test_a_column_that_may_be_a_passage_is_asked_for(tmp_path):
    told = tmp_path / "told.csv"
    rows = [["故事", *BANK[0][1:6]], *[[f"{n} 人从前 lived in a wood", *row[1:6]] for n, row in enumerate(BANK[1:])]]
    told.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(InputError, match="which column is the passage"):
        MultipleChoiceConfig().resolved(open_table(told))
