"""What every head owes, over a small encoder: a row alone, among others and padded; every weight learns."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import weft.models
from weft.data.batch import Tokens
from weft.data.columns import Ragged
from weft.models.base import Encoder, Memory, Pooling, TokenSpec
from weft.models.bi_encoder import BiEncoderConfig
from weft.models.classifier import ClassifierConfig
from weft.models.crf import chain
from weft.models.ctc import CtcModel
from weft.models.joint import JointModel
from weft.models.masked import MaskedModel
from weft.models.options import Offered, OptionConfig, OptionReader
from weft.models.pairs import Pair, PairClassifier
from weft.models.rnn import GruEncoderConfig
from weft.models.span import Reading, SpanConfig, SpanScores, best_spans
from weft.models.tagger import TaggerConfig, TokenSource
from weft.models.transformer import TransformerEncoderConfig

SIZE, CLASSES, COUNTED = 13, 3, 4
LENGTHS, OTHERS = [6, 2, 9, 1, 4], [3, 5, 1, 2, 4]
OPTIONS = [2, 4, 3, 2, 2]
EVERY_ROW = list(range(len(LENGTHS)))


def encoder() -> Encoder:
    return GruEncoderConfig(width=8, hidden=5, dropout=0.0).build(TokenSpec((SIZE,)))


def attending() -> Encoder:
    """One whose first state knows of all positions."""
    return TransformerEncoderConfig(width=8, heads=2, layers=1, feed_forward=12, dropout=0.0).build(TokenSpec((SIZE,)))


def tokens(rows, lengths=LENGTHS, *, seed=1, pad=0) -> Tokens:
    """Some rows of a small corpus, with so many positions of padding more than they need."""
    values = np.random.default_rng(seed).integers(2, SIZE, size=(sum(lengths), 1))
    ids_BS1, mask_BS = Ragged.of(values, np.array(lengths)).padded(np.array(rows))
    return Tokens(
        nn.functional.pad(torch.from_numpy(ids_BS1[..., 0]).long(), (0, pad)),
        nn.functional.pad(torch.from_numpy(mask_BS), (0, pad)),
    )


def pair(rows, pad=0) -> Pair:
    return Pair(tokens(rows, pad=pad), tokens(rows, OTHERS, seed=2, pad=pad))


def inside(passage) -> Tensor:
    """Where an answer may start and end: not at the first position, unless there is no other."""
    inside_BS = passage.mask_BS.clone()
    inside_BS[passage.lengths_B > 1, 0] = False
    return inside_BS


def reading(rows, pad=0) -> Reading:
    passage = tokens(rows, pad=pad)
    return Reading(passage, tokens(rows, OTHERS, seed=2, pad=pad), inside(passage))


def joined(rows, pad=0) -> Reading:
    return replace(reading(rows, pad), question=None)


def offered(read, rows, pad=0) -> Offered:
    """The options of some rows, of which each is read as a row of its own."""
    starts = np.cumsum([0, *OPTIONS])
    numbers = [number for row in rows for number in range(starts[row], starts[row + 1])]
    every = torch.from_numpy(np.random.default_rng(3).random((sum(OPTIONS), COUNTED), dtype=np.float32))
    many_B = torch.tensor([OPTIONS[row] for row in rows])
    source = read([number % len(LENGTHS) for number in numbers], pad)
    return Offered(source, every[numbers], torch.arange(int(many_B.max())) < many_B[:, None])


def chosen(rows, pad=0) -> tuple[Tokens, Tensor]:
    """Some rows and the positions whose pieces are hidden: the middle of each."""
    read = tokens(rows, pad=pad)
    return read, torch.arange(read.mask_BS.shape[1]) == read.lengths_B[:, None] // 2


@dataclass(frozen=True)
class Head:
    """A head: how it is built, what it reads of some rows, and the scores that it gives to each of them."""

    name: str
    build: Callable[[], nn.Module]
    read: Callable[..., Any]
    scores: Callable[[Any], list[Tensor]] = list
    width: Callable[[int], int] = lambda row: CLASSES

    @property
    def model(self) -> nn.Module:
        """The model, every weight of it at work, in eval mode."""
        torch.manual_seed(0)
        model = self.build()
        if isinstance(model, OptionReader):
            model.prepare(torch.rand(20, COUNTED))
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter), alpha=0.2)
        return model.eval()

    def of(self, model, rows, *, pad=0) -> list[Tensor]:
        """The scores of each of some rows."""
        source = self.read(rows, pad=pad)
        return self.scores(model(*source) if isinstance(source, tuple) else model(source))


def classifier(pooling: Pooling) -> Head:
    config = ClassifierConfig(pooling=pooling, dropout=0.0)
    over = attending if pooling == "first" else encoder
    return Head(f"classifier-{pooling}", lambda: config.build(over(), classes=CLASSES), tokens)


def spans(scores: SpanScores) -> list[Tensor]:
    """The best spans of each row, with the odds of all."""
    best = best_spans(scores, longest=3, keep=3)
    places_BN = (best.first_BN + best.last_BN / 100).masked_fill(best.odds_BN == -torch.inf, 0)
    return [*torch.cat([best.odds_BN, places_BN, best.total_B[:, None]], 1)]


def options(scores_BO: Tensor) -> list[Tensor]:
    """The scores of the options that a row has."""
    return [scores_O[scores_O.isfinite()] for scores_O in scores_BO]


TOKENS = [3, 2, 5, 1, 4]


def placed(rows, pad=0) -> TokenSource:
    """Some rows with the positions of their tokens: fewer than pieces, for the first piece stands for a token."""
    source, counts = tokens(rows, pad=pad), [TOKENS[row] for row in rows]
    places = [[place * LENGTHS[row] // TOKENS[row] for place in range(TOKENS[row])] for row in rows]
    longest = max(counts) + pad
    mask_BT = torch.arange(longest) < torch.tensor(counts)[:, None]
    return TokenSource(source, torch.tensor([one + [0] * (longest - len(one)) for one in places]), mask_BT)


class Marginals(nn.Module):
    """The head that tags, scored by the log-probabilities of each tag at its tokens, summed, and by all paths."""

    def __init__(self, kind) -> None:
        super().__init__()
        config = TaggerConfig(kind=kind, dropout=0.0)
        self.tagger = config.build(
            encoder(), tags=("O", "B-x", "I-x"), allowed=lambda one, other: (one, other) != ("O", "I-x")
        )

    def forward(self, source):
        scores_BTC, moves = self.tagger(source), self.tagger.transitions()
        found = chain(scores_BTC, source.mask_BT, moves)
        share_BTC = (found.forward_BTC + found.backward_BTC - found.partition_B[:, None, None]).masked_fill(
            ~source.mask_BT[..., None], 0
        )
        return torch.cat([share_BTC.sum(1).tanh().repeat(1, 3), found.partition_B[:, None]], 1)


class Positions(nn.Module):
    """The log-probabilities of labels and blank, summed over the positions of each row."""

    def __init__(self):
        super().__init__()
        self.ctc = CtcModel(encoder(), labels=CLASSES)

    def forward(self, source):
        scores_BSV, positions_B = self.ctc(source)
        real_BS = torch.arange(scores_BSV.shape[1]) < positions_B[:, None]
        return (scores_BSV * real_BS[..., None]).sum(1)


class Joint(nn.Module):
    """Two classifiers on the states of one encoder, their scores side by side."""

    def __init__(self) -> None:
        super().__init__()
        config = ClassifierConfig(dropout=0.0)
        self.joint = JointModel(encoder(), [lambda one: config.build(one, classes=CLASSES)] * 2)

    def forward(self, source):
        states = self.joint(source)
        return torch.cat([head(states) for head in self.joint.heads], 1)


SPAN, OPTION = SpanConfig(hidden=4, dropout=0.0), OptionConfig(hidden=4, dropout=0.0)
HEADS = [
    *(classifier(pooling) for pooling in ("mean", "max", "last", "attention", "first")),
    Head("pairs", lambda: PairClassifier(encoder(), ClassifierConfig(dropout=0.0), classes=CLASSES), pair),
    Head("span-joint", lambda: SPAN.build(encoder(), reader="joint"), joined, spans, lambda row: 7),
    Head("span-attention", lambda: SPAN.build(encoder(), reader="attention"), reading, spans, lambda row: 7),
    Head(
        "options-joint",
        lambda: OPTION.build(encoder(), reader="joint", counted=COUNTED),
        lambda rows, pad=0: offered(joined, rows, pad),
        options,
        OPTIONS.__getitem__,
    ),
    Head(
        "options-attention",
        lambda: OPTION.build(encoder(), reader="attention", counted=COUNTED),
        lambda rows, pad=0: offered(reading, rows, pad),
        options,
        OPTIONS.__getitem__,
    ),
    Head("tagger-crf", lambda: Marginals("crf"), placed, list, lambda row: 10),
    Head("tagger-linear", lambda: Marginals("linear"), placed, list, lambda row: 10),
    Head("bi-encoder", lambda: BiEncoderConfig().build(encoder()), tokens, list, lambda row: 10),
    Head("joint", Joint, tokens, list, lambda row: 2 * CLASSES),
    Head("ctc", Positions, tokens, list, lambda row: CLASSES + 1),
    Head("masked", lambda: MaskedModel(encoder(), size=SIZE, first=2), chosen, list, lambda row: SIZE - 2),
]
every = pytest.mark.parametrize("head", HEADS, ids=lambda head: head.name)


def check_same(one, other):
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_every_head_in_the_package_is_listed():
    """A head is a module that is built over an encoder; one with a decoder too is no head."""
    for found in pkgutil.walk_packages(weft.models.__path__, "weft.models."):
        importlib.import_module(found.name)
    takes = {one: inspect.signature(one.__init__).parameters for one in below(nn.Module)}
    heads = {one for one, given in takes.items() if "encoder" in given and "decoder" not in given}
    listed = {one for head in HEADS for part in head.build().modules() for one in type(part).__mro__}
    assert {one for one in heads if one.__module__.startswith("weft.models.")} <= listed


def below(base):
    """All classes that are made of one, at any distance."""
    return {found for child in base.__subclasses__() for found in (child, *below(child))}


@every
def test_shapes(head):
    scores = head.of(head.model, EVERY_ROW)
    assert [len(one) for one in scores] == [head.width(row) for row in EVERY_ROW]
    assert not torch.cat(scores).isnan().any()


@every
def test_a_row_is_scored_the_same_alone_and_among_others(head):
    model = head.model
    with torch.inference_mode():
        together = head.of(model, EVERY_ROW)
        for row in EVERY_ROW:
            (alone,) = head.of(model, [row])
            check_same(together[row], alone)


@every
def test_a_row_is_scored_the_same_however_far_it_is_padded(head):
    model = head.model
    with torch.inference_mode():
        plain, padded = head.of(model, EVERY_ROW), head.of(model, EVERY_ROW, pad=5)
    check_same(padded, plain)


@every
def test_permuted_rows_have_permuted_scores(head):
    model, order = head.model, [3, 0, 4, 2, 1]
    with torch.inference_mode():
        plain, permuted = head.of(model, EVERY_ROW), head.of(model, order)
    check_same(permuted, [plain[row] for row in order])


@every
def test_gradients_reach_every_weight(head):
    model = head.model
    found = model(*source) if isinstance(source := head.read(EVERY_ROW), tuple) else model(source)
    parts = (found.start_BS1, found.end_BS1) if isinstance(found, SpanScores) else (found,)
    scores = torch.cat([part[part.isfinite()] for part in parts])
    (scores * torch.randn_like(scores)).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.to_dense().isfinite().all(), name
        assert parameter.grad.to_dense().any(), name


@every
def test_saved_weights_load(head):
    model, again = head.model, head.build().eval()
    again.load_state_dict(model.state_dict())
    assert all(map(torch.equal, head.of(model, EVERY_ROW), head.of(again, EVERY_ROW)))


@every
def test_reading_changes_nothing(head):
    model = head.model
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert all(map(torch.equal, head.of(model, EVERY_ROW), head.of(model, EVERY_ROW)))
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize("pooling", ["mean", "max", "last", "attention", "first"])
def test_a_row_without_tokens_is_pooled_to_zero(pooling):
    pool = ClassifierConfig(pooling=pooling).build(encoder(), classes=CLASSES).pool
    mask_BS = torch.tensor([[True, True], [False, False]])
    pooled_BD = pool(Memory(torch.randn(2, 2, encoder().width), mask_BS))
    assert pooled_BD[0].any()
    assert not pooled_BD[1].any()
