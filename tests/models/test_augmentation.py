"""Augmentation moves pixels and invents none, draws from torch's generator, and leaves answers alone."""

import pytest
import torch

from weft.models.augmentation import AugmentationConfig

IMAGES = torch.arange(2 * 3 * 8 * 8, dtype=torch.uint8).view(2, 3, 8, 8)
NONE = {"flip": False, "shift": 0}
ALL = {"flip": True, "shift": 0.25, "rotation": 20, "scale": 0.2, "brightness": 0.3, "cutout": 0.4}


def built(**settings):
    return AugmentationConfig(**settings).build(colors=3).train()


def test_without_changes_and_while_answering_images_stay():
    torch.testing.assert_close(built(**NONE)(IMAGES), IMAGES)
    torch.testing.assert_close(built(**ALL).eval()(IMAGES), IMAGES)


@pytest.mark.parametrize("colors", [1, 3])
def test_colours_are_mirrored_by_default_and_grey_is_not(colors):
    assert AugmentationConfig().build(colors=colors).flip == (colors == 3)
    assert AugmentationConfig(flip=True).build(colors=colors).flip


def test_mirrored_images_are_mirrored_whole():
    many = IMAGES[:1].expand(64, -1, -1, -1)
    changed = built(flip=True, shift=0)(many)
    same = (changed == many).flatten(1).all(1)
    mirrored = (changed == many.flip(3)).flatten(1).all(1)
    assert (same | mirrored).all()
    assert 10 < int(same.sum()) < 54


def test_shifted_images_repeat_their_border():
    places = torch.stack([torch.arange(8).expand(8, 8), torch.arange(8)[:, None].expand(8, 8), torch.zeros(8, 8)])
    changed = built(flip=False, shift=0.25)(places.to(torch.uint8)[None].expand(50, -1, -1, -1)).long()
    for image in changed:
        across, down = image[0, 0], image[1, :, 0]
        assert (image[0] == across).all()  # all rows are shifted alike
        assert (image[1] == down[:, None]).all()
        for line in (across, down):
            by = int(line[4]) - 4
            assert abs(by) <= 2
            torch.testing.assert_close(line, (torch.arange(8) + by).clamp(0, 7))


def test_rotation_keeps_the_middle_and_scale_the_colour_of_what_is_plain():
    plain = torch.full((4, 3, 9, 9), 77, dtype=torch.uint8)
    torch.testing.assert_close(built(flip=False, shift=0, rotation=90, scale=0.5)(plain), plain)
    middle = torch.zeros(4, 1, 9, 9, dtype=torch.uint8)
    middle[:, :, 3:6, 3:6] = 200
    assert (built(flip=False, shift=0, rotation=180)(middle)[:, :, 4, 4] == 200).all()


def test_a_cut_out_square_is_grey_and_no_larger_than_asked():
    changed = built(**NONE, cutout=0.5)(torch.zeros(30, 2, 8, 8, dtype=torch.uint8))
    cut = (changed == 128).flatten(2).sum(2)
    assert ((changed == 0) | (changed == 128)).all()
    assert (cut[:, 0] == cut[:, 1]).all()
    assert 1 <= int(cut.min()) <= int(cut.max()) <= 16


def test_the_same_seed_draws_the_same():
    one = built(**ALL)
    torch.manual_seed(3)
    first = one(IMAGES)
    torch.manual_seed(3)
    torch.testing.assert_close(one(IMAGES), first)
    assert not torch.equal(one(IMAGES), first)
    assert first.dtype == torch.uint8


def test_it_says_in_words_what_it_changes():
    assert built(**NONE).described == "nothing"
    assert "mirrored (half of them), shifted (by up to 25% of the side), rotated" in built(**ALL).described
