"""Rules against their definitions, on scores with ties and gaps, and on rows that are written to their end."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.decoding.rules import (
    NEVER,
    Banned,
    Lengths,
    MinP,
    NoRepeat,
    RepetitionPenalty,
    Temperature,
    TopK,
    TopP,
    Typical,
    apply,
    hold_back,
)

some = settings(max_examples=40, deadline=None)
END = 0
SIZE = 6
WORDS = ((3,), (1, 2), (1, 1, 4))
NONE = torch.zeros(1, 0, dtype=torch.long)
SHAPING = [Temperature(0.5), TopK(2), TopP(0.6), MinP(0.3), Typical(0.5)]
CONSTRAINTS = [
    RepetitionPenalty(1.5),
    NoRepeat(1),
    NoRepeat(2),
    NoRepeat(3),
    Banned(WORDS),
    Lengths(end=END, shortest=3),
    Lengths(end=END, shortest=1, longest=4),
]

scores = st.lists(
    st.one_of(st.floats(-30, 30, width=32), st.sampled_from([0.0, 1.0, -2.0, NEVER])), min_size=SIZE, max_size=SIZE
).filter(lambda row: max(row) > NEVER)
shares = st.sampled_from([0.01, 0.3, 0.5, 0.9, 0.999, 1.0]) | st.floats(1e-6, 1)


@st.composite
def written(draw):
    """Scores of some rows whose end is not forbidden, and the ids that they have."""
    rows, steps = draw(st.integers(1, 3)), draw(st.integers(0, 6))
    logits_NV = torch.tensor([draw(scores) for _ in range(rows)])
    logits_NV[:, END] = draw(st.sampled_from([0.0, -5.0]))
    ids = [draw(st.lists(st.integers(1, SIZE - 1), min_size=steps, max_size=steps)) for _ in range(rows)]
    return logits_NV, torch.tensor(ids, dtype=torch.long).reshape(rows, steps)


def kept_by(rule, row):
    """Which tokens a rule keeps of one row, as a list of truths."""
    return (rule(torch.tensor([row]), NONE)[0] > NEVER).tolist()


def masses(row):
    return torch.tensor(row, dtype=torch.float64).softmax(-1).tolist()


@given(case=written(), chosen=st.lists(st.sampled_from(CONSTRAINTS), max_size=4), data=st.data())
@some
def test_rules_leave_something_in_any_company_and_change_nothing_in_place(case, chosen, data):
    logits_NV, ids_NT = case
    before = logits_NV.clone(), ids_NT.clone()
    rules = [*sorted(chosen, key=CONSTRAINTS.index), *data.draw(st.lists(st.sampled_from(SHAPING), max_size=3))]
    after_NV = apply(rules, logits_NV, ids_NT)
    assert after_NV.shape == logits_NV.shape
    assert (after_NV > NEVER).any(-1).all()
    assert not after_NV.isnan().any()
    assert (after_NV[logits_NV == NEVER] == NEVER).all()
    assert torch.equal(before[0], logits_NV)
    assert torch.equal(before[1], ids_NT)


@pytest.mark.parametrize("rule", [*SHAPING, *CONSTRAINTS], ids=str)
@given(case=written())
@some
def test_a_row_is_what_it_is_alone(rule, case):
    logits_NV, ids_NT = case
    alone = [rule(logits_NV[row : row + 1], ids_NT[row : row + 1]) for row in range(len(logits_NV))]
    torch.testing.assert_close(rule(logits_NV, ids_NT), torch.cat(alone))


@pytest.mark.parametrize("rule", [*SHAPING, RepetitionPenalty(1.5)], ids=str)
@given(row=scores)
@some
def test_shaping_keeps_the_order_of_what_it_keeps(rule, row):
    after_V = rule(torch.tensor([row]), NONE)[0]
    kept = [index for index in range(SIZE) if after_V[index] > NEVER]
    for one in kept:
        for other in kept:
            assert (row[one] <= row[other]) <= bool(after_V[one] <= after_V[other])


@given(row=scores, size=st.integers(1, SIZE + 2))
@some
def test_top_k_keeps_what_fewer_than_k_are_above(row, size):
    assert kept_by(TopK(size), row) == [x > NEVER and sum(other > x for other in row) < size for x in row]


def holds_as_little_as_it_can(kept, distance, p, mass):
    """The kept are the nearest, have the mass, and would not have it without the last of them."""
    last = max(far for far, keeps in zip(distance, kept, strict=True) if keeps)
    assert kept == [far <= last and share > 0 for far, share in zip(distance, p, strict=True)]
    assert sum(share for share, keeps in zip(p, kept, strict=True) if keeps) >= mass - 1e-5
    assert sum(share for share, far in zip(p, distance, strict=True) if far < last) < mass + 1e-5


@given(row=scores, mass=shares)
@some
def test_top_p_keeps_the_fewest_that_have_the_mass(row, mass):
    holds_as_little_as_it_can(kept_by(TopP(mass), row), [-x for x in row], masses(row), mass)


@given(row=scores, mass=shares)
@some
def test_typical_keeps_the_nearest_to_the_entropy(row, mass):
    p = masses(row)
    entropy = -sum(share * math.log(share) for share in p if share)
    # as near as float32 can tell: what lies on the two sides of the entropy is compared after rounding
    distance = [round(abs(math.log(share) + entropy), 4) if share else math.inf for share in p]
    kept = kept_by(Typical(mass), row)
    last = max(far for far, keeps in zip(distance, kept, strict=True) if keeps)
    assert all(keeps for keeps, far in zip(kept, distance, strict=True) if far < last - 2e-4)
    assert sum(share for share, keeps in zip(p, kept, strict=True) if keeps) >= mass - 1e-5
    assert sum(share for share, far in zip(p, distance, strict=True) if far < last - 2e-4) < mass + 1e-5


@pytest.mark.parametrize("rule", [TopP(0.6), Typical(0.6)], ids=str)
def test_the_mass_is_found_where_it_is_spread_over_many(rule):
    logits_NV = torch.randn(3, 1000, generator=torch.Generator().manual_seed(1)) * torch.tensor([[9.0], [0.1], [0.5]])
    kept_NV = rule(logits_NV, NONE) > NEVER
    p_NV = logits_NV.double().softmax(-1)
    mass_N = (p_NV * kept_NV).sum(-1)
    assert ((mass_N >= 0.6) & (mass_N < 0.6 + p_NV.amax(-1))).all()
    assert (kept_NV.sum(-1) > 256).tolist() == [False, True, True]


def test_typical_may_leave_out_the_likeliest():
    p = torch.tensor([[0.5, 0.2, 0.15, 0.15]])  # entropy 1.24, surprises 0.69, 1.61, 1.90
    assert (Typical(0.15)(p.log(), NONE) > NEVER).tolist() == [[False, True, False, False]]


@given(row=scores, share=shares)
@some
def test_min_p_keeps_what_has_the_share_of_the_best(row, share):
    p = masses(row)
    for keeps, own in zip(kept_by(MinP(share), row), p, strict=True):
        assert keeps if own > share * max(p) * (1 + 1e-4) else not keeps or own > share * max(p) * (1 - 1e-4)


@pytest.mark.parametrize("value", [1e-30, 0.01, 0.7, 1.0, 3.0, 1e30])
def test_a_temperature_divides(value):
    row = torch.tensor([[1.0, 3.0, NEVER, 2.5]])
    expected = (row.double() / value).softmax(-1).float()
    torch.testing.assert_close(Temperature(value)(row, NONE).softmax(-1), expected)


@given(order=st.permutations([-3.0, -1.0, 0.5, 1.0, 2.0, 4.0]), size=st.integers(1, 6), mass=st.floats(0.05, 0.99))
@some
def test_top_k_and_top_p_are_those_in_use_where_there_are_no_ties(order, size, mass):
    row_V = torch.tensor(order)
    by_rank = row_V.argsort(descending=True)
    kept = torch.zeros(6, dtype=torch.bool)
    kept[by_rank[:size]] = True
    assert kept_by(TopK(size), order) == kept.tolist()
    ascending, indices = row_V.sort()
    removed = ascending.softmax(-1).cumsum(-1) <= 1 - mass
    removed[-1:] = False
    assert kept_by(TopP(mass), order) == (~removed.scatter(0, indices, removed)).tolist()


@given(case=written(), strength=st.floats(0.1, 5))
@some
def test_a_repetition_penalty_weakens_what_was_written_once(case, strength):
    logits_NV, ids_NT = case
    expected = logits_NV.clone()
    for row, ids in enumerate(ids_NT.tolist()):
        for one in set(ids):
            score = logits_NV[row, one]
            expected[row, one] = score / strength if score > 0 else score * strength
    torch.testing.assert_close(RepetitionPenalty(strength)(logits_NV, ids_NT), expected)


@given(case=written(), size=st.integers(1, 4))
@some
def test_no_repeat_forbids_what_would_repeat_and_nothing_else(case, size):
    logits_NV, ids_NT = case
    after_NV = NoRepeat(size)(logits_NV, ids_NT)
    for row, ids in enumerate(ids_NT.tolist()):
        grams = {tuple(ids[start : start + size]) for start in range(len(ids) - size + 1)}
        for one in range(SIZE):
            repeats = tuple([*ids, one][-size:]) in grams
            assert after_NV[row, one] == (NEVER if repeats else logits_NV[row, one])


@given(case=written(), words=st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple), max_size=4))
@some
def test_banned_forbids_what_would_end_a_banned_word_and_nothing_else(case, words):
    logits_NV, ids_NT = case
    after_NV = Banned(tuple(words))(logits_NV, ids_NT)
    for row, ids in enumerate(ids_NT.tolist()):
        for one in range(SIZE):
            ends = any(tuple([*ids, one][-len(word) :]) == word for word in words)
            assert after_NV[row, one] == (NEVER if ends else logits_NV[row, one])


@given(case=written(), shortest=st.integers(0, 5), more=st.none() | st.integers(0, 2))
@some
def test_lengths_hold_the_end_back_and_then_leave_nothing_else(case, shortest, more):
    logits_NV, ids_NT = case
    longest = None if more is None else shortest + more
    after_NV = Lengths(end=END, shortest=shortest, longest=longest)(logits_NV, ids_NT)
    steps = ids_NT.shape[1]
    if steps < shortest:
        another_N = (logits_NV[:, 1:] > NEVER).any(-1)
        assert torch.equal(after_NV[:, END] == NEVER, another_N)
        assert torch.equal(after_NV[:, 1:], logits_NV[:, 1:])
    elif longest is not None and steps >= longest:
        assert torch.equal(after_NV[:, END], logits_NV[:, END])
        assert (after_NV[:, 1:] == NEVER).all()
    else:
        assert torch.equal(after_NV, logits_NV)


def test_the_end_is_held_back_in_the_rows_asked_for():
    logits_NV = torch.tensor([[1.0, 2.0], [1.0, 2.0], [1.0, NEVER]])
    held_NV = hold_back(logits_NV, END, rows_N=torch.tensor([True, False, True]))
    assert held_NV.tolist() == [[NEVER, 2.0], [1.0, 2.0], [1.0, NEVER]]


@given(seed=st.integers(0, 10_000), size=st.integers(1, 3), shortest=st.integers(0, 6))
@some
def test_a_row_that_is_written_keeps_to_its_rules(seed, size, shortest):
    generator = torch.Generator().manual_seed(seed)
    rules = [NoRepeat(size), Banned(WORDS), Lengths(end=END, shortest=shortest), TopK(3)]
    ids: list[int] = []
    for _ in range(12):
        logits_NV = apply(rules, torch.randn(1, SIZE, generator=generator), torch.tensor([ids], dtype=torch.long))
        one = int(logits_NV.softmax(-1).multinomial(1, generator=generator))
        if one == END:
            # only where all others are forbidden may it be too early
            assert len(ids) >= shortest or (logits_NV[0, 1:] == NEVER).all()
            break
        ids.append(one)
    grams = [tuple(ids[start : start + size]) for start in range(len(ids) - size + 1)]
    assert len(grams) == len(set(grams))
    for word in WORDS:
        assert word not in [tuple(ids[start : start + len(word)]) for start in range(len(ids))]
