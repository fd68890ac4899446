"""Classification by a pre-trained encoder: its ids and special tokens, texts that are cut, and its trained folder."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import weft
from tests.pretrained_folders import write_model, write_settings
from weft import run_folder
from weft.config import validated
from weft.data.columns import Ragged, fit
from weft.data.examples.labelled import LabelledText
from weft.errors import ConfigError
from weft.estimators.classifier import TextClassifier
from weft.experiments.self_training import train
from weft.inputs.pair import framed
from weft.models.classifier import Classifier
from weft.report.formatting import size
from weft.run import RunConfig
from weft.tasks.classification import ClassificationConfig
from weft.text.tokenizers.base import Frame

TEXTS = [
    ("this film is good, I love it", "good"),
    ("这部电影很好看，演员真棒", "good"),
    ("the plot is dull and I hate it", "bad"),
    ("故事太差了，不好看", "bad"),
    ("great acting!", "good"),
    ("never again. 太差了！", "bad"),
] * 3
EXAMPLES = [LabelledText(text, label) for text, label in TEXTS]
PAIRS = [LabelledText(text, label, second=TEXTS[number - 1][0]) for number, (text, label) in enumerate(TEXTS)]


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bert")
    write_model(folder)
    return folder


@pytest.fixture
def reviews(tmp_path):
    path = tmp_path / "reviews.jsonl"
    path.write_text("\n".join(json.dumps({"text": text, "label": label}) for text, label in TEXTS), encoding="utf-8")
    return path


def learned(folder, examples=EXAMPLES, **settings):
    return ClassificationConfig.model_validate({"encoder": f"pretrained:{folder}", **settings}).learn(examples)


def reference(folder):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


@pytest.mark.parametrize("examples", [EXAMPLES, PAIRS], ids=["texts", "pairs"])
def test_rows_are_those_of_the_models_own_tokenizer(bert, examples):
    task, theirs = learned(bert, examples), reference(bert)
    batch = task.collate(task.encode(examples), np.arange(len(examples)))
    for row, one in enumerate(examples):
        expected = theirs(*one.texts)
        real = batch.source.mask_BS[row]
        assert batch.source.ids_BS[row][real].tolist() == expected["input_ids"]
        assert batch.source.segments_BS[row][real].tolist() == expected["token_type_ids"]
    model = task.build_model()
    assert isinstance(model, Classifier)
    assert model(batch.source).shape == (len(examples), 2)


@pytest.mark.parametrize("long", ["head", "head-tail", "windows"])
def test_texts_are_cut_before_the_special_tokens_are_put_around(bert, long):
    task = learned(bert, long=long, max_length=8)
    plain = task.tokenizer.encode([one.text for one in EXAMPLES])
    cut = fit(Ragged.of(plain.values_NW, plain.lengths_R), max_length=6, long=long)
    columns = task.encode(EXAMPLES)
    batch = task.collate(columns, np.arange(len(columns)))
    assert np.array_equal(columns.owner_R, cut.owner_R)
    first, last = (task.tokenizer.special(role) for role in ("cls_token", "sep_token"))
    for row in range(len(columns)):
        start, end = cut.rows.offsets_R1[row : row + 2]
        expected = [first, *cut.rows.values[start:end, 0].tolist(), last]
        assert batch.source.ids_BS[row][batch.source.mask_BS[row]].tolist() == expected
    said = "\n".join(task.notes({"train": columns}))
    assert "are longer than 8 tokens" in said
    assert ("in windows" in said) == (long == "windows")


ROWS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=6)


@given(ROWS, st.integers(8, 24), st.sampled_from(["head", "head-tail"]))
def test_two_texts_share_the_positions(lengths, max_length, long):
    frame = Frame((-1,), (-2, -3), (-4,))
    texts = [Ragged.of(np.arange(sum(side))[:, None], np.array(side)) for side in zip(*lengths, strict=True)]
    found = framed(texts, frame, max_length=max_length, long=long)
    space, unread, longer = max_length - frame.room(2), 0, 0
    for row, (one, other) in enumerate(lengths):
        start, end = found.rows.offsets_R1[row : row + 2]
        ids, segments = found.rows.values[start:end].T.tolist()
        assert len(ids) == min(one + other, space) + frame.room(2)
        middle = ids.index(-2)
        kept = [ids[1:middle], ids[middle + 2 : -1]]
        assert [ids[0], *ids[middle : middle + 2], ids[-1]] == [-1, -2, -3, -4]
        assert segments == [0] * (middle + 2) + [1] * (len(ids) - middle - 2)
        for text, part, length, rest in zip(texts, kept, (one, other), (other, one), strict=True):
            assert len(part) >= min(length, space // 2, max(space - rest, space // 2))
            first = text.offsets_R1[row]
            whole = list(range(first, first + length))
            tail = len(part) // 2 if long == "head-tail" and len(part) < length else 0
            assert part == whole[: len(part) - tail] + whole[length - tail :]
        unread += one + other - len(kept[0]) - len(kept[1])
        longer += one + other > space
    assert (found.unread, found.long_texts) == (unread, longer)


def test_as_many_positions_as_the_model_has(bert, tmp_path):
    assert learned(bert).config.max_length == 40
    with pytest.raises(ConfigError, match="40 tokens, and texts of 50 are read"):
        learned(bert, max_length=50)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"tokenizer": "mixed"}, "reads by its own tokenizer, found `mixed`"),
        ({"tokenizer": "ngrams"}, "reads by its own tokenizer, found `ngrams`"),
        ({"vectors": "vectors.txt"}, "starts from no others"),
    ],
)
def test_settings_that_do_not_go_with_it(bert, settings, said):
    with pytest.raises(ConfigError, match=said):
        learned(bert, **settings)


def test_its_tokenizer_with_another_encoder(bert):
    task = ClassificationConfig.model_validate(
        {"encoder": "cnn", "tokenizer": {"kind": "pretrained", "folder": str(bert)}}
    ).learn(EXAMPLES)
    assert task.encode(EXAMPLES).facts["known"] > 0.9
    with pytest.raises(ConfigError, match="is not named"):
        ClassificationConfig.model_validate({"encoder": "cnn", "tokenizer": "pretrained"}).learn(EXAMPLES)


@pytest.mark.parametrize("lora", [None, {"rank": 2}], ids=["weights", "merged"])
def test_a_trained_folder_answers_without_that_of_the_model(bert, reviews, tmp_path, monkeypatch, lora):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(bert, "model")
    settings = {
        "data": {"train": str(reviews), "dev": str(reviews)},
        "task": {"encoder": {"kind": "pretrained", "folder": "model", "lora": lora}, "text": "text", "label": "label"},
        "training": {"epochs": 1},
    }
    reports = list(train(validated(RunConfig, settings), "run"))
    said = "\n".join(getattr(one, "text", "") for one in reports)
    assert "weights: model; of" in said
    shutil.rmtree("model")
    model = weft.load("run", device="cpu")
    answers = [json.loads(line) for line in Path("run/answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [round(one.probability, 4) for one in model.answer([text for text, _ in TEXTS])] == [
        pytest.approx(one["probability"], abs=1e-4) for one in answers
    ]


def test_an_adapter_needs_the_models_folder(bert, reviews, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(bert, "model")
    settings = {
        "data": {"train": str(reviews), "dev": str(reviews)},
        "task": {"encoder": {"kind": "pretrained", "folder": "model", "lora": {"rank": 2, "save": "adapter"}}},
        "training": {"epochs": 1},
    }
    said = "\n".join(getattr(one, "text", "") for one in train(validated(RunConfig, settings), "run"))
    assert "model, which must stay where it is: the adapter alone is saved; of 6,896, training changes 832" in said
    texts = [text for text, _ in TEXTS]
    before = weft.load("run", device="cpu").answer(texts)
    assert before == weft.load("run", device="cpu").answer(texts)
    (tmp_path / "model").rename(tmp_path / "gone")
    with pytest.raises(ConfigError, match="there is no such folder"):
        weft.load("run", device="cpu")


@pytest.fixture(scope="module")
def adapter(bert, tmp_path_factory):
    """The folder of a classifier that saved its adapter alone."""
    folder = tmp_path_factory.mktemp("adapter")
    lines = [json.dumps({"text": text, "label": label}) for text, label in TEXTS]
    (folder / "reviews.jsonl").write_text("\n".join(lines), encoding="utf-8")
    encoder = {"kind": "pretrained", "folder": str(bert), "lora": {"rank": 2, "save": "adapter"}}
    settings = {
        "data": {"train": str(folder / "reviews.jsonl"), "dev": str(folder / "reviews.jsonl")},
        "task": {"encoder": encoder},
        "training": {"epochs": 1, "optimizer": {"kind": "adamw", "learning_rate": 0.05}},
    }
    list(train(validated(RunConfig, settings), folder / "run"))
    return folder / "run"


@pytest.mark.parametrize(
    ("lora", "learns"),
    [({}, "lora_"), ({"save": "merged"}, "lora_"), (None, "weight"), ({"save": "merged", "rank": 4}, "lora_")],
    ids=["same", "merged", "none", "rank"],
)
def test_an_adapter_that_was_saved_alone_is_gone_on_with(adapter, lora, learns):
    task = ClassificationConfig.model_validate({"encoder": {"kind": f"pretrained:{adapter}", "lora": lora}})
    found = task.learn(EXAMPLES)
    model, columns = found.build_model(), found.encode(EXAMPLES)
    notes = found.initialize(model, columns)
    batch = found.collate(columns, np.arange(3))
    before = weft.load(adapter, device="cpu").network
    with torch.no_grad():
        states = [one.eval().encoder(batch.source).states_BSD for one in (model, before)]
    torch.testing.assert_close(*states, rtol=1e-4, atol=1e-5)
    learning = [name for name, one in model.encoder.named_parameters() if one.requires_grad]
    assert learning
    assert all(learns in name or (lora is None and "bias" in name) for name in learning)
    assert any("training changes" in note for note in notes)


def test_the_size_of_an_adapter_is_told_with_the_model_that_it_needs(adapter, bert):
    scores = json.loads((adapter / "scores.json").read_text(encoding="utf-8"))
    base = (bert / "model.safetensors").stat().st_size
    assert scores["base_bytes"] == base
    assert scores["size_bytes"] == base + run_folder.size(adapter)
    assert f"{size(base)} of it the base model" in (adapter / "page.html").read_text(encoding="utf-8")


def test_an_adapter_of_another_rank_cannot_be_made_of_it(adapter):
    lora = {"rank": 4}
    task = ClassificationConfig.model_validate({"encoder": {"kind": f"pretrained:{adapter}", "lora": lora}})
    found = task.learn(EXAMPLES)
    with pytest.raises(ConfigError, match="an adapter of rank 2 is there alone, of which none of rank 4 can be made"):
        found.initialize(found.build_model(), found.encode(EXAMPLES))


def test_settings_of_the_encoder_hold_for_a_trained_folder_too(adapter):
    encoder = {"kind": f"pretrained:{adapter}", "lora": None, "freeze": "all"}
    found = ClassificationConfig.model_validate({"encoder": encoder}).learn(EXAMPLES)
    model = found.build_model()
    found.initialize(model, found.encode(EXAMPLES))
    assert not any(one.requires_grad for one in model.encoder.parameters())


def test_the_estimator(bert):
    texts, labels = ([one[side] for one in TEXTS * 2] for side in (0, 1))
    settings = {"task.encoder.freeze": "all", "device": "cpu"}
    model = TextClassifier(f"pretrained:{bert}", epochs=1, settings=settings).fit(texts, labels)
    assert model.predict_proba(texts[:2]).shape == (2, 2)


def test_two_trainings_are_the_same(bert, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(bert, folder)
    write_settings(folder)
    weights = []
    for _ in range(2):
        task = learned(folder)
        torch.manual_seed(0)
        model = task.build_model()
        task.initialize(model, task.encode(EXAMPLES))
        weights.append(torch.cat([one.flatten() for one in model.parameters()]))
    assert torch.equal(*weights)
