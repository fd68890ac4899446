"""Subwords by byte-pair encoding, learned and applied by the `tokenizers` library; knows no other kind of piece."""

from __future__ import annotations

from collections import abc
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field
from tokenizers import Regex
from tokenizers import Tokenizer as Engine
from tokenizers.decoders import Metaspace as MetaspaceDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import Metaspace, Sequence, Split
from tokenizers.trainers import BpeTrainer

from weft.text.normalize import normalize
from weft.text.tokenizer import Encoded, Tokenizer, TokenizerConfig
from weft.text.vocab import UNKNOWN


class BpeTokenizerConfig(TokenizerConfig):
    """Byte-pair encoding (Sennrich, Haddow and Birch 2016, section 3.2), over characters, spaces kept as `▁`."""

    kind: Literal["bpe"] = "bpe"
    size: int = Field(default=8_000, ge=1)
    """How many pieces to learn."""

    def learn(self, texts: abc.Sequence[str]) -> BpeTokenizer:
        """Learn the merges from training texts."""
        engine = Engine(BPE(unk_token="<unknown>"))
        # no merge across Han and other scripts, or across punctuation: `很good!` is three parts
        engine.pre_tokenizer = Sequence([Metaspace(), Split(Regex(r"\p{Han}+|\p{P}"), "isolated")])
        engine.decoder = MetaspaceDecoder()
        trainer = BpeTrainer(vocab_size=self.size, special_tokens=["<pad>", "<unknown>"], show_progress=False)
        engine.train_from_iterator(_in_thousands(normalize(texts, self.normalize)), trainer)
        return BpeTokenizer(self, engine)

    def load(self, folder: Path) -> BpeTokenizer:
        """Load `tokenizer.json`."""
        return BpeTokenizer(self, Engine.from_file(str(folder / "tokenizer.json")))


class BpeTokenizer(Tokenizer):
    """Cuts texts by learned merges; made by its config's `learn` or `load`."""

    def __init__(self, config: BpeTokenizerConfig, engine: Engine) -> None:
        self.config, self.engine = config, engine
        engine.encode_special_tokens = True  # a text that spells `<pad>` has no padding in it
        self.sizes = (engine.get_vocab_size(),)

    def encode(self, texts: abc.Sequence[str]) -> Encoded:
        """Encode many texts at once, in the library's own threads."""
        rows = [row.ids for row in self.engine.encode_batch_fast(normalize(texts, self.config.normalize))]
        lengths_R = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        values_N = np.fromiter(chain.from_iterable(rows), dtype=np.int32, count=int(lengths_R.sum()))
        return Encoded(values_N[:, None], lengths_R, int((values_N == UNKNOWN).sum()))

    def save(self, folder: Path) -> None:
        """One `tokenizer.json`, as the library reads it."""
        self.engine.save(str(folder / "tokenizer.json"))


def _in_thousands(texts: list[str]) -> abc.Iterator[list[str]]:
    for start in range(0, len(texts), 1000):
        yield texts[start : start + 1000]
