"""What every task in `TASKS` owes, in English and Chinese; a kind without small examples fails too."""

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.contracts import one_gradient_each
from tests.small_tasks import IN_BATCH, SMALL_TASKS, UNSCORED, drawn_by_place, unanswered, unscorable
from weft import bundle, run_folder, store
from weft.config import kind_of, validated
from weft.data.columns import encode_rows
from weft.decoding.choices import Greedy
from weft.errors import ConfigError, InputError, Interrupted
from weft.evaluation.evaluate import answer
from weft.experiments.self_training import train
from weft.metrics.names import MEASURES
from weft.run import RunConfig
from weft.store import Rows, kept
from weft.tasks.base import TaskConfig
from weft.tasks.choices import TASKS
from weft.text.segment import han_share
from weft.training.distributed import Group
from weft.training.floors import with_floors
from weft.training.job import Job
from weft.training.settings import TrainingConfig

CPU = torch.device("cpu")
NAMES = [small.name for small in SMALL_TASKS]
WRITERS = {kind_of(kind) for kind in TASKS if kind.answers_with == "text"}

every = pytest.mark.parametrize("small", SMALL_TASKS, ids=NAMES)
every_reader = pytest.mark.parametrize(
    "small", [one for one in SMALL_TASKS if one.kind not in WRITERS], ids=lambda one: one.name
)
every_with_a_bad_row = pytest.mark.parametrize(
    "small", [one for one in SMALL_TASKS if one.bad is not None], ids=lambda one: one.name
)
every_with_answers = pytest.mark.parametrize(
    "small",
    [one for one in SMALL_TASKS if "language_model" not in one.kind and one.name not in UNSCORED],
    ids=lambda one: one.name,
)
every_of_rows = pytest.mark.parametrize(
    "small", [one for one in SMALL_TASKS if one.name not in IN_BATCH], ids=lambda one: one.name
)


def answers_of(small, examples, *, task=None, model=None):
    return answer(task or small.task, model or small.model, examples, device=CPU)


def plain(value):
    """An answer or a batch as lists, tuples and numbers, field by field."""
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray | torch.Tensor):
        return value.tolist()
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def check_same(one, other, *, within=1e-5):
    """Equal in all that is counted or written, and within a rounding error in what is computed."""
    one, other = plain(one), plain(other)
    if isinstance(one, dict):
        assert list(one) == list(other)
        one, other = list(one.values()), list(other.values())
    if isinstance(one, list):
        assert len(one) == len(other)
        for mine, theirs in zip(one, other, strict=True):
            check_same(mine, theirs, within=within)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=within, abs=within)
    else:
        assert one == other


def rows_of(ragged):
    return [ragged.flat(np.array([row]))[0].tolist() for row in range(len(ragged.lengths_R))]


def check_same_columns(one, other):
    assert one.ragged.keys() == other.ragged.keys()
    for name, ragged in one.ragged.items():
        assert rows_of(ragged) == rows_of(other.ragged[name]), name
    assert one.fixed.keys() == other.fixed.keys()
    for name, values in one.fixed.items():
        np.testing.assert_array_equal(values, other.fixed[name], err_msg=name)
    assert one.owner_R.tolist() == other.owner_R.tolist()
    assert one.cost_R.tolist() == other.cost_R.tolist()
    assert one.letters.keys() == other.letters.keys()


def on_disk(examples, monkeypatch, *, at_once):
    """The examples in a file that is read so many at a time."""
    monkeypatch.setattr(store, "BEYOND", 0)
    monkeypatch.setattr(store, "_PART_ROWS", at_once)
    rows = kept(iter(examples))
    assert isinstance(rows, Rows)
    return rows


def test_every_kind_in_the_package_has_small_examples(members):
    kinds = {kind_of(kind) for kind in TASKS}
    assert {kind_of(config) for config in members(TaskConfig, "weft.tasks")} == kinds
    assert {small.kind for small in SMALL_TASKS} == kinds
    assert len(kinds) == len(TASKS)


