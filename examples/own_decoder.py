"""A decoder of your own: trained to translate, saved and loaded again by weft, without a change to weft."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

import weft
from weft.demo import translations


class PeekDecoderConfig(weft.DecoderConfig):
    kind: Literal["peek"] = "peek"
    width: int = 64

    def build(self, vocab_size: int, *, memory_width: int | None) -> weft.Decoder:
        return PeekDecoder(vocab_size, self.width, memory_width or self.width)


@dataclass(frozen=True, slots=True)
class Peeked:
    """What is remembered of each row: a hidden vector, and what was read."""

    hidden_ND: Tensor
    read_NSD: Tensor
    mask_NS: Tensor

    def select(self, rows_N: Tensor) -> "Peeked":  # beams change places
        return Peeked(self.hidden_ND[rows_N], self.read_NSD[rows_N], self.mask_NS[rows_N])

    def widen(self, size: int) -> "Peeked":  # a row becomes several beams or samples
        rows = torch.arange(len(self.hidden_ND), device=self.hidden_ND.device)
        return self.select(rows.repeat_interleave(size))


class PeekDecoder(weft.Decoder[Peeked]):
    """A recurrent network over what is written, which looks at what was read where that is like its own state."""

    parallel = False

    def __init__(self, vocab_size: int, width: int, memory_width: int) -> None:
        super().__init__()
        self.width = width
        self.embedding = nn.Embedding(vocab_size, width)
        self.cell = nn.GRU(width, width, batch_first=True)
        self.read, self.tell = nn.Linear(memory_width, width), nn.Linear(2 * width, width)
        self.score = nn.Linear(width, vocab_size)

    def start(self, memory: weft.Memory | None, *, rows: int, capacity: int = 0, record: bool = False) -> Peeked:  # noqa: ARG002
        assert memory is not None, "it translates; alone it writes nothing"
        read_BSD = self.read(memory.states_BSD)
        return Peeked(read_BSD.new_zeros(rows, self.width), read_BSD, memory.mask_BS)

    def forward(self, ids_BT: Tensor, state: Peeked) -> tuple[Tensor, Peeked]:
        states_BTD, last_1BD = self.cell(self.embedding(ids_BT), state.hidden_ND[None].contiguous())
        alike_BTS = states_BTD @ state.read_NSD.mT / self.width**0.5
        seen_BTD = alike_BTS.masked_fill(~state.mask_NS[:, None], -1e9).softmax(-1) @ state.read_NSD
        told_BTD = self.tell(torch.cat([states_BTD, seen_BTD], 2)).tanh()
        return told_BTD, Peeked(last_1BD[0], state.read_NSD, state.mask_NS)

    def logits(self, states: Tensor) -> Tensor:
        return self.score(states)


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/own_decoder")
    translations.write(folder / "pairs.jsonl", translations.demo_pairs(3000, seed=0))
    config = weft.RunConfig(
        data=weft.DataConfig(train=str(folder / "pairs.jsonl")),
        task=weft.Seq2SeqConfig(
            source="en",
            target="zh",
            encoder={"kind": "gru", "width": 128, "hidden": 64, "dropout": 0.1},
            decoder=PeekDecoderConfig(width=128),
        ),
        training=weft.TrainingConfig(epochs=8, optimizer={"kind": "adamw", "learning_rate": 8e-3}),
    )
    for report in weft.train(config, folder / "model"):
        print(report)
    model = weft.load(folder / "model", parts=[PeekDecoderConfig])
    for answer in model.answer(
        ["It is half past ten in the morning now.", "Prices rose by twelve percent in nineteen thirty-three."]
    ):
        print("In Chinese:", answer.text)
