"""Images as an input: where they lie, what is decided of them by training images, and how they are read."""

import json
import sys
import tarfile

import numpy as np
import pytest
from PIL import Image

from tests.efficientnet_package import NAME, installed
from tests.pictures import drawn
from weft import store
from weft.data.examples.captioned import OneValue
from weft.data.examples.labelled import LabelledText
from weft.data.sources import Row, open_table
from weft.errors import ConfigError, InputError
from weft.inputs.image import IMAGE, ImageInputConfig, nearest_images
from weft.inputs.media import column_of
from weft.models.image_features import FeatureSpec

PATHS = drawn(["red", "green", "红", "绿"])


def examples(paths):
    return [LabelledText("", "a", other={"image": path}) for path in paths]


def learned(paths, **settings):
    return ImageInputConfig(column="image", **settings).learned(examples(paths))


def table(folder, names, column="image"):
    path = folder / "行.jsonl"
    path.write_text("".join(json.dumps({column: name, "label": "a"}) + "\n" for name in names), encoding="utf-8")
    return open_table(path)


def write(folder, name, *, size=(20, 12), mode="RGB", value=90):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value if mode == "L" else (value, 10, 250)).save(path)
    return str(path)


def test_size_and_colours_are_those_of_the_training_images(tmp_path):
    small = learned(PATHS).config
    assert (small.size, small.colors) == (8, 3)
    grey = [write(tmp_path, f"{number}.png", size=(30 + number, 20 + number), mode="L") for number in range(3)]
    assert (learned(grey).config.size, learned(grey).config.colors) == (21, 1)
    large = learned([write(tmp_path, "large.png", size=(900, 400))])
    assert large.config.size == 128
    set_by_hand = learned(grey, size=16, colors=3).config
    assert (set_by_hand.size, set_by_hand.colors) == (16, 3)


def test_means_and_deviations_are_those_of_training(tmp_path):
    one = learned(PATHS)
    bytes_NCXY = np.stack([np.asarray(Image.open(path)).transpose(2, 0, 1) for path in PATHS])
    np.testing.assert_allclose(one.mean, bytes_NCXY.mean((0, 2, 3)))
    np.testing.assert_allclose(one.deviation, bytes_NCXY.std((0, 2, 3)))
    plain = learned([write(tmp_path, "plain.png")])  # of one colour: nothing to divide by
    assert plain.deviation == (1.0, 1.0, 1.0)


def test_batches_hold_the_bytes_of_their_rows_and_loaded_it_is_the_same(tmp_path):
    one = learned(PATHS)
    one.save(tmp_path)
    again = one.config.loaded(tmp_path)
    assert again.spec() == one.spec()
    batch = again.collate(again.encode(PATHS), np.array([2, 0]))
    assert batch.bytes_BCXY.shape == (2, 3, 8, 8)
    for row, path in zip(batch.bytes_BCXY.numpy(), (PATHS[2], PATHS[0]), strict=True):
        np.testing.assert_array_equal(row.transpose(1, 2, 0), np.asarray(Image.open(path)))


def test_images_are_looked_for_beside_the_table_in_a_folder_and_in_an_archive(tmp_path):
    write(tmp_path, "猫/1.png")
    config = ImageInputConfig().resolved(table(tmp_path, ["猫/1.png"]))
    assert (config.column, config.name, config.columns_read) == ("image", "image", ("image",))
    assert config.value_of(Row({"image": "猫/1.png"}, 1)) == str(tmp_path / "猫/1.png")
    elsewhere = ImageInputConfig(folder=str(tmp_path / "猫")).resolved(table(tmp_path, ["1.png"]))
    assert elsewhere.value_of(Row({"image": "1.png"}, 1)) == str(tmp_path / "猫/1.png")
    packed = tmp_path / "packed"
    packed.mkdir()
    with tarfile.open(packed / "images.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "猫/1.png", "猫/1.png")
    inside = ImageInputConfig().resolved(table(packed, ["猫/1.png"]))
    path = inside.value_of(Row({"image": "猫/1.png"}, 1))
    assert path == str(packed / "images.tar.gz/猫/1.png")
    assert learned([path]).config.size == 12


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("", "image is empty", "each row needs an image"),
        ("http://example.com/1.png", "is an address, expected a file", "download the images first"),
        ("无.png", "there is no such file", "--set task.image.folder=FOLDER"),
        ("text.png", "is no image", "failed download"),
    ],
)
def test_what_is_no_image_is_refused_with_a_way_out(tmp_path, name, said, hint):
    write(tmp_path, "1.png")
    (tmp_path / "text.png").write_text("文字", encoding="utf-8")
    config = ImageInputConfig().resolved(table(tmp_path, ["1.png"]))
    with pytest.raises(InputError, match=said) as error:
        config.value_of(Row({"image": name}, 1))
    assert hint in error.value.hint


