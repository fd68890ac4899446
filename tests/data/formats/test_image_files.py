"""Images of all forms become the same bytes, and what is wrong with a file is named."""

import io

import numpy as np
import pytest
from PIL import Image

from weft.data.formats import image_files
from weft.data.formats.image_files import Look, look_at, pixels_of, small_grey, thumbnail
from weft.data.formats.media_files import content_hash
from weft.errors import InputError


@pytest.fixture
def square():
    """Quarters of four colours, 16 pixels a side, uint8 [16, 16, 3]."""
    quarters = np.array([[[250, 0, 0], [0, 250, 0]], [[0, 0, 250], [250, 250, 250]]], dtype=np.uint8)
    return quarters.repeat(8, 0).repeat(8, 1)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".bmp", ".tiff", ".gif", ".ppm", ".jpg"])
def test_every_form_gives_the_same_colours(square, tmp_path, suffix):
    path = tmp_path / f"图{suffix}"
    kept = {".webp": {"lossless": True}, ".jpg": {"quality": 100, "subsampling": 0}}
    Image.fromarray(square).save(path, **kept.get(suffix, {}))
    found = pixels_of(str(path), size=16, colors=3, fit="crop")
    assert found.shape == (3, 16, 16)
    np.testing.assert_allclose(found.transpose(1, 2, 0), square, atol=6 if suffix == ".jpg" else 0)
    assert look_at(str(path)) == Look(16, 16, grey=False)


def test_sixteen_bits_and_floats_are_cut_to_eight(tmp_path):
    ramp = np.arange(0, 65536, 1024, dtype=np.uint16).reshape(8, 8)
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    Image.fromarray((ramp / 65535).astype(np.float32)).save(tmp_path / "float.tiff")
    for name in ("deep.png", "float.tiff"):
        found = pixels_of(str(tmp_path / name), size=8, colors=1, fit="crop")
        np.testing.assert_allclose(found[0], ramp / 257, atol=1)
        assert look_at(str(tmp_path / name)).grey


def test_what_is_transparent_lies_on_white(square, tmp_path):
    clear = Image.fromarray(square).convert("RGBA")
    clear.putalpha(Image.new("L", (16, 16), 0))
    clear.save(tmp_path / "clear.png")
    palette = Image.fromarray(square).quantize(4)
    palette.save(tmp_path / "palette.png", transparency=bytes(4))
    for name in ("clear.png", "palette.png"):
        assert pixels_of(str(tmp_path / name), size=16, colors=3, fit="crop").min() == 255


def test_a_photograph_is_turned_upright(tmp_path):
    wide = Image.fromarray(np.arange(0, 240, dtype=np.uint8).reshape(12, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees to the right
    wide.save(tmp_path / "turned.png", exif=exif)
    assert look_at(str(tmp_path / "turned.png")) == Look(12, 20, grey=True)
    upright = np.rot90(np.asarray(wide), -1)
    np.testing.assert_array_equal(
        pixels_of(str(tmp_path / "turned.png"), size=12, colors=1, fit="crop")[0], upright[4:16]
    )


def test_it_is_made_square_as_asked(tmp_path):
    wide = np.zeros((10, 30), dtype=np.uint8)
    wide[:, 10:20] = 200
    Image.fromarray(wide).save(tmp_path / "wide.png")
    cropped, padded, stretched = (
        pixels_of(str(tmp_path / "wide.png"), size=10, colors=1, fit=fit)[0] for fit in ("crop", "pad", "stretch")
    )
    assert (cropped == 200).all()
    assert (padded[:3] == 0).all()
    assert (padded[4:6, 4:6] == 200).all()
    assert stretched[:, 5].min() == 200
    assert stretched[:, 0].max() == 0


def test_the_first_frame_of_a_gif_is_read(tmp_path):
    frames = [Image.new("L", (8, 8), value) for value in (10, 200)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    assert (pixels_of(str(tmp_path / "moving.gif"), size=8, colors=1, fit="crop") == 10).all()


def damaged(square):
    """Files that are no images, with what is said of them."""
    whole = io.BytesIO()
    Image.fromarray(square.repeat(8, 0).repeat(8, 1)).save(whole, "JPEG")
    return {
        "empty.png": (b"", "is empty"),
        "text.png": ("这是文字".encode(), "is no image, expected PNG"),
        "page.jpg": (b"<!DOCTYPE html><html>404</html>", "is no image, expected PNG"),
        "half.jpg": (whole.getvalue()[: len(whole.getvalue()) // 2], "is a damaged image"),
        "script.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is no image, expected PNG"),
    }


@pytest.mark.parametrize("name", ["empty.png", "text.png", "page.jpg", "half.jpg", "script.png"])
def test_what_is_no_image_is_named(square, tmp_path, name):
    content, said = damaged(square)[name]
    (tmp_path / name).write_bytes(content)
    for read in (look_at, lambda path: pixels_of(path, size=8, colors=3, fit="crop")):
        with pytest.raises(InputError, match=said) as error:
            read(str(tmp_path / name))
        assert error.value.where == str(tmp_path / name)
    assert thumbnail(str(tmp_path / name)) == ""


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        look_at(str(tmp_path / "无.png"))


def test_a_bomb_is_refused_before_it_is_unpacked(square, tmp_path, monkeypatch):
    Image.fromarray(square).save(tmp_path / "large.png")
    monkeypatch.setattr(image_files, "MOST_PIXELS", 255)
    with pytest.raises(InputError, match="has 16 x 16 pixels, expected at most 255"):
        look_at(str(tmp_path / "large.png"))


def test_a_copy_has_the_same_content_and_a_smaller_one_nearly_the_same_cells(square, tmp_path):
    large = Image.fromarray(square).resize((90, 90))
    large.save(tmp_path / "a.png")
    large.save(tmp_path / "b.png")
    large.resize((48, 48)).save(tmp_path / "small.jpg", quality=70)
    a, b, small = (str(tmp_path / name) for name in ("a.png", "b.png", "small.jpg"))
    assert content_hash(a) == content_hash(b) != content_hash(small)
    np.testing.assert_allclose(small_grey(a, side=16).astype(int), small_grey(small, side=16), atol=12)
    assert thumbnail(a).startswith("data:image/jpeg;base64,")
