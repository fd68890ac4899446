"""Spells the ids of a tokenizer of the `tokenizers` library as bytes of text."""

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
    """The bytes of each id, empty for special ones; if `spaced`, the first word has no space before it."""

    parts: list[bytes]
    spaced: bool

    @classmethod
    def of(cls, engine: Engine) -> Spelling:
        """Derive the spelling from the engine's decoder.

        Pieces are byte-level letters, or have `▁` for a space, or `##` for the inside of a word.
        """
        settings = json.loads(engine.to_str())
        steps = _steps(settings.get("decoder") or {})
        special = {one["id"] for one in settings.get("added_tokens", ()) if one["special"]}
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
        """Yield the bytes of each id, without the space before the first word if `spaced`."""
        parts = map(self.parts.__getitem__, ids)
        if self.spaced:
            yield next(filter(None, parts), b"").removeprefix(b" ")
        yield from parts


def _steps(decoder: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the steps of a decoder by their types."""
    found = decoder.get("decoders", [decoder] if decoder else [])
    return {step["type"]: step for step in found}


def _space(steps: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the mark that stands for a space in the pieces."""
    if "Metaspace" in steps:
        return steps["Metaspace"].get("replacement", "▁")
    return steps["BPEDecoder"]["suffix"] if "BPEDecoder" in steps else "▁"


def _continued(piece: str, inside: str) -> bytes:
    return piece.removeprefix(inside).encode() if not piece or piece.startswith(inside) else f" {piece}".encode()


def _byte(piece: str) -> bytes:
    """Return the byte that a piece such as `<0x0A>` stands for, else nothing."""
    found = _BYTE.fullmatch(piece)
    return bytes([int(found[1], 16)]) if found else b""


def _byte_letters() -> dict[str, int]:
    """Map each letter of a byte-level piece to its byte: itself if it is printable, else counted on from 256."""
    seen = {ord(letter) for letter in ByteLevel.alphabet()} & set(range(256))
    hidden = [byte for byte in range(256) if byte not in seen]
    return {chr(byte): byte for byte in seen} | {chr(256 + place): byte for place, byte in enumerate(hidden)}


BYTES = _byte_letters()
"""The byte that each letter of a byte-level piece stands for."""
