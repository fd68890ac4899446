"""Starting from a trained folder: its tokenizer and settings are taken, its weights copied, what cannot fit refused."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import weft
from weft.config import overridden, validated
from weft.data.examples.labelled import LabelledText
from weft.demo import reviews
from weft.errors import ConfigError, RunFolderError
from weft.experiments.self_training import train
from weft.inputs.warm_start import start_from_run
from weft.models.base import TokenSpec
from weft.run import RunConfig, suited

SMALL = ["task.encoder.width=8", "task.encoder.heads=2", "task.encoder.feed_forward=16", "task.encoder.dropout=0.1"]
ROWS = reviews.rows(size=60, seed=0)


def settings(*sets, **task):
    whole = overridden({"data": {"train": "-"}, "task": task}, [*sets, "training.epochs=1"])
    return validated(RunConfig, whole)


def learned(config):
    """A task on reviews, and its fresh model after it was started."""
    task = config.task.learn([LabelledText(text, label) for text, label in ROWS])
    torch.manual_seed(0)
    model = task.build_model()
    notes = task.initialize(model, task.encode([LabelledText(text, label) for text, label in ROWS]))
    return task, model, notes


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """The folder of a small encoder that was pre-trained for an epoch."""
    folder = tmp_path_factory.mktemp("start")
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text, _ in ROWS]
    (folder / "corpus.jsonl").write_text("\n".join(lines), encoding="utf-8")
    task = {"kind": "masked_language_model", "encoder": "transformer", "max_length": 24}
    config = settings(*SMALL, f"data.train={folder / 'corpus.jsonl'}", **task)
    list(train(config, folder / "run"))
    return folder / "run"


def test_the_encoder_has_the_weights_and_the_tokenizer_of_the_folder(corpus):
    config = settings(encoder=f"pretrained:{corpus}")
    assert config.task.encoder.width == 8
    assert config.task.max_length == 24
    assert suited(config).training == settings(encoder="transformer").training
    task, model, notes = learned(config)
    before = load_file(corpus / "weights.safetensors")
    copied = {name: value for name, value in model.state_dict().items() if name.startswith("encoder.")}
    assert copied
    for name, value in copied.items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
    assert "those of its encoder" in notes[0]
    there, texts = weft.load(corpus).task.tokenizer, [text for text, _ in ROWS]
    np.testing.assert_array_equal(task.tokenizer.encode(texts).values_NW, there.encode(texts).values_NW)


def test_settings_beside_the_folder_go_over_its_own(corpus):
    for encoder in (
        {"kind": f"pretrained:{corpus}", "dropout": 0.4},
        {"kind": "pretrained", "folder": str(corpus), "dropout": 0.4},
    ):
        config = settings(encoder=encoder, max_length=16)
        assert (config.task.encoder.dropout, config.task.encoder.width, config.task.max_length) == (0.4, 8, 16)
        learned(config)
    assert settings(start=str(corpus)).task == settings(encoder=f"pretrained:{corpus}").task


def test_the_new_folder_needs_the_old_one_no_more(corpus, tmp_path):
    old = shutil.copytree(corpus, tmp_path / "old")
    reviews.write(tmp_path / "reviews.csv", size=60, seed=0)
    config = settings(f"data.train={tmp_path / 'reviews.csv'}", encoder=f"pretrained:{old}")
    said = [report.text for report in train(config, tmp_path / "run") if hasattr(report, "text")]
    assert any(line.startswith(f"started from {old}") for line in said)
    shutil.rmtree(old)
    assert weft.load(tmp_path / "run").answer(["it was great", "很好"])


def test_an_estimator_starts_from_it_too(corpus):
    texts, labels = [text for text, _ in ROWS], [label for _, label in ROWS]
    model = weft.TextClassifier(f"pretrained:{corpus}", epochs=1).fit(texts, labels)
    assert set(model.predict(["很好", "good"])) <= set(labels)


def test_a_pair_and_further_pre_training_start_from_it_too(corpus):
    task = settings(encoder=f"pretrained:{corpus}").task
    pairs = [LabelledText(text, label, second="很好") for text, label in ROWS]
    found = task.learn(pairs)
    assert "parameters" in found.initialize(found.build_model(), found.encode(pairs))[0]
    again = settings(kind="masked_language_model", encoder=f"pretrained:{corpus}").task
    masked = again.learn([again.example(text) for text, _ in ROWS])
    model = masked.build_model()
    masked.initialize(model, masked.encode([again.example("good")]))
    for name, value in load_file(corpus / "weights.safetensors").items():
        torch.testing.assert_close(model.state_dict()[name], value, rtol=0, atol=0)


def test_further_rows_and_views_of_pieces_stay_fresh(corpus):
    there = weft.load(corpus)
    torch.manual_seed(0)
    model = torch.nn.ModuleDict(
        {"encoder": there.task.config.encoder.build(TokenSpec((there.task.tokenizer.sizes[0] + 1, 3)))}
    )
    first, second = (table.weight.detach().clone() for table in model["encoder"].embedding.tables)
    start_from_run(str(corpus), model, there.task.config.encoder, part="encoder")
    tables = [table.weight.detach() for table in model["encoder"].embedding.tables]
    torch.testing.assert_close(
        tables[0][:-1], load_file(corpus / "weights.safetensors")["encoder.embedding.tables.0.weight"]
    )
    torch.testing.assert_close(tables[0][-1], first[-1])
    torch.testing.assert_close(tables[1], second)


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (["task.encoder.width=16"], "found .* in "),
        (["task.encoder.layers=3"], "found nothing in "),
        (["task.tokenizer=word"], "has a tokenizer"),
        (["task.vectors=words.txt"], "starts from no others"),
    ],
)
def test_settings_that_do_not_fit_are_refused(corpus, sets, said):
    with pytest.raises(ConfigError, match=said):
        learned(settings(*sets, encoder={"kind": f"pretrained:{corpus}"}))


def test_a_folder_without_such_a_part_is_refused(corpus, tmp_path):
    with pytest.raises(ConfigError, match="of which no decoder can be taken"):
        settings(kind="language_model", decoder=f"pretrained:{corpus}")
    unfinished = shutil.copytree(corpus, tmp_path / "unfinished")
    (unfinished / "bundle.json").unlink()
    with pytest.raises(RunFolderError, match="not finished"):
        settings(encoder=f"pretrained:{unfinished}")
    broken = shutil.copytree(corpus, tmp_path / "broken")
    (broken / "task" / "task.json").unlink()
    with pytest.raises(RunFolderError, match="is missing"):
        settings(encoder=f"pretrained:{broken}")


def test_a_language_model_goes_on_from_another(tmp_path):
    (tmp_path / "novel.txt").write_text("\n".join(text for text, _ in ROWS), encoding="utf-8")
    small = ["task.decoder.width=8", "task.decoder.heads=2", "task.decoder.feed_forward=16", "task.context=16"]
    config = settings(*small, f"data.train={tmp_path / 'novel.txt'}", kind="language_model")
    list(train(config, tmp_path / "first"))
    config = settings(
        f"data.train={tmp_path / 'novel.txt'}", kind="language_model", decoder=f"pretrained:{tmp_path / 'first'}"
    )
    assert config.task.context == 16
    said = [report.text for report in train(config, tmp_path / "second") if hasattr(report, "text")]
    assert any("those of its decoder" in line for line in said)
