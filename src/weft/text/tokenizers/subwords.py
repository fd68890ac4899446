"""Learns and applies subwords with the `tokenizers` library, by four algorithms.

All decode to the exact normalized text if nothing is unknown. If white space is `one` (`normalize.space`), `▁` stands
for the space before a word, the first one too, and a `▁` of a text is read as a space. If it is kept, pieces contain
their spaces as they are, and each line break or tab is a piece of its own.
"""

from __future__ import annotations

from collections import abc
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np
import regex
from pydantic import Field
from tokenizers import Regex, decoders, models, trainers
from tokenizers import Tokenizer as Engine
from tokenizers.pre_tokenizers import ByteLevel, Metaspace, PreTokenizer, Sequence, Split

from weft.text.normalize import Space, normalize
from weft.text.spelling import BYTES
from weft.text.tokenizers.base import Encoded, Tokenizer, TokenizerConfig
from weft.text.tokenizers.unigram import learn_unigram
from weft.text.tokenizers.vocab import UNKNOWN, beyond
from weft.text.unspaced import CLUSTER

SPECIAL = ["<pad>", "<unknown>"]
# No piece spans Han and other scripts, or has a mark or a symbol in it: `很good!` is three parts, and no text can spell
# `<pad>` in one piece. `▁` is a symbol too, but stands for the space before a word.
_MARK = r"[\p{P}\p{S}&&[^▁]]"
_BREAK = r"[^\S ]"  # white space that is no space: none is left where white space is one


class SubwordTokenizerConfig(TokenizerConfig):
    """Base of the four kinds of subwords."""

    size: int = Field(default=8_000, ge=1)
    """Largest number of pieces; every single character of the texts is one of them, even beyond this number."""

    def learn(self, texts: abc.Sequence[str]) -> SubwordTokenizer:
        """Learn the pieces from training texts."""
        return SubwordTokenizer(self, self._trained(normalize(texts, self.normalize)))

    def load(self, folder: Path) -> SubwordTokenizer:
        """Load the tokenizer from `tokenizer.json`."""
        return SubwordTokenizer(self, Engine.from_file(str(folder / "tokenizer.json")))

    def _trained(self, texts: list[str]) -> Engine:
        raise NotImplementedError


class BpeTokenizerConfig(SubwordTokenizerConfig):
    """Byte-pair encoding (Sennrich, Haddow and Birch 2016, section 3.2), over characters, spaces kept as `▁`."""

    kind: Literal["bpe"] = "bpe"

    def _trained(self, texts: list[str]) -> Engine:
        engine = Engine(models.BPE(unk_token="<unknown>"))
        engine.pre_tokenizer = _spaced(r"\p{Han}+", self.normalize.space)
        engine.decoder = _joined(self.normalize.space)
        trainer = trainers.BpeTrainer(vocab_size=self.size, special_tokens=SPECIAL, show_progress=False)
        engine.train_from_iterator(_in_thousands(texts), trainer)
        return engine


class WordpieceTokenizerConfig(SubwordTokenizerConfig):
    """WordPiece as in BERT (Devlin et al. 2019): the longest known piece first, `##` where a word goes on.

    A word with an unknown character is unknown as a whole, and so is a long one: each character of Han and of other
    scripts without spaces is a word of its own, with its marks.
    """

    kind: Literal["wordpiece"] = "wordpiece"

    def _trained(self, texts: list[str]) -> Engine:
        parts = _spaced(rf"\p{{Han}}|{CLUSTER}", self.normalize.space)
        engine = Engine(models.WordPiece(unk_token="<unknown>"))
        engine.pre_tokenizer = parts
        # the library numbers characters inside words in the order of a hash table, and equal counts go by number:
        # named here, in their order, they make the same texts give the same pieces
        inside = sorted(regex.sub(r"[\s\p{Han}\p{Hiragana}\p{Katakana}ー\p{P}\p{S}]", "", "".join(set().union(*texts))))
        named = SPECIAL + [f"##{character}" for character in inside]
        trainer = trainers.WordPieceTrainer(
            vocab_size=max(self.size, len(named)), special_tokens=named, show_progress=False
        )
        engine.train_from_iterator(_in_thousands(texts), trainer)
        learned = Engine(models.WordPiece(engine.get_vocab(), unk_token="<unknown>"))
        learned.pre_tokenizer = parts
        learned.decoder = decoders.Sequence([decoders.Replace(Regex("^##(?=.)"), ""), _joined(self.normalize.space)])
        return learned


class UnigramTokenizerConfig(SubwordTokenizerConfig):
    """The most probable pieces by a unigram language model (Kudo 2018, section 3.2); see `unigram` for its learning."""

    kind: Literal["unigram"] = "unigram"

    def _trained(self, texts: list[str]) -> Engine:
        parts = _spaced(r"\p{Han}+", self.normalize.space)
        engine = Engine(learn_unigram(texts, parts, size=self.size))
        engine.pre_tokenizer = parts
        engine.decoder = _joined(self.normalize.space)
        return engine


