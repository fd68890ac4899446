"""What every decoder in `DECODERS` owes, with a memory and alone; a kind that is not listed there fails too."""

from dataclasses import replace

import pytest
import torch

from tests.kinds import DECODERS
from weft.config import Config, kind_of, validated
from weft.models.base import Decoder, DecoderConfig, Memory
from weft.models.choices import DECODERS as ALL
from weft.models.choices import DecoderChoice

SIZE, STEPS, WIDTH = 11, 7, 8
LENGTHS = [5, 3, 1, 4]
TINY = {"width": 16, "hidden": 12, "feed_forward": 20, "heads": 2, "layers": 2}


class Settings(Config):
    decoder: DecoderChoice


def small(kind, **settings):
    return kind(**{name: value for name, value in TINY.items() if name in kind.model_fields}, **settings)


VARIANTS = [
    {"positions": "rotary"},
    {"attention": "additive"},
    {"attention": "none"},
    {"feeding": "attended"},
    {"attention": "additive", "feeding": "attended"},
]
COPYING = {"copying": "yes", "copied_unknown": 2}
CONFIGS = [
    *(small(kind) for kind in DECODERS),
    *(small(kind, **more) for kind in DECODERS for more in VARIANTS if more.keys() <= kind.model_fields.keys()),
]
COPIERS = [
    *(small(kind, **COPYING) for kind in DECODERS),
    *(
        small(kind, **more, **COPYING)
        for kind in DECODERS
        for more in VARIANTS
        if more.keys() <= kind.model_fields.keys() and more.get("attention") != "none"
    ),
]


def named(config):
    settings = config.model_dump(exclude_defaults=True, exclude=set(TINY))
    return "-".join([config.kind, *(str(value) if value is not True else name for name, value in settings.items())])


def over(configs, sides):
    cases = [(config, side) for config in configs for side in sides]
    cases += [(config, "memory") for config in COPIERS]
    return pytest.mark.parametrize(("config", "side"), cases, ids=[f"{named(config)}-{side}" for config, side in cases])


every = over(CONFIGS, ("memory", "alone"))
every_reader = over(CONFIGS, ("memory",))
every_looker = over([config for config in CONFIGS if config.needs_positions], ("memory",))


def built(config, side):
    """A decoder whose every weight is at work, biases too, in eval mode."""
    torch.manual_seed(0)
    decoder = config.build(SIZE, memory_width=WIDTH if side == "memory" else None)
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.2)
    return decoder.eval()


def ids(rows, *, seed=1):
    return torch.randint(SIZE, (rows, STEPS), generator=torch.Generator().manual_seed(seed))


def memory(side, rows=None):
    """What was read for some rows of a small corpus, as long as the longest of them; None for a decoder alone."""
    if side == "alone":
        return None
    rows = list(range(len(LENGTHS))) if rows is None else rows
    lengths = torch.tensor(LENGTHS)[rows]
    states_BSD = torch.randn(len(LENGTHS), max(LENGTHS), WIDTH, generator=torch.Generator().manual_seed(2))
    longest = max(int(lengths.max()), 1)
    mask_BS = torch.arange(longest) < lengths[:, None]
    ids_BS = torch.randint(SIZE, (len(LENGTHS), max(LENGTHS)), generator=torch.Generator().manual_seed(5))
    return Memory(states_BSD[rows, :longest], mask_BS, ids_BS=ids_BS[rows, :longest] * mask_BS)


def written(decoder, ids_BT, read, *, cuts=(), room=0):
    """States [B, T, D] after tokens that are handed over in pieces, and what the decoder then remembers."""
    state = decoder.start(read, rows=len(ids_BT), capacity=room)
    told = []
    for piece_BT in ids_BT.tensor_split(cuts, 1):
        states_BTD, state = decoder(piece_BT, state)
        told.append(states_BTD)
    return seen(decoder, torch.cat(told, 1)), state


def seen(decoder, states_BTD):
    """The states or, as those of a decoder that copies are as wide as their sources, what follows from them."""
    return states_BTD if decoder.copier is None else decoder.logits(states_BTD)


def goes_on(decoder, ids_BT, state):
    """One call of a decoder, and what is seen of it."""
    states_BTD, state = decoder(ids_BT, state)
    return seen(decoder, states_BTD), state


def check_same(one, other):
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_every_kind_in_the_package_is_listed(members):
    assert members(DecoderConfig, "weft.models") == set(ALL)
    assert len({kind_of(kind) for kind in ALL}) == len(ALL)


@every
def test_shapes(config, side):
    decoder, read = built(config, side), memory(side)
    states_BTD, _ = written(decoder, ids(4), read)
    assert isinstance(decoder, Decoder)
    assert states_BTD.shape == (4, STEPS, decoder.width if decoder.copier is None else SIZE)
    states_BTD, _ = decoder(ids(4), decoder.start(read, rows=4))
    assert decoder.logits(states_BTD).shape == (4, STEPS, SIZE)
    check_same(decoder.logits(states_BTD[:, -1]), decoder.logits(states_BTD)[:, -1])


