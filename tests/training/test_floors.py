"""The linear floor is scikit-learn's: as good on the same rows, within what chance allows."""

import json
import lzma
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from weft.data.examples.labelled import LabelledText
from weft.demo import reviews
from weft.models.cnn import CnnEncoderConfig
from weft.tasks.classification import Answer, Classification, ClassificationConfig
from weft.training import floors
from weft.training.floors import linear_floor
from weft.training.job import Job
from weft.training.settings import TrainingConfig

LINEAR = Classification.linear_floor


def accuracy_of_theirs(train: list[LabelledText], test: list[LabelledText]) -> float:
    reader = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\w+|[^\w\s]", sublinear_tf=True)
    model = LinearSVC().fit(reader.fit_transform([one.text for one in train]), [str(one.label) for one in train])
    answers = model.predict(reader.transform([one.text for one in test]))
    return float(np.mean([a == one.label for a, one in zip(answers, test, strict=True)]))


def floor_of(train: list[LabelledText], test: list[LabelledText]):
    task = ClassificationConfig(encoder=CnnEncoderConfig(width=4, maps=4)).learn(train)
    job = Job(
        task=task,
        model=task.build_model(),
        columns=task.encode(train[:1]),
        dev_columns=task.encode(train[:1]),
        dev_examples=test[:50],
        config=TrainingConfig(),
        seed=0,
        device=torch.device("cpu"),
    )
    answers = [Answer("none", 1.0, {}) for _ in test]
    return linear_floor(job, train, scored=test, answers=answers)


def test_as_good_as_that_of_scikit_learn():
    rows = [LabelledText(text, label) for text, label in reviews.rows(size=1500, seed=3) if text.isascii()]
    train, test = rows[:400], rows[400:]
    found = floor_of(train, test)
    assert abs(found["floors"][LINEAR]["accuracy"] - accuracy_of_theirs(train, test)) <= 0.02
    against = found["against"][LINEAR]
    assert against["difference"]["value"] == -found["floors"][LINEAR]["accuracy"]
    assert not against["better"]
    assert against["said"].startswith(f"worse than {LINEAR} (accuracy -")


def test_of_very_many_rows_a_part_teaches_the_linear_model_and_every_label_is_among_them(monkeypatch):
    rows = [LabelledText(text, label) for text, label in reviews.rows(size=300, seed=3)]
    rows.insert(1, LabelledText("once", "rare"))
    monkeypatch.setattr(floors, "CHARACTERS", sum(len(one.text) for one in rows) // 3)
    (name,) = floor_of(rows, rows)["floors"]
    kept = floors._kept(rows)
    assert name == f"{LINEAR} on {len(kept)} of 301 training rows"
    assert 70 < len(kept) < 110
    assert {one.label for one in kept} == {one.label for one in rows}


@pytest.mark.slow
def test_within_a_fifth_of_a_point_on_intents(weft_data: Path):
    parts = []
    for part in ("train", "test"):
        with lzma.open(weft_data / "banking77" / f"{part}.jsonl.xz", "rt", encoding="utf-8") as file:
            parts.append([LabelledText(one["text"], one["label"]) for one in map(json.loads, file)])
    train, test = parts
    found = floor_of(train, test)
    assert abs(found["floors"][LINEAR]["accuracy"] - accuracy_of_theirs(train, test)) <= 0.002
