"""Decoders small enough to search by hand: of every kind with random weights, and one that is a table."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest
import torch

from tests.kinds import DECODERS
from weft.config import kind_of
from weft.models.base import Decoder, Memory

SETTINGS = {"width": 16, "hidden": 12, "feed_forward": 20, "heads": 2, "layers": 2}
PAD, UNKNOWN, *WORDS, END = range(6)


@pytest.fixture(autouse=True)
def one_thread_one_seed():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with torch.no_grad():
        yield
    torch.set_num_threads(before)


@dataclass(frozen=True)
class Trail:
    """How many tokens the table has read, and how it looked at the memory meanwhile."""

    length: int = 0
    seen: tuple | None = None
    mask_BS: torch.Tensor | None = None

    def select(self, rows_N):
        return self if self.seen is None else replace(self, seen=tuple(one[rows_N] for one in self.seen))

    def widen(self, size):
        if self.seen is None:
            return self
        return replace(self, seen=tuple(one.repeat_interleave(size, 0) for one in self.seen))


class Table(Decoder):
    """The last token tells the next: its row of `scores`, [V, V], or one such table for each place, [T, V, V].

    Its row of `looks_VS` is how it looks meanwhile. `calls` has the ids that it was given, one after the other.
    """

    width = 2

    def __init__(self, scores, looks_VS=None):
        super().__init__()
        self.scores_TVV = scores if scores.ndim == 3 else scores[None]
        self.looks_VS, self.calls = looks_VS, []

    def start(self, memory=None, *, rows, capacity=0, record=False):
        return Trail(seen=() if record else None)

    def forward(self, ids_BT, state):
        self.calls.append(ids_BT)
        seen = None if state.seen is None else (*state.seen, self.looks_VS[ids_BT])
        place_T = torch.arange(state.length, state.length + ids_BT.shape[1])
        states_BTD = torch.stack([ids_BT, place_T.expand_as(ids_BT)], 2)
        return states_BTD, replace(state, length=state.length + len(place_T), seen=seen)

    def logits(self, states):
        return self.scores_TVV[states[..., 1] % len(self.scores_TVV), states[..., 0]]


class Tiny:
    """A decoder with random weights over six ids, and six rows for it: what each reads, if anything, and begins with.

    The ids 0 and 1 are never written, 5 begins and ends.
    """

    end, vocab, words = END, 6, WORDS

    def __init__(self, kind, side):
        config = kind(**{name: value for name, value in SETTINGS.items() if name in kind.model_fields})
        self.decoder = config.build(self.vocab, memory_width=8 if side == "memory" else None).eval()
        for parameter in self.decoder.parameters():
            parameter.mul_(2.5 if parameter.ndim > 1 else 1.0)  # or all rows would say the same
        self.memory, begun = None, torch.arange(6)[:, None] % 3 + 2
        if side == "memory":
            self.memory = Memory(torch.randn(6, 5, 8), torch.arange(5) < torch.tensor([5, 3, 1, 4, 5, 2])[:, None])
        self.first_BP = torch.cat([torch.full((6, 1), END), begun], 1)[:, : 1 if self.memory else 2]

    def start(self, rows=range(6), *, room=0, record=False):
        """The state of some rows."""
        rows, memory = list(rows), self.memory
        if memory is not None:
            memory = Memory(memory.states_BSD[rows], memory.mask_BS[rows])
        return self.decoder.start(memory, rows=len(rows), capacity=room, record=record)

    def first(self, rows=range(6)):
        """What some rows begin with."""
        return self.first_BP[list(rows)]

    def whole(self, row, ids):
        """What the rules see of an output: after what its row began with, but for the symbol that starts it."""
        return [*self.first_BP[row, 1:].tolist(), *ids]

    def logs(self, row, ids):
        """The log-probability of each of some ids of a row, given the true ones before it."""
        if not ids:
            return torch.zeros(0)
        ids_1T = torch.tensor([[*self.first_BP[row].tolist(), *ids]])
        states_1TD, _ = self.decoder(ids_1T[:, :-1], self.start([row]))
        logs_TV = self.decoder.logits(states_1TD)[0, -len(ids) :].log_softmax(-1)
        return logs_TV.gather(1, torch.tensor(ids)[:, None])[:, 0]

    def ended(self, output, longest):
        """The ids of an output with the one that ends it, where there was room for it."""
        return [*output.ids, END] if len(output.ids) < longest else output.ids


SIDES = [(kind, side) for kind in DECODERS for side in ("memory", "alone")]


@pytest.fixture(params=SIDES, ids=[f"{kind_of(kind)}-{side}" for kind, side in SIDES])
def tiny(request):
    """A Tiny of every kind, with a memory and alone."""
    return Tiny(*request.param)


@pytest.fixture(scope="session")
def table():
    """The class of decoders that are a table, and their ids."""
    return SimpleNamespace(of=Table, end=END, vocab=6, words=WORDS)
