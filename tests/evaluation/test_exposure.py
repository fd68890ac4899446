"""Losses after true prefixes and after a model's own: equal where they must be, and as a plain loop has them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weft.config import validated
from weft.data.examples.documents import Document
from weft.data.examples.labelled import LabelledText
from weft.data.examples.source_target import SourceTarget
from weft.errors import ConfigError, InputError
from weft.evaluation.evaluate import answer
from weft.evaluation.exposure import Exposure, exposure, in_buckets, together
from weft.tasks.classification import ClassificationConfig
from weft.tasks.language_model import LanguageModelConfig
from weft.tasks.seq2seq import Seq2SeqConfig
from weft.text.tokenizers.vocab import PAD, UNKNOWN

PAIRS = [
    SourceTarget("a cat sleeps", ("一只猫在睡觉",)),
    SourceTarget("he reads", ("他读书。",)),
    SourceTarget("他读书", ("he reads a book",)),
]
TEXTS = [Document("春眠不觉晓，处处闻啼鸟。"), Document("the rain falls"), Document("雨")]
DECODERS = ["transformer", "gpt", "lstm", "gru"]
TINY = {"width": 16, "layers": 1, "heads": 2, "feed_forward": 16, "hidden": 12}
DEVICE = torch.device("cpu")


def built(config, decoder: str, examples, **settings):
    """A task and a model with random weights."""
    kind = validated(config, {"decoder": decoder}).decoder
    small = {name: value for name, value in TINY.items() if name in type(kind).model_fields}
    task = validated(config, {**settings, "decoder": {"kind": decoder, **small}}).learn(examples)
    torch.manual_seed(0)
    return task, task.build_model().eval()


@pytest.fixture(params=DECODERS)
def translator(request):
    return built(Seq2SeqConfig, request.param, PAIRS)


@pytest.fixture(params=DECODERS)
def poet(request):
    return built(LanguageModelConfig, request.param, TEXTS, unit="row", tokenizer="char", context=8)


@torch.inference_mode()
def by_hand(task, model, example, memory_of, target, first):
    """Losses of one example, each prefix read anew as a whole: after true tokens, and after own ones."""
    memory = memory_of(example)
    true, own, losses = [first], [first], ([], [])
    for token in target:
        for prefix, told in ((true, losses[0]), (own, losses[1])):
            states, _ = model.decoder(torch.tensor([prefix]), model.decoder.start(memory, rows=1))
            scores = model.decoder.logits(states[0, -1])
            told.append(float(scores.logsumexp(-1) - scores[token]))
            scores[[PAD, UNKNOWN, task.end]] = -torch.inf
            prefix.append(token if prefix is true else int(scores.argmax()))
    return losses


def test_a_translator_is_as_a_plain_loop_has_it(translator):
    task, model = translator
    found = exposure(task, model, PAIRS, positions=99, device=DEVICE)

    def memory_of(example):
        return model.encoder(task.collate(task.encode([example]), np.zeros(1, dtype=np.int64)).source)

    sums = {}
    for example in PAIRS:
        target = [*task.tokenizers.target.encode(list(example.targets)).values_NW[:, 0].tolist(), task.end]
        for place, losses in enumerate(
            zip(*by_hand(task, model, example, memory_of, target, task.end), strict=True), 1
        ):
            sums.setdefault(place, []).append(losses)
    assert [(one.first, one.count) for one in found] == [(place, len(each)) for place, each in sums.items()]
    for one, each in zip(found, sums.values(), strict=True):
        assert (one.true, one.own) == pytest.approx(
            [sum(side) / len(each) for side in zip(*each, strict=True)], rel=1e-4
        )


def test_the_whole_is_the_log_loss(translator, poet):
    for (task, model), examples in ((translator, PAIRS), (poet, TEXTS)):
        found = together(exposure(task, model, examples, positions=99, device=DEVICE))
        losses = [one.loss for one in answer(task, model, examples, device=DEVICE)]
        assert found.count == sum(one.tokens for one in losses)
        assert found.true == pytest.approx(sum(one.nats for one in losses) / found.count, rel=1e-4)


def test_the_first_token_is_told_from_the_same(translator, poet):
    for (task, model), examples in ((translator, PAIRS), (poet, TEXTS)):
        first, *later = exposure(task, model, examples, positions=6, device=DEVICE)
        assert first.gap == 0
        assert any(one.gap for one in later)


def test_positions_are_a_limit(translator):
    task, model = translator
    whole = exposure(task, model, PAIRS, positions=99, device=DEVICE)
    few = exposure(task, model, PAIRS, positions=3, device=DEVICE)
    assert [one.first for one in few] == [1, 2, 3]
    assert [one.own for one in few] == pytest.approx([one.own for one in whole[:3]], rel=1e-5)


def test_what_cannot_be_looked_at():
    task, model = built(Seq2SeqConfig, "gru", PAIRS)
    with pytest.raises(InputError, match="no reference"):
        exposure(task, model, [SourceTarget("他读书")], positions=3, device=DEVICE)
    rows = [LabelledText("好", "a"), LabelledText("bad", "b")]
    classifier = ClassificationConfig().learn(rows)
    with pytest.raises(ConfigError, match="generates no text"):
        exposure(classifier, classifier.build_model(), rows, positions=3, device=DEVICE)


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 9), st.integers(1, 50)), min_size=1, max_size=40))
def test_buckets_hold_everything_once(losses):
    found = [Exposure(place, place, *one) for place, one in enumerate(losses, 1)]
    buckets = in_buckets(found)
    assert [(one.first, one.last) for one in buckets[:4]] == [(1, 1), (2, 2), (3, 4), (5, 8)][: len(buckets) - 1] + (
        [(buckets[-1].first, len(found))] if len(buckets) <= 4 else []
    )
    assert sum(one.count for one in buckets) == sum(one.count for one in found)
    whole, again = together(found), together(buckets)
    assert (again.first, again.last, again.count) == (1, len(found), whole.count)
    assert (again.true, again.own) == pytest.approx((whole.true, whole.own))
