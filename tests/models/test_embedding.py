"""Embeddings of several views: a plain sum, and never nothing while training."""

from dataclasses import replace

import torch

from weft.data.batch import Ngrams
from weft.models.embedding import LONGEST, Embedding

LETTERS = Ngrams(torch.tensor([3, 4, 5, 3, 7]), torch.tensor([0, 0, 3, 4]))
"""Those of word 0, which has none, and of three more."""


def decimal(views, **settings):
    """An embedding of width 1 whose views count 1, 10, 100, ...: the sum tells which were kept."""
    embedding = Embedding((20,) * views, 1, **settings)
    for view, table in enumerate(embedding.tables):
        table.weight.data[1:] = 10.0**view
    return embedding


def test_eval_is_a_plain_sum(tokens):
    for views in (1, 2, 3, 5):
        embedding = Embedding((20,) * views, 4, dropout=0.5, view_dropout=0.5).eval()
        source = tokens([5, 2, 0], views=views)
        ids = [source.ids_BS, *(source.views_BSW.unbind(2) if views > 1 else ())]
        expected = sum(table.weight[column] for table, column in zip(embedding.tables, ids, strict=True))
        torch.testing.assert_close(embedding(source), expected)
        assert not embedding(source)[~source.mask_BS].any()


def test_padding_is_zero_and_stays_so(tokens):
    embedding = Embedding((20, 20), 4)
    embedding(tokens([3, 1], views=2)).square().sum().backward()
    for table in embedding.tables:
        assert not table.weight[0].any()
        assert not table.weight.grad[0].any()


def test_views_are_left_out_by_row_but_never_all(tokens):
    embedding = decimal(3, view_dropout=0.5)
    source = tokens([2] * 4000, views=3)
    kept = (embedding(source)[..., 0] * 0.5).round().long()
    assert torch.equal(kept[:, 0], kept[:, 1])
    codes, counts = kept[:, 0].unique(return_counts=True)
    assert codes.tolist() == [1, 10, 11, 100, 101, 110, 111]
    shares = dict(zip(codes.tolist(), (counts / 4000).tolist(), strict=True))
    assert abs(shares.pop(1) - 2 / 8) < 0.03  # alone, or because none would have stayed
    assert all(abs(share - 1 / 8) < 0.03 for share in shares.values())


def test_one_view_is_never_left_out(tokens):
    assert torch.equal(decimal(1, view_dropout=0.9)(tokens([3, 3])), torch.ones(2, 3, 1))


def spelled(source):
    """The same with letters for its last view."""
    return replace(source, views_BSW=source.views_BSW % 4 * source.mask_BS[..., None], letters=LETTERS)


def test_letters_are_the_mean_of_their_vectors(tokens):
    source = spelled(tokens([9, 2, 0], views=2))
    embedding = Embedding((20, 8), 4, view_dropout=0.5).eval()
    pieces, letters = (table.weight for table in embedding.tables)
    words = torch.stack([torch.zeros(4), letters[3:6].mean(0), letters[3], letters[7]])
    numbers_BS = source.views_BSW[..., 0]
    assert numbers_BS.unique().tolist() == [0, 1, 2, 3]
    torch.testing.assert_close(embedding(source), pieces[source.ids_BS] + words[numbers_BS])
    assert not embedding(source)[~source.mask_BS].any()


def test_the_gradient_of_letters_is_that_of_their_mean(tokens):
    source = spelled(tokens([9, 2, 0], views=2))
    embedding = Embedding((20, 8), 4)
    embedding(source).sum().backward()
    grad = embedding.tables[1].weight.grad
    assert grad.is_sparse
    times = torch.bincount(source.views_BSW.flatten(), minlength=4).tolist()
    expected = [0, 0, 0, times[1] / 3 + times[2], times[1] / 3, times[1] / 3, 0, times[3]]
    torch.testing.assert_close(grad.to_dense(), torch.tensor(expected)[:, None].expand(8, 4))


def test_no_letters_at_all(tokens):
    source = replace(tokens([2, 1], views=2), letters=Ngrams(torch.tensor([], dtype=torch.long), torch.tensor([0])))
    source = replace(source, views_BSW=torch.zeros_like(source.views_BSW))
    embedding = Embedding((20, 1), 4)
    torch.testing.assert_close(embedding(source), embedding.tables[0].weight[source.ids_BS])
    embedding(source).sum().backward()
    assert not embedding.tables[1].weight.grad.to_dense().any()


def test_letters_are_left_out_as_one_view(tokens):
    embedding = decimal(2, view_dropout=0.5)
    source = tokens([2] * 4000, views=2)
    source = replace(source, views_BSW=torch.ones_like(source.views_BSW), letters=LETTERS)
    kept = (embedding(source)[..., 0] * 0.5).round().long()
    assert torch.equal(kept[:, 0], kept[:, 1])
    codes, counts = kept[:, 0].unique(return_counts=True)
    assert codes.tolist() == [1, 10, 11]
    assert all(
        abs(count / 4000 - share) < 0.03 for count, share in zip(counts.tolist(), (0.5, 0.25, 0.25), strict=True)
    )


def test_dropout_is_of_entries(tokens):
    dropped = decimal(1, dropout=0.5)(tokens([50] * 40))
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert abs(dropped.bool().float().mean().item() - 0.5) < 0.05


def test_a_convolution_over_characters_is_that_of_each_word_alone(tokens):
    torch.manual_seed(0)
    embedding = Embedding((20, 9), 4, letters="cnn").eval()
    table, convolution = embedding.tables[1].weight, embedding.spelling
    words = [[], [3, 4, 5], [3], [7] * (LONGEST + 5)]
    starts = torch.tensor([0, 0, 3, 4])
    letters = Ngrams(torch.tensor([one for word in words for one in word]), starts)
    source = tokens([4], views=2)
    source = replace(source, views_BSW=torch.tensor([[[0], [1], [2], [3]]]), letters=letters)
    found_SD = (embedding(source) - embedding.tables[0].weight[source.ids_BS])[0]
    assert not found_SD[0].any()
    for row, word in enumerate(words[1:], 1):
        read_DL = table[torch.tensor(word[:LONGEST])].T
        torch.testing.assert_close(found_SD[row], convolution(read_DL[None])[0].amax(1))
    embedding(source).sum().backward()
    assert convolution.weight.grad.any()
    assert not torch.equal(found_SD[1], (found_SD[2]))
