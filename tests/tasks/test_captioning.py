"""Captioning: an image is read once for all its texts, each of which is right; simple methods stand beside it."""

import json

import numpy as np
import pytest
import torch

from tests.pictures import drawn
from tests.small_tasks import SMALL_TASKS
from weft.data.examples.source_target import SourceTarget
from weft.data.sources import open_table
from weft.errors import ConfigError, InputError
from weft.evaluation.evaluate import answer
from weft.tasks.captioning import CaptioningConfig
from weft.tasks.generation.generator import GeneratedText

EACH = [one for one in SMALL_TASKS if one.kind == "captioning"]
every = pytest.mark.parametrize("small", EACH, ids=[one.name for one in EACH])
PATHS = drawn(["a cat", "一只狗"])


@every
def test_an_image_is_read_once_for_all_its_texts(small):
    task, model = small.task, small.model
    whole = task.loss(model, task.collate(small.columns, np.arange(len(small.columns))), 0)
    apart = [SourceTarget(one.source, (target,)) for one in small.examples for target in one.targets]
    assert len(apart) > len(small.examples)
    columns = task.encode(apart)
    each = task.loss(model, task.collate(columns, np.arange(len(apart))), 0)
    torch.testing.assert_close(whole.sum, each.sum, rtol=1e-4, atol=1e-4)
    assert whole.count == each.count


@every
def test_the_loss_of_an_answer_is_that_of_the_first_text(small):
    examples = small.examples[1:4]
    firsts = [SourceTarget(one.source, one.targets[:1]) for one in examples]
    answers = [answer(small.task, small.model, asked, device=torch.device("cpu")) for asked in (examples, firsts)]
    for one, other in zip(*answers, strict=True):
        assert (one.text, one.loss.tokens) == (other.text, other.loss.tokens)
        assert one.loss.nats == pytest.approx(other.loss.nats, rel=1e-5)


def test_every_text_of_an_image_is_right():
    examples = [
        SourceTarget("a.png", ("a cat sits on a mat", "a dog runs in the park")),
        SourceTarget("b.png", ("树", "船")),
    ]
    answers = [GeneratedText("a dog runs in the park", 0.0), GeneratedText("树", 0.0)]
    task = EACH[0].task
    assert task.score(answers, examples).values["bleu"].value == pytest.approx(100)
    assert task.score(answers, examples[::-1]).values["bleu"].value < 10


def test_simple_methods_are_the_commonest_text_and_that_of_the_nearest_pixels():
    train = [SourceTarget(PATHS[0], ("a cat sits here", "it")), SourceTarget(PATHS[1], ("一只狗在跑", "it"))]
    answers = [GeneratedText("it", 0.0)] * 2
    found = EACH[0].task.learned_floors(train, answers, train)["floors"]
    assert [*found] == ["the commonest text", "the text of the training image with the nearest pixels"]
    assert found["the text of the training image with the nearest pixels"]["rougeL"] == pytest.approx(100)
    assert found["the commonest text"]["rougeL"] == pytest.approx(100)


def test_rows_of_one_image_are_one_example(tmp_path):
    path = tmp_path / "图.jsonl"
    rows = [{"image": PATHS[0], "caption": "a cat"}, {"image": PATHS[1], "caption": ["狗", "a dog"]},
            {"image": PATHS[0], "caption": "猫"}]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    table = open_table(path)
    config = CaptioningConfig().resolved(table)
    assert (config.image.column, config.target) == ("image", "caption")
    kept, notes = config.filter_training(list(config.read(table)))
    assert [one.targets for one in kept] == [("a cat", "猫"), ("狗", "a dog")]
    assert notes == ["2 images with 4 texts to learn from"]
    asked = config.for_inputs(table)
    assert [one.targets for one in asked.read(table)] == [(), (), ()]


def test_settings_of_a_decoder_without_a_kind_are_those_of_an_lstm():
    decoder = CaptioningConfig(decoder={"hidden": 16}).decoder
    assert (decoder.kind, decoder.hidden) == ("lstm", 16)


def test_an_image_is_asked_for_by_its_path():
    config = EACH[0].task.config
    assert config.example(PATHS[0]) == config.example_of({"photo": PATHS[0]}) == SourceTarget(PATHS[0])
    with pytest.raises(InputError, match="there is no such file"):
        config.example("none.png")
    with pytest.raises(InputError, match="expected one image"):
        config.example(PATHS[0], "a cat")
    with pytest.raises(InputError, match="expected the path") as caught:
        config.example_of({"text": "a cat"})
    assert '"photo"' in caught.value.hint
    with pytest.raises(ConfigError, match="turned back into text"):
        CaptioningConfig(image="photo", tokenizer={"kind": "ngrams"}).learn(EACH[0].examples)
