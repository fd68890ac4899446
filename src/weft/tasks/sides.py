"""The tokenizers of both sides of a pair, one or two, and the encoder that suits a decoder; knows no loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from weft.errors import ConfigError
from weft.models.base import DecoderConfig, Encoder, EncoderConfig
from weft.models.embedding import Embedding
from weft.models.encoder_decoder import Tying
from weft.models.rnn import GruEncoderConfig, LstmEncoderConfig
from weft.models.rnn_decoder import RnnDecoderConfig
from weft.models.transformer import TransformerEncoderConfig
from weft.models.transformer_decoder import TransformerDecoderConfig
from weft.tasks.writing import EXACT, exactly
from weft.text.pieces import CharTokenizerConfig
from weft.text.segment import han_share
from weft.text.subwords import BpeTokenizerConfig
from weft.text.tokenizer import Tokenizer, TokenizerConfig

_SAMPLE = 1000


@dataclass(frozen=True, slots=True)
class Sides:
    """The tokenizer of sources and that of targets: the same object where there is one vocabulary."""

    source: Tokenizer
    target: Tokenizer

    @property
    def shared(self) -> bool:
        """Whether there is one vocabulary."""
        return self.source is self.target

    def tying(self, encoder: nn.Module, decoder: nn.Module) -> Tying:
        """Whether both sides can have one table: of one vocabulary and one width."""
        reads, writes = getattr(encoder, "embedding", None), getattr(decoder, "embedding", None)
        both = self.shared and isinstance(reads, Embedding) and isinstance(writes, nn.Embedding)
        return "shared" if both and reads.tables[0].weight.shape == writes.weight.shape else "separate"

    def save(self, folder: Path) -> None:
        """The one tokenizer's files, or those of both in folders of their own."""
        if self.shared:
            self.source.save(folder)
            return
        for name, side in (("source", self.source), ("target", self.target)):
            (folder / name).mkdir(exist_ok=True)
            side.save(folder / name)

    def notes(self, facts: Mapping[str, Mapping[str, float]]) -> list[str]:
        """How many ids there are, and how much of each part they cover."""
        known = ", ".join(f"{one['source']:.2%} of {name}" for name, one in facts.items())
        if self.shared:
            return [f"one vocabulary of {self.source.sizes[0]:,} ids for both sides, which cover {known} (sources)"]
        targets = ", ".join(f"{one['target']:.2%} of {name}" for name, one in facts.items() if "target" in one)
        return [
            f"{self.source.sizes[0]:,} ids for sources, which cover {known}",
            f"{self.target.sizes[0]:,} ids for targets, which cover {targets}",
        ]