@every
@pytest.mark.parametrize("room", [0, STEPS, STEPS + 3])
@pytest.mark.parametrize("cuts", [(3, 4), (1, 2, 3, 4, 5, 6)], ids=["prompt", "steps"])
def test_pieces_give_what_the_whole_gives(config, side, room, cuts):
    decoder, read, ids_BT = built(config, side), memory(side), ids(4)
    with torch.inference_mode():
        whole, _ = written(decoder, ids_BT, read)
        check_same(written(decoder, ids_BT, read, cuts=cuts, room=room)[0], whole)
        assert torch.equal(written(decoder, ids_BT, read)[0], whole), "and again the same"


@every
def test_a_row_is_written_the_same_alone_and_among_others(config, side):
    decoder, ids_BT = built(config, side), ids(4)
    together, _ = written(decoder, ids_BT, memory(side))
    for row in range(4):
        alone, _ = written(decoder, ids_BT[row : row + 1], memory(side, [row]))
        check_same(together[row : row + 1], alone)


@every_reader
def test_what_stands_under_the_padding_is_never_read(config, side):
    decoder, read = built(config, side), memory(side)
    dirty = replace(read, states_BSD=read.states_BSD.masked_fill(~read.mask_BS[..., None], 100.0))
    check_same(written(decoder, ids(4), dirty)[0], written(decoder, ids(4), read)[0])


@every_reader
def test_the_memory_of_a_row_is_read_and_no_other(config, side):
    decoder, read = built(config, side), memory(side)
    changed = read.states_BSD.clone()
    changed[1] += 1
    before, after = (written(decoder, ids(4), replace(read, states_BSD=one))[0] for one in (read.states_BSD, changed))
    moved = (before - after).abs().amax(2) > 1e-3
    assert moved[1].all()
    assert not moved[[0, 2, 3]].any()


@every
def test_a_later_token_changes_nothing_before_it(config, side):
    decoder, read, ids_BT = built(config, side), memory(side), ids(4)
    before, _ = written(decoder, ids_BT, read)
    for step in range(STEPS):
        changed = ids_BT.clone()
        changed[:, step] = (changed[:, step] + 1) % SIZE
        after, _ = written(decoder, changed, read)
        check_same(before[:, :step], after[:, :step])
        assert ((before[:, step:] - after[:, step:]).abs().amax(2) > 1e-5).all(), "and each one after it"


@every
@pytest.mark.parametrize("room", [0, STEPS])
@pytest.mark.parametrize("rows", [[2, 0, 3, 1], [3, 1], [0, 1, 2, 3], [1, 1, 0, 3], [2]], ids=str)
def test_select_takes_rows_in_their_new_order(config, side, room, rows):
    decoder, read, ids_BT = built(config, side), memory(side), ids(4)
    whole, _ = written(decoder, ids_BT, read)
    _, state = written(decoder, ids_BT[:, :4], read, room=room)
    after, state = goes_on(decoder, ids_BT[rows, 4:5], state.select(torch.tensor(rows)))
    check_same(after, whole[rows, 4:5])
    last = [len(rows) - 1]
    after, _ = goes_on(decoder, ids_BT[rows][last, 5:6], state.select(torch.tensor(last)))
    check_same(after, whole[rows][last, 5:6])


@every
@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("prompt", [1, 3])
def test_groups_are_written_as_rows_of_their_own(config, side, size, prompt):
    """Three beams of a row, say, with a prompt in common, that change places, die and leave."""
    decoder, draw = built(config, side), torch.Generator().manual_seed(3)
    groups = torch.arange(4)
    ids_NT = ids(4)[:, :prompt].repeat_interleave(size, 0)
    with torch.inference_mode():
        _, state = written(decoder, ids(4)[:, :prompt], memory(side), room=STEPS)
        state = state.widen(size)
        for step in range(prompt, STEPS):
            new_N1 = torch.randint(SIZE, (len(ids_NT), 1), generator=draw)
            ids_NT = torch.cat([ids_NT, new_N1], 1)
            states_N1D, state = goes_on(decoder, new_N1, state)
            expected, _ = written(decoder, ids_NT, memory(side, groups.repeat_interleave(size).tolist()))
            check_same(states_N1D[:, 0], expected[:, -1])
            kept = torch.tensor([0, 1, 2, 3] if step < 4 else [3, 1] if step == 4 else [1])
            kept = kept[kept < len(groups)]
            rows_N = (kept[:, None] * size + torch.randint(size, (len(kept), size), generator=draw)).flatten()
            groups, ids_NT, state = groups[kept], ids_NT[rows_N], state.select(rows_N)


@every
def test_gradients_flow_through_pieces_as_through_the_whole(config, side):
    decoder = built(config, side)

    def gradients(cuts):
        read, given = memory(side), list(decoder.parameters())
        if read is not None:
            given.append(read.states_BSD.requires_grad_())
        states_BTD, _ = written(decoder, ids(4), read, cuts=cuts)
        scores_BTV = states_BTD if decoder.copier else decoder.logits(states_BTD)
        weights = torch.randn(scores_BTV.shape, generator=torch.Generator().manual_seed(4))
        return torch.autograd.grad((scores_BTV * weights).mean(), given)

    for whole, pieces in zip(gradients(()), gradients((2, 3)), strict=True):
        assert whole.any()
        check_same(pieces, whole)


