"""What a run left in its folder: what is there, what is not yet, and what is damaged."""

import json

import pytest

from weft.errors import RunFolderError
from weft.metrics.saved_scores import Interval
from weft.report.folder import (
    HARDEST,
    Run,
    hardest_errors,
    read_attention_maps,
    read_lines,
    read_run,
    sureness,
)


def lines(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def test_a_run_that_has_just_begun_is_read_too(tmp_path):
    (tmp_path / "config.yaml").write_text("seed: 1\n", encoding="utf-8")
    run = read_run(tmp_path)
    assert (run.config, run.reports, run.scores, run.notes, run.intervals) == ("seed: 1\n", [], {}, [], {})
    assert (run.name, run.data, run.labels, run.texts_per_second) == (tmp_path.name, "dev set", [], None)
    assert read_attention_maps(tmp_path) == []
    assert hardest_errors(Run(tmp_path)) is None


def test_what_a_finished_run_tells(tmp_path):
    scores = {
        "scores": {"accuracy": {"value": 0.9, "low": 0.8, "high": 0.95}, "odd": {"value": None}, "bare": 2},
        "details": {"labels": ["好评", 1], "confusion": []},
        "speed": {"texts_per_second": 12.5},
        "encoder": "cnn",
        "data": "test set, 9 texts",
    }
    (tmp_path / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    said = [{"kind": "note", "text": "一"}, {"kind": "step", "loss": 1}, {"kind": "note", "text": "一"}]
    lines(tmp_path / "reports.jsonl", said)
    run = read_run(tmp_path)
    assert run.intervals == {"accuracy": Interval(0.9, 0.8, 0.95), "bare": Interval(2, 2, 2)}
    assert (run.name, run.data, run.labels, run.texts_per_second) == ("cnn", "test set, 9 texts", ["好评", "1"], 12.5)
    assert run.notes == ["一"]
    assert run.detail("confusion", "none") == "none", "what is empty counts as absent"
    assert len(run.reports) == 3


@pytest.mark.parametrize("name", ["scores.json", "reports.jsonl", "config.yaml"])
def test_one_file_is_enough_for_a_run(tmp_path, name):
    (tmp_path / name).write_text("{}\n", encoding="utf-8")
    assert isinstance(read_run(tmp_path), Run)


def test_folders_without_a_run(tmp_path):
    with pytest.raises(RunFolderError, match="no such run folder") as caught:
        read_run(tmp_path / "nowhere")
    assert caught.value.where == str(tmp_path / "nowhere")
    with pytest.raises(RunFolderError, match="holds no run") as caught:
        read_run(tmp_path)
    assert "config.yaml" in caught.value.hint


def test_a_damaged_file_is_named_with_its_line(tmp_path):
    (tmp_path / "scores.json").write_text('{\n "scores": }', encoding="utf-8")
    with pytest.raises(RunFolderError, match="damaged") as caught:
        read_run(tmp_path)
    assert caught.value.where == f"{tmp_path / 'scores.json'}:2"
    (tmp_path / "attention.json").write_text("[", encoding="utf-8")
    with pytest.raises(RunFolderError, match="damaged"):
        read_attention_maps(tmp_path)


def test_the_last_line_of_a_killed_run_is_left_out_and_one_before_it_is_damage(tmp_path):
    path = tmp_path / "reports.jsonl"
    path.write_text('{"step": 1}\n\n[1]\n{"step": 2}\n{"ste', encoding="utf-8")
    assert list(read_lines(path)) == [{"step": 1}, {"step": 2}]
    path.write_text('{"step": 1}\n{"ste\n{"step": 3}\n', encoding="utf-8")
    with pytest.raises(RunFolderError) as caught:
        list(read_lines(path))
    assert caught.value.where == f"{path}:2"
    assert list(read_lines(tmp_path / "nowhere")) == []


def test_of_equally_sure_errors_the_first_are_kept(tmp_path):
    wrong = [{"text": str(number), "label": "a", "answer": "b", "probability": 0.5} for number in range(HARDEST + 5)]
    right = [{"text": "right", "label": "a", "answer": "a", "probability": 1.0}] * 3
    lines(tmp_path / "answers.jsonl", [*right, *wrong])
    found = hardest_errors(Run(tmp_path))
    assert found is not None
    assert (found.wrong, found.answers) == (HARDEST + 5, HARDEST + 8)
    assert [row["text"] for row in found.hardest] == [str(number) for number in range(HARDEST)]


def test_all_answers_may_be_right(tmp_path):
    lines(tmp_path / "answers.jsonl", [{"label": "a", "answer": "a"}])
    found = hardest_errors(Run(tmp_path))
    assert found is not None
    assert (found.wrong, found.answers, found.hardest) == (0, 1, [])


@pytest.mark.parametrize(
    ("row", "sure"),
    [
        ({"answer": "b", "probability": 0.7}, 0.7),
        ({"answer": "b"}, None),
        ({"answer": "b", "probability": "0.7"}, None),
        ({"answer": ["a"], "labels": ["a", "b"], "probabilities": {"a": 0.9, "b": 0.2}}, 0.8),
        ({"answer": ["a"], "labels": [], "probabilities": {"a": 0.9, "b": 0.2}}, 0.9),
        ({"answer": ["a"], "labels": ["a", "never learned"], "probabilities": {"a": 0.9}}, None),
    ],
)
def test_a_wrong_answer_is_as_sure_as_its_worst_mistake(row, sure):
    assert sureness(row) == (sure if sure is None else pytest.approx(sure))
