"""The models of a comparison from the words of a user: kinds, folders, files of settings, names."""

from pathlib import Path

import pytest

from weft.errors import ConfigError
from weft.experiments.candidates import entries

DATA = {"data": {"train": "reviews.csv"}}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)


def settings(path: str, text: str) -> str:
    Path(path).write_text(text, encoding="utf-8")
    return path


def test_a_kind_is_named_by_itself():
    first, second = entries([" cnn ", "gru"], DATA)
    assert (first.name, first.config.task.encoder.kind) == ("cnn", "cnn")
    assert (second.name, second.config.task.encoder.kind) == ("gru", "gru")


def test_the_kind_may_be_that_of_a_decoder():
    shared = {**DATA, "task": {"kind": "seq2seq", "encoder": {"kind": "gru"}}}
    (found,) = entries(["lstm"], shared, part="decoder")
    assert (found.config.task.decoder.kind, found.config.task.encoder.kind) == ("lstm", "gru")


def test_a_folder_is_named_by_its_last_part_or_as_the_user_says():
    named, own = entries(["pretrained:models/小bert", "small=pretrained:models/小bert"], DATA)
    assert (named.name, own.name) == ("小bert", "small")
    assert named.config == own.config
    assert named.config.task.encoder.folder == "models/小bert"


def test_a_file_is_below_what_all_share_and_overrides_are_above_both():
    path = settings("wide.yaml", "task:\n  encoder: {kind: cnn, width: 64}\ntraining: {epochs: 9, batch_rows: 7}\n")
    (plain,) = entries([path], DATA)
    assert (plain.name, plain.config.training.epochs, plain.config.task.encoder.width) == ("wide", 9, 64)
    (shared,) = entries([path], {**DATA, "training": {"epochs": 2}})
    assert (shared.config.training.epochs, shared.config.training.batch_rows) == (2, 7)
    (over,) = entries(
        [path], {**DATA, "training": {"epochs": 2}}, overrides=["training.epochs=1", "task.encoder.width=8"]
    )
    assert (over.config.training.epochs, over.config.task.encoder.width) == (1, 8)


def test_one_file_makes_several_models_under_names_of_their_own():
    path = settings("one.yml", "task: {encoder: bag}\n")
    found = entries([f"first={path}", f"第二={path}", path], DATA)
    assert [one.name for one in found] == ["first", "第二", "one"]


@pytest.mark.parametrize("name", ["a b", ".hidden", "a/b", "ensemble"])
def test_what_cannot_be_a_folder_cannot_be_a_name(name):
    path = settings("one.yaml", "task: {encoder: bag}\n")
    with pytest.raises(ConfigError, match="cannot be the name of a model") as caught:
        entries([f"{name}={path}"], DATA)
    assert caught.value.where == "--encoders"


@pytest.mark.parametrize("section", ["data", "seed", "device"])
def test_what_is_the_same_for_all_is_not_set_by_one(section):
    path = settings("one.yaml", f"task: {{encoder: bag}}\n{section}: 1\n")
    with pytest.raises(ConfigError, match="is not settings of one model") as caught:
        entries([path], DATA)
    assert caught.value.where == f"one.yaml: {section}"


def test_a_wrong_setting_is_said_to_be_that_of_its_model():
    path = settings("one.yaml", "task: {encoder: {kind: cnn, wide: 3}}\n")
    with pytest.raises(ConfigError) as caught:
        entries(["bag", f"mine={path}"], DATA)
    assert caught.value.where == "mine=one.yaml: task.encoder"
    with pytest.raises(ConfigError) as caught:
        entries(["bag"], DATA, overrides=["training.epochs=none"])
    assert caught.value.where == "bag: training.epochs"


def test_two_of_one_name_are_one_too_many():
    path = settings("bag.yaml", "task: {encoder: cnn}\n")
    with pytest.raises(ConfigError, match="`bag` is given twice") as caught:
        entries(["bag", path], DATA)
    assert "wide=wide.yaml" in caught.value.hint
