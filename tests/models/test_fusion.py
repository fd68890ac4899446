"""Fusion of vectors by each of its kinds, equal to the formulas by hand."""

import pytest
import torch

from weft.models.fusion import Fusion, FusionConfig

WIDTHS = {"text": 5, "图": 3}


@pytest.fixture
def vectors():
    torch.manual_seed(0)
    return {name: torch.randn(4, width) for name, width in WIDTHS.items()}


def built(kind):
    torch.manual_seed(1)
    return Fusion(WIDTHS, FusionConfig(kind=kind, width=6))


def test_concatenated_vectors_stand_side_by_side(vectors):
    fusion = built("concatenated")
    torch.testing.assert_close(fusion(vectors), torch.cat([vectors["text"], vectors["图"]], 1))
    assert fusion.width == 8


def test_a_product_stands_beside_the_vectors(vectors):
    fusion = built("product")
    by_hand = torch.ones(4, 6)
    for name, one in vectors.items():
        by_hand = by_hand * torch.tanh(one @ fusion.project[name].weight.T + fusion.project[name].bias)
    torch.testing.assert_close(fusion(vectors), torch.cat([vectors["text"], vectors["图"], by_hand], 1))
    assert fusion.width == 14


def test_gates_see_all_vectors(vectors):
    fusion = built("gated")
    whole = torch.cat([vectors["text"], vectors["图"]], 1)
    expected = sum(
        torch.sigmoid(fusion.gate[name](whole)) * torch.tanh(fusion.project[name](one)) for name, one in vectors.items()
    )
    torch.testing.assert_close(fusion(vectors), expected)
    assert fusion.width == 6


@pytest.mark.parametrize(("media", "kind"), [(True, "product"), (False, "concatenated")])
def test_it_is_decided_by_whether_images_or_sounds_are_read(media, kind):
    assert FusionConfig().decided(media=media).kind == kind
    assert FusionConfig(kind="gated").decided(media=media).kind == "gated"
