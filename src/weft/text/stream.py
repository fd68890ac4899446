"""Text as it grows, id by id, and never half a character; knows not where the ids come from."""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator

from weft.text.tokenizers.base import Tokenizer


def stream_text(tokenizer: Tokenizer, ids: Iterable[int]) -> Iterator[str]:
    """The text of a row of ids of view 0 as they come, each part as soon as its last character is whole.

    Joined, the parts are what `Tokenizer.decode` makes of the row, at a cost that grows with its length alone. Raises
    ConfigError where no text can be made of ids.
    """
    decoder = getincrementaldecoder("utf-8")("replace")
    for part in tokenizer.spell(ids):
        if text := decoder.decode(part):
            yield text
    if rest := decoder.decode(b"", final=True):
        yield rest
