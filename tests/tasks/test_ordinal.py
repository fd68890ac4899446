"""Ordered classes: probabilities of one distribution, the order of labels as named, scores by distance."""

import pytest
import torch

from weft.config import validated
from weft.data.examples.labelled import LabelledText
from weft.dataset import Examples
from weft.errors import ConfigError
from weft.evaluation.evaluate import evaluate
from weft.run import RunConfig, fit_in_memory
from weft.tasks.classification import ClassificationConfig
from weft.tasks.losses import LossConfig, cross_entropy, ordered_logits

MOODS = {"1": "awful 很差", "2": "weak 一般", "3": "good 不错", "4": "great 太棒"}
ROWS = [LabelledText(f"{MOODS[label]} {number}", label) for number in range(12) for label in MOODS]


def fitted(rows=ROWS, **task):
    settings = {"kind": "classification", "encoder": {"kind": "bag", "width": 8}, **task}
    training = {"epochs": 12, "batch_rows": 8, "table_rate": 0.3}
    config = validated(RunConfig, {"data": {"train": "-"}, "task": settings, "training": training, "device": "cpu"})
    return fit_in_memory(config, Examples(config.task, rows, rows[:16], [], []))


def test_probabilities_are_continuation_ratios():
    scores = torch.randn(5, 3, dtype=torch.float64)
    found = ordered_logits(scores).exp()
    higher = scores.sigmoid()
    by_hand = torch.stack(
        [
            1 - higher[:, 0],
            higher[:, 0] * (1 - higher[:, 1]),
            higher[:, 0] * higher[:, 1] * (1 - higher[:, 2]),
            higher.prod(1),
        ],
        dim=1,
    )
    torch.testing.assert_close(found, by_hand)
    torch.testing.assert_close(found.sum(1), torch.ones(5, dtype=torch.float64))
    assert ordered_logits(torch.full((1, 3), 1e4)).isfinite().sum() >= 1


def test_the_loss_is_the_sum_of_the_conditional_losses_of_corn():
    scores, label = torch.randn(6, 3), torch.tensor([0, 1, 2, 3, 3, 1])
    ours = cross_entropy(ordered_logits(scores), label, LossConfig(), counts=[1, 1, 1, 1]).sum
    theirs = torch.zeros(())
    for step in range(3):
        asked = label >= step
        higher = (label[asked] > step).float()
        theirs = theirs + torch.nn.functional.binary_cross_entropy_with_logits(
            scores[asked, step], higher, reduction="sum"
        )
    torch.testing.assert_close(ours, theirs)


def test_ordered_classes_are_learned_and_scored_by_distance():
    model = fitted(ordinal=True)
    found = evaluate(model.task, model.network, ROWS, device=torch.device("cpu"))
    assert found.scores.values["quadratic_kappa"].value > 0.8
    assert found.scores.values["mae"].value < 0.3
    assert model.task.metric == "quadratic_kappa"
    (given,) = model.answer(["great 太棒"])
    assert given.label == "4"
    assert sum(given.probabilities.values()) == pytest.approx(1)


def test_an_order_of_numbers_is_one_of_labels():
    assert ClassificationConfig(ordinal=[1, 2, "很好", 2.5]).ordinal == ("1", "2", "很好", "2.5")
    assert ClassificationConfig(ordinal=True).ordinal is True


def test_words_are_ordered_as_they_are_named():
    names = dict(zip(MOODS, ("low", "middle", "high", "top"), strict=True))
    rows = [LabelledText(one.text, names[one.label]) for one in ROWS]
    assert fitted(rows, ordinal=["low", "middle", "high", "top"]).task.labels == ["low", "middle", "high", "top"]
    with pytest.raises(ConfigError, match="these are words") as caught:
        ClassificationConfig(encoder="cnn", ordinal=True).learn(rows)
    assert "task.ordinal=[" in caught.value.hint
    with pytest.raises(ConfigError, match="`top` is not in this order"):
        ClassificationConfig(encoder="cnn", ordinal=("low", "middle", "high")).learn(rows)
