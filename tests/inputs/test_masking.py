"""What is hidden from a model: whole words, in the shares of the paper, and no view that tells them."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.data.batch import Ngrams, Tokens
from weft.inputs.masking import Masking

SIZE = 50
MASKING = Masking(0.15, 1, SIZE)


def drawn(rows, steps, *, views=0, seed=0):
    """Some rows of unequal length, where words begin, and draws."""
    generator = torch.Generator().manual_seed(seed)
    lengths_B = torch.randint(1, steps + 1, (rows,), generator=generator)
    mask_BS = torch.arange(steps) < lengths_B[:, None]
    ids_BS = torch.randint(1, SIZE, (rows, steps), generator=generator) * mask_BS
    views_BSW = torch.randint(2, 30, (rows, steps, views), generator=generator) * mask_BS[..., None] if views else None
    starts_BS = torch.rand(rows, steps, generator=generator) < 0.6
    return Tokens(ids_BS, mask_BS, views_BSW), starts_BS & mask_BS, torch.rand(rows, steps, 3, generator=generator)


def test_the_shares_are_those_of_the_paper():
    tokens, starts_BS, draws_BS3 = drawn(128, 400)
    hidden, chosen_BS = MASKING(tokens, starts_BS, draws_BS3)
    may_BS = tokens.mask_BS & (tokens.ids_BS > 1)
    assert abs(chosen_BS[may_BS].float().mean() - 0.15) < 0.02
    was_N, is_N = tokens.ids_BS[chosen_BS], hidden.ids_BS[chosen_BS]
    assert abs((is_N == 1).float().mean() - 0.8) < 0.03
    assert abs((is_N == was_N).float().mean() - 0.1) < 0.03
    assert is_N[is_N > 1].unique().numel() > SIZE // 2


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), rows=st.integers(1, 4), steps=st.integers(1, 12), share=st.floats(0.01, 0.9))
def test_words_are_chosen_whole_and_each_row_has_one(seed, rows, steps, share):
    tokens, starts_BS, draws_BS3 = drawn(rows, steps, views=2, seed=seed)
    hidden, chosen_BS = Masking(share, 1, SIZE, bigram=0)(tokens, starts_BS, draws_BS3)
    may_BS = tokens.mask_BS & (tokens.ids_BS > 1)
    assert not chosen_BS[~may_BS].any()
    assert torch.equal(hidden.ids_BS[~chosen_BS], tokens.ids_BS[~chosen_BS])
    assert (chosen_BS.any(1) == may_BS.any(1)).all()
    word_BS = starts_BS.long().cumsum(1).clamp_min(1)
    for row in range(rows):
        for word in word_BS[row].unique():
            pieces = chosen_BS[row][(word_BS[row] == word) & may_BS[row]]
            assert pieces.all() or not pieces.any()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), steps=st.integers(1, 12))
def test_no_view_tells_what_is_chosen(seed, steps):
    tokens, starts_BS, draws_BS3 = drawn(3, steps, views=2, seed=seed)
    hidden, chosen_BS = Masking(0.4, 1, SIZE, bigram=0)(tokens, starts_BS, draws_BS3)
    assert not hidden.views_BSW[chosen_BS].any()
    assert not hidden.views_BSW[:, :-1, 0][chosen_BS[:, 1:]].any()
    # another text that differs only in what is chosen is hidden alike
    views_BSW = tokens.views_BSW.clone()
    views_BSW[chosen_BS] = 7
    views_BSW[:, :-1, 0][chosen_BS[:, 1:]] = 7
    other, _ = Masking(0.4, 1, SIZE, bigram=0)(Tokens(tokens.ids_BS, tokens.mask_BS, views_BSW), starts_BS, draws_BS3)
    assert torch.equal(other.views_BSW, hidden.views_BSW)


def test_letters_of_what_is_chosen_are_none():
    ids_BS = torch.tensor([[5, 6, 7]])
    letters = Ngrams(torch.tensor([3, 4, 5, 6]), torch.tensor([0, 2]))
    tokens = Tokens(ids_BS, ids_BS > 0, torch.tensor([[[0], [1], [0]]]), letters=letters)
    draws_BS3 = torch.tensor([[0.9, 0.0, 0.9]])[..., None].expand(1, 3, 3)
    hidden, chosen_BS = MASKING(tokens, torch.ones(1, 3, dtype=torch.bool), draws_BS3)
    assert chosen_BS.tolist() == [[False, True, False]]
    assert hidden.ids_BS.tolist() == [[5, 1, 7]]
    assert hidden.views_BSW[..., 0].tolist() == [[1, 0, 1]]
    assert hidden.letters.starts_B.tolist() == [0, 0, 2]


def test_special_pieces_stay():
    tokens, starts_BS, draws_BS3 = drawn(4, 30)
    _, chosen_BS = Masking(0.9, 1, SIZE, first=0, fixed=(0, 1, 2, 3))(tokens, starts_BS, draws_BS3)
    assert chosen_BS.any()
    assert (tokens.ids_BS[chosen_BS] > 3).all()
