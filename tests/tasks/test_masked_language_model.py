"""The task of telling hidden words: its rows, its dev set that never changes, its scores, its files."""

import math

import numpy as np
import pytest
import torch

from tests.pretrained_folders import write_model
from weft.config import validated
from weft.data.examples.documents import Document
from weft.demo import reviews
from weft.errors import ConfigError
from weft.evaluation.evaluate import answer_columns
from weft.tasks.masked_language_model import MaskedLanguageModelConfig
from weft.text.tokenizers.vocab import UNKNOWN
from weft.training import optim
from weft.training.optim import AdamWConfig

SMALL = {"kind": "transformer", "width": 8, "heads": 2, "feed_forward": 16, "layers": 1}
TEXTS = [Document(text) for text, _ in reviews.rows(size=60, seed=0)]
CPU = torch.device("cpu")


def learned(**settings):
    config = validated(
        MaskedLanguageModelConfig, {"encoder": SMALL, "tokenizer": {"kind": "bpe", "size": 200}, **settings}
    )
    task = config.learn(TEXTS)
    torch.manual_seed(0)
    return task, task.build_model()


def test_long_texts_are_read_to_their_end_in_rows():
    task, _ = learned(max_length=8)
    columns = task.encode([Document(" ".join(one.text for one in TEXTS[:4])), TEXTS[4]])
    assert columns.ragged["text"].lengths_R.max() == 8
    assert columns.ragged["text"].offsets_R1.tolist() == columns.ragged["starts"].offsets_R1.tolist()
    assert sorted(set(columns.owner_R.tolist())) == [0, 1]


@pytest.mark.parametrize(
    ("kind", "views"),
    [
        ("transformer", ("bigram", "word")),
        ("lstm", ()),
        ("gru", ("letters",)),
        ("rnn", ("prefix",)),
        ("cnn", ("bigram", "letters")),
    ],
)
def test_it_learns_with_every_encoder_and_with_views(kind, views):
    encoder = {"kind": kind, "width": 8, "dropout": 0, "view_dropout": 0}
    task, model = learned(encoder=encoder, tokenizer={"kind": "mixed", "views": views})
    columns = task.encode(TEXTS[:16])
    batch = task.collate(columns, np.arange(16))
    losses, optimizers = [], optim.build(model, AdamWConfig(learning_rate=0.01), table_rate=0.03)
    for _ in range(8):
        torch.manual_seed(1)
        loss = task.loss(model, batch, 0)
        loss.sum.backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        losses.append(loss.sum.item())
    assert losses[-1] < losses[0]


def test_what_is_hidden_is_new_with_each_seed_and_the_same_with_the_same():
    task, model = learned()
    model.eval()
    batch = task.collate(task.encode(TEXTS), np.arange(8))
    losses = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        losses.append(task.loss(model, batch, 0).sum.item())
    assert losses[0] == losses[1] != losses[2]


def test_dev_is_hidden_alike_whatever_the_batch_and_the_draws():
    task, model = learned()
    answers = answer_columns(task, model.eval(), task.encode(TEXTS), device=CPU)
    torch.manual_seed(5)
    alone = [answer_columns(task, model, task.encode([one]), device=CPU)[0] for one in TEXTS[:10]]
    assert [one.hidden for one in alone] == [one.hidden for one in answers[:10]]
    for one, other in zip(alone, answers, strict=False):
        assert one.nats == pytest.approx(other.nats, rel=1e-4)
    assert sum(len(one.hidden) for one in answers) > 0.1 * sum(task.encode(TEXTS).ragged["text"].lengths_R)


def test_the_scores_are_of_hidden_pieces():
    task, model = learned()
    answers = answer_columns(task, model.eval(), task.encode(TEXTS), device=CPU)
    quick = task.quick_scores(answers, TEXTS)
    hidden = sum(len(one.hidden) for one in answers)
    assert quick["log_loss"] == pytest.approx(sum(one.nats for one in answers) / hidden)
    assert quick["perplexity"] == pytest.approx(math.exp(quick["log_loss"]))
    assert quick["accuracy"] == pytest.approx(sum(one.right for one in answers) / hidden)
    scored = task.score(answers, TEXTS)
    assert scored.values["log_loss"].low < quick["log_loss"] < scored.values["log_loss"].high
    line = task.record(answers[0], TEXTS[0])
    assert len(line["label"].split()) == len(answers[0].hidden)
    assert 0 < line["probability"] < 1


def test_what_is_saved_reads_the_same(tmp_path):
    task, _ = learned()
    task.save(tmp_path)
    again = task.config.load(tmp_path)
    for name, ragged in task.encode(TEXTS).ragged.items():
        np.testing.assert_array_equal(again.encode(TEXTS).ragged[name].values, ragged.values)


def test_the_tokenizer_follows_the_script():
    chinese = [Document(text) for text, _ in reviews.rows(size=200, seed=1) if not text.isascii()]
    english = [Document(text) for text, _ in reviews.rows(size=200, seed=1) if text.isascii()]
    assert MaskedLanguageModelConfig().learn(chinese).config.tokenizer.kind == "mixed"
    assert MaskedLanguageModelConfig().learn(english).config.tokenizer.kind == "bpe"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"encoder": "bag"}, "reads n-grams"),
        ({"tokenizer": "ngrams"}, "no words to be found"),
        ({"encoder": {**SMALL, "positions": "learned", "max_length": 32}, "max_length": 64}, "positions for 32 tokens"),
    ],
)
def test_what_cannot_be_is_refused(settings, said):
    with pytest.raises(ConfigError, match=said):
        learned(**settings)


def test_a_loaded_encoder_goes_on_from_its_weights(tmp_path):
    network = write_model(tmp_path)
    task, model = learned(encoder=f"pretrained:{tmp_path}", tokenizer=None)
    assert task.config.max_length == 40
    task.initialize(model, task.encode(TEXTS[:2]))
    table = model.table.weight
    torch.testing.assert_close(table, network.get_input_embeddings().weight)
    columns = task.encode([Document("the film was not good. 电影很好看。")])
    ids = columns.ragged["text"].values[:, 0]
    assert (ids[0], ids[-1]) == task.tokenizer.frame.before + task.tokenizer.frame.after
    batch = task.collate(columns, np.arange(1))
    draws_BS3 = torch.zeros(*batch.source.ids_BS.shape, 3)
    hidden, chosen_BS = task.masking(batch.source, batch.starts_BS, draws_BS3)
    assert not chosen_BS[0, [0, -1]].any()
    assert (hidden.ids_BS[chosen_BS] == task.tokenizer.special("mask_token")).all()
    loss = task.loss(model, batch, 0)
    loss.sum.backward()
    assert table.grad is not None


def test_the_frequency_of_each_token_is_what_a_model_has_to_beat():
    task, model = learned()
    answers = answer_columns(task, model.eval(), task.encode(TEXTS), device=CPU)
    (found,) = task.learned_floors(TEXTS, answers, TEXTS)["floors"].values()
    read = task.encode(TEXTS).ragged["text"].values[:, 0].tolist()
    counts = {piece: 1 + read.count(number) for number, piece in enumerate(task.tokenizer.pieces) if number > UNKNOWN}
    hidden = [piece for one in answers for piece in one.hidden]
    best = max(counts, key=counts.__getitem__)
    assert found["accuracy"] == pytest.approx(hidden.count(best) / len(hidden))
    nats = -sum(math.log(counts[piece] / sum(counts.values())) for piece in hidden) / len(hidden)
    assert found["log_loss"] == pytest.approx(nats)
