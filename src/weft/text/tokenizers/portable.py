"""Converts a tokenizer of weft to one `tokenizer.json`, which normalizes by itself and has an end symbol.

Programs that read the file with the `tokenizers` library get the ids that weft gives.
"""

from __future__ import annotations

from tokenizers import AddedToken, Regex, decoders, models, normalizers
from tokenizers import Tokenizer as Engine
from tokenizers.pre_tokenizers import Split

from weft.errors import ConfigError
from weft.text.normalize import NormalizeConfig
from weft.text.tokenizers.base import Tokenizer
from weft.text.tokenizers.subwords import SubwordTokenizer
from weft.text.tokenizers.vocab import PAD, UNKNOWN
from weft.text.tokenizers.words import PieceTokenizer

END = "<|end|>"
"""Name of the end symbol; no text spells it."""


def portable(tokenizer: Tokenizer) -> Engine:
    """Return the tokenizer as an engine of the library, with one more id, for the end symbol.

    Raises ConfigError if the library cannot do the same: cut words, or convert between scripts.
    """
    if isinstance(tokenizer, SubwordTokenizer):
        engine = Engine.from_str(tokenizer.engine.to_str())
    elif isinstance(tokenizer, PieceTokenizer) and tokenizer.config.kind == "char" and len(tokenizer.sizes) == 1:
        engine = _characters(tokenizer)
    else:
        kind = getattr(getattr(tokenizer, "config", None), "kind", type(tokenizer).__name__)
        hint = "train with task.tokenizer `bpe`, `bytes`, `unigram`, `wordpiece` or `char`"
        raise ConfigError(f"`{kind}` has no form that other libraries read", where="task.tokenizer", hint=hint)
    engine.normalizer = _normalizer(tokenizer.config.normalize)
    engine.add_special_tokens([AddedToken(END, special=True)])
    return engine


def _characters(tokenizer: PieceTokenizer) -> Engine:
    known = list(tokenizer.pieces or ())
    named = {PAD: "<pad>", UNKNOWN: "<unknown>"}
    pieces = {named.get(number, piece): number for number, piece in enumerate(known)}
    engine = Engine(models.WordLevel(pieces, unk_token="<unknown>"))
    engine.pre_tokenizer = Split(Regex(r"[\s\S]"), "isolated")
    engine.decoder = decoders.Fuse()
    return engine


def _normalizer(config: NormalizeConfig) -> normalizers.Normalizer:
    if config.script != "keep":
        hint = "convert the texts before, and train without it"
        raise ConfigError("other libraries convert no script", where="task.tokenizer.normalize.script", hint=hint)
    parts: list[normalizers.Normalizer] = []
    if config.unicode != "none":
        parts.append(normalizers.NFKC() if config.unicode == "NFKC" else normalizers.NFC())
    if config.case == "lower":
        parts.append(normalizers.Lowercase())
    if config.space == "keep":
        parts.append(normalizers.Replace(Regex(r"\r\n?"), "\n"))
    else:
        parts += [normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    return normalizers.Sequence(parts)
