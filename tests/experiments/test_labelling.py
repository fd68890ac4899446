"""Texts that are proposed to be labelled: uncertain, unlike each other, none twice, none that is known."""

from pathlib import Path

import numpy as np
import pytest

import weft
from weft.data.examples.labelled import LabelledText
from weft.dataset import Examples
from weft.errors import ConfigError
from weft.experiments.labelling import known_texts, propose, spread, vectors
from weft.experiments.teacher_answers import key
from weft.run import fit_in_memory
from weft.tasks.choices import KINDS

TOPICS = ("the soup was warm and tasty", "房间很干净，离车站很近", "the battery died at noon", "这本书的翻译很差")
TEXTS = [f"{topic} {number}" for number in range(6) for topic in TOPICS]


def model(kind: str = "classification", **labels: tuple[str, ...] | str) -> weft.bundle.Model:
    task = KINDS[kind](text="text", label="label")
    rows = [LabelledText(f"{text} {number}", labels[side]) for number in range(6) for side, text in SIDES]
    config = weft.RunConfig(data=weft.DataConfig(train="few.csv"), task=task, device="cpu")
    return fit_in_memory(config, Examples(task, rows, rows[:4], [], []))


SIDES = (("good", "味道很好 good soup"), ("bad", "太贵了 cold and late"))


def test_a_first_set_holds_every_topic():
    found = propose([LabelledText(text) for text in TEXTS], 4)
    starts = {one.example.text.rsplit(" ", 1)[0] for one in found.proposals}
    assert starts == set(TOPICS)
    assert {(one.label, one.confidence) for one in found.proposals} == {("", None)}


def test_texts_that_are_alike_have_vectors_that_are():
    vectors_ND = vectors(TEXTS)
    cosine_NN = vectors_ND @ vectors_ND.T
    same_NN = np.equal.outer(np.arange(24) % 4, np.arange(24) % 4)
    assert cosine_NN[same_NN].min() > cosine_NN[~same_NN].max()
    assert (vectors(TEXTS, seed=0) == vectors_ND).all()


@pytest.mark.parametrize("count", [1, 3, 23, 24, 30])
def test_as_many_are_chosen_as_are_asked_for_and_each_once(count: int):
    rows = spread(TEXTS, count, seed=0)
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert len(rows) == min(count, len(TEXTS))
    assert len(spread(["same"] * 20, count, seed=0)) == min(count, 20)


@pytest.mark.parametrize(
    ("kind", "labels", "proposed"),
    [
        ("classification", {"good": "好", "bad": "bad"}, {"好", "bad"}),
        ("multilabel", {"good": ("好",), "bad": ("bad",)}, {"好", "bad", "", "好|bad"}),
    ],
)
def test_the_least_certain_come_first_and_known_ones_never(kind: str, labels: dict, proposed: set):
    asks = ["味道很好 good soup", "太贵了 cold and late", "good soup and late", "Good soup, and late!", "很好 太贵了"]
    texts, learned = [LabelledText(text) for text in asks], model(kind, **labels)
    found = propose(texts, 2, model=learned, known={key(texts[0])})
    assert len(found.proposals) == 2
    assert found.notes == ["1 text is repeated: left out", "1 text is labelled or scored on already: left out"]
    assert {one.label for one in found.proposals} <= proposed
    assert texts[0] not in [one.example for one in found.proposals]
    everything = [one.example for one in propose(texts, 10, model=learned).proposals]
    uncertain_N = learned.task.uncertainty(learned.answer(everything))
    assert (np.diff(uncertain_N) <= 1e-12).all()
    assert ((uncertain_N >= 0) & (uncertain_N <= 1)).all()


def test_a_model_without_labels_is_refused():
    rows = [LabelledText(f"{text} {number}", (float(number),)) for number in range(8) for _, text in SIDES]
    task = KINDS["regression"](text="text", value="value")
    config = weft.RunConfig(data=weft.DataConfig(train="few.csv"), task=task, device="cpu")
    numbers = fit_in_memory(config, Examples(task, rows, rows[:4], [], []))
    with pytest.raises(ConfigError, match="does not say how certain"):
        propose([LabelledText("new")], 1, model=numbers)


def test_files_of_a_run_are_known_and_lost_ones_are_said(tmp_path: Path):
    (tmp_path / "test.csv").write_text("text,label\n好,a\n", encoding="utf-8")
    data = {"train": str(tmp_path / "gone.csv"), "test": str(tmp_path / "test.csv")}
    (tmp_path / "config.yaml").write_text(f"data: {data}\n", encoding="utf-8")
    keys, files, notes = known_texts(tmp_path, KINDS["classification"](text="text", label="label"))
    assert keys == {"好"}
    assert files == [data["train"]]
    assert "there is no such file" in notes[0]
    assert "--labelled" in notes[0]
