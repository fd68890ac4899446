"""What each id of a tokenizer of the `tokenizers` library adds to a text, in bytes; knows neither texts nor models."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import regex
from tokenizers import Tokenizer as Engine
from tokenizers.pre_tokenizers import ByteLevel

_BYTE = regex.compile(r"<0x([0-9A-F]{2})>")


@dataclass(frozen=True, slots=True)
class Spelling:
    """The bytes of each id, nothing for special ones; `spaced` where the space before the first word is none."""

    parts: list[bytes]
    spaced: bool

    @classmethod
    def of(cls, engine: Engine) -> Spelling:
        """Read off from its decoder: bytes as letters, `▁` for a space, or `##` where a word goes on."""
        told = json.loads(engine.to_str())
        steps = _steps(told.get("decoder") or {})
        special = {one["id"] for one in told.get("added_tokens", ()) if one["special"]}
        numbers = range(engine.get_vocab_size())
        pieces = ["" if number in special else engine.id_to_token(number) or "" for number in numbers]
        if "ByteLevel" in steps:
            # what is added later is written as it is, and may hold what stands for no byte
            return cls(
                [bytes(map(BYTES.__getitem__, one)) if set(one) <= BYTES.keys() else one.encode() for one in pieces],
                False,
            )
        if "WordPiece" in steps:
            inside = steps["WordPiece"].get("prefix", "##")
            return cls([_continued(one, inside) for one in pieces], True)
        space = _space(steps)
        spelled = [_byte(one) or one.replace(space, " ").encode() for one in pieces]
        return cls(spelled, "Strip" in steps or steps.get("Metaspace", {}).get("prepend_scheme", "always") != "never")

    def spell(self, ids: Iterable[int]) -> Iterator[bytes]:
        """What each id adds, the first without its space where that is none."""
        parts = map(self.parts.__getitem__, ids)
        if self.spaced:
            yield next(filter(None, parts), b"").removeprefix(b" ")
        yield from parts


def _steps(decoder: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The steps of a decoder by their kinds."""
    found = decoder.get("decoders", [decoder] if decoder else [])
    return {step["type"]: step for step in found}


def _space(steps: Mapping[str, Mapping[str, Any]]) -> str:
    """What stands for a space in its pieces."""
    if "Metaspace" in steps:
        return steps["Metaspace"].get("replacement", "▁")
    return steps["BPEDecoder"]["suffix"] if "BPEDecoder" in steps else "▁"


def _continued(piece: str, inside: str) -> bytes:
    return piece.removeprefix(inside).encode() if not piece or piece.startswith(inside) else f" {piece}".encode()


def _byte(piece: str) -> bytes:
    """The byte that a piece such as `<0x0A>` is, else nothing."""
    found = _BYTE.fullmatch(piece)
    return bytes([int(found[1], 16)]) if found else b""


def _byte_letters() -> dict[str, int]:
    """The byte that each letter of a byte-level piece stands for: itself if it can be seen, else the next from 256."""
    seen = {ord(letter) for letter in ByteLevel.alphabet()} & set(range(256))
    hidden = [byte for byte in range(256) if byte not in seen]
    return {chr(byte): byte for byte in seen} | {chr(256 + place): byte for place, byte in enumerate(hidden)}


BYTES = _byte_letters()
"""The byte that each letter of a byte-level piece stands for."""
