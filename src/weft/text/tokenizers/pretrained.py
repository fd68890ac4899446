"""Reads the tokenizer of a pre-trained model's folder with the `tokenizers` library.

Texts are encoded as the model was trained with them: the ids are those of `AutoTokenizer` in `transformers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from tokenizers import Tokenizer as Engine
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors

from weft.config import read_saved
from weft.errors import ConfigError, RunFolderError, WeftError
from weft.files import read_json, write_json
from weft.text.normalize import Form, NormalizeConfig, Space, normalize
from weft.text.spelling import Spelling
from weft.text.tokenizers.base import Encoded, Frame, Tokenizer, TokenizerConfig

ROLES = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token", "bos_token", "eos_token")
"""Roles of special tokens, by the names that a folder uses."""


class AsItIsConfig(NormalizeConfig):
    """Normalization that changes nothing: a pre-trained tokenizer normalizes by itself."""

    unicode: Form = "none"
    case: Literal["lower", "keep"] = "keep"
    space: Space = "keep"


class PretrainedTokenizerConfig(TokenizerConfig):
    """The tokenizer of a pre-trained model: `tokenizer.json` in its folder, or the `vocab.txt` of a BERT."""

    kind: Literal["pretrained"] = "pretrained"
    folder: str = ""
    """Folder that the tokenizer is read from when training begins; a trained folder has its own copy. Empty: the
    encoder's folder."""
    normalize: AsItIsConfig = AsItIsConfig()

    named_settings: ClassVar[frozenset[str]] = frozenset({"kind", "folder"})

    def named(self) -> str:
        """Name the folder."""
        return f"that of {self.folder}"

    def learn(self, texts: Sequence[str]) -> PretrainedTokenizer:  # noqa: ARG002  (it is learned already)
        """Read the folder, texts are not needed. Raises ConfigError if it has no tokenizer."""
        folder = Path(self.folder)
        try:
            roles = _roles(folder)
            return PretrainedTokenizer(self, _engine(folder, roles), roles)
        except WeftError:
            raise
        except Exception as error:  # a folder may come from anywhere, and hold what nobody foresaw
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            what, hint = f"the tokenizer cannot be read: {reason}", "copy the folder again"
            raise ConfigError(what, where=self.folder, hint=hint) from error

    def load(self, folder: Path) -> PretrainedTokenizer:
        """Load the tokenizer that `PretrainedTokenizer.save` wrote."""
        engine = Engine.from_file(str(folder / "tokenizer.json"))
        return PretrainedTokenizer(self, engine, read_saved(folder / "special_tokens.json", dict[str, str]))


class PretrainedTokenizer(Tokenizer):
    """Encodes texts as a pre-trained model expects; made by its config's `learn` or `load`."""

    def __init__(self, config: PretrainedTokenizerConfig, engine: Engine, roles: Mapping[str, str]) -> None:
        self.config, self.engine, self.roles = config, engine, dict(roles)
        # a folder may say how its maker padded and cut; a text that spells `[SEP]` has no separator in it
        engine.no_padding()
        engine.no_truncation()
        engine.encode_special_tokens = True
        self.sizes = (engine.get_vocab_size(),)
        self.frame = _frame(engine)
        added = engine.get_added_tokens_decoder()
        self.never = tuple(sorted(number for number, token in added.items() if token.special))

    def special(self, role: str) -> int | None:
        """Return the id of a special token by its role, such as `mask_token`; None if the model has none."""
        return self.engine.token_to_id(self.roles[role]) if role in self.roles else None

    @property
    def loses_case(self) -> bool:
        """Whether capitals are read as small letters."""
        return self.engine.normalizer is not None and self.engine.normalizer.normalize_str("A") == "a"

    @property
    def pieces(self) -> Sequence[str]:
        """The pieces by id, in the model's own spelling; padding and unknown pieces may have any id."""
        return [self.engine.id_to_token(number) or "" for number in range(self.sizes[0])]

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Encode many texts at once, in the library's own threads, without the special tokens of `frame`."""
        plain = normalize(texts, self.config.normalize)
        rows = [row.ids for row in self.engine.encode_batch_fast(plain, add_special_tokens=False)]
        lengths_R = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        values_N = np.fromiter(chain.from_iterable(rows), dtype=np.int32, count=int(lengths_R.sum()))
        return Encoded(values_N[:, None], lengths_R, int((values_N == self.special("unk_token")).sum()))

    def spell(self, ids: Iterable[int], copied: Sequence[str] = ()) -> Iterator[bytes]:  # noqa: ARG002
        """Yield the pieces as the library's own decoder joins them; special tokens add nothing."""
        return self._spelling.spell(ids)

    @cached_property
    def _spelling(self) -> Spelling:
        return Spelling.of(self.engine)

    def save(self, folder: Path) -> None:
        """Write `tokenizer.json` for the library, and the special tokens by their roles."""
        self.engine.save(str(folder / "tokenizer.json"))
        write_json(folder / "special_tokens.json", self.roles)