@every_looker
def test_recorded_attention_sums_to_one_over_what_is_real(config, side):
    decoder, read = built(config, side), memory(side)
    state = decoder.start(read, rows=4, capacity=STEPS, record=True)
    first, state = goes_on(decoder, ids(4)[:, :3], state)
    second, state = goes_on(decoder, ids(4)[:, 3:4], state)
    check_same(torch.cat([first, second], 1), written(decoder, ids(4), read)[0][:, :4])
    looks_BTS = torch.cat(state.seen, 1)
    assert looks_BTS.shape == (4, 4, max(LENGTHS))
    check_same(looks_BTS.sum(2), torch.ones(4, 4))
    assert not looks_BTS[~read.mask_BS[:, None].expand_as(looks_BTS)].any()
    assert (looks_BTS[read.mask_BS[:, None].expand_as(looks_BTS)] > 0).all()
    alone = decoder.start(memory(side, [1]), rows=1, record=True)
    check_same(torch.cat(decoder(ids(4)[1:2, :4], alone)[1].seen, 1), looks_BTS[1:2, :, : LENGTHS[1]])


@every_looker
def test_what_was_recorded_goes_with_its_row(config, side):
    decoder = built(config, side)
    state = decoder.start(memory(side), rows=4, capacity=STEPS, record=True)
    _, state = decoder(ids(4)[:, :2], state)
    before_BTS = torch.cat(state.seen, 1)
    _, state = decoder(ids(8)[:, :1], state.widen(2))
    looks_NTS, rows_N = torch.cat(state.seen, 1), torch.tensor([7, 6, 2, 2])
    assert torch.equal(looks_NTS[:, :2], before_BTS.repeat_interleave(2, 0))
    assert torch.equal(torch.cat(state.select(rows_N).seen, 1), looks_NTS[rows_N])


@every
def test_nothing_is_recorded_where_nobody_asks_or_nothing_is_read(config, side):
    decoder = built(config, side)
    record = side == "alone" or not config.needs_positions
    state = decoder.start(memory(side), rows=4, record=record)
    assert decoder(ids(4), state)[1].seen is None


@every_reader
def test_a_row_without_source_tokens_is_finite(config, side):
    decoder = built(config, side).train()
    for lengths in ([0], [0, 0], [3, 0, 1]):
        mask_BS = torch.arange(max(*lengths, 1)) < torch.tensor(lengths)[:, None]
        states_BSD = torch.randn(*mask_BS.shape, WIDTH).requires_grad_()
        ids_BS = torch.zeros_like(mask_BS, dtype=torch.long)
        states_BTD, _ = decoder(
            ids(len(lengths)), decoder.start(Memory(states_BSD, mask_BS, ids_BS=ids_BS), rows=len(lengths))
        )
        assert states_BTD.isfinite().all()
        decoder.zero_grad()
        decoder.logits(states_BTD).square().sum().backward()
        assert states_BSD.grad.isfinite().all()
        assert all(parameter.grad.isfinite().all() for parameter in decoder.parameters())


@every
def test_dropout_is_for_training_alone(config, side):
    decoder, read = built(config, side), memory(side)
    before = {name: tensor.clone() for name, tensor in decoder.state_dict().items()}
    quiet = written(decoder, ids(4), read)[0]
    assert not torch.allclose(written(decoder.train(), ids(4), read)[0], quiet, atol=1e-3)
    assert torch.equal(written(decoder.eval(), ids(4), read)[0], quiet)
    assert all(torch.equal(before[name], tensor) for name, tensor in decoder.state_dict().items())


@every
def test_saved_weights_load(config, side):
    decoder, again = built(config, side), config.build(SIZE, memory_width=WIDTH if side == "memory" else None)
    again.load_state_dict(decoder.state_dict())
    read = memory(side)
    assert torch.equal(written(decoder, ids(4), read)[0], written(again.eval(), ids(4), read)[0])


@every
def test_the_seed_decides_the_fresh_weights(config, side):
    def fresh(seed):
        torch.manual_seed(seed)
        decoder = config.build(SIZE, memory_width=WIDTH if side == "memory" else None)
        return torch.cat([parameter.flatten() for parameter in decoder.parameters()])

    assert torch.equal(fresh(1), fresh(1))
    assert not torch.equal(fresh(1), fresh(2))


@pytest.mark.parametrize("kind", DECODERS, ids=kind_of)
def test_a_config_survives_being_written(kind):
    for config in (kind(), kind(width=24)):
        held = Settings(decoder=config)
        assert validated(Settings, held.model_dump(mode="json")) == held
    assert validated(Settings, {"decoder": kind_of(kind)}).decoder == kind()