@every
def test_the_examples_are_in_english_and_in_chinese(small):
    shares = [han_share([" ".join(map(str, row.values()))]) for row in small.rows]
    assert min(shares) < 0.1
    assert max(shares) > 0.5


@every
def test_a_config_survives_being_written(small):
    config = small.config()
    assert validated(RunConfig, config.model_dump(mode="json")) == config


@every
@pytest.mark.parametrize("at_once", [1, 3])
def test_examples_encode_in_parts_as_at_once(small, monkeypatch, at_once):
    rows = on_disk(small.examples, monkeypatch, at_once=at_once)
    check_same_columns(encode_rows(small.task.encode, rows), small.columns)


@every
def test_what_is_counted_of_parts_adds_up(small, monkeypatch):
    found = encode_rows(small.task.encode, on_disk(small.examples, monkeypatch, at_once=3))
    if small.kind in ("question_answering", "multiple_choice"):  # equal texts of a part are encoded once
        found.facts["known"] = small.columns.facts["known"]
    assert dict(found.facts) == pytest.approx(dict(small.columns.facts))


@every
def test_examples_on_disk_teach_a_task_what_those_in_memory_do(small, monkeypatch, tmp_path):
    config = small.read(small.write(tmp_path)).task
    task = config.learn(on_disk(small.examples, monkeypatch, at_once=3))
    check_same_columns(task.encode(small.examples), small.columns)


@every
def test_a_saved_model_answers_as_before(small, tmp_path):
    task = small.learned()
    if task.tunes:
        said = task.tune(answers_of(small, small.examples, task=task), small.examples)
        assert said
        assert all(isinstance(one, str) for one in said)
    (tmp_path / "task").mkdir()
    bundle.save_task(tmp_path / "task", task)
    bundle.save_weights(tmp_path, small.model)
    run_folder.seal(tmp_path, version="0")
    loaded = bundle.load(tmp_path, device="cpu")
    assert loaded.task.config == task.config
    check_same_columns(loaded.task.encode(small.examples), small.columns)
    expected = answers_of(small, small.examples, task=task)
    check_same(answers_of(small, small.examples, task=loaded.task, model=loaded.network), expected, within=0)
    assert dict(loaded.task.score(expected, small.examples).values) == dict(task.score(expected, small.examples).values)


@every
def test_an_example_is_answered_the_same_alone_and_among_others(small):
    together = answers_of(small, small.examples)
    assert len(together) == len(small.examples)
    alone = [given for one in small.examples for given in answers_of(small, [one])]
    check_same(alone, together)


@every
def test_the_order_of_examples_is_that_of_their_answers(small):
    order = [3, 1, 4, 0, 2, *range(5, len(small.examples))]
    answers = answers_of(small, small.examples)
    check_same(answers_of(small, [small.examples[place] for place in order]), [answers[place] for place in order])


@every
def test_a_row_is_predicted_the_same_beside_a_longer_one(small):
    columns, task, model = small.columns, small.task, small.model
    by_cost = np.argsort(columns.cost_R, kind="stable")
    shortest, longest = by_cost[:1], by_cost[-1:]
    with torch.inference_mode():
        alone, padded = (
            task.predict(model, task.collate(columns, rows))[0]
            for rows in (shortest, np.concatenate([shortest, longest]))
        )
    if small.kind == "multiple_choice":  # 0 beyond the last option
        alone, padded = alone[alone > 0], padded[padded > 0]
    check_same(alone, padded)