class BytesTokenizerConfig(SubwordTokenizerConfig):
    """Byte-pair encoding over bytes (Radford et al. 2019, section 2.2): no character of any script is unknown."""

    kind: Literal["bytes"] = "bytes"
    size: int = Field(default=8_000, ge=258)
    """Largest number of pieces; 256 of them are the bytes, and two are for padding and unknown pieces."""

    def _trained(self, texts: list[str]) -> Engine:
        engine = Engine(models.BPE())
        apart = Split(Regex(rf"\p{{Han}}+|{_BREAK}"), "isolated")
        engine.pre_tokenizer = Sequence([apart, ByteLevel(add_prefix_space=False)])
        engine.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=self.size,
            special_tokens=SPECIAL,
            initial_alphabet=ByteLevel.alphabet(),
            show_progress=False,
        )
        engine.train_from_iterator(_in_thousands(texts), trainer)
        return engine


class SubwordTokenizer(Tokenizer):
    """Cuts texts into learned subwords; made by its config's `learn` or `load`."""

    def __init__(self, config: SubwordTokenizerConfig, engine: Engine) -> None:
        self.config, self.engine = config, engine
        engine.encode_special_tokens = True  # a text that spells `<pad>` has no padding in it
        self.sizes = (engine.get_vocab_size(),)

    @property
    def pieces(self) -> abc.Sequence[str] | None:
        """The pieces by id: `▁` is a space before a word, `##` the inside of a word, and each byte is a letter."""
        return [str(self.engine.id_to_token(number)) for number in range(self.sizes[0])]

    @property
    def counted(self) -> str:
        """The number of ids, and the reason if there are fewer than allowed."""
        fewer = self.sizes[0] < self.config.size
        return super().counted + (f" (of at most {self.config.size:,}: the texts yield no more)" if fewer else "")

    def encode(self, texts: abc.Sequence[str]) -> Encoded:
        """Encode many texts at once, in the library's own threads."""
        rows = [row.ids for row in self.engine.encode_batch_fast(normalize(texts, self.config.normalize))]
        lengths_R = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        values_N = np.fromiter(chain.from_iterable(rows), dtype=np.int32, count=int(lengths_R.sum()))
        return Encoded(values_N[:, None], lengths_R, int((values_N == UNKNOWN).sum()))

    def unknown_pieces(self, texts: abc.Sequence[str]) -> list[list[str]]:
        """Return the characters, or by WordPiece the words, of each text that the vocabulary lacks, in their order."""
        texts = normalize(texts, self.config.normalize)
        cut = [zip(row.ids, row.offsets, strict=True) for row in self.engine.encode_batch(texts)]
        return [
            [text[start:end] for number, (start, end) in row if number == UNKNOWN]
            for text, row in zip(texts, cut, strict=True)
        ]

    def spell(self, ids: abc.Iterable[int], copied: abc.Sequence[str] = ()) -> abc.Iterator[bytes]:
        """Yield the bytes of each piece; if white space is `one`, without the space before the first."""
        known, first = self._spelling, self.sizes[0] + 1
        parts = (known[one] if one < first else beyond(one - first, copied).encode() for one in ids)
        if self.config.kind != "bytes" and self.config.normalize.space == "one":
            yield next(filter(None, parts), b"").removeprefix(b" ")
        yield from parts

    @cached_property
    def _spelling(self) -> list[bytes]:
        """The bytes of each id, computed once."""
        pieces = (self.pieces or ())[2:]
        if self.config.kind == "bytes":
            spelled = [bytes(map(BYTES.__getitem__, piece)) for piece in pieces]
        else:
            if self.config.kind == "wordpiece":
                pieces = [piece.removeprefix("##") for piece in pieces]
            space = "▁" if self.config.normalize.space == "one" else " "
            spelled = [piece.replace(space, " ").encode() for piece in pieces]
        return [b"", "\ufffd".encode(), *spelled]

    def save(self, folder: Path) -> None:
        """Write one `tokenizer.json` for the library."""
        self.engine.save(str(folder / "tokenizer.json"))


def _spaced(han: str, space: Space) -> PreTokenizer:
    """Split words with the space before them, and isolate Han, punctuation and line breaks."""
    words = Metaspace() if space == "one" else Split(" ", "merged_with_next")
    return Sequence([words, Split(Regex(f"{han}|{_MARK}|{_BREAK}"), "isolated")])


def _joined(space: Space) -> decoders.Decoder:
    return decoders.Metaspace() if space == "one" else decoders.Fuse()


def _in_thousands(texts: list[str]) -> abc.Iterator[list[str]]:
    for start in range(0, len(texts), 1000):
        yield texts[start : start + 1000]
