"""Losses by written-out references, by torch's own, and by scikit-learn where it has them."""

import pytest
import torch
from torch.nn import functional

from weft.config import validated
from weft.errors import ConfigError
from weft.tasks.losses import BinaryLossConfig, LossConfig, binary_cross_entropy, cross_entropy

COUNTS = [60, 30, 10]
LABEL_B = torch.tensor([0, 2, 1, 1, 0])


def logits(rows: int = 5, classes: int = 3) -> torch.Tensor:
    return torch.randn(rows, classes, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).requires_grad_()


@pytest.mark.parametrize("balanced", ["none", "balanced"])
@pytest.mark.parametrize("gamma", [0.5, 2.0, 5.0])
def test_focal_loss_as_written_in_the_paper(gamma, balanced):
    scores_BC = logits()
    found = cross_entropy(scores_BC, LABEL_B, LossConfig(focal=gamma, class_weights=balanced), counts=COUNTS)
    expected, weights = torch.zeros((), dtype=torch.float64), 0.0
    for row, label in zip(scores_BC, LABEL_B.tolist(), strict=True):
        p = row.exp()[label] / row.exp().sum()
        alpha = 100 / 3 / COUNTS[label] if balanced == "balanced" else 1.0
        expected = expected - alpha * (1 - p) ** gamma * torch.log(p)
        weights += alpha
    torch.testing.assert_close(found.sum, expected)
    assert float(found.count) == pytest.approx(weights)
    gradients = [torch.autograd.grad(one, scores_BC, retain_graph=True)[0] for one in (found.sum, expected)]
    torch.testing.assert_close(*gradients)


def test_without_gamma_focal_loss_is_cross_entropy():
    near = cross_entropy(logits(), LABEL_B, LossConfig(focal=1e-12), counts=COUNTS)
    torch.testing.assert_close(near.sum, functional.cross_entropy(logits(), LABEL_B, reduction="sum"))


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_a_row_that_is_learned_wholly_has_a_finite_gradient(gamma):
    scores_BC = torch.tensor([[200.0, 0.0, 0.0]], requires_grad=True)
    cross_entropy(scores_BC, torch.tensor([0]), LossConfig(focal=gamma), counts=COUNTS).sum.backward()
    assert scores_BC.grad is not None
    assert scores_BC.grad.isfinite().all()


@pytest.mark.parametrize("tau", [0.5, 1.0])
def test_logit_adjustment_as_written_in_the_paper(tau):
    scores_BC = logits()
    found = cross_entropy(scores_BC, LABEL_B, LossConfig(logit_adjustment=tau), counts=COUNTS)
    prior_C = torch.tensor(COUNTS, dtype=torch.float64) / 100
    expected = torch.zeros((), dtype=torch.float64)
    for row, label in zip(scores_BC, LABEL_B.tolist(), strict=True):
        expected = expected - torch.log(row[label].exp() * prior_C[label] ** tau / (row.exp() * prior_C**tau).sum())
    torch.testing.assert_close(found.sum, expected)


def test_smoothing_and_focal_together_are_refused():
    with pytest.raises(ConfigError, match="only one of them can be set"):
        validated(LossConfig, {"smoothing": 0.1, "focal": 2})


TRUTH_BC = torch.tensor([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0], [1, 0, 0]], dtype=torch.bool)


@pytest.mark.parametrize("balanced", ["none", "balanced"])
def test_binary_cross_entropy_is_torchs(balanced):
    scores_BC = logits()
    config = BinaryLossConfig(class_weights=balanced)
    found = binary_cross_entropy(scores_BC, TRUTH_BC, config, counts=COUNTS, texts=80)
    weight_C = torch.tensor([20 / 60, 50 / 30, 70 / 10]) if balanced == "balanced" else None
    truth_BC = TRUTH_BC.double()
    expected = functional.binary_cross_entropy_with_logits(scores_BC, truth_BC, pos_weight=weight_C)
    torch.testing.assert_close(found.sum / found.count, expected)


def test_binary_focal_loss_as_written_in_the_paper():
    scores_BC = logits()
    found = binary_cross_entropy(scores_BC, TRUTH_BC, BinaryLossConfig(focal=2), counts=COUNTS, texts=80)
    p_BC = torch.sigmoid(scores_BC)
    of_truth_BC = torch.where(TRUTH_BC, p_BC, 1 - p_BC)
    torch.testing.assert_close(found.sum, (-((1 - of_truth_BC) ** 2) * of_truth_BC.log()).sum())


def test_a_label_that_every_text_has_is_learned_too():
    config = BinaryLossConfig(class_weights="balanced")
    truth_BC = torch.ones(2, 1, dtype=torch.bool)
    found = binary_cross_entropy(torch.zeros(2, 1), truth_BC, config, counts=[2], texts=2)
    assert float(found.sum) == pytest.approx(torch.log(torch.tensor(2.0)).item())


@pytest.mark.parametrize("kind", [cross_entropy, binary_cross_entropy])
def test_half_precision_scores_have_a_loss_in_single(kind):
    half_BC = logits().detach().bfloat16()
    if kind is cross_entropy:
        found = cross_entropy(half_BC, LABEL_B, LossConfig(focal=2), counts=COUNTS)
    else:
        found = binary_cross_entropy(half_BC, TRUTH_BC, BinaryLossConfig(focal=2), counts=COUNTS, texts=80)
    assert found.sum.dtype == found.count.dtype == torch.float32
