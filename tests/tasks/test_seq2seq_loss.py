"""The loss of a text for a text: torch's, in any batch; two readings that agree, and guesses that are fed."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.kinds import DECODERS, READERS
from weft.config import kind_of
from weft.data.examples.source_target import SourceTarget
from weft.decoding.token_loss import disagreement
from weft.errors import InputError
from weft.tasks.seq2seq import Seq2SeqConfig

PAIRS = [
    ("A man is riding a horse.", "一个男人在骑马。"),
    ("Two dogs run on the beach, and a man is riding.", "两只狗在海滩上奔跑，一个男人在骑马。"),
    ("The woman reads a book.", "女人在看书。"),
    ("骑马", "riding"),
    ("The dog sleeps.", "狗在睡觉。"),
    ("Three people play music on the beach.", "三个人在海滩上演奏音乐。"),
]
EXAMPLES = [SourceTarget(source, (target,), line) for line, (source, target) in enumerate(PAIRS, 1)]
TINY = {"width": 8, "hidden": 6, "maps": 3, "feed_forward": 10, "heads": 2, "layers": 1, "dropout": 0}
each_decoder = pytest.mark.parametrize("decoder", DECODERS, ids=kind_of)


def small(kind):
    return kind(**{name: value for name, value in TINY.items() if name in kind.model_fields})


def task_of(decoder=DECODERS[-1], **others):
    config = {"decoder": small(decoder), "tokenizer": {"kind": "bpe", "size": 90}, **others}
    return Seq2SeqConfig.model_validate(config).learn(EXAMPLES)


def model_of(task, *, seed=3):
    torch.manual_seed(seed)
    return task.build_model().eval()


def whole(task):
    return task.collate(task.encode(EXAMPLES), np.arange(len(EXAMPLES)))


@each_decoder
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_cross_entropy_over_the_tokens_of_targets(decoder, smoothing):
    task = task_of(decoder, smoothing=smoothing)
    model, batch = model_of(task), whole(task)
    loss = task.loss(model, batch, 0)
    logits_BTV = model.decoder.logits(model(batch.source, batch.target_BT[:, :-1]))
    gold_BT = batch.target_BT[:, 1:].masked_fill(~batch.mask_BT, -100)
    expected = functional.cross_entropy(
        logits_BTV.transpose(1, 2), gold_BT, reduction="sum", label_smoothing=smoothing, ignore_index=-100
    )
    torch.testing.assert_close(loss.sum, expected)
    assert float(loss.count) == int(batch.mask_BT.sum())
    slopes = [torch.autograd.grad(one, list(model.parameters())) for one in (expected, loss.sum)]
    for theirs, ours in zip(*slopes, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@each_decoder
@pytest.mark.parametrize("encoder", READERS, ids=kind_of)
def test_the_loss_of_a_batch_is_that_of_its_rows(encoder, decoder):
    task = task_of(decoder, encoder=small(encoder))
    model, columns = model_of(task), task.encode(EXAMPLES)
    together = task.loss(model, task.collate(columns, np.arange(6)), 0)
    alone = [task.loss(model, task.collate(columns, np.array([row])), 0) for row in range(6)]
    torch.testing.assert_close(together.sum, sum(one.sum for one in alone))
    assert float(together.count) == sum(float(one.count) for one in alone)


def test_two_readings_agree_as_r_drop_says():
    task = task_of(r_drop=3.0, smoothing=0.0)
    task.config = task.config.model_copy(update={"decoder": task.config.decoder.model_copy(update={"dropout": 0.4})})
    model, batch = model_of(task).train(), whole(task)
    gold_N = batch.target_BT[:, 1:][batch.mask_BT]
    torch.manual_seed(1)
    loss = task.loss(model, batch, 0)
    torch.manual_seed(1)
    readings = [model.decoder.logits(model(batch.source, batch.target_BT[:, :-1])[batch.mask_BT]) for _ in range(2)]
    entropies = sum(functional.cross_entropy(one, gold_N, reduction="sum") for one in readings)
    apart = disagreement(*readings)
    assert apart.item() > 0.1
    torch.testing.assert_close(loss.sum, entropies + 3.0 * apart)
    assert float(loss.count) == 2 * len(gold_N)
    slopes = [torch.autograd.grad(one, list(model.parameters())) for one in (entropies + 3.0 * apart, loss.sum)]
    for theirs, ours in zip(*slopes, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    model.eval()
    plain = task_of(smoothing=0.0).loss(model, batch, 0)
    torch.testing.assert_close(task.loss(model, batch, 0).sum, plain.sum)


def test_the_count_of_many_tokens_is_whole_in_coarse_precision():
    task = task_of(r_drop=1.0)
    model = model_of(task).train()
    batch = task.collate(task.encode(EXAMPLES * 11 + EXAMPLES[:1]), np.arange(67))
    with torch.autocast("cpu", torch.bfloat16):
        loss = task.loss(model, batch, 0)
    assert float(loss.count) == 2 * int(batch.mask_BT.sum())
    assert {loss.sum.dtype, loss.count.dtype} == {torch.float32}


@each_decoder
@pytest.mark.parametrize("gold", [0.0, 0.5])
def test_own_guesses_may_be_fed_to_every_decoder(decoder, gold):
    task, plain = task_of(decoder, teacher_forcing={"gold": gold}), task_of(decoder)
    model, batch = model_of(task), whole(task)
    found, usual = task.loss(model, batch, 0), plain.loss(model, batch, 0)
    assert float(found.count) == float(usual.count)
    assert float(found.sum.detach()) != float(usual.sum.detach())
    found.sum.backward()
    assert all(torch.isfinite(weight.grad).all() for weight in model.parameters() if weight.grad is not None)


def test_the_share_of_true_tokens_falls_with_the_steps():
    task = task_of(teacher_forcing={"gold": 0, "schedule": "linear", "steps": 10})
    model, batch = model_of(task), whole(task)
    usual = task_of().loss(model, batch, 0)
    assert torch.equal(task.loss(model, batch, 0).sum, usual.sum)
    assert not torch.equal(task.loss(model, batch, 10).sum, usual.sum)


def test_a_source_without_a_target_teaches_nothing():
    task = task_of()
    some = [*EXAMPLES[:2], SourceTarget("骑马", (), 9)]
    with pytest.raises(InputError, match="sources without a target"):
        task.loss(model_of(task), task.collate(task.encode(some), np.arange(3)), 0)
    with pytest.raises(InputError, match="line 9: there is no target"):
        task.check(some)
    assert task.check(EXAMPLES) == []
    with pytest.raises(InputError, match="there is no pair to learn from"):
        Seq2SeqConfig().learn([SourceTarget("骑马")])
