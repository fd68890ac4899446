"""Decodes text id by id, and never yields half a character."""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator, Sequence

from weft.text.tokenizers.base import Tokenizer


def stream_text(tokenizer: Tokenizer, ids: Iterable[int], copied: Sequence[str] = ()) -> Iterator[str]:
    """Yield the text of a row of ids of view 0 as they come, each part as soon as its last character is whole.

    Joined, the parts are the text that `Tokenizer.decode` returns for the row, at a cost linear in its length. Raises
    ConfigError if no text can be made of the ids.
    """
    decoder = getincrementaldecoder("utf-8")("replace")
    for part in tokenizer.spell(ids, copied):
        if text := decoder.decode(part):
            yield text
    if rest := decoder.decode(b"", final=True):
        yield rest
