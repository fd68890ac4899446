import numpy as np
import torch

from weft.data.batch import Ngrams
from weft.models.projection import ProjectionEncoder

ROWS = [[1, 5, 9], [5, 9, 12, 30], [], [2]]


def source(rows):
    lengths = [len(row) for row in rows]
    return Ngrams(torch.tensor([one for row in rows for one in row]), torch.tensor(np.cumsum([0, *lengths[:-1]])))


def test_cosines_are_about_those_of_tfidf():
    encoder = ProjectionEncoder(40, 4096)
    encoder.prepare(np.array([1, 1, 5, 9, 9, 9, 12]), (), rows=10)
    idf_V = encoder.frequency_V.numpy()
    dense = np.zeros((len(ROWS), 40))
    for row, ids in enumerate(ROWS):
        dense[row, ids] = idf_V[ids]
    dense /= np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-9)
    vectors_BD = encoder(source(ROWS)).states_BSD[:, 0].detach().numpy()
    np.testing.assert_allclose(vectors_BD @ vectors_BD.T, dense @ dense.T, atol=0.06)


def test_a_weight_changes_how_much_an_ngram_counts():
    encoder = ProjectionEncoder(40, 256)
    with torch.no_grad():
        encoder.log_weight_V[5] = 3.0
    one, alone = (encoder(source([row])).states_BSD[0, 0] for row in ([1, 5, 9], [5]))
    assert torch.cosine_similarity(one, alone, dim=0) > 0.99


def test_directions_are_no_part_of_what_is_saved():
    assert set(ProjectionEncoder(40, 64).state_dict()) == {"log_weight_V", "frequency_V"}
