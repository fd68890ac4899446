"""Decoders cut and moved about at random: whatever happens on the way, a row is what its own tokens make of it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kinds import DECODERS
from weft.config import Config, kind_of, validated
from weft.errors import ConfigError
from weft.models.base import Memory
from weft.models.choices import DecoderChoice
from weft.models.transformer_decoder import TransformerDecoderConfig
from weft.training.settings import TrainingConfig

TINY = {"width": 8, "hidden": 6, "feed_forward": 10, "heads": 2, "layers": 1}
every = pytest.mark.parametrize("kind", DECODERS, ids=kind_of)


class Settings(Config):
    decoder: DecoderChoice = TransformerDecoderConfig()


def small(kind):
    torch.manual_seed(0)
    config = kind(**{name: value for name, value in TINY.items() if name in kind.model_fields})
    return config.build(9, memory_width=4).eval()


def read(rows):
    states_BSD = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(1))
    return Memory(states_BSD[rows], (torch.arange(5) < torch.tensor([5, 2, 4])[:, None])[rows])


@every
@given(data=st.data())
@settings(max_examples=8, deadline=None)
@torch.inference_mode()
def test_any_pieces_and_any_moves_give_what_the_whole_gives(kind, data):
    decoder, draw = small(kind), torch.Generator().manual_seed(data.draw(st.integers(0, 99)))
    sources = torch.tensor([0, 1, 2])
    pieces = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    state = decoder.start(read(sources), rows=3, capacity=data.draw(st.sampled_from([0, sum(pieces), 20])))
    ids_NT = torch.zeros(3, 0, dtype=torch.long)
    for steps in pieces:
        new_NT = torch.randint(9, (len(sources), steps), generator=draw)
        states_NTD, state = decoder(new_NT, state)
        ids_NT = torch.cat([ids_NT, new_NT], 1)
        whole, _ = decoder(ids_NT, decoder.start(read(sources), rows=len(sources)))
        torch.testing.assert_close(states_NTD, whole[:, -steps:], rtol=1e-5, atol=1e-5)
        moves = st.lists(st.integers(0, len(sources) - 1), min_size=1, max_size=3)
        rows_N = torch.tensor(data.draw(moves))
        sources, ids_NT, state = sources[rows_N], ids_NT[rows_N], state.select(rows_N)


def test_a_decoder_is_chosen_by_its_kind():
    assert validated(Settings, {"decoder": "gpt"}).decoder.kind == "gpt"
    assert validated(Settings, {}).decoder == TransformerDecoderConfig()
    with pytest.raises(ConfigError, match="decoder"):
        validated(Settings, {"decoder": "markov"})


@every
def test_what_suits_a_decoder_can_be_trained_with(kind):
    assert validated(TrainingConfig, dict(kind.recommended))
