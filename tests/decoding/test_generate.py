"""Greedy search and drawing against loops by hand, whoever stands beside a row in its batch."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.decoding.generate import Terms, collected, drawing, likeliest, row_keys, unroll
from weft.decoding.rules import Banned, Lengths, NoRepeat, Temperature, TopK
from weft.hashing import mix

LONGEST, END = 6, 5
ALL = range(6)
KEYS = row_keys([np.array([row]) for row in ALL])


def outputs(tiny, rows=ALL, *, choose=likeliest, samples=1, rules=(), longest=LONGEST):
    first_BP, terms = tiny.first(rows), Terms(END, longest, rules)
    state = tiny.start(rows, room=first_BP.shape[1] + longest)
    steps = unroll(tiny.decoder, state, first_BP, terms=terms, choose=choose, samples=samples)
    return collected(steps, rows=len(first_BP) * samples, end=END)


def ids_of(found):
    return [one.ids for one in found]


def by_hand(tiny, row, choose, *, longest=LONGEST):
    """One row, read anew from its beginning for each token."""
    ids = []
    for step in range(longest):
        ids_1T = torch.tensor([[*tiny.first_BP[row].tolist(), *ids]])
        states_1TD, _ = tiny.decoder(ids_1T, tiny.start([row]))
        logits_V = tiny.decoder.logits(states_1TD)[0, -1]
        logits_V[:2] = -torch.inf
        token = choose(logits_V, step)
        if token == END:
            break
        ids.append(token)
    return ids


def chi_square(counts, expected):
    return float(((counts - expected) ** 2 / expected).sum())


def test_greedy_search_takes_the_likeliest_token_each_time(tiny):
    found = outputs(tiny)
    assert ids_of(found) == [by_hand(tiny, row, lambda logits_V, _: int(logits_V.argmax())) for row in ALL]
    assert ids_of(found) == [outputs(tiny, [row])[0].ids for row in ALL]
    order = [4, 0, 5, 2]
    assert ids_of(outputs(tiny, order)) == [found[row].ids for row in order]


def test_draws_are_looked_up_in_the_running_sum(tiny):
    choose = drawing(KEYS, seed=3)

    def draw(row):
        return lambda logits_V, step: int(choose(logits_V[None], torch.tensor([row]), step))

    assert ids_of(outputs(tiny, choose=choose)) == [by_hand(tiny, row, draw(row)) for row in ALL]


def test_draws_do_not_depend_on_the_batch(tiny):
    found = ids_of(outputs(tiny, choose=drawing(KEYS, seed=3)))
    for rows in ([2], [5, 1, 0], [3, 3, 4]):
        assert ids_of(outputs(tiny, rows, choose=drawing(KEYS[rows], seed=3))) == [found[row] for row in rows]
    assert ids_of(outputs(tiny, choose=drawing(KEYS, seed=3))) == found
    assert any(ids_of(outputs(tiny, choose=drawing(KEYS, seed=seed))) != found for seed in (4, 5))


@pytest.mark.parametrize("samples", [2, 3])
def test_samples_of_a_row_are_written_as_rows_of_their_own(tiny, samples):
    """They end at different steps, and share what their row began with until the last of them has ended."""
    keys = row_keys([np.array([row]) for row in ALL], samples=samples)
    together = outputs(tiny, samples=samples, choose=drawing(keys, seed=3))
    apart = outputs(tiny, np.repeat(ALL, samples), choose=drawing(keys, seed=3))
    assert ids_of(together) == ids_of(apart)
    assert len({len(ids) for ids in ids_of(together)}) > 1
    assert [one.log_probability for one in together] == pytest.approx([one.log_probability for one in apart], abs=1e-5)


def test_log_probabilities_are_those_under_true_prefixes(tiny):
    rules = (Temperature(0.5), TopK(2), Lengths(end=END, shortest=2))
    for choose in (likeliest, drawing(KEYS, seed=3)):
        for row, one in enumerate(outputs(tiny, choose=choose, rules=rules)):
            told = float(tiny.logs(row, tiny.ended(one, LONGEST)).sum())
            assert one.log_probability == pytest.approx(told, abs=1e-4), "of the model, whatever the rules did"


def chain(table, *, rest=-9.0):
    """2 leads to 3, 3 to 4, and 4 to the end, which leads to 2."""
    scores_VV = torch.full((6, 6), rest)
    for last, following in ((2, 3), (3, 4), (4, END), (END, 2)):
        scores_VV[last, following] = 9.0
    return table.of(scores_VV)


def steps_of(decoder, begun, **terms):
    ids_BP = torch.tensor(begun)
    terms = Terms(END, **{"longest": LONGEST, **terms})
    return unroll(decoder, decoder.start(rows=len(begun)), ids_BP, terms=terms)


def test_finished_rows_leave_and_the_others_keep_their_numbers(table):
    decoder = chain(table)
    steps = list(steps_of(decoder, [[4], [2], [3], [4], [4]]))
    assert [chosen.rows_N.tolist() for chosen in steps] == [[0, 1, 2, 3, 4], [1, 2], [1]]
    assert [chosen.ids_N.tolist() for chosen in steps] == [[5, 3, 4, 5, 5], [4, 5], [5]]
    assert [len(ids) for ids in decoder.calls] == [5, 2, 1]
    assert ids_of(collected(iter(steps), rows=5, end=END)) == [[], [3, 4], [4], [], []]


def test_a_few_finished_rows_stay_and_say_nothing(table):
    decoder = chain(table)
    steps = list(steps_of(decoder, [[2], [2], [4], [2], [2]]))
    assert [len(ids) for ids in decoder.calls] == [5, 5, 5], "to leave costs a copy of the rest"
    assert [chosen.rows_N.tolist() for chosen in steps] == [[0, 1, 2, 3, 4], [0, 1, 3, 4], [0, 1, 3, 4]]


def test_rows_that_ended_and_stayed_disturb_nobody(table):
    """After a while every token is one that they had, and nothing is left for them to write."""
    torch.manual_seed(1)
    scores_VV = torch.randn(9, 9)
    scores_VV[:, END] = -20
    scores_VV[2, END] = 20
    decoder, rules = table.of(scores_VV), (NoRepeat(1),)
    for choose in (likeliest, drawing(KEYS, seed=3)):
        begun = torch.tensor([[3], [4], [2], [6], [7]])
        terms = Terms(END, 9, rules)
        together = collected(unroll(decoder, decoder.start(rows=5), begun, terms=terms, choose=choose), rows=5, end=END)
        assert together[2].ids == []
        assert all(len(set(one.ids)) == len(one.ids) for one in together)
        for row in (0, 1, 3, 4):
            keys = drawing(KEYS[row : row + 1], seed=3) if choose is not likeliest else choose
            alone = unroll(decoder, decoder.start(rows=1), begun[row : row + 1], terms=terms, choose=keys)
            assert collected(alone, rows=1, end=END)[0].ids == together[row].ids


def test_padding_and_the_unknown_are_never_written(table):
    scores_VV = torch.zeros(6, 6)
    scores_VV[:, :2] = 50.0
    decoder = table.of(scores_VV)
    for choose in (likeliest, drawing(KEYS, seed=0)):
        steps = unroll(decoder, decoder.start(rows=6), torch.full((6, 1), END), terms=Terms(END, 20), choose=choose)
        assert all((chosen.ids_N > 1).all() for chosen in steps)


@pytest.mark.parametrize("longest", [1, 2, 5])
def test_no_output_is_longer_than_the_longest(table, longest):
    scores_VV = torch.zeros(6, 6)
    scores_VV[:, 3] = 5.0
    decoder = table.of(scores_VV)
    (one,) = collected(steps_of(decoder, [[END]], longest=longest), rows=1, end=END)
    assert one.ids == [3] * longest
    assert len(decoder.calls) == longest, "what would come after it is not asked for"
    assert one.log_probability == pytest.approx(longest * float(scores_VV[3].log_softmax(0)[3]), abs=1e-5)


def test_rules_are_applied_and_see_what_a_row_began_with(table):
    scores_VV = torch.tensor([[0, 0, 3, 2, 1, 0.5]]).expand(6, 6)

    def found(rule, begun=(END,)):
        decoder = table.of(scores_VV)
        return collected(steps_of(decoder, [list(begun)], rules=(rule,), longest=4), rows=1, end=END)[0].ids

    assert found(Banned(((2,),))) == [3, 3, 3, 3]
    assert found(NoRepeat(1)) == [2, 3, 4]
    assert found(NoRepeat(1), begun=(END, 2, 4)) == [3]
    assert found(NoRepeat(1), begun=(2, 4)) == [2, 3], "but not the symbol that starts a sequence"
    assert found(Lengths(end=END, longest=2)) == [2, 2]


def test_log_probabilities_of_coarse_scores_are_summed_finely(table):
    scores_VV = torch.randn(6, 6).bfloat16()
    (one,) = collected(steps_of(table.of(scores_VV), [[END]], longest=5), rows=1, end=END)
    ids = [END, *one.ids, END][: len(one.ids) + 1 + (len(one.ids) < 5)]
    logs_VV = scores_VV.float().log_softmax(-1)
    assert one.log_probability == pytest.approx(float(sum(logs_VV[a, b] for a, b in pairwise(ids))))


def test_many_draws_are_as_probable_as_the_scores_say():
    logits_V = torch.tensor([-torch.inf, 0.0, 1.0, 2.0, -1.0])
    rows = 8_000
    choose = drawing(row_keys([np.array([row, 7]) for row in range(rows)]), seed=0)
    drawn = [choose(logits_V.expand(rows, 5), torch.arange(rows), step) for step in range(2)]
    shares_V = logits_V.softmax(0)[1:].double()
    for ids_N in drawn:
        counts = torch.bincount(ids_N, minlength=5).double()
        assert counts[0] == 0
        assert chi_square(counts[1:], rows * shares_V) < 16.3, "that is the 0.999 quantile of 3 degrees of freedom"
    pairs = torch.bincount(4 * (drawn[0] - 1) + drawn[1] - 1, minlength=16).double()
    expected = rows * (shares_V[:, None] * shares_V).flatten()
    assert chi_square(pairs, expected) < 37.7, "that of 15 degrees: steps do not depend on each other"


def test_draws_of_other_seeds_and_samples_are_others():
    logits_NV, rows_N = torch.zeros(400, 10), torch.arange(400)
    keys = row_keys([np.array([5])] * 200, samples=2)
    first = drawing(keys, seed=0)(logits_NV, rows_N, 0).view(200, 2)
    assert (first == first[0]).all(), "rows that hold the same draw the same"
    keys = row_keys([np.array([row]) for row in range(200)], samples=2)
    drawn = {seed: drawing(keys, seed=seed)(logits_NV, rows_N, 0) for seed in (0, 1, 2, 2**44, 2**63 + 1, 2**70)}
    for seed, ids_N in drawn.items():
        assert torch.equal(drawing(keys, seed=seed)(logits_NV, rows_N, 0), ids_N)
        one, other = ids_N.view(200, 2).unbind(1)
        assert 2 < int((one == other).sum()) < 45, "as often as two strangers"
    for seed in (1, 2, 2**44, 2**63 + 1):
        assert 10 < int((drawn[seed] == drawn[0]).sum()) < 80


def test_the_least_draw_takes_no_id_without_probability():
    key = mix(mix(np.array([3], dtype=np.uint64)) + np.uint64(1))  # drawn with seed 3 at step 0, it is 0 exactly
    choose = drawing(key, seed=3)
    assert choose(torch.tensor([[-torch.inf, -torch.inf, 0.0, 1.0]]), torch.tensor([0]), 0).tolist() == [2]


@given(st.lists(st.lists(st.integers(0, 9), max_size=6).map(tuple), min_size=1, max_size=12), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_keys_are_told_apart_by_what_a_row_holds_and_by_sample(texts, samples):
    keys = row_keys([np.array(ids, dtype=np.int64) for ids in texts], samples=samples)
    assert keys.dtype == np.uint64
    assert keys.shape == (len(texts) * samples,)
    named = {}
    for place, key in enumerate(keys.tolist()):
        named.setdefault((texts[place // samples], place % samples), set()).add(key)
    assert all(len(of_one) == 1 for of_one in named.values()), "wherever it stands"
    assert len(set(keys.tolist())) == len(named)
