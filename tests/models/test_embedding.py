"""Embeddings of several views: a plain sum, and never nothing while training."""

import torch

from weft.models.embedding import Embedding


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


def test_dropout_is_of_entries(tokens):
    dropped = decimal(1, dropout=0.5)(tokens([50] * 40))
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert abs(dropped.bool().float().mean().item() - 0.5) < 0.05
