"""`weft train --budget`: what it says, and what it refuses."""

from pathlib import Path


def test_encoders_are_tried_and_the_choice_is_said(weft):
    said = weft("train", "reviews.csv", "--budget", "0.3s", "--set", "device=cpu", "--output", "model")
    assert said.code == 0, said.err
    assert "trial of bag: dev 100.00%, solved" in said.err
    assert "encoder: bag" in said.err
    assert "kind: bag" in Path("model/config.yaml").read_text(encoding="utf-8")


def test_a_budget_beside_a_named_encoder_is_refused(refused):
    says = ("--budget: is for trials, and --encoder cnn leaves nothing to try", "leave one of them out")
    refused("train", "reviews.csv", "--budget", "60s", "--encoder", "cnn", says=says)
    says = ("leaves nothing to try", "or try it beside the others: --encoder auto:./bert")
    refused("train", "reviews.csv", "--budget", "60s", "--encoder", "pretrained:./bert", says=says)


def test_a_budget_that_is_no_time_is_refused(weft):
    said = weft("train", "reviews.csv", "--budget", "soon")
    assert said.code == 2
    assert "task.encoder.budget: expected a time, found `soon`" in said.err
    assert "60s, 5m or 1h" in said.err


def test_a_budget_for_a_task_that_has_no_trials_is_refused(refused):
    says = ("--budget: the task `seq2seq` tries none", "for texts that get labels")
    refused("train", "reviews.csv", "--task", "seq2seq", "--budget", "60s", says=says)


def test_a_folder_without_a_budget_is_refused(weft):
    said = weft("train", "reviews.csv", "--encoder", "auto:./bert")
    assert said.code == 2
    assert "task.encoder: a folder is only tried where there is a budget" in said.err
    assert "--budget 10m" in said.err
