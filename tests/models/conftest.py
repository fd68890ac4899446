"""One thread and one seed for every test of models, and rows made into batches."""

import numpy as np
import pytest
import torch

from weft.data.batch import Tokens
from weft.data.columns import Ragged


@pytest.fixture(autouse=True)
def one_thread_one_seed():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def tokens():
    """Makes Tokens of rows of these lengths, with so many views, every id from 1 to 19."""

    def make(lengths, *, views=1):
        draw = np.random.default_rng(0)
        values = draw.integers(1, 20, size=(sum(lengths), views)).astype(np.int32)
        ids_BSW, mask_BS = Ragged.of(values, np.array(lengths)).padded(np.arange(len(lengths)))
        ids = torch.from_numpy(ids_BSW).long()
        return Tokens(ids[..., 0], torch.from_numpy(mask_BS), ids[..., 1:] if views > 1 else None)

    return make
