"""Evaluation: answers come in the order of the examples, however they are batched; the table of answers."""

import json

import numpy as np
import pytest
import torch

from weft.evaluation import evaluate as evaluation
from weft.evaluation.evaluate import answer, answer_columns, evaluate, write_answers
from weft.tasks.classification import Classification, ClassificationConfig, LabelledText

CPU = torch.device("cpu")
EXAMPLES = [
    LabelledText("cold and late " * 4, "neg", 2),
    LabelledText("好", "pos", 3),
    LabelledText("味道很好，" * 3, "pos", 4),
    LabelledText("soup " * 9, "pos", 5),
    LabelledText("太贵了" * 2, "neg", 6),
]


@pytest.fixture
def task() -> Classification:
    config = {"encoder": {"kind": "cnn", "width": 8, "maps": 8}, "long": "windows", "max_length": 8}
    return ClassificationConfig.model_validate(config).learn(EXAMPLES * 2)


@pytest.fixture
def model(task) -> torch.nn.Module:
    torch.manual_seed(0)
    return task.build_model().eval()


@pytest.mark.parametrize(("rows", "tokens"), [(1, 16_384), (2, 16_384), (512, 10), (512, 16_384)])
def test_answers_stand_in_the_order_of_their_examples(task, model, monkeypatch, rows, tokens):
    alone = [answer(task, model, [example], device=CPU)[0] for example in EXAMPLES]
    monkeypatch.setattr(evaluation, "BATCH_ROWS", rows)
    monkeypatch.setattr(evaluation, "BATCH_TOKENS", tokens)
    found = answer(task, model, EXAMPLES, device=CPU)
    assert len({one.probability for one in alone}) == len(alone)  # else the order could not be seen
    assert [one.label for one in found] == [one.label for one in alone]
    np.testing.assert_allclose([one.probability for one in found], [one.probability for one in alone], atol=1e-6)


def test_a_model_answers_in_evaluation_mode_and_its_mode_is_left_alone(task, model, monkeypatch):
    columns = task.encode(EXAMPLES)
    monkeypatch.setattr(type(model), "train", lambda *_: pytest.fail("the mode was changed"))
    first, second = (answer_columns(task, model, columns, device=CPU) for _ in range(2))
    assert [one.probabilities for one in first] == [one.probabilities for one in second]
    monkeypatch.undo()
    with pytest.raises(AssertionError, match="evaluation mode"):
        answer_columns(task, model.train(), columns, device=CPU)


def test_no_examples_have_no_answers(task, model):
    assert answer(task, model, [], device=CPU) == []


def test_evaluate_scores_its_answers(task, model):
    result = evaluate(task, model, EXAMPLES, device=CPU)
    assert result.answers == answer(task, model, EXAMPLES, device=CPU)
    assert result.scores == task.score(result.answers, EXAMPLES)
    assert result.texts_per_second > 0


def test_an_evaluation_is_ready_for_json(task, model):
    result = evaluate(task, model, EXAMPLES, device=CPU)
    found = json.loads(json.dumps(result.to_json()))
    assert list(found) == ["scores", "details", "speed"]
    for name, score in result.scores.values.items():
        assert found["scores"][name] == {"value": score.value, "low": score.low, "high": score.high}
    assert found["details"]["confusion"] == result.scores.details["confusion"]


def test_the_table_of_answers_has_a_line_an_example(task, model, tmp_path):
    answers = answer(task, model, EXAMPLES, device=CPU)
    path = tmp_path / "答案.jsonl"
    write_answers(path, task, answers, EXAMPLES)
    content = path.read_text(encoding="utf-8")
    assert [json.loads(line) for line in content.splitlines()] == [
        task.record(given, example) for given, example in zip(answers, EXAMPLES, strict=True)
    ]
    assert "味道很好" in content  # Chinese stays Chinese


def test_a_table_that_does_not_fit_is_not_written(task, model, tmp_path):
    answers = answer(task, model, EXAMPLES, device=CPU)
    with pytest.raises(ValueError, match="is longer"):
        write_answers(tmp_path / "answers.jsonl", task, answers[:2], EXAMPLES)
    assert list(tmp_path.iterdir()) == []
