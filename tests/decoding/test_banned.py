"""Words that must not be written are not, however the pieces are cut."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from weft.decoding.banned import BannedText
from weft.decoding.rules import NEVER

PIECES = ["", "�", "狗", "两只狗在", "小", "小狗", "狗小", "奔", "跑", "奔跑", "在奔", "跑了", "the ", "he"]


@given(st.sampled_from(["狗", "奔跑", "小狗", "在奔跑"]), st.lists(st.integers(2, len(PIECES) - 1), max_size=8))
def test_an_id_is_forbidden_exactly_where_it_would_bring_the_word(word, written):
    begun = "".join(PIECES[one] for one in written)
    if word in begun:
        return
    rule = BannedText.of(word, PIECES)
    ids_NT = torch.tensor([written], dtype=torch.long)
    found = rule(torch.zeros(1, len(PIECES)), ids_NT)[0]
    for number, piece in enumerate(PIECES):
        assert (found[number].item() == NEVER) == (word in begun + piece), (begun, piece)


def test_rows_are_told_apart():
    rule = BannedText.of("奔跑", PIECES)
    found = rule(torch.zeros(2, len(PIECES)), torch.tensor([[4, 7], [7, 4]]))
    assert found[0, 8] == NEVER
    assert found[1, 8] == 0
    assert (found[:, 9] == NEVER).all()


def test_scores_that_are_handed_in_stay_as_they_are():
    scores = torch.zeros(1, len(PIECES))
    BannedText.of("狗", PIECES)(scores, torch.tensor([[4]]))
    assert (scores == 0).all()
