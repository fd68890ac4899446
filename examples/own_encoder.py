"""An encoder of your own: trained, scored, saved and loaded again by weft, without a change to weft."""

import sys
from pathlib import Path
from typing import Literal

from torch import nn

import weft
from weft.demo import reviews


class WindowsEncoderConfig(weft.EncoderConfig):
    kind: Literal["windows"] = "windows"
    width: int = 64

    def build(self, spec: weft.TokenSpec) -> weft.Encoder:
        return WindowsEncoder(spec.vocab_sizes, self.width)


class WindowsEncoder(weft.Encoder):
    """Two layers of convolutions, three positions wide each."""

    pooling = "max"

    def __init__(self, vocab_sizes: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.width = width
        self.embedding = weft.Embedding(vocab_sizes, width, dropout=0.2)
        self.layers = nn.ModuleList(nn.Conv1d(width, width, 3, padding="same") for _ in range(2))

    def forward(self, source: weft.Tokens) -> weft.Memory:
        states_BSD, real_BS1 = self.embedding(source), source.mask_BS[..., None]
        for layer in self.layers:  # padding stays zero, so that a text reads the same in any batch
            states_BSD = (states_BSD + layer(states_BSD.transpose(1, 2)).transpose(1, 2).relu()) * real_BS1
        return weft.Memory(states_BSD, source.mask_BS)


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/own_encoder")
    reviews.write(folder / "reviews.csv")
    config = weft.RunConfig(
        data=weft.DataConfig(train=str(folder / "reviews.csv")),
        task=weft.ClassificationConfig(encoder=WindowsEncoderConfig(width=96)),
        training=weft.TrainingConfig(epochs=5),
    )
    for report in weft.train(config, folder / "model"):
        print(report)
    model = weft.load(folder / "model", parts=[WindowsEncoderConfig])
    print(model.answer(["味道很好", "cold and late", "The battery is not bad at all."]))
    print(model.evaluate([weft.LabelledText(*row) for row in reviews.rows(size=500, seed=1)]).scores.values["accuracy"])
