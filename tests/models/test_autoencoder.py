"""The autoencoder of images: vectors of length 1, drawings of any size, and what is hidden in training alone."""

import pytest
import torch

from weft.data.batch import Pixels
from weft.models.augmentation import AugmentationConfig
from weft.models.autoencoder import Autoencoder
from weft.models.resnet import PixelSpec, ResnetEncoderConfig
from weft.models.vit import VitEncoderConfig

STILL = AugmentationConfig(flip=False, shift=0)
ENCODERS = {
    "resnet": ResnetEncoderConfig(width=8, stages=1, augmentation=STILL),
    "vit": VitEncoderConfig(width=8, heads=2, layers=1, augmentation=STILL),
}


def small(*, kind="resnet", size=12, colors=3, hidden=0.0) -> Autoencoder:
    torch.manual_seed(0)
    spec = PixelSpec(size, colors, (100.0,) * colors, (50.0,) * colors)
    return Autoencoder(ENCODERS[kind].build(spec), spec, STILL.build(colors=colors), width=5, hidden=hidden)


def images(*, size=12, colors=3, count=4) -> Pixels:
    drawn = torch.randint(0, 256, (count, colors, size, size), generator=torch.manual_seed(1), dtype=torch.uint8)
    return Pixels(drawn)


@pytest.mark.parametrize("kind", [*ENCODERS])
@pytest.mark.parametrize(("size", "colors"), [(12, 3), (17, 1), (32, 3)])
def test_each_image_has_a_vector_of_length_1_and_a_drawing_of_its_size(kind, size, colors):
    model, source = small(kind=kind, size=size, colors=colors).eval(), images(size=size, colors=colors)
    with torch.no_grad():
        vector_BD, error_B, spread_B = model(source)
        drawn = model.drawn(vector_BD)
    assert vector_BD.shape == (4, 5)
    torch.testing.assert_close(vector_BD.norm(dim=1), torch.ones(4))
    assert drawn.shape == source.bytes_BCXY.shape
    true = (source.bytes_BCXY.float() - 100) / 50
    torch.testing.assert_close(error_B, (drawn - true).square().sum((1, 2, 3)))
    torch.testing.assert_close(spread_B, true.square().sum((1, 2, 3)))


def test_patches_are_hidden_in_training_alone_and_have_to_be_drawn_all_the_same():
    model, source = small(hidden=0.5), images()
    covered = model._hidden(source.bytes_BCXY)
    changed = (covered != source.bytes_BCXY).any(1)
    assert 0.2 < changed.float().mean() < 0.8
    assert (covered[changed[:, None].expand_as(covered)] == 100).all()
    (whole, *_), (again, *_) = model.eval()(source), model.eval()(source)
    assert torch.equal(whole, again)
    part, error_B, spread_B = model.train()(source)
    assert not torch.allclose(part, whole)
    assert torch.equal(spread_B, model.eval()(source)[2])
    assert (error_B > 0).all()