def _engine(folder: Path, roles: Mapping[str, str]) -> Engine:
    where = str(folder)
    if not folder.is_dir():
        raise ConfigError("there is no such folder", where=where, hint="name that of a pre-trained model")
    if (folder / "tokenizer.json").is_file():
        try:
            return Engine.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the library raises Exception itself
            raise ConfigError(f"cannot be read: {error}", where=str(folder / "tokenizer.json")) from None
    if (folder / "vocab.txt").is_file():
        return _of_bert(folder, roles)
    hint = "write one: transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(folder)"
    raise ConfigError("there is no tokenizer.json in this folder", where=where, hint=hint)


def _of_bert(folder: Path, roles: Mapping[str, str]) -> Engine:
    """Build BERT's WordPiece from a vocabulary with a piece a line (Devlin et al. 2019; Chinese by character)."""
    pieces = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    numbers = {piece: number for number, piece in enumerate(pieces)}
    given = _settings(folder, "tokenizer_config.json")
    named = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", **roles}
    for role in ("unk_token", "cls_token", "sep_token"):
        if named[role] not in numbers:
            raise ConfigError(f"has no `{named[role]}`, which BERT needs", where=str(folder / "vocab.txt"))
    engine = Engine(models.WordPiece(numbers, unk_token=named["unk_token"], max_input_chars_per_word=100))
    engine.normalizer = normalizers.BertNormalizer(
        lowercase=bool(given.get("do_lower_case", True)),
        strip_accents=given.get("strip_accents"),
        handle_chinese_chars=bool(given.get("tokenize_chinese_chars", True)),
    )
    engine.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    engine.decoder = decoders.WordPiece()
    first, last = ((named[role], numbers[named[role]]) for role in ("cls_token", "sep_token"))
    engine.post_processor = processors.BertProcessing(last, first)
    return engine


def _roles(folder: Path) -> dict[str, str]:
    """Read the special tokens that the files of a folder name; a BERT without such files has the usual ones."""
    named = _settings(folder, "special_tokens_map.json") | _settings(folder, "tokenizer_config.json")
    tokens = {role: named[role] for role in ROLES if named.get(role)}
    roles = {role: one["content"] if isinstance(one, Mapping) else str(one) for role, one in tokens.items()}
    usual = {role: f"[{role[:-6].upper()}]" for role in ROLES[:5]}
    return roles or (usual if (folder / "vocab.txt").is_file() else {})


def _settings(folder: Path, name: str) -> dict[str, Any]:
    try:
        return dict(read_json(folder / name)) if (folder / name).is_file() else {}
    except (RunFolderError, ValueError, TypeError):
        raise ConfigError("is not JSON", where=str(folder / name), hint="copy the folder again") from None


def _frame(engine: Engine) -> Frame:
    """Derive the frame by encoding two texts of a letter each: no file states it in one form."""
    pair = engine.encode("a", "b", add_special_tokens=True)
    first = [place for place, text in enumerate(pair.sequence_ids) if text == 0]
    second = [place for place, text in enumerate(pair.sequence_ids) if text == 1]
    ids = tuple(pair.ids)
    return Frame(ids[: first[0]], ids[first[-1] + 1 : second[0]], ids[second[-1] + 1 :])