@every_of_rows
def test_the_loss_of_a_batch_is_the_sum_of_those_of_its_rows(small, monkeypatch):
    monkeypatch.setattr(torch, "rand", drawn_by_place)
    columns, task, model = small.columns, small.task, small.model
    rows_R = np.arange(len(columns))
    whole = task.loss(model, task.collate(columns, rows_R), 0)
    each = [task.loss(model, task.collate(columns, rows_R[row : row + 1]), 0) for row in rows_R]
    torch.testing.assert_close(whole.sum, torch.stack([one.sum for one in each]).sum(), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(whole.count, torch.stack([one.count for one in each]).sum())
    assert whole.sum.ndim == whole.count.ndim == 0


@every
def test_every_weight_learns(small):
    columns, task, model = small.columns, small.task, small.built(small.task)
    task.loss(model, task.collate(columns, np.arange(len(columns))), 0).sum.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.to_dense().isfinite().all(), name
        assert parameter.grad.to_dense().any(), name


@every
def test_a_record_survives_being_written(small):
    asked = [unanswered(one) for one in small.examples]
    for examples in (small.examples, asked):
        for given, example in zip(answers_of(small, examples), examples, strict=True):
            line = small.task.record(given, example)
            assert json.loads(json.dumps(line, ensure_ascii=False, allow_nan=False)) == line
            assert line["line"] == example.line


@every_with_answers
def test_an_example_is_answered_the_same_whether_or_not_its_answer_is_known(small):
    asked = answers_of(small, [unanswered(one) for one in small.examples])
    known = [replace(one, loss=None) if hasattr(one, "loss") else one for one in answers_of(small, small.examples)]
    check_same(asked, known)


@every_with_answers
def test_what_has_no_answer_is_not_learned_from(small):
    columns = small.task.encode([unanswered(one) for one in small.examples])
    with pytest.raises(InputError, match="learn from"):
        small.task.loss(small.model, small.task.collate(columns, np.arange(2)), 0)


@every
def test_scores_are_named_and_quick_ones_are_among_them(small):
    task, answers = small.task, answers_of(small, small.examples)
    scores, quick = task.score(answers, small.examples), task.quick_scores(answers, small.examples)
    assert set(quick) == set(task.metrics)
    assert {task.metric, task.tie_metric or task.metric} <= set(task.metrics)
    assert set(quick) <= set(scores.values)
    for name, value in quick.items():
        assert value == pytest.approx(scores.values[name].value, rel=1e-9, abs=1e-9), name
    for name, score in scores.values.items():
        assert score.low is None or score.low <= score.value <= score.high, name
        assert name.rpartition(".")[2] in MEASURES
    assert json.loads(json.dumps(scores.details, ensure_ascii=False)) is not None


@every_reader
def test_several_models_answer_as_one(small):
    answers = answers_of(small, small.examples)
    if small.kind == "masked_language_model" or small.name in UNSCORED:
        with pytest.raises(InputError, match="cannot be averaged"):
            small.task.average([answers, answers])
    else:
        check_same(small.task.average([answers, answers]), answers)


@pytest.mark.parametrize("small", [one for one in SMALL_TASKS if one.kind in WRITERS], ids=lambda one: one.name)
def test_texts_are_not_averaged_and_stream_as_they_are_written(small):
    answers = answers_of(small, small.examples)
    with pytest.raises(InputError, match="cannot be averaged"):
        small.task.average([answers, answers])
    asked = unanswered(small.examples[0])
    greedy = small.task.with_search(Greedy())
    (given,) = answers_of(small, [asked], task=greedy)
    assert "".join(greedy.stream(small.model, asked)) == given.text


@every_reader
def test_what_writes_nothing_says_so(small):
    with pytest.raises(ConfigError, match="generates no text"):
        small.task.with_search(Greedy())
    with pytest.raises(ConfigError, match="generates no text"):
        small.task.stream(small.model, small.examples[0])


@every
def test_good_examples_pass_the_check(small):
    said = small.task.check(small.examples)
    assert all(isinstance(one, str) and one for one in said)


@every_with_answers
def test_an_example_that_cannot_be_scored_is_named_by_its_line(small):
    bad = unscorable(small.examples[4])
    examples = [bad] if small.kind == "multilabel" else [*small.examples[:4], bad]  # one label that is known is enough
    with pytest.raises(InputError) as caught:
        small.task.check(examples)
    assert caught.value.where == f"line {bad.line}"


@every_with_a_bad_row
def test_a_bad_row_is_named_by_file_and_line(small, tmp_path):
    file = small.write(tmp_path, bad_at=3)
    with pytest.raises(InputError) as caught:
        small.read(file, on_bad_row="stop")
    assert caught.value.where.startswith(f"{file}:4")
    found = small.read(file, on_bad_row="skip")
    assert any(f"{file}:4" in note for note in found.notes)
    assert len(found.train) + len(found.dev) == len(small.examples)


@every
def test_notes_are_sentences(small):
    notes = small.task.notes({"train": small.columns, "dev": small.columns})
    assert notes
    assert all(isinstance(one, str) and one.strip() for one in notes)


@every
def test_extra_results_are_ready_for_json(small):
    found = small.task.extra_results(small.model, small.examples, device=CPU)
    assert json.loads(json.dumps(found, ensure_ascii=False, allow_nan=False)) == found


def after(steps):
    """Stops a run after so many steps."""
    left = iter([0] * (steps - 1))
    return lambda: next(left, signal.SIGTERM)


@every
def test_stopped_and_resumed_the_weights_are_the_same(small, tmp_path):
    config = small.config(small.write(tmp_path), dropout=0.2)
    list(train(config, tmp_path / "whole"))
    with pytest.raises(Interrupted):
        list(train(config, tmp_path / "stopped", stop=after(1)))
    list(train(config, tmp_path / "stopped", resume=True))
    whole, stopped = (load_file(tmp_path / name / "weights.safetensors") for name in ("whole", "stopped"))
    assert whole.keys() == stopped.keys()
    for name, weights in whole.items():
        assert torch.equal(weights, stopped[name]), name
    for name in ("answers.jsonl", "task/task.json"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "stopped" / name).read_bytes()


@pytest.fixture(scope="module")
def gradients(tmp_path_factory):
    """The gradients of every task by one process and by two, which are started once for all."""
    if not (torch.distributed.is_available() and torch.distributed.is_gloo_available()):
        pytest.skip("this torch has no gloo")
    written = tmp_path_factory.mktemp("gradients") / "two.safetensors"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2", "GLOO_SOCKET_IFNAME": "lo"}
    command = [sys.executable, str(Path(one_gradient_each.__file__)), str(written)]
    processes = [
        subprocess.Popen(
            command,
            env={**os.environ, **place, "OMP_NUM_THREADS": "1", "RANK": rank},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in ("0", "1")
    ]
    try:
        one = one_gradient_each.gradients(Group())
        said = [process.communicate(timeout=300)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], "\n".join(said)
    return one, load_file(written)


@every_of_rows
def test_two_processes_of_half_a_batch_give_the_gradient_of_one(small, gradients):
    one, two = gradients
    names = [name for name in one if name.startswith(f"{small.name}: ")]
    assert names
    for name in names:
        assert (two[name] - one[name]).norm() <= 1e-9 * max(1.0, one[name].norm()), name


@every
def test_every_score_stands_beside_simple_methods(small):
    """A new task names its floors: in `score`, in `learned_floors`, or by a linear model (`floor` of its config)."""
    if small.name in UNSCORED:
        pytest.skip("its small examples are not scored")
    answers = answers_of(small, small.examples)
    job = Job(
        task=small.task,
        model=small.model,
        columns=small.columns,
        dev_columns=small.columns,
        dev_examples=small.examples,
        config=TrainingConfig(),
        seed=0,
        device=CPU,
    )
    result = {"details": small.task.score(answers, small.examples).details}
    found = with_floors(job, small.examples, result, scored=small.examples, answers=answers)["details"]
    assert json.dumps(found)
    for details in found.get("tasks", {"": found}).values():
        assert details["floors"]
        assert [*details["floors"]] == [*details["against"]]
        for name, one in details["against"].items():
            assert one["score"] in details["floors"][name]
            assert one["score"] in MEASURES
            assert f" than {name} (" in one["said"]
            assert one["said"].startswith("better") is one["better"]
