"""Questions on passages that start from a trained folder: which weights they take, and where the parts are told."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import weft
from weft.config import overridden, validated
from weft.demo import reviews
from weft.demo.questions import demo_questions, write
from weft.errors import ConfigError
from weft.experiments.self_training import train
from weft.run import RunConfig

LSTM = {"kind": "lstm", "width": 8, "hidden": 6}
TRANSFORMER = {"kind": "transformer", "width": 8, "heads": 2, "layers": 1, "feed_forward": 8}
ROWS = reviews.rows(size=60, seed=0)


def run(folder, data, **task):
    """Train for an epoch; returns what was said."""
    config = validated(RunConfig, {"data": {"train": str(data)}, "task": task, "training": {"epochs": 1}})
    return [report.text for report in train(config, folder) if hasattr(report, "text")]


def fresh(kind, data, **task):
    """A task, and its model as it is before training."""
    config = validated(RunConfig, overridden({"data": {"train": str(data)}, "task": {"kind": kind, **task}}, []))
    table = weft.data.sources.open_table(str(data))
    resolved = config.task.resolved(table)
    examples, _ = resolved.filter_training(list(resolved.read(table)))
    learned = resolved.learn(examples)
    torch.manual_seed(0)
    model = learned.build_model()
    return learned, model, learned.initialize(model, learned.encode(examples))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Questions, choices, plain texts and reviews."""
    folder = tmp_path_factory.mktemp("questions")
    asked = demo_questions(60, seed=0)
    write(folder / "qa.jsonl", asked)
    choices = [
        {"question": one.question, "context": one.passage, "options": [one.answer, "Oslo", "医生"], "answer": 0}
        for one in asked
        if one.answer not in ("", None, "Oslo", "医生")
    ]
    texts = [{"text": one.passage} for one in asked]
    for name, rows in (("choices", choices), ("texts", texts)):
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    reviews.write(folder / "reviews.csv", size=60, seed=0)
    return folder


@pytest.mark.parametrize("encoder", [LSTM, TRANSFORMER], ids=["attention", "joint"])
def test_it_starts_from_hidden_words(files, tmp_path, encoder):
    run(tmp_path / "corpus", files / "texts.jsonl", kind="masked_language_model", encoder=encoder, max_length=24)
    for kind, data in (("question_answering", "qa.jsonl"), ("multiple_choice", "choices.jsonl")):
        task, model, notes = fresh(kind, files / data, encoder=f"pretrained:{tmp_path / 'corpus'}")
        before = load_file(tmp_path / "corpus" / "weights.safetensors")
        here = model.encoder.state_dict()
        table = before.pop("encoder.embedding.tables.0.weight")
        torch.testing.assert_close(here["embedding.tables.0.weight"][: len(table)], table, rtol=0, atol=0)
        encoders = {name.removeprefix("encoder."): value for name, value in before.items() if name[:8] == "encoder."}
        assert encoders
        for name, value in encoders.items():
            torch.testing.assert_close(here[name], value, rtol=0, atol=0)
        assert task.config.max_length == 512  # a passage is longer than what words were told in
        assert notes[0].startswith(f"started from {tmp_path / 'corpus'}")
        there = weft.load(tmp_path / "corpus").task.tokenizer
        for text in ("Where does Anna live?", "李明住在上海。"):
            np.testing.assert_array_equal(task.input.tokenizer.encode([text]).values_NW, there.encode([text]).values_NW)


def test_views_of_a_classifier_stand_behind_the_table_of_parts(files, tmp_path):
    run(
        tmp_path / "classifier",
        files / "reviews.csv",
        encoder=LSTM,
        tokenizer={"kind": "mixed", "views": ["bigram", "word"]},
    )
    _, model, _ = fresh("question_answering", files / "qa.jsonl", encoder=f"pretrained:{tmp_path / 'classifier'}")
    before, here = load_file(tmp_path / "classifier" / "weights.safetensors"), model.encoder.state_dict()
    views = sum(".tables." in name for name in before)
    assert views > 1
    assert sum(".tables." in name for name in here) == views + 1
    for there, ours in enumerate([0, *range(2, views + 1)]):
        table = before[f"encoder.embedding.tables.{there}.weight"]
        torch.testing.assert_close(here[f"embedding.tables.{ours}.weight"][: len(table)], table, rtol=0, atol=0)


def test_a_reader_goes_on_from_another_with_all_its_weights(files, tmp_path):
    span = {"hidden": 6}
    run(tmp_path / "one", files / "qa.jsonl", kind="question_answering", encoder=LSTM, span=span, max_length=64)
    start = f"pretrained:{tmp_path / 'one'}"
    task, model, notes = fresh("question_answering", files / "qa.jsonl", encoder=start, span=span)
    for name, value in load_file(tmp_path / "one" / "weights.safetensors").items():
        torch.testing.assert_close(model.state_dict()[name], value, rtol=0, atol=0)
    assert task.config.max_length == 64
    assert "of its encoder" not in notes[0]
    _, model, _ = fresh("multiple_choice", files / "choices.jsonl", encoder=start, option=span)
    torch.testing.assert_close(model.reads.merge.weight, weft.load(tmp_path / "one").network.merge.weight)
    with pytest.raises(ConfigError, match="of which no encoder can be taken"):
        fresh("classification", files / "reviews.csv", encoder=start)


def test_the_new_folder_needs_the_old_one_no_more(files, tmp_path):
    old = tmp_path / "corpus"
    run(old, files / "texts.jsonl", kind="masked_language_model", encoder=LSTM)
    said = run(tmp_path / "qa", files / "qa.jsonl", kind="question_answering", encoder=f"pretrained:{old}")
    assert any(line.startswith(f"started from {old}") for line in said)
    (old / "weights.safetensors").unlink()
    asked = weft.Question("谁？", "毕昇发明了活字。")
    (given,) = weft.load(tmp_path / "qa").answer([asked])
    assert given.text == asked.passage[given.start : given.end]
