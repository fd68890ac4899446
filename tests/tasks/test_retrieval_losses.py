"""Contrastive losses: as brute force over pairs has them; captions of one picture are no negatives of it."""

import math

import pytest
import torch
from torch.nn import functional

from weft.tasks.retrieval_losses import ContrastiveLossConfig, infonce_loss, right_pairs, sigmoid_loss

OWNER = torch.tensor([0, 0, 1, 2, 2])
NUMBERS = torch.tensor([7, 8, 9, 8, 10])  # the second text of picture 0 is the first one of picture 2
LOGITS = torch.randn(3, 5, generator=torch.Generator().manual_seed(1))


def test_equal_texts_are_right_for_both_pictures():
    right = right_pairs(OWNER, NUMBERS, pictures=3)
    assert right.tolist() == [
        [True, True, False, True, False],
        [False, False, True, False, False],
        [False, True, False, True, True],
    ]


def test_infonce_is_the_mean_of_both_directions_without_false_negatives():
    right, total = right_pairs(OWNER, NUMBERS, pictures=3), 0.0
    for text, owner in enumerate(OWNER.tolist()):
        pictures = [b for b in range(3) if b == owner or not right[b, text]]
        texts = [m for m in range(5) if m == text or not right[owner, m]]
        own = LOGITS[owner, text]
        total -= float(own - LOGITS[pictures, text].logsumexp(0)) / 2
        total -= float(own - LOGITS[owner, texts].logsumexp(0)) / 2
    assert infonce_loss(LOGITS, OWNER, right).item() == pytest.approx(total, rel=1e-5)


def test_infonce_of_one_text_each_is_that_of_clip():
    logits, owner = LOGITS[:, :3], torch.arange(3)
    expected = (functional.cross_entropy(logits, owner) + functional.cross_entropy(logits.T, owner)) / 2
    found = infonce_loss(logits, owner, torch.eye(3, dtype=torch.bool))
    assert found.item() == pytest.approx(3 * expected.item(), rel=1e-5)


def test_a_batch_of_one_picture_has_nothing_to_be_told_from():
    logits = torch.zeros(1, 2, requires_grad=True)
    loss = infonce_loss(logits, torch.tensor([0, 0]), torch.ones(1, 2, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.isfinite().all()


def test_the_sigmoid_loss_decides_on_every_pair():
    right = right_pairs(OWNER, NUMBERS, pictures=3)
    total = sum(
        math.log1p(math.exp(-float(LOGITS[b, m]) if right[b, m] else float(LOGITS[b, m])))
        for b in range(3)
        for m in range(5)
    )
    assert sigmoid_loss(LOGITS, right).item() == pytest.approx(total, rel=1e-5)


def test_scales_start_as_in_the_papers():
    assert ContrastiveLossConfig().first_scale == pytest.approx(1 / 0.07)
    assert ContrastiveLossConfig(kind="sigmoid").first_scale == 10
    assert (ContrastiveLossConfig().first_bias, ContrastiveLossConfig(kind="sigmoid").first_bias) == (None, -10)
    assert ContrastiveLossConfig(scale=5).first_scale == 5
