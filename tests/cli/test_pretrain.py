"""`weft pretrain` in both objectives, and `weft train` from what it made."""

import pytest

from weft import bundle
from weft.cli.main import main
from weft.demo import reviews

SMALL = ["--set=training.epochs=1", "--set=task.encoder.width=8", "--quiet"]


def run(monkeypatch, *words):
    monkeypatch.setattr("sys.argv", ["weft", *words])
    main()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reviews.write(tmp_path / "reviews.csv", size=60, seed=0)
    (tmp_path / "corpus.txt").write_text("\n".join(text for text, _ in reviews.rows(size=60, seed=1)), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("encoder", ["transformer", "lstm"])
def test_an_encoder_is_pre_trained_and_fine_tuned(folder, monkeypatch, encoder):
    run(monkeypatch, "pretrain", "corpus.txt", "--encoder", encoder, *SMALL)
    made = bundle.load(folder / "runs" / "corpus")
    assert made.task.config.kind == "masked_language_model"
    assert made.task.config.encoder.kind == encoder
    assert "<html" in (folder / "runs" / "corpus" / "page.html").read_text(encoding="utf-8")
    run(monkeypatch, "train", "reviews.csv", "--encoder", "pretrained:runs/corpus", SMALL[0], "--quiet")
    assert bundle.load(folder / "runs" / "reviews").task.config.encoder.width == 8


def test_clm_is_a_language_model(folder, monkeypatch):
    small = ["--set=task.decoder.width=8", "--set=task.context=32"]
    run(monkeypatch, "pretrain", "corpus.txt", "--objective", "clm", "--decoder", "gpt", *SMALL[::2], *small)
    assert bundle.load(folder / "runs" / "corpus").task.config.kind == "language_model"


def test_an_option_of_the_other_objective_is_refused(folder, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, "pretrain", "corpus.txt", "--decoder", "gpt")
    assert stopped.value.code == 2
    assert "--decoder is of --objective clm" in capsys.readouterr().err


def test_a_pre_trained_model_is_scored_and_asked(folder, monkeypatch, capsys):
    run(monkeypatch, "pretrain", "reviews.csv", "--text", "text", *SMALL)
    run(monkeypatch, "evaluate", "runs/reviews", "reviews.csv")
    said = capsys.readouterr()
    assert "perplexity" in said.out
    assert "reviews.csv: runs/reviews was trained on this file: its scores are too good" in said.err
    run(monkeypatch, "predict", "runs/reviews", "reviews.csv", "--output", "answers.jsonl")
    assert (folder / "answers.jsonl").read_text(encoding="utf-8").count("\n") == 60
