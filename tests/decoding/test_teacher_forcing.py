"""What a decoder reads while it learns: all true, none, or a share that falls."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weft.config import validated
from weft.decoding.teacher_forcing import TeacherForcing, feed
from weft.errors import ConfigError

SHARES = [0.0, 0.25, 0.9]


def fed(tiny, ids_BT, gold):
    torch.manual_seed(1)
    return feed(tiny.decoder, tiny.start(range(len(ids_BT))), ids_BT, gold=gold)


def guesses(decoder, states):
    return decoder.logits(states).argmax(-1)


def test_all_true_is_one_call(tiny):
    ids_BT = torch.randint(6, (4, 7))
    expected, _ = tiny.decoder(ids_BT, tiny.start(range(4)))
    assert torch.equal(fed(tiny, ids_BT, 1.0), expected)


def test_none_true_is_what_a_decoder_says_after_its_own_words(tiny):
    decoder, ids_BT = tiny.decoder, torch.randint(6, (4, 7))
    if decoder.parallel:  # two passes: the guesses of the first are what the second reads
        first_BTD, _ = decoder(ids_BT, tiny.start(range(4)))
        guessed_BT = torch.cat([ids_BT[:, :1], guesses(decoder, first_BTD)[:, :-1]], 1)
        assert not torch.equal(guessed_BT, ids_BT)
        expected, _ = decoder(guessed_BT, tiny.start(range(4)))
    else:
        state, next_B1, told = tiny.start(range(4)), ids_BT[:, :1], []
        for _ in range(7):
            states_B1D, state = decoder(next_B1, state)
            next_B1 = guesses(decoder, states_B1D)
            told.append(states_B1D)
        expected = torch.cat(told, 1)
    torch.testing.assert_close(fed(tiny, ids_BT, 0.0), expected)


@pytest.mark.parametrize("gold", SHARES)
def test_the_first_token_is_always_true_and_the_seed_decides_the_others(tiny, gold):
    ids_BT = torch.randint(6, (4, 7))
    told = fed(tiny, ids_BT, gold)
    torch.testing.assert_close(told[:, :1], tiny.decoder(ids_BT[:, :1], tiny.start(range(4)))[0])
    assert torch.equal(fed(tiny, ids_BT, gold), told)


def always_2(table, *, parallel):
    """A decoder that guesses 2 after whatever it reads."""
    scores_VV = torch.zeros(6, 6)
    scores_VV[:, 2] = 1.0
    decoder = table.of(scores_VV)
    decoder.parallel = parallel
    return decoder


@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("gold", SHARES)
def test_about_the_share_is_true_and_all_else_is_guessed(table, gold, parallel):
    decoder = always_2(table, parallel=parallel)
    feed(decoder, decoder.start(rows=200), torch.full((200, 41), 3), gold=gold)
    read_BT = decoder.calls[-1] if parallel else torch.cat(decoder.calls, 1)
    assert len(decoder.calls) == (2 if parallel else 41)
    assert read_BT.shape == (200, 41)
    assert (read_BT[:, 0] == 3).all()
    assert ((read_BT == 3) | (read_BT == 2)).all()
    shares_T = (read_BT[:, 1:] == 3).double().mean(0)
    assert float(shares_T.mean()) == pytest.approx(gold, abs=0.02)
    assert float((shares_T - gold).abs().max()) < 0.13, "at every place"
    assert gold == 0 or float((read_BT[:, 1:] == 3).double().mean(1).std()) > 0, "token by token, not row by row"


@pytest.mark.parametrize("gold", [0.0, 0.5])
@torch.enable_grad()
def test_gradients_reach_every_weight_whatever_was_guessed(tiny, gold):
    ids_BT = torch.randint(6, (4, 7))
    states_BTD = fed(tiny, ids_BT, gold)
    assert states_BTD.shape == (4, 7, tiny.decoder.width)
    tiny.decoder.logits(states_BTD).square().mean().backward()
    for name, parameter in tiny.decoder.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all()
        assert parameter.grad.any(), name


def test_one_token_is_read_as_it_is(tiny):
    ids_B1 = torch.randint(6, (4, 1))
    expected, _ = tiny.decoder(ids_B1, tiny.start(range(4)))
    torch.testing.assert_close(fed(tiny, ids_B1, 0.0), expected)


@given(
    st.sampled_from(["constant", "linear", "exponential", "inverse-sigmoid"]),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 10_000),
    st.lists(st.integers(0, 100_000), min_size=2, max_size=8),
)
def test_a_share_never_rises_and_never_falls_below_the_last(schedule, gold, steps, at):
    forcing = TeacherForcing(gold=gold, schedule=schedule, steps=steps)
    shares = [forcing.at(step) for step in sorted(at)]
    assert shares == sorted(shares, reverse=True)
    assert all(gold <= share <= 1 for share in shares)
    assert forcing.at(20 * steps + 10**6) == pytest.approx(gold, abs=1e-8)


def test_schedules_are_those_of_the_paper():
    """Bengio et al. 2015, section 2.4, with epsilon for `gold`: max(eps, k - c i), k ** i, k / (k + exp(i / k))."""
    shares = {
        "constant": {0: 0.1, 5: 0.1},
        "linear": {0: 1.0, 25: 0.75, 50: 0.5, 95: 0.1, 100: 0.1},
        "exponential": {0: 1.0, 50: math.exp(-0.5), 100: 1 / math.e, 500: 0.1},
        "inverse-sigmoid": {0: 100 / 101, 100: 100 / (100 + math.e), 500: 100 / (100 + math.exp(5)), 10**9: 0.1},
    }
    for schedule, told in shares.items():
        forcing = TeacherForcing(gold=0.1, schedule=schedule, steps=100)
        for step, share in told.items():
            assert forcing.at(step) == pytest.approx(share), (schedule, step)


@pytest.mark.parametrize("wrong", [{"gold": 1.1}, {"gold": -0.1}, {"steps": 0}, {"schedule": "cosine"}])
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        validated(TeacherForcing, wrong)


def test_the_whole_is_true_where_nothing_is_said():
    assert [TeacherForcing().at(step) for step in (0, 10, 10**6)] == [1.0] * 3
