"""Retrieval: texts of an image stay together, batches in parts equal whole ones, scores equal brute force."""

import json

import numpy as np
import pytest
import torch

from tests.pictures import drawn
from tests.small_tasks import SMALL_TASKS
from weft.data.examples.captioned import CaptionedImage
from weft.data.sources import open_table
from weft.errors import ConfigError, InputError
from weft.tasks.retrieval import RetrievalConfig
from weft.tasks.retrieval_scores import Vectors, all_scores, model_scores

SMALL = next(one for one in SMALL_TASKS if one.name == "retrieval-infonce")
PATHS = drawn(["a cat", "一只狗", "a house", "树"])


def table(folder, rows):
    path = folder / "图.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return open_table(path)


def test_rows_of_one_image_are_one_example_with_all_its_texts(tmp_path):
    rows = [
        {"image": PATHS[0], "caption": "a cat"},
        {"image": PATHS[1], "caption": ["一只狗", "a dog", " "]},
        {"image": PATHS[0], "caption": "猫"},
        {"image": PATHS[0], "caption": "a cat"},
    ]
    config = RetrievalConfig().resolved(found := table(tmp_path, rows))
    assert (config.text, config.image.column) == ("caption", "image")
    kept, notes = config.filter_training(list(config.read(found)))
    assert [(one.image, one.texts) for one in kept] == [(PATHS[0], ("a cat", "猫")), (PATHS[1], ("一只狗", "a dog"))]
    assert notes == ["2 images with 4 texts to learn from"]
    assert [one.texts for one in config.evaluation_examples(kept)] == [one.texts for one in kept]


def test_a_batch_in_parts_has_the_loss_and_the_gradients_of_the_whole():
    task, rows = SMALL.task, np.arange(len(SMALL.columns))
    parted = SMALL.learned()
    loss = task.config.loss.model_copy(update={"rows_at_once": 3})
    parted.config = task.config.model_copy(update={"loss": loss})
    assert len(parted.collate(SMALL.columns, rows).images) == 4
    found = []
    for one in (task, parted):
        model = SMALL.built(task)
        total = one.loss(model, one.collate(SMALL.columns, rows), 0).sum
        total.backward()
        found.append((total, [parameter.grad for parameter in model.parameters()]))
    (whole, gradients), (parts, others) = found
    torch.testing.assert_close(whole, parts)
    for one, other in zip(gradients, others, strict=True):
        torch.testing.assert_close(one.to_dense(), other.to_dense(), rtol=1e-4, atol=1e-5)


def examples(*texts):
    return [CaptionedImage(f"{place}.png", one) for place, one in enumerate(texts)]


def test_scores_are_those_of_brute_force():
    draw = np.random.default_rng(3)
    shown = examples(("a", "b"), ("c", "猫"), ("d",), ("猫", "e", "f"), ("g",))
    texts = [text for one in shown for text in one.texts]
    owner = [place for place, one in enumerate(shown) for _ in one.texts]
    vectors = Vectors(draw.normal(size=(5, 3)), draw.normal(size=(9, 3)))
    found = model_scores(vectors, shown)
    cosines_BM = vectors.images_BD @ vectors.texts_MD.T
    hits = {"image": [], "text": []}
    precisions = {"image": [], "text": []}
    lists = {
        "image": [(cosines_BM[:, m], [texts[m] in one.texts for one in shown]) for m in range(9)],
        "text": [(cosines_BM[b], [text in shown[b].texts for text in texts]) for b in range(5)],
    }
    for kind, each in lists.items():
        for scores, right in each:
            marks = np.array(right)[np.argsort(-scores)]
            hits[kind].append(int(np.argmax(marks)) + 1)
            precisions[kind].append(np.mean([marks[: place + 1].mean() for place in np.flatnonzero(marks)]))
    assert len(owner) == 9
    for kind in ("image", "text"):
        for top in (1, 5, 10):
            assert found[f"{kind}_recall_at_{top}"].value == pytest.approx(np.mean([one <= top for one in hits[kind]]))
        assert found[f"{kind}_mrr"].value == pytest.approx(np.mean([1 / one for one in hits[kind]]))
        assert found[f"{kind}_map"].value == pytest.approx(np.mean(precisions[kind]))
    recalls = [found[f"{kind}_recall_at_{top}"].value for kind in ("image", "text") for top in (1, 5, 10)]
    assert found["mean_recall"].value == pytest.approx(np.mean(recalls))


def test_equal_vectors_find_nothing_and_chance_is_the_share_of_the_list():
    shown = examples(*((f"text {place}", f"文本 {place}") for place in range(20)))
    details = all_scores(Vectors(np.ones((20, 2)), np.ones((40, 2))), shown)
    assert details.values["image_recall_at_1"].value == 0
    assert details.values["text_recall_at_10"].value == 0
    chance = details.details["floors"]["chance"]
    assert chance["image_recall_at_1"] == pytest.approx(1 / 20)
    assert chance["image_recall_at_10"] == pytest.approx(10 / 20)
    assert chance["text_recall_at_5"] == pytest.approx(1 - np.prod([(38 - one) / (40 - one) for one in range(5)]))


def test_a_simple_method_finds_by_pixels_and_words():
    answers = [
        SMALL.task.answers([(np.ones(8), np.ones((len(one.texts), 8)))], SMALL.columns)[0] for one in SMALL.examples
    ]
    found = SMALL.task.learned_floors(SMALL.examples, answers, SMALL.examples)
    (floor,) = found["floors"].values()
    assert floor["text_recall_at_1"] == 1  # the nearest training image is the image itself
    assert floor["image_recall_at_1"] > 0.5


def test_what_cannot_be_is_told(tmp_path):
    with pytest.raises(InputError, match="expected an image with a text") as caught:
        RetrievalConfig().example("a cat")
    assert "weft search" in caught.value.hint
    with pytest.raises(ConfigError, match="windows"):
        RetrievalConfig(long="windows").learn(SMALL.examples)
    with pytest.raises(ConfigError, match="bag"):
        RetrievalConfig(encoder="bag").learn(SMALL.examples)
    with pytest.raises(InputError, match="image"):
        RetrievalConfig(text="caption").resolved(table(tmp_path, [{"caption": "a cat", "other": "b"}]))
