"""Dropout: its rate, its scale, its draws."""

import pytest
import torch

from weft.models.dropout import Dropout, dropped


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.9])
def test_the_rate_and_the_mean_hold(rate):
    torch.manual_seed(0)
    found = dropped(torch.ones(400, 501), rate)
    assert (found == 0).float().mean() == pytest.approx(rate, abs=0.004)
    assert found.mean() == pytest.approx(1, abs=0.02)
    assert len(found.unique()) == 2
    places = (found == 0).double()
    assert places.mean(0).std() == pytest.approx((rate * (1 - rate) / 400) ** 0.5, rel=0.15), "columns are independent"


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(), (1,), (3, 5), (2, 0, 4)])
def test_shape_and_precision_stay(dtype, shape):
    found = dropped(torch.ones(shape, dtype=dtype), 0.4)
    assert found.shape == shape
    assert found.dtype == dtype


def test_only_in_training_and_by_the_seed():
    values, layer = torch.randn(7, 9), Dropout(0.5)
    torch.manual_seed(1)
    one = layer(values)
    torch.manual_seed(1)
    assert torch.equal(layer(values), one)
    assert not torch.equal(layer(values), one)
    assert layer.eval()(values) is values
    assert torch.equal(dropped(values, 0.0), values)


def test_the_gradient_is_dropped_alike():
    values = torch.randn(20, 30, requires_grad=True)
    found = dropped(values, 0.25)
    found.sum().backward()
    torch.testing.assert_close(values.grad * values, found)


def test_nearly_everything_can_be_dropped():
    assert not dropped(torch.ones(100), 0.9999).any()
