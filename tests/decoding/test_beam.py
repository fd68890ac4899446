"""Beam search against plain ones: every output there is, and beams kept as lists."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.decoding.beam import Ranking, _in_turn, beam_search
from weft.decoding.forced import forced_words
from weft.decoding.generate import Terms, collected, unroll
from weft.decoding.rules import Banned, Lengths, NoRepeat

LONGEST, END = 4, 5
ALL = range(6)
EVERY = 108
"""As many ways on as there ever are: three words after three words, or the end."""


def found(tiny, rows=ALL, *, rules=(), size=3, longest=LONGEST, **settings):
    first_BP, terms = tiny.first(rows), Terms(END, longest, rules)
    state = tiny.start(rows, room=first_BP.shape[1] + longest)
    return beam_search(tiny.decoder, state, first_BP, terms=terms, size=size, **settings)


def ids_of(outputs):
    return [[one.ids for one in row] for row in outputs]


def all_outputs(tiny, row):
    """Every output of at most four tokens, with its log-probability and its length, the end included."""
    words_NT = torch.tensor(list(itertools.product(tiny.words, repeat=LONGEST)))
    first_NP = tiny.first([row] * len(words_NT))
    states_NTD, _ = tiny.decoder(torch.cat([first_NP, words_NT], 1), tiny.start([row] * len(words_NT)))
    logs_NTV = tiny.decoder.logits(states_NTD)[:, first_NP.shape[1] - 1 :].log_softmax(-1)
    told = {}
    for words, logs_TV in zip(words_NT.tolist(), logs_NTV, strict=True):
        sums = [0.0, *itertools.accumulate(float(logs_TV[step, word]) for step, word in enumerate(words))]
        for length in range(LONGEST):
            told[tuple(words[:length])] = sums[length] + float(logs_TV[length, END]), length + 1
        told[tuple(words)] = sums[LONGEST], LONGEST
    return told


@pytest.mark.parametrize("alpha", [-0.7, 0.0, 0.6, 1.0, 1.5])
def test_a_beam_as_wide_as_all_finds_the_best_of_all(tiny, alpha):
    outputs = found(tiny, [0, 1], size=EVERY, alternatives=5, ranking=Ranking(alpha), stop="sure")
    for row, mine in enumerate(outputs):
        told = all_outputs(tiny, row)
        best = sorted(told, key=lambda ids: -told[ids][0] / told[ids][1] ** alpha)
        assert [tuple(one.ids) for one in mine] == best[:5]
        assert [one.log_probability for one in mine] == pytest.approx([told[ids][0] for ids in best[:5]], abs=1e-4)


@pytest.mark.parametrize("rules", [(), (Lengths(end=END, shortest=2), Banned(((3,), (2, 2))))], ids=["free", "ruled"])
def test_a_beam_of_one_is_greedy_search(tiny, rules):
    state = tiny.start(room=tiny.first().shape[1] + LONGEST)
    steps = unroll(tiny.decoder, state, tiny.first(), terms=Terms(END, LONGEST, rules))
    greedy = collected(steps, rows=6, end=END)
    mine = [row[0] for row in found(tiny, size=1, rules=rules)]
    assert [one.ids for one in mine] == [one.ids for one in greedy]
    assert [one.log_probability for one in mine] == pytest.approx([one.log_probability for one in greedy], abs=1e-4)


@pytest.mark.parametrize("stop", ["likely", "sure"])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_a_row_is_searched_the_same_alone_and_among_others(tiny, size, stop):
    together = ids_of(found(tiny, size=size, alternatives=size, stop=stop))
    assert [ids_of(found(tiny, [row], size=size, alternatives=size, stop=stop))[0] for row in ALL] == together
    order = [4, 0, 0, 3]
    assert ids_of(found(tiny, order, size=size, alternatives=size, stop=stop)) == [together[row] for row in order]


def test_alternatives_differ_and_the_best_comes_first(tiny):
    for alpha in (0.0, 1.0):
        for row in found(tiny, size=4, alternatives=4, ranking=Ranking(alpha)):
            assert len({tuple(one.ids) for one in row}) == len(row) == 4
            values = [one.log_probability / len(tiny.ended(one, LONGEST)) ** alpha for one in row]
            assert values == sorted(values, reverse=True)


def test_log_probabilities_are_those_under_true_prefixes(tiny):
    for number, row in enumerate(found(tiny, size=3, alternatives=3)):
        for one in row:
            told = float(tiny.logs(number, tiny.ended(one, LONGEST)).sum())
            assert one.log_probability == pytest.approx(told, abs=1e-4)


def test_no_output_has_what_the_rules_forbid(tiny):
    shortest = 2 + len(tiny.whole(0, []))
    rules = (Banned(((3,), (2, 2))), Lengths(end=END, shortest=shortest))
    for number, row in enumerate(found(tiny, size=3, alternatives=3, rules=rules)):
        for one in row:
            assert 3 not in one.ids
            assert (2, 2) not in itertools.pairwise(tiny.whole(number, one.ids))
            assert len(one.ids) >= 2


@pytest.mark.parametrize("size", [1, 3])
def test_forced_words_stand_in_every_output(tiny, size):
    longest = len(tiny.whole(0, [])) + LONGEST
    rule = forced_words({"cat": [[2, 4], [3]], "猫": [[4, 4]]}, end=END, longest=longest)
    for number, row in enumerate(found(tiny, size=size, alternatives=size, rules=(rule,))):
        for one in row:
            whole = tiny.whole(number, one.ids)
            assert (4, 4) in itertools.pairwise(whole)
            assert 3 in whole or (2, 4) in itertools.pairwise(whole)


@pytest.mark.parametrize("words", [((4,),), ((2,), (4,))])
def test_a_beam_as_wide_as_all_finds_the_best_that_has_the_words(tiny, words):
    begun = len(tiny.whole(0, []))
    rule = forced_words({str(word): [word] for word in words}, end=END, longest=begun + LONGEST)
    outputs = found(tiny, [0, 1], size=EVERY, rules=(rule,), stop="sure")
    for row, mine in enumerate(outputs):
        told = all_outputs(tiny, row)
        wholes = {ids: torch.tensor([tiny.whole(row, ids)], dtype=torch.long) for ids in told}
        told = {ids: told[ids] for ids, ids_1T in wholes.items() if int(rule.met(ids_1T)) == rule.total}
        assert tuple(mine[0].ids) == max(told, key=lambda ids: told[ids][0] / told[ids][1])


@pytest.mark.parametrize("size", [1, 2, 5])
def test_forced_words_stand_where_they_fit(table, size):
    """`2 3` is what the table wants to write, and then to end; a 4 fits between them, and nowhere else."""
    p_VV = torch.full((6, 6), 1e-4)
    p_VV[END, 2] = p_VV[3, END] = 1.0
    p_VV[2, 3], p_VV[2, 4], p_VV[4, 3] = 0.9, 0.1, 1.0
    decoder, first_BP = table.of(p_VV.log()), torch.tensor([[END], [END]])
    rule = forced_words({"cat": [[4]]}, end=END, longest=9)
    for row in beam_search(decoder, decoder.start(rows=2), first_BP, terms=Terms(END, 9, (rule,)), size=size):
        assert row[0].ids == [2, 4, 3]


def test_the_beam_keeps_every_number_of_tokens_met():
    """Far behind the others, or likelier than they, what has met more has its places; what is forbidden has none."""
    score_BM = torch.tensor([[-1.0, -9.0, -2.0, -7.0, -torch.inf, -3.0, -8.0]])
    met_BM = torch.tensor([[0, 2, 0, 1, 2, 0, 1]])
    assert _in_turn(score_BM, met_BM).tolist() == [[0, 3, 1, 2, 6, 5, 4]]


def test_rules_see_what_a_row_began_with(table):
    decoder = table.of(torch.tensor([[0, 0, 3, 2, 1, 0.5]]).expand(6, 6))
    terms = Terms(END, 4, (NoRepeat(1),))
    (row,) = beam_search(decoder, decoder.start(rows=1), torch.tensor([[END, 2, 4]]), terms=terms, size=2)
    assert row[0].ids == [3], "and an output is told without it"


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("longest", [1, 3])
def test_what_is_live_ends_as_it_is_where_there_is_no_more_room(table, size, longest):
    scores_VV = torch.randn(6, 6)
    scores_VV[:, END] = -torch.inf
    decoder, logs_VV = table.of(scores_VV), scores_VV.log_softmax(-1)
    terms = Terms(END, longest)
    (row,) = beam_search(
        decoder, decoder.start(rows=1), torch.tensor([[END]]), terms=terms, size=size, alternatives=size
    )
    assert [len(one.ids) for one in row] == [longest] * size
    for one in row:
        told = sum(float(logs_VV[a, b]) for a, b in itertools.pairwise([END, *one.ids]))
        assert one.log_probability == pytest.approx(told, abs=1e-5)


def test_a_beam_may_be_wider_than_the_vocabulary(table):
    decoder = table.of(torch.randn(6, 6))
    rows = beam_search(
        decoder, decoder.start(rows=2), torch.tensor([[END], [2]]), terms=Terms(END, 3), size=20, alternatives=20
    )
    for row in rows:
        assert len({tuple(one.ids) for one in row}) == len(row) == 20
    few = beam_search(
        decoder, decoder.start(rows=1), torch.tensor([[END]]), terms=Terms(END, 1), size=20, alternatives=20
    )
    assert sorted(ids_of(few)[0]) == [[], [2], [3], [4]], "there are no more"


def test_a_likely_end_comes_before_a_sure_one(table):
    """One output ends at once; another, likelier by mean, comes only after its first bad token."""
    p_VV = torch.full((6, 6), 1e-6)
    p_VV[END, END], p_VV[END, 2] = 0.6, 0.4
    p_VV[2, 3] = p_VV[3, 4] = p_VV[4, END] = 1.0
    decoder, terms = table.of(p_VV.log()), Terms(END, 6)
    outputs, steps = {}, {}
    for stop in ("likely", "sure"):
        decoder.calls.clear()
        ((best,),) = beam_search(decoder, decoder.start(rows=1), torch.tensor([[END]]), terms=terms, size=1, stop=stop)
        outputs[stop], steps[stop] = best.ids, len(decoder.calls)
    assert outputs == {"likely": [], "sure": [2, 3, 4]}
    assert steps["likely"] < steps["sure"] < 6


def test_a_sure_search_below_length_penalty_0_hopes_for_a_near_end(table):
    """Two outputs have ended when the best is live; were it to become as long as may be, it would be the worst."""
    p_VV = torch.full((6, 6), 1e-6)
    p_VV[END, END], p_VV[END, 2] = 0.1, 0.9
    p_VV[2, END], p_VV[2, 3] = 0.3, 0.7
    p_VV[3, END] = 1.0
    decoder, ranking, first_BP = table.of(p_VV.log()), Ranking(-1.0), torch.tensor([[END]])
    terms = Terms(END, 8)
    ((best,),) = beam_search(
        decoder, decoder.start(rows=1), first_BP, terms=terms, size=2, ranking=ranking, stop="sure"
    )
    assert best.ids == [2, 3]


def test_coverage_prefers_what_has_looked_at_everything(table):
    """Two ways of two tokens: the likelier looks at the first position alone, the other at both."""
    p_VV = torch.full((6, 6), 1e-6)
    p_VV[END, 2], p_VV[END, 3] = 0.6, 0.4
    p_VV[2, END] = p_VV[3, END] = 1.0
    looks_VS = torch.tensor([[0, 0], [0, 0], [1.0, 0.0], [0.1, 0.9], [0, 0], [0.9, 0.1]])
    decoder = table.of(p_VV.log(), looks_VS)

    def best(penalty, **settings):
        state = decoder.start(rows=1, record=True)
        ranking = Ranking(coverage_penalty=penalty)
        first_BP = torch.tensor([[END]])
        return beam_search(decoder, state, first_BP, terms=Terms(END, 4), size=2, ranking=ranking, **settings)[0]

    # 2 has looked (1.9, 0.1), at most 1 each: log 0.1. 3 has looked (1.0, 1.0): nothing. The mean says log(0.6) / 2
    even = (math.log(0.6) - math.log(0.4)) / 2 / -math.log(0.1)
    assert [one.ids for one in best(0.0, alternatives=2)] == [[2], [3]]
    assert [one.ids for one in best(0.9 * even, alternatives=2)] == [[2], [3]]
    assert [one.ids for one in best(1.1 * even, alternatives=2)] == [[3], [2]]
    assert best(1.1 * even)[0].log_probability == pytest.approx(math.log(0.4), abs=1e-4), "which it does not change"


def by_lists(logs_TVV, looks_VS, first, *, size, alpha, beta, longest, stop):
    """The best outputs of one row, from beams that are lists; a sure search here looks to the very end."""

    def value(score, ids):
        before = [first, *(ids[:-1] if ids[-1] == END else ids)]
        lost = -beta * looks_VS[before].sum(0).clamp(1e-9, 1).log().sum()
        return float(score / len(ids) ** alpha - lost)

    live, ended = [(0.0, ())], []
    for length in range(1, longest + 1):
        ways = [
            (score + float(logs_TVV[length - 1, ids[-1] if ids else first, token]), (*ids, token))
            for score, ids in live
            for token in range(2, 6)
        ]
        ways = sorted(ways, reverse=True)[: 2 * size]
        ended += [(value(score, ids), ids[:-1]) for score, ids in ways[:size] if ids[-1] == END]
        live = [(score, ids) for score, ids in ways if ids[-1] != END][:size]
        ended.sort(reverse=True)
        full = len(ended) >= size
        if not live or (stop == "likely" and full and live[0][0] / length**alpha <= ended[size - 1][0]):
            break
    else:
        ended += [(value(score, ids), ids) for score, ids in live]
    return [list(ids) for _, ids in sorted(ended, reverse=True)]


@given(
    seed=st.integers(0, 10_000),
    size=st.integers(1, 4),
    alpha=st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]),
    beta=st.sampled_from([0.0, 0.3]),
    longest=st.integers(1, 7),
    stop=st.sampled_from(["likely", "sure"]),
)
@settings(max_examples=150, deadline=None)
def test_as_beams_kept_in_lists(table, seed, size, alpha, beta, longest, stop):
    draw = np.random.default_rng(seed)
    scores_TVV = torch.from_numpy(draw.normal(scale=2, size=(7, 6, 6)))
    looks_VS = torch.from_numpy(draw.dirichlet([0.5, 0.5, 0.5], size=6))
    decoder, firsts = table.of(scores_TVV, looks_VS), [END, 2, 3]
    mine = beam_search(
        decoder,
        decoder.start(rows=3, record=True),
        torch.tensor(firsts)[:, None],
        terms=Terms(END, longest),
        size=size,
        ranking=Ranking(alpha, beta),
        alternatives=size,
        stop=stop,
    )
    logs_TVV = scores_TVV.log_softmax(-1)
    for first, row in zip(firsts, ids_of(mine), strict=True):
        given = {"size": size, "alpha": alpha, "beta": beta, "longest": longest, "stop": stop}
        assert row == by_lists(logs_TVV, looks_VS, first, **given)[: len(row)]
        assert row
