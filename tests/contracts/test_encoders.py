"""What every encoder in `ENCODERS` owes; a kind that is not listed there fails too."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
import torch

from tests.pretrained_folders import architecture
from weft.config import Config, kind_of, validated
from weft.data.batch import Ngrams, Tokens
from weft.data.columns import Ragged
from weft.models.base import Encoder, EncoderConfig, TokenSpec
from weft.models.choices import ENCODERS, OTHER_ENCODERS, EncoderChoice
from weft.models.image_choices import IMAGE_ENCODERS
from weft.models.pretrained import PretrainedEncoderConfig
from weft.models.sound_choices import SOUND_ENCODERS
from weft.models.transformer import TransformerEncoderConfig

LENGTHS = [5, 1, 0, 9, 2, 3]
SIZES = (40, 30, 20, 25)
WORDS = Ragged.of(np.arange(1, 25), np.array([0, 3, 1, 4, 2, 1, 5, 3, 5]))
"""The letters of some words, which the fourth view numbers."""


class Settings(Config):
    encoder: EncoderChoice


def built(config, *, views):
    """An encoder whose every weight is at work, biases and padding too, in eval mode."""
    torch.manual_seed(0)
    encoder = config.build(TokenSpec(SIZES[:views]))
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.05)
    return encoder.eval()


def source(config, rows, *, views):
    """Some rows of a small corpus as what the encoder reads."""
    draw = np.random.default_rng(0)
    tops = (*SIZES[:3], len(WORDS.lengths_R))[:views]
    values = np.stack([draw.integers(1, top, size=sum(LENGTHS)) for top in tops], axis=1)
    corpus = Ragged.of(values, np.array(LENGTHS))
    if config.reads is not Tokens:
        ids_N1, starts_B = corpus.flat(np.array(rows))
        return Ngrams(torch.from_numpy(ids_N1[:, 0]), torch.from_numpy(starts_B))
    ids_BSW, mask_BS = corpus.padded(np.array(rows))
    ids = torch.from_numpy(ids_BSW)
    words = Ngrams(torch.from_numpy(WORDS.values), torch.from_numpy(WORDS.offsets_R1[:-1])) if views > 3 else None
    return Tokens(ids[..., 0], torch.from_numpy(mask_BS), ids[..., 1:] if views > 1 else None, letters=words)


def real(memory, row):
    """The states of a row, without padding."""
    return memory.states_BSD[row][memory.mask_BS[row]]


def check_same(one, row, other, other_row):
    torch.testing.assert_close(real(one, row), real(other, other_row), rtol=1e-5, atol=1e-5)
    assert (one.final_BD is None) == (other.final_BD is None)
    if one.final_BD is not None and len(real(one, row)):
        torch.testing.assert_close(one.final_BD[row], other.final_BD[other_row], rtol=1e-5, atol=1e-5)


PRETRAINED = PretrainedEncoderConfig(folder="./model", architecture=architecture(vocab_size=SIZES[0]))
FRESH = [PRETRAINED if kind is PretrainedEncoderConfig else kind() for kind in ENCODERS]
VARIANTS = [TransformerEncoderConfig(positions="learned"), TransformerEncoderConfig(positions="rotary")]
CASES = [
    (config, views)
    for config in [*FRESH, *VARIANTS]
    for views in ((1, 3, 4) if config.reads is Tokens and config is not PRETRAINED else (1,))
]


def over(cases):
    names = [
        "-".join([config.kind, *config.model_dump(include={"positions"}, exclude_defaults=True).values(), str(views)])
        for config, views in cases
    ]
    return pytest.mark.parametrize(("config", "views"), cases, ids=names)


every = over(CASES)
every_reader_of_positions = over([(config, views) for config, views in CASES if config.reads is Tokens])
every_with_views = over([(config, views) for config, views in CASES if views > 1])
EVERY_ROW = list(range(len(LENGTHS)))


def test_every_kind_in_the_package_is_listed(members):
    assert members(EncoderConfig, "weft.models") == {*ENCODERS, *OTHER_ENCODERS, *IMAGE_ENCODERS, *SOUND_ENCODERS}
    assert len({kind_of(kind) for kind in ENCODERS}) == len(ENCODERS)


def test_a_forgotten_kind_would_be_found(members):
    class Base(Config):
        kind: str

    class Forgotten(Base):
        __module__ = "weft.models.forgotten"
        kind: Literal["forgotten"] = "forgotten"

    assert members(Base, "weft.models") == {Forgotten}


@every
def test_shapes(config, views):
    encoder, read = built(config, views=views), source(config, EVERY_ROW, views=views)
    memory = encoder(read)
    assert isinstance(encoder, Encoder)
    rows, steps = read.mask_BS.shape if config.reads is Tokens else (len(LENGTHS), 1)
    assert memory.states_BSD.shape == (rows, steps, encoder.width)
    assert memory.mask_BS.shape == (rows, steps)
    assert memory.mask_BS.dtype == torch.bool
    if config.reads is Tokens:
        assert torch.equal(memory.mask_BS, read.mask_BS)
    assert memory.final_BD is None or memory.final_BD.shape == (rows, encoder.width)


@every
def test_a_row_is_read_the_same_alone_and_among_others(config, views):
    encoder = built(config, views=views)
    together = encoder(source(config, EVERY_ROW, views=views))
    for row in EVERY_ROW:
        check_same(together, row, encoder(source(config, [row], views=views)), 0)


@every
def test_permuted_rows_give_permuted_states(config, views):
    encoder = built(config, views=views)
    order = [3, 5, 0, 2, 4, 1]
    plain, permuted = (encoder(source(config, rows, views=views)) for rows in (EVERY_ROW, order))
    for place, row in enumerate(order):
        check_same(permuted, place, plain, row)


@every_reader_of_positions
def test_what_stands_under_the_padding_is_never_read(config, views):
    encoder, clean = built(config, views=views), source(config, EVERY_ROW, views=views)
    ids_BS = clean.ids_BS.masked_fill(~clean.mask_BS, 7)
    views_BSW = None if clean.views_BSW is None else clean.views_BSW.masked_fill(~clean.mask_BS[..., None], 7)
    dirty = replace(clean, ids_BS=ids_BS, views_BSW=views_BSW)
    for row in EVERY_ROW:
        check_same(encoder(clean), row, encoder(dirty), row)


@every
def test_rows_without_tokens_are_finite(config, views):
    encoder = built(config, views=views).train()
    empty = LENGTHS.index(0)
    for rows in ([empty], [empty, empty], EVERY_ROW):
        memory = encoder(source(config, rows, views=views))
        assert memory.states_BSD.isfinite().all()
        assert memory.final_BD is None or memory.final_BD.isfinite().all()
        encoder.zero_grad()
        memory.states_BSD.square().sum().backward()
        for name, parameter in encoder.named_parameters():
            grad = parameter.grad.coalesce().values() if parameter.grad.is_sparse else parameter.grad
            assert grad.isfinite().all(), name


@every
def test_gradients_reach_every_parameter(config, views):
    encoder = built(config, views=views)
    states_BSD = encoder(source(config, EVERY_ROW, views=views)).states_BSD
    (states_BSD * torch.randn_like(states_BSD)).sum().backward()
    for name, parameter in encoder.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.to_dense().any(), name


@every_with_views
def test_each_view_is_read(config, views):
    encoder, plain = built(config, views=views), source(config, EVERY_ROW, views=views)
    before = encoder(plain).states_BSD[plain.mask_BS]
    for view in range(views - 1):
        changed = plain.views_BSW.clone()
        top = SIZES[view + 1] if view < 2 else len(WORDS.lengths_R)
        changed[..., view] = (changed[..., view] % (top - 1)) + 1
        after = encoder(replace(plain, views_BSW=changed)).states_BSD[plain.mask_BS]
        assert not torch.allclose(before, after, atol=1e-4)


@every
def test_deterministic_in_eval_and_not_touched_by_reading(config, views):
    encoder, read = built(config, views=views), source(config, EVERY_ROW, views=views)
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    first, second = encoder(read).states_BSD, encoder(read).states_BSD
    assert torch.equal(first, second)
    assert all(torch.equal(before[name], tensor) for name, tensor in encoder.state_dict().items())


@every
def test_saved_weights_load(config, views):
    encoder, read = built(config, views=views), source(config, EVERY_ROW, views=views)
    again = config.build(TokenSpec(SIZES[:views])).eval()
    again.load_state_dict(encoder.state_dict())
    assert torch.equal(encoder(read).states_BSD, again(read).states_BSD)


@every
def test_the_seed_decides_the_fresh_weights(config, views):
    def fresh(seed):
        torch.manual_seed(seed)
        return torch.cat([parameter.flatten() for parameter in config.build(TokenSpec(SIZES[:views])).parameters()])

    assert torch.equal(fresh(1), fresh(1))
    assert not torch.equal(fresh(1), fresh(2)) or config.kind in ("bag", "projection"), "only bags start without a draw"


@pytest.mark.parametrize("kind", ENCODERS, ids=kind_of)
def test_a_config_survives_being_written(kind):
    for config in (kind(), PRETRAINED if kind is PretrainedEncoderConfig else kind(width=24)):
        held = Settings(encoder=config)
        assert validated(Settings, held.model_dump(mode="json")) == held
    assert validated(Settings, {"encoder": kind_of(kind)}).encoder == kind()
