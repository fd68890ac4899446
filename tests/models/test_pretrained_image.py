"""Frozen encoders of images from folders of `transformers`: equal to it, kept once, saved with the trained model."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from tests.pictures import drawn
from weft.data.examples.captioned import OneValue
from weft.errors import ConfigError
from weft.inputs.image import ImageInputConfig
from weft.models.image_features import FeatureSpec
from weft.models.pretrained_image import PretrainedImageEncoderConfig

transformers = pytest.importorskip("transformers")
SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "image_size": 8,
    "patch_size": 4,
}
KINDS = ("vit", "dinov2", "clip_vision_model", "siglip_vision_model")
PATHS = drawn(["a cat", "一只狗", "a house"])


def write(folder, kind, *, colours=None):
    """A folder with a small network of a kind; `clip` has one of texts too."""
    torch.manual_seed(0)
    said = {"vision_config": SMALL, "text_config": {**SMALL, "vocab_size": 20}} if kind == "clip" else SMALL
    network = transformers.AutoModel.from_config(transformers.CONFIG_MAPPING[kind].from_dict(said)).eval()
    network.save_pretrained(folder)
    if colours:
        (folder / "preprocessor_config.json").write_text(json.dumps(colours), encoding="utf-8")
    return network


def learned(folder, **settings):
    encoder = {"kind": "pretrained", "folder": str(folder), "width": 6, **settings}
    return ImageInputConfig(column="photo", encoder=encoder).learned(OneValue.each("photo", PATHS))


@pytest.mark.parametrize("kind", KINDS)
def test_features_are_the_states_of_transformers(kind, tmp_path):
    network = write(tmp_path, kind, colours={"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4]})
    read = learned(tmp_path)
    positions = 4 if kind == "siglip_vision_model" else 5
    assert read.spec() == FeatureSpec(positions, 16)
    pixels = np.stack([np.asarray(Image.open(path)) for path in PATHS]).transpose(0, 3, 1, 2) / 255
    mean, deviation = (np.array(one)[:, None, None] for one in ([0.5, 0.4, 0.3], [0.2, 0.3, 0.4]))
    standardised = torch.from_numpy((pixels - mean) / deviation).float()
    with torch.inference_mode():
        expected = network(pixel_values=standardised).last_hidden_state
    found = read.encode(PATHS).fixed["photo"]
    torch.testing.assert_close(torch.from_numpy(found).float(), expected, rtol=5e-2, atol=5e-2)  # bfloat16, float16
    with torch.inference_mode():  # and without them
        torch.testing.assert_close(read.network(standardised), expected, rtol=1e-4, atol=1e-5)


def test_the_images_half_of_clip_is_taken_and_saved_with_the_model(tmp_path):
    whole = write(tmp_path / "clip", "clip")
    read = learned(tmp_path / "clip", keep="first")
    assert read.config.encoder.architecture["model_type"] == "clip_vision_model"
    assert read.config.encoder.mean[0] == pytest.approx(0.48145466)
    images = torch.randn(2, 3, 8, 8)
    with torch.inference_mode():
        expected = whole.vision_model(pixel_values=images).last_hidden_state[:, :1]
        torch.testing.assert_close(read.network(images), expected, rtol=1e-4, atol=1e-5)
    (tmp_path / "saved").mkdir()
    read.save(tmp_path / "saved")
    (tmp_path / "clip").rename(tmp_path / "gone")
    loaded = read.config.loaded(tmp_path / "saved")
    columns = read.encode(PATHS)
    np.testing.assert_array_equal(loaded.encode(PATHS).fixed["photo"], columns.fixed["photo"])
    memory = loaded.build_encoder()(loaded.collate(columns, np.array([1, 0])))
    assert memory.states_BSD.shape == (2, 1, 6)


def test_the_mean_of_states_is_kept(tmp_path):
    write(tmp_path, "vit")
    whole, mean = learned(tmp_path).encode(PATHS), learned(tmp_path, keep="mean").encode(PATHS)
    expected = whole.fixed["photo"].astype(np.float32).mean(1, keepdims=True)
    np.testing.assert_allclose(mean.fixed["photo"], expected, rtol=2e-2, atol=2e-2)


def test_what_cannot_be_is_told(tmp_path):
    with pytest.raises(ConfigError, match="is not named"):
        PretrainedImageEncoderConfig().ready()
    write(tmp_path, "vit", colours={"image_mean": [0.5], "image_std": [0, 0, 0]})
    with pytest.raises(ConfigError, match="three colours"):
        PretrainedImageEncoderConfig(folder=str(tmp_path)).ready()
    (tmp_path / "preprocessor_config.json").unlink()
    config = ImageInputConfig(column="photo", size=16, encoder={"kind": "pretrained", "folder": str(tmp_path)})
    with pytest.raises(ConfigError, match="trained on images of 8 pixels"):
        config.decided(OneValue.each("photo", PATHS), classes=2)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    with pytest.raises(ConfigError, match="`bert` does not serve here"):
        PretrainedImageEncoderConfig(folder=str(tmp_path)).ready()