def test_a_column_of_images_is_known_by_its_name_and_values(tmp_path):
    write(tmp_path, "1.png")
    assert column_of(IMAGE, table(tmp_path, ["1.png", "2.JPG"], column="图片")) == "图片"
    assert column_of(IMAGE, table(tmp_path, ["0.png", "1.png"], column="图片")) == ""
    assert column_of(IMAGE, table(tmp_path, ["https://a.b/1.png"], column="image")) == ""
    assert column_of(IMAGE, table(tmp_path, ["1.png", "a text"], column="image")) == ""
    assert column_of(IMAGE, table(tmp_path, ["1.png"], column="title")) == ""
    (tmp_path / "both.csv").write_text("image,text,label\n1.png,a text,a\n", encoding="utf-8")
    assert column_of(IMAGE, open_table(tmp_path / "both.csv")) == ""


def test_notes_say_how_images_are_read(tmp_path):
    one = learned(PATHS)
    notes = one.notes({"train": one.encode(PATHS)})
    assert notes[0] == "4 images, read in colour at 8 x 8 pixels (crop)"
    assert notes[1].startswith("changed at random in training: mirrored (half of them)")


def test_the_nearest_image_is_the_one_with_the_same_pixels_but_for_brightness(tmp_path):
    darker = []
    for number, path in enumerate(PATHS):
        half = (np.asarray(Image.open(path)) // 2).astype(np.uint8)
        darker.append(str(tmp_path / f"{number}.png"))
        Image.fromarray(half).save(darker[-1])
    assert nearest_images(darker[::-1], PATHS).tolist() == [3, 2, 1, 0]
    assert nearest_images([], PATHS).tolist() == []


def test_many_images_are_kept_in_a_file_and_are_the_same(monkeypatch):
    one = learned(PATHS)
    small = one.encode(PATHS * 5)
    monkeypatch.setattr(store, "BEYOND", 100)
    large = one.encode(PATHS * 5)
    assert not large.fixed["image"].flags.writeable
    np.testing.assert_array_equal(large.fixed["image"], small.fixed["image"])
    rows = np.array([7, 0, 19])
    assert one.collate(large, rows).bytes_BCXY.equal(one.collate(small, rows).bytes_BCXY)
    assert one.encode([]).fixed["image"].shape == (0, 3, 8, 8)


def test_features_of_a_frozen_network_are_kept_and_saved(monkeypatch, tmp_path):
    installed(monkeypatch, tmp_path)
    paths = drawn(["a cat", "一只狗", "a house", "树", "a car", "船", "a bird", "花", "a boat"])
    config = ImageInputConfig(column="photo", size=32, encoder={"kind": "efficientnet", "grid": 1, "width": 8})
    read = config.learned(OneValue.each("photo", paths))
    assert read.spec() == FeatureSpec(1, 1280)
    columns = read.encode(paths)
    assert columns.fixed["photo"].shape == (9, 1, 1280)
    assert "computed once" in " ".join(read.notes({"train": columns}))
    alone = np.concatenate([read.encode([path]).fixed["photo"] for path in paths])
    np.testing.assert_allclose(alone, columns.fixed["photo"], rtol=2e-2, atol=2e-2)
    monkeypatch.setitem(sys.modules, NAME, None)  # a trained folder needs the package no more
    folder = tmp_path / "saved"
    folder.mkdir()
    read.save(folder)
    loaded = read.config.loaded(folder)
    np.testing.assert_array_equal(loaded.encode(paths).fixed["photo"], columns.fixed["photo"])
    source = read.collate(columns, np.array([2, 0]))
    assert loaded.build_encoder()(source).states_BSD.shape == (2, 1, 8)


def test_grey_is_not_asked_of_a_network_that_was_trained_on_colours():
    config = ImageInputConfig(column="photo", colors=1, encoder="efficientnet")
    with pytest.raises(ConfigError, match="3 colours"):
        config.decided(OneValue.each("photo", drawn(["a cat"])), classes=2)
