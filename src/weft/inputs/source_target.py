"""Reads pairs of source and target: one tokenizer for both or two, and the encoder that suits the decoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field, TypeAdapter, ValidationError, ValidationInfo, model_validator
from torch import Tensor, nn

from weft.data.batch import Moves, Tokens
from weft.data.columns import Columns, Ragged, Share, ended, fit
from weft.errors import ConfigError
from weft.inputs.base import Input, InputConfig
from weft.inputs.copied import WORDS_A_COPIED_PIECE, UnknownPieces, pieces_of, spaced, spaced_after, with_copying
from weft.inputs.pair import framed
from weft.inputs.text import framed_tokens, tokens_of
from weft.inputs.warm_start import with_folder
from weft.models.base import DecoderConfig, Encoder, EncoderConfig, Symbols, TokenSpec
from weft.models.choices import DecoderChoice, NamedEncoder
from weft.models.embedding import Embedding
from weft.models.encoder_decoder import Tying
from weft.models.pretrained import PretrainedEncoder
from weft.models.pretrained_decoder import PretrainedDecoder
from weft.models.transformer_decoder import TransformerDecoderConfig
from weft.text.tokenizers.base import Tokenizer, TokenizerConfig
from weft.text.tokenizers.choices import (
    WORDS_A_PIECE,
    TokenizerChoice,
    alike,
    exactly,
    for_writing,
    pieces_for,
    single_words,
)
from weft.text.tokenizers.vocab import UNKNOWN
from weft.text.tokenizers.words import CharTokenizerConfig


class SourceTargetSettings(InputConfig):
    """Settings of pairs of source and target: tokenizers, lengths, encoder and decoder."""

    tokenizer: TokenizerChoice | None = None
    """Tokenizer of sources and targets; None: `bpe` with capitals and full width kept, or `char` for little Chinese, or
    where sources are single words."""
    target_tokenizer: TokenizerChoice | None = None
    """Tokenizer of targets, where they have a vocabulary of their own; None: `tokenizer`, or one that suits targets."""
    vocabulary: Literal["auto", "shared", "separate"] = "auto"
    """Vocabulary of source and target: one for both (`shared`), or one for each (`separate`); `auto`: `shared`, unless
    only one of the two is Chinese."""
    spaced_after: str | None = None
    """Marks of a source after which a word is read as after a space, such as the `[` of `name[Ada]`, so that its first
    subword can be copied to where a space is before it; None: where subwords are copied, the marks after which most
    words have a space before them in the targets; empty: none."""
    max_source: int = Field(default=256, ge=1)
    """Largest number of tokens of a source that are read; the run names the share that is cut."""
    max_target: int = Field(default=256, ge=1)
    """Largest number of tokens of a target that are learned from; the run names the share that is cut."""
    encoder: NamedEncoder | None = None
    """Encoder of the source; None: one that suits the decoder; settings given without a kind change that one."""
    decoder: DecoderChoice = TransformerDecoderConfig()
    """Decoder that generates the target."""

    @model_validator(mode="before")
    @classmethod
    def _with_encoder(cls, settings: Any, info: ValidationInfo) -> Any:
        return with_kind(settings, context=info.context)

    @property
    def name(self) -> str:
        """The key of source and target among the values of an example."""
        return "source"


@dataclass(frozen=True, slots=True)
class SourceTargetTokenizers:
    """The tokenizer of sources and that of targets: the same object where there is one vocabulary."""

    source: Tokenizer
    target: Tokenizer

    @property
    def shared(self) -> bool:
        """Whether source and target have one vocabulary (bool)."""
        return self.source is self.target

    @property
    def read_sizes(self) -> tuple[int, ...]:
        """Number of ids of each view that an encoder reads: an end symbol beyond those of view 0, without a frame."""
        first, *views = self.source.sizes
        return (first if self.source.frame else first + 1, *views)

    def tokens(self, columns: Columns, rows: np.ndarray) -> Tokens:
        """Gather and pad the sources of some rows."""
        if self.source.frame is not None:
            return framed_tokens(columns.ragged["source"], rows)
        return tokens_of(columns.ragged["source"], rows, columns.letters.get("source"))

    def tying(self, encoder: nn.Module, decoder: nn.Module) -> Tying:
        """Return `shared` where encoder and decoder can have one embedding table: of one vocabulary and one width."""
        if isinstance(encoder, PretrainedEncoder) and isinstance(decoder, PretrainedDecoder):
            return "shared" if decoder.shares_table_with(encoder.network) else "separate"
        reads, writes = getattr(encoder, "embedding", None), getattr(decoder, "embedding", None)
        both = self.shared and isinstance(reads, Embedding) and isinstance(writes, nn.Embedding)
        return "shared" if both and reads.tables[0].weight.shape == writes.weight.shape else "separate"

    def save(self, folder: Path) -> None:
        """Write the files of the one tokenizer, or those of both in folders of their own."""
        if self.shared:
            self.source.save(folder)
            return
        for name, side in (("source", self.source), ("target", self.target)):
            (folder / name).mkdir(exist_ok=True)
            side.save(folder / name)

    def notes(self, facts: Mapping[str, Mapping[str, float]]) -> list[str]:
        """Describe the sizes of the vocabularies, and how much of each split they cover."""
        known = ", ".join(f"{one['source']:.2%} of {name}" for name, one in facts.items())
        if self.shared:
            return [f"shared {self.source.counted}, covering {known} (sources)", *self.source.notes]
        targets = ", ".join(f"{one['target']:.2%} of {name}" for name, one in facts.items() if "target" in one)
        return [
            f"source {self.source.counted}, covering {known}",
            f"target {self.target.counted}, covering {targets}",
            *(f"{side}: {note}" for side in ("source", "target") for note in getattr(self, side).notes),
        ]


def decided(config: Any, sources: Sequence[str], targets: Sequence[str]) -> Any:
    """Return a copy of a config with all that was left open decided: tokenizers, vocabularies, the encoder, copying.

    A source stands beside its target, again where it has several. Raises ConfigError where encoder and decoder, or the
    settings of the vocabularies, do not go together.
    """
    decoder = config.decoder.ready()
    encoder = (config.encoder or decoder.matching_encoder()).ready()
    if encoder.reads is not Tokens:
        what = f"`{encoder.kind}` reads n-grams, which have no positions for a decoder to look at"
        raise ConfigError(what, where="task.encoder", hint="take `cnn`, `rnn`, `lstm`, `gru` or `transformer`")
    config = _within(config, max_source=encoder.longest, max_target=decoder.longest)
    vocabulary = config.vocabulary
    if encoder.reads_with or decoder.reads_with:
        source, target = (part.reads_with for part in (encoder, decoder))
        vocabulary = "shared" if source == target else "separate"
        config = config.model_copy(
            update={
                "tokenizer": with_folder(config.tokenizer, source),
                "target_tokenizer": None if source == target else with_folder(config.target_tokenizer, target),
            }
        )
    if vocabulary == "auto":
        own = config.target_tokenizer is not None and config.target_tokenizer != config.tokenizer
        vocabulary = "shared" if alike(sources, targets) and not own else "separate"
    if vocabulary == "shared" and config.target_tokenizer not in (None, config.tokenizer):
        what = "one vocabulary for both sides has one tokenizer"
        raise ConfigError(what, where="task.target_tokenizer", hint="leave it out, or set task.vocabulary=separate")
    letters = CharTokenizerConfig() if single_words(sources, targets) else None
    decoder = with_copying(decoder, sources, targets, vocabulary=vocabulary)
    copies = getattr(decoder, "copying", "no") == "yes"
    if vocabulary == "shared":
        words = WORDS_A_COPIED_PIECE if copies else WORDS_A_PIECE
        shared = config.tokenizer or letters or pieces_for([*sources, *targets], words=words)
        tokenizer, target = for_writing(shared), None
    else:
        tokenizer = exactly(config.tokenizer or letters or pieces_for(sources))
        target = for_writing(config.target_tokenizer or config.tokenizer or letters or pieces_for(targets))
    marks = config.spaced_after
    if marks is None:
        marks = spaced_after(tokenizer, sources, targets) if copies else ""
    update = {
        "encoder": encoder,
        "decoder": decoder,
        "spaced_after": marks,
        "vocabulary": vocabulary,
        "tokenizer": tokenizer,
        "target_tokenizer": target,
    }
    return config.model_copy(update=update)


def _within(config: Any, **positions: int | None) -> Any:
    """Return a copy that reads no more tokens than there are positions for, less one for an end or a beginning.

    Raises ConfigError where more are asked for.
    """
    for name, longest in positions.items():
        if longest is not None and getattr(config, name) >= longest:
            if name in config.model_fields_set:
                what = (
                    f"there are positions for {longest} tokens, an end among them, and {getattr(config, name)} are read"
                )
                hint = f"set it below {longest}, or take sinusoidal or rotary positions"
                raise ConfigError(what, where=f"task.{name}", hint=hint)
            config = config.model_copy(update={name: longest - 1})
    return config


def check_positions(config: EncoderConfig, encoder: Encoder, decoder: DecoderConfig) -> None:
    """Raise ConfigError where a decoder attends to positions that the encoder does not keep."""
    if decoder.needs_positions and not encoder.keeps_positions:
        what = f"`{config.kind}` keeps no positions for a decoder to look at"
        hint = "take another encoder, or a decoder with task.decoder.attention=none"
        raise ConfigError(what, where="task.encoder", hint=hint)


def learned_tokenizers(config: Any, sources: Sequence[str], targets: Sequence[str]) -> SourceTargetTokenizers:
    """Learn the tokenizer of both source and target, or one of each.

    Raises ConfigError where sources would have no order, or targets could not be turned back into text.
    """
    sources, writes = spaced(sources, config.spaced_after), config.target_tokenizer or config.tokenizer
    if config.vocabulary == "shared":
        shared = config.tokenizer.learn([*dict.fromkeys(sources), *dict.fromkeys(targets)])
        sides = SourceTargetTokenizers(shared, shared)
    else:
        sides = SourceTargetTokenizers(
            config.tokenizer.learn(list(dict.fromkeys(sources))), writes.learn(list(dict.fromkeys(targets)))
        )
    check_written(writes, sides.target, where="task.target_tokenizer" if not sides.shared else "task.tokenizer")
    if not sides.source.ordered:
        hint = "take `bpe`, `unigram`, `bytes`, `mixed`, `char` or `word`"
        raise ConfigError(f"`{config.tokenizer.kind}` has no positions to read", where="task.tokenizer", hint=hint)
    return sides


def symbols_for(decoder: DecoderConfig, tokenizer: Tokenizer) -> Symbols:
    """Return the ids that begin and end a sequence: those of the decoder, or the id after those of the tokenizer."""
    beyond = tokenizer.sizes[0]
    return decoder.symbols or Symbols((beyond,), beyond)


def ending(rows: Ragged, end: int, *, where_R: np.ndarray) -> Ragged:
    """Put an end symbol after some rows: a text that was cut does not end there, and a model must not learn so."""
    whole = ended(rows, end)
    kept = np.ones(len(whole.values), dtype=bool)
    kept[whole.offsets_R1[1:][~where_R] - 1] = False
    return Ragged.of(whole.values[kept], rows.lengths_R + where_R)


def check_written(config: TokenizerConfig, learned: Tokenizer, *, where: str) -> None:
    """Raise ConfigError for a tokenizer whose ids cannot be turned back into text."""
    if not learned.reversible:
        hint = "take `bpe`, `unigram`, `bytes`, `char` or `word`"
        raise ConfigError(f"`{config.kind}` cannot be turned back into text", where=where, hint=hint)
    if len(learned.sizes) > 1:
        what = "what is written has one view of a position"
        raise ConfigError(what, where=f"{where}.views", hint="leave the views out; a source of its own may have them")


def loaded_tokenizers(config: Any, folder: Path) -> SourceTargetTokenizers:
    """Read the tokenizers that `SourceTargetTokenizers.save` wrote."""
    if config.vocabulary == "shared":
        shared = config.tokenizer.load(folder)
        return SourceTargetTokenizers(shared, shared)
    return SourceTargetTokenizers(
        config.tokenizer.load(folder / "source"), config.target_tokenizer.load(folder / "target")
    )


@dataclass(frozen=True, slots=True)
class SourceTargetBatch(Moves):
    """Sources of B rows and, where known, their targets with the ids that begin and end them, and a mask.

    The targets are [B, P + T], P ids that begin them and T others; their mask is [B, P + T - 1], for the ids from the
    second on: True at those that the decoder has to predict.
    """

    source: Tokens
    target_BT: Tensor | None
    mask_BT: Tensor | None
    keys: Sequence[np.ndarray]
    """Ids of each source, by which its draws are seeded."""
    copied: Sequence[Sequence[str]] | None = None
    """Pieces of each source that the vocabulary lacks, and that can be copied."""

    @property
    def firsts(self) -> tuple[Tensor, Tensor] | None:
        """The target of each source with its mask; None where they are not known."""
        return None if self.target_BT is None or self.mask_BT is None else (self.target_BT, self.mask_BT)


def without_banned(batch: SourceTargetBatch, banned: Sequence[str], *, first: int) -> SourceTargetBatch:
    """Return a batch whose banned pieces are unknown, and so cannot be copied; `first` is the id of the first piece."""
    never = [
        (row, first + number)
        for row, pieces in enumerate(batch.copied or ())
        for number, piece in enumerate(pieces)
        if any(piece in word or word in piece for word in banned)
    ]
    if not never:
        return batch
    ids_BS = batch.source.ids_BS.clone()
    for row, number in never:
        ids_BS[row][ids_BS[row] == number] = UNKNOWN
    return replace(batch, source=replace(batch.source, ids_BS=ids_BS))


class SourceTargetInput(Input[tuple[str, str | None], SourceTargetBatch]):
    """The tokenizers of sources and targets, and the ids that begin and end a target.

    A value is a source and its target, None where that is to be written.
    """

    config: SourceTargetSettings
    texts = 1

    def __init__(self, config: SourceTargetSettings, tokenizers: SourceTargetTokenizers) -> None:
        self.config, self.tokenizers = config, tokenizers
        self.symbols = symbols_for(config.decoder, tokenizers.target)
        self.first_copied, self.slots = tokenizers.target.sizes[0] + 1, config.decoder.slots

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the sources."""
        return self.tokenizers.source

    def spec(self) -> TokenSpec:
        """Return the number of ids of each view that an encoder reads."""
        first, *views = self.tokenizers.read_sizes
        return TokenSpec((first + self.slots, *views))

    def save(self, folder: Path) -> None:
        """Write the tokenizers' files."""
        self.tokenizers.save(folder)

    def encode(self, values: Sequence[tuple[str, str | None]]) -> Columns:
        """Encode sources, with an end symbol after what is read, and targets, with one after those that end in time.

        Sources that a pre-trained encoder reads stand in the frame that it expects. Targets are left out unless all
        values have one.
        """
        sides, end = self.tokenizers, self.symbols.end
        max_source, max_target = self.config.max_source, self.config.max_target
        sources = spaced([source for source, _ in values], self.config.spaced_after or "")
        targets = [target for _, target in values if target is not None]
        read, frame = sides.source.encode(sources), sides.source.frame
        whole = Ragged.of(read.values_NW, read.lengths_R)
        beyond = UnknownPieces(len(sources), first=self.first_copied, slots=self.slots)
        if frame is None:
            source = fit(whole, max_length=max_source, long="head")
            lacking = sides.source.unknown_pieces(sources) if read.unknown and self.slots else []
            ragged = {"source": ended(beyond.number(source.rows, lacking, learn=True), sides.source.sizes[0])}
        else:
            source = framed([whole], frame, max_length=max_source, long="head")
            ragged = {"source": source.rows}
        facts = {
            "source": Share.but(read.unknown, len(read.values_NW)),
            "long": Share(source.long_texts, len(sources)),
            "unread": Share(source.unread, len(read.values_NW)),
        }
        cost_R, shape_R = ragged["source"].lengths_R, None
        if targets and len(targets) == len(sources):
            written = sides.target.encode(targets)
            whole = Ragged.of(written.values_NW, written.lengths_R)
            target = fit(whole, max_length=max_target, long="head")
            lacking = sides.target.unknown_pieces(targets) if written.unknown and self.slots else []
            rows = beyond.number(target.rows, lacking, learn=False)
            ragged["target"] = ending(rows, end, where_R=whole.lengths_R <= max_target)
            facts["target"] = Share.but(written.unknown, len(written.values_NW))
            facts["long_targets"] = Share(target.long_texts, len(targets))
            # batches of one source length and like target lengths: hardly any padding on either side
            shape_R = cost_R * 100_000 + ragged["target"].lengths_R
            cost_R = cost_R + ragged["target"].lengths_R
        if self.slots:
            ragged["copied"] = beyond.stored()
        letters = {} if read.letters is None else {"source": Ragged.of(read.letters.ids_N, read.letters.lengths_U)}
        unread_R = read.lengths_R - source.rows.lengths_R + (0 if frame is None else frame.room(1))
        return Columns(ragged, {"unread": unread_R}, source.owner_R, cost_R, facts, letters, shape_R)

    def collate(self, columns: Columns, rows: np.ndarray) -> SourceTargetBatch:
        """Gather and pad some rows; targets begin with the begin symbols."""
        begin = self.symbols.begin
        tokens, source = self.tokenizers.tokens(columns, rows), columns.ragged["source"]
        keys = [source.values[source.offsets_R1[row] : source.offsets_R1[row + 1], 0] for row in rows]
        copied = pieces_of(columns.ragged["copied"], rows) if self.slots else None
        if "target" not in columns.ragged:
            return SourceTargetBatch(tokens, None, None, keys, copied)
        ids_BTW, mask_BT = columns.ragged["target"].padded(rows)
        target_BT = torch.from_numpy(ids_BTW[..., 0]).long()
        begun_BT = torch.cat([torch.tensor(begin).expand(len(rows), -1), target_BT], 1)
        predicted_BT = np.pad(mask_BT, ((0, 0), (len(begin) - 1, 0)))
        return SourceTargetBatch(tokens, begun_BT, torch.from_numpy(predicted_BT), keys, copied)

    def notes(self, parts: Mapping[str, Columns]) -> list[str]:
        """Describe the vocabularies with their coverage, and what is too long."""
        notes = self.tokenizers.notes({name: part.facts for name, part in parts.items()})
        if getattr(self.config.decoder, "copying", "no") == "yes":
            rare = "rare words of the targets stand in their sources"
            notes.append(f"{rare}, and can be copied (task.decoder.copying=no turns that off)")
        for name, part in parts.items():
            if part.facts["long"]:
                share, unread = part.facts["long"], part.facts["unread"]
                limit = f"{self.config.max_source} tokens (task.max_source)"
                notes.append(
                    f"{share:.1%} of the {name} sources are longer than {limit}: {unread:.1%} of all tokens are cut off"
                )
            if part.facts.get("long_targets"):
                limit = f"{self.config.max_target} tokens (task.max_target)"
                notes.append(f"{part.facts['long_targets']:.1%} of the {name} targets are cut at {limit}")
        return notes


_DECODER = TypeAdapter(DecoderChoice)


def with_kind(settings: Any, *, context: Any) -> Any:
    """Complete the settings of a task: those of `encoder` without a kind change the one that suits the decoder.

    Others are as they were, and so are those with a decoder that cannot be, which is told where it is read.
    """
    encoder = settings.get("encoder") if isinstance(settings, Mapping) else None
    if not isinstance(encoder, Mapping) or "kind" in encoder:
        return settings
    try:
        decoder = _DECODER.validate_python(settings.get("decoder", {}), context=context)
    except ValidationError:
        return {name: value for name, value in settings.items() if name != "encoder"}
    return {**settings, "encoder": {**decoder.matching_encoder().model_dump(), **encoder}}
