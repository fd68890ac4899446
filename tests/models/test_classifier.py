"""The classifier: every pooling on every encoder, padding never seen."""

from typing import get_args

import pytest
import torch

from tests.pretrained_folders import architecture
from weft.config import kind_of
from weft.data.batch import Ngrams, Tokens
from weft.models.bag import BagEncoder
from weft.models.base import Memory, Pooling, TokenSpec
from weft.models.choices import ENCODERS
from weft.models.classifier import Classifier, ClassifierConfig, Pool
from weft.models.pretrained import PretrainedEncoderConfig

LENGTHS = [5, 1, 0, 9, 2]
POOLINGS = get_args(Pooling)
READERS = [kind for kind in ENCODERS if kind.reads is Tokens]

every_pooling = pytest.mark.parametrize("pooling", POOLINGS)
every_reader = pytest.mark.parametrize("kind", READERS, ids=kind_of)


def fresh(kind):
    if kind is PretrainedEncoderConfig:
        return kind(folder="./model", architecture=architecture(vocab_size=20)).build(TokenSpec((20,)))
    return kind().build(TokenSpec((20,)))


def rows(source, start, end):
    """A slice of a batch, its padding cut off."""
    steps = max(1, int(source.lengths_B[start:end].max()))
    return type(source)(source.ids_BS[start:end, :steps], source.mask_BS[start:end, :steps])


@every_pooling
@every_reader
def test_a_row_is_decided_the_same_alone_and_among_others(tokens, kind, pooling):
    model = ClassifierConfig(pooling=pooling).build(fresh(kind), classes=3).eval()
    source = tokens(LENGTHS)
    together = model(source)
    assert together.shape == (len(LENGTHS), 3)
    for row in range(len(LENGTHS)):
        alone = model(rows(source, row, row + 1))
        torch.testing.assert_close(alone[0], together[row], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(together[LENGTHS.index(0)], model.scores.bias)  # nothing read: the bias alone


@every_pooling
@every_reader
def test_gradients_are_finite_and_reach_the_head(tokens, kind, pooling):
    model = ClassifierConfig(pooling=pooling).build(fresh(kind), classes=3)
    model(tokens(LENGTHS)).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is None or parameter.grad.to_dense().isfinite().all(), name
    assert all(parameter.grad.any() for parameter in [*model.pool.parameters(), *model.scores.parameters()])
    assert next(model.encoder.parameters()).grad.to_dense().any()


@every_pooling
def test_pooling_as_a_loop(pooling):
    states_BSD, mask_BS = torch.randn(4, 6, 5), torch.arange(6) < torch.tensor([6, 1, 0, 3])[:, None]
    pool = Pool(5, pooling)
    pooled_BD = pool(Memory(states_BSD, mask_BS))
    for states_SD, mask_S, got_D in zip(states_BSD, mask_BS, pooled_BD, strict=True):
        real_SD = states_SD[mask_S]
        if not len(real_SD):
            expected_D = torch.zeros(5)
        elif pooling == "mean":
            expected_D = real_SD.mean(0)
        elif pooling == "max":
            expected_D = real_SD.max(0).values
        elif pooling in ("first", "last"):
            expected_D = real_SD[0 if pooling == "first" else -1]
        else:
            weight_S = (pool.key(real_SD).tanh() @ pool.query.weight[0]).softmax(0)
            expected_D = weight_S @ real_SD
        torch.testing.assert_close(got_D, expected_D)


def test_last_is_what_a_recurrent_encoder_holds_at_the_end():
    final_BD = torch.randn(2, 5)
    mask_BS = torch.tensor([[True, True], [False, False]])
    pooled_BD = Pool(5, "last")(Memory(torch.randn(2, 2, 5), mask_BS, final_BD))
    assert torch.equal(pooled_BD[0], final_BD[0])
    assert not pooled_BD[1].any()


def test_by_default_each_encoder_is_pooled_as_suits_it():
    models = {kind_of(kind): ClassifierConfig().build(fresh(kind), classes=2) for kind in ENCODERS}
    assert all(model.pool.pooling == model.encoder.pooling for model in models.values())
    assert {kind: model.dropout.rate for kind, model in models.items() if model.dropout.rate != 0.5} == {
        "pretrained": 0.1,
        "projection": 0.0,
    }
    said = {"bag": "mean", "cnn": "max", "rnn": "max", "lstm": "max", "gru": "max", "transformer": "mean"}
    assert {kind: models[kind].pool.pooling for kind in said} == said


def test_a_bag_is_decided_by_its_mean():
    model = Classifier(BagEncoder(9, 4), ClassifierConfig(pooling="mean", dropout=0.0), classes=3)
    logits = model(Ngrams(torch.tensor([1, 2, 5]), torch.tensor([0, 2, 3])))
    table = model.encoder.table.weight
    torch.testing.assert_close(logits[0], model.scores((table[1] + table[2]) / 2))
    torch.testing.assert_close(logits[2], model.scores.bias)
