import pytest
import torch

from weft.data.batch import Tokens
from weft.models.base import TokenSpec
from weft.models.cnn import CnnEncoderConfig
from weft.models.rnn import GruEncoderConfig
from weft.models.span import Reading, SpanConfig, SpanScores, best_spans
from weft.models.transformer import TransformerEncoderConfig

SIZES = (20, 7)
READERS = [
    ("attention", GruEncoderConfig(width=8, hidden=6)),
    ("attention", CnnEncoderConfig(width=8, maps=6)),
    ("joint", TransformerEncoderConfig(width=8, heads=2, layers=1)),
    ("joint", GruEncoderConfig(width=8, hidden=6)),
]
every = pytest.mark.parametrize(("reader", "encoder"), READERS, ids=[f"{kind}-{one.kind}" for kind, one in READERS])


def tokens(lengths, *, pad=0):
    steps = max(lengths) + pad
    rows = [torch.randint(1, 7, (length, 2), generator=torch.Generator().manual_seed(length)) for length in lengths]
    ids = torch.zeros(len(lengths), steps, 2, dtype=torch.long)
    for row, found in enumerate(rows):
        ids[row, : len(found)] = found
    mask = torch.arange(steps) < torch.tensor(lengths)[:, None]
    return Tokens(ids[..., 0], mask, ids[..., 1:])


def reading(reader, lengths, *, pad=0):
    passage = tokens(lengths, pad=pad)
    inside = passage.mask_BS.clone()
    inside[:, :2] = False
    return Reading(passage, tokens([3] * len(lengths), pad=pad) if reader == "attention" else None, inside)


def built(reader, encoder):
    torch.manual_seed(0)
    return SpanConfig(hidden=5).build(encoder.build(TokenSpec(SIZES)), reader=reader).eval()


@every
def test_padding_and_other_rows_change_no_score(reader, encoder):
    model = built(reader, encoder)
    alone, beside = model(reading(reader, [6])), model(reading(reader, [6, 9], pad=3))
    for one, other in ((alone.start_BS1, beside.start_BS1), (alone.end_BS1, beside.end_BS1)):
        torch.testing.assert_close(one[0, :6], other[0, :6], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(one[0, -1], other[0, -1], rtol=1e-4, atol=1e-5)
        assert other[0, 6:-1].eq(-torch.inf).all()


@every
def test_an_answer_starts_and_ends_inside_alone(reader, encoder):
    scores = built(reader, encoder)(reading(reader, [6, 8]))
    for part in (scores.start_BS1, scores.end_BS1):
        assert part[:, :2].eq(-torch.inf).all()
        assert part[:, 2:6].isfinite().all()
        assert part[:, -1].isfinite().all()


@every
def test_every_weight_learns(reader, encoder):
    model = built(reader, encoder).train()
    scores = model(reading(reader, [6, 8]))
    (scores.start_BS1.log_softmax(1)[:, [3, -1]].sum() + scores.end_BS1.log_softmax(1)[:, [4, -1]].sum()).backward()
    still = [name for name, one in model.named_parameters() if one.grad is None or not one.grad.to_dense().any()]
    # what is the same for each position of a row cancels out in a softmax, and so does a bias of all of them
    assert [name for name in still if not name.endswith((".bias", "bias_hh_l0"))] == []


def test_the_question_matters_to_the_attention():
    model, one = built("attention", GruEncoderConfig(width=8, hidden=6)), reading("attention", [6])
    other = Reading(one.passage, tokens([4]), one.inside_BS)
    assert not torch.allclose(model(one).start_BS1, model(other).start_BS1)


@pytest.mark.parametrize("longest", [1, 3, 8])
def test_the_best_spans_are_those_of_a_search_through_all(longest):
    torch.manual_seed(1)
    start, end = torch.randn(2, 3, 6)
    start[0, 1] = end[1, 2] = -torch.inf
    found = best_spans(SpanScores(start, end), longest=longest, keep=4)
    for row in range(3):
        none = start[row, -1] + end[row, -1]
        every_one = {
            (first, last): float(start[row, first] + end[row, last] - none)
            for first in range(5)
            for last in range(first, min(5, first + longest))
        }
        best = sorted(every_one.items(), key=lambda one: -one[1])[:4]
        places = list(zip(found.first_BN[row].tolist(), found.last_BN[row].tolist(), strict=True))
        assert places == [place for place, _ in best]
        torch.testing.assert_close(found.odds_BN[row], torch.tensor([odds for _, odds in best]))
        torch.testing.assert_close(found.total_B[row], torch.tensor(list(every_one.values())).logsumexp(0))