def decided(config: Any, sources: Sequence[str], targets: Sequence[str]) -> Any:
    """The same with all that was left open decided: tokenizers, vocabularies, the encoder.

    Raises ConfigError where encoder and decoder, or the settings of the vocabularies, do not go together.
    """
    encoder = config.encoder or suiting(config.decoder)
    if not encoder.reads_order:
        what = f"`{encoder.kind}` reads n-grams, which have no positions for a decoder to look at"
        raise ConfigError(what, where="task.encoder", hint="take `cnn`, `rnn`, `lstm`, `gru` or `transformer`")
    if encoder.longest is not None and config.max_source >= encoder.longest:
        what = f"`{encoder.kind}` has learned positions for {encoder.longest} tokens, an end among them"
        hint = f"set task.max_source below it (it is {config.max_source}), or take sinusoidal or rotary positions"
        raise ConfigError(what, where="task.max_source", hint=hint)
    vocabulary = config.vocabulary
    if vocabulary == "auto":
        halves = [han_share(texts[:: max(1, len(texts) // _SAMPLE)]) > 0.3 for texts in (sources, targets)]
        own = config.target_tokenizer is not None and config.target_tokenizer != config.tokenizer
        vocabulary = "separate" if own or halves[0] != halves[1] else "shared"
    if vocabulary == "shared" and config.target_tokenizer not in (None, config.tokenizer):
        what = "one vocabulary for both sides has one tokenizer"
        raise ConfigError(what, where="task.target_tokenizer", hint="leave it out, or set task.vocabulary=separate")
    both = [*sources, *targets]
    tokenizer = exactly(config.tokenizer or bpe_for(both if vocabulary == "shared" else sources))
    own = config.target_tokenizer or config.tokenizer or bpe_for(targets)
    target = None if vocabulary == "shared" else exactly(own)
    update = {"encoder": encoder, "vocabulary": vocabulary, "tokenizer": tokenizer, "target_tokenizer": target}
    return config.model_copy(update=update)


def check_positions(config: EncoderConfig, encoder: Encoder, decoder: DecoderConfig) -> None:
    """Raise ConfigError where a decoder attends to positions that the encoder does not keep."""
    if decoder.needs_positions and not encoder.keeps_positions:
        what = f"`{config.kind}` keeps no positions for a decoder to look at"
        hint = "take another encoder, or a decoder with task.decoder.attention=none"
        raise ConfigError(what, where="task.encoder", hint=hint)


def bpe_for(texts: Sequence[str]) -> BpeTokenizerConfig:
    """Subwords, one for every 60 words that there are to learn from, 500 to 8,000 in all."""
    sample = texts[:: max(1, len(texts) // _SAMPLE)]
    words = sum(len(text.split()) for text in sample) + 0.6 * sum(map(len, sample)) * han_share(sample)
    total = words / max(1, len(sample)) * len(texts)
    return BpeTokenizerConfig(size=round(min(8_000, max(500, total / 60)) / 100) * 100)


def suiting(decoder: DecoderConfig) -> EncoderConfig:
    """The encoder of a decoder's kind and size."""
    if isinstance(decoder, RnnDecoderConfig):
        make = LstmEncoderConfig if decoder.kind == "lstm" else GruEncoderConfig
        half = max(1, decoder.hidden // 2)
        return make(width=decoder.width, hidden=half, layers=decoder.layers, dropout=decoder.dropout, view_dropout=0)
    names = ("width", "layers", "heads", "feed_forward", "dropout")
    settings = {name: getattr(decoder, name) for name in names if hasattr(decoder, name)}
    rotary = not isinstance(decoder, TransformerDecoderConfig) or decoder.positions == "rotary"
    return TransformerEncoderConfig(positions="rotary" if rotary else "sinusoidal", view_dropout=0, **settings)


def learned_sides(config: Any, sources: Sequence[str], targets: Sequence[str]) -> Sides:
    """Learn the one vocabulary or both.

    Raises ConfigError where sources would have no order, or targets could not be turned back into text.
    """
    writes = config.target_tokenizer or config.tokenizer
    if config.vocabulary == "shared":
        shared = config.tokenizer.learn([*dict.fromkeys(sources), *dict.fromkeys(targets)])
        sides = Sides(shared, shared)
    else:
        sides = Sides(config.tokenizer.learn(list(dict.fromkeys(sources))), writes.learn(list(dict.fromkeys(targets))))
    check_written(writes, sides.target, where="task.target_tokenizer" if not sides.shared else "task.tokenizer")
    if not sides.source.ordered:
        hint = "take `bpe`, `unigram`, `bytes`, `mixed`, `char` or `word`"
        raise ConfigError(f"`{config.tokenizer.kind}` has no positions to read", where="task.tokenizer", hint=hint)
    return sides


def check_written(config: TokenizerConfig, learned: Tokenizer, *, where: str) -> None:
    """Raise ConfigError for a tokenizer whose ids cannot be turned back into text."""
    if not learned.reversible:
        hint = "take `bpe`, `unigram`, `bytes`, `char` or `word`"
        raise ConfigError(f"`{config.kind}` cannot be turned back into text", where=where, hint=hint)
    if len(learned.sizes) > 1:
        what = "what is written has one view of a position"
        raise ConfigError(what, where=f"{where}.views", hint="leave the views out; a source of its own may have them")


def for_free_text(tokenizer: TokenizerConfig | None, texts: Sequence[str]) -> TokenizerConfig:
    """The tokenizer for texts that a language model writes: `char` for Chinese, else `bpe`; line breaks are kept."""
    if tokenizer is None:
        chinese = han_share(texts[:: max(1, len(texts) // _SAMPLE)]) > 0.5
        tokenizer = CharTokenizerConfig() if chinese else bpe_for(texts)
    if tokenizer.kind in ("word", "mixed") or "normalize" in tokenizer.model_fields_set:
        return exactly(tokenizer)
    return tokenizer.model_copy(update={"normalize": EXACT.model_copy(update={"space": "keep"})})


def loaded_sides(config: Any, folder: Path) -> Sides:
    """Read what `Sides.save` wrote."""
    if config.vocabulary == "shared":
        shared = config.tokenizer.load(folder)
        return Sides(shared, shared)
    return Sides(config.tokenizer.load(folder / "source"), config.target_tokenizer.load(folder / "target"))
