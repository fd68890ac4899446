"""Sizes of models that write, and lengths of their training, by the amount of text and the processor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import regex

from weft.inputs.copied import copies, not_copied
from weft.tasks.decided_by_rows import Fitted
from weft.text.segment import sampled
from weft.text.tokenizers.choices import for_writing, single_words
from weft.text.unspaced import NO_SPACES

SAMPLE = 20_000
"""About the number of texts that are counted; the others are taken to be like them."""
BEGINNING = 2_000
"""Number of characters of a text that are counted; its rest is taken to be like them."""
SIMPLE = 5_000
"""Number of distinct words in the targets below which the smaller model is taken: 18,000 descriptions of restaurants
have 2,600, 29,000 captions of pictures 9,900."""
TOKENS_ON_CPU = 10_000_000
"""Tokens that a model learns from on a CPU, all epochs together, where no number of epochs is set: less than an hour on
two cores with the larger models, and a quarter of that with the smaller ones."""
_HAN = regex.compile(r"\p{Han}")
_PIECE = regex.compile(rf"[\p{{Han}}{NO_SPACES}]|[\p{{L}}\p{{M}}\p{{N}}]+|[^\s\p{{L}}\p{{M}}\p{{N}}]")


@dataclass(frozen=True, slots=True)
class Amount:
    """The amount of training text: about how many tokens an epoch has, and how many distinct words are written."""

    tokens: int
    words: int

    @classmethod
    def of(
        cls, texts: Sequence[str], *, longest: int | None = None, unit: Literal["word", "character"] = "word"
    ) -> Amount:
        """Count words and marks, or characters (`unit` character), of texts, at most `longest` of each.

        Of Chinese the tokens are characters, each of which stands in three words, as a rule of thumb; of other scripts
        without spaces they are characters too.
        """
        tokens, rows, distinct = 0, 0, set[str]()
        for text in sampled(texts, about=SAMPLE):
            head = text[:BEGINNING]
            pieces = [*head] if unit == "character" else _PIECE.findall(head)
            count = round(len(pieces) * len(text) / max(1, len(head)))
            tokens, rows = tokens + (count if longest is None else min(count, longest)), rows + 1
            distinct.update(pieces)
        characters = 0 if unit == "character" else sum(_HAN.fullmatch(piece) is not None for piece in distinct)
        return cls(tokens * len(texts) // max(1, rows), len(distinct) + 2 * characters)


def fitted_to_pairs(config: Any, sources: Sequence[str], targets: Sequence[str], *, device: str) -> Fitted:
    """Decide size and epochs by sources and targets together, as far as they are read; single words by characters.

    Tokenizers that are named without their normalization get that of texts to be generated.
    """
    named = {name: getattr(config, name) for name in ("tokenizer", "target_tokenizer")}
    read = {name: for_writing(one) for name, one in named.items() if one is not None}
    config = config.model_copy(update=read)
    words = config.tokenizer is None and single_words(sources, targets)
    unit: Literal["word", "character"] = "character" if words else "word"
    source = Amount.of(sources, longest=config.max_source, unit=unit)
    target = Amount.of(targets, longest=config.max_target, unit=unit)
    note = "sources are single words: texts are cut into characters (task.tokenizer=bpe cuts them into subwords)"
    amount = Amount(source.tokens + target.tokens, target.words)
    if amount.words >= SIMPLE and config.vocabulary != "separate" and copies(config.decoder, sources, targets):
        amount = replace(amount, words=Amount.of(not_copied(sources, targets), unit=unit).words)
    return fitted_to(config, amount, device=device, notes=[note] if words else [])


def fitted_to(config: Any, amount: Amount, *, device: str, notes: Sequence[str] = ()) -> Fitted:
    """Decide the size of a decoder and the number of epochs on a CPU; what is set stays, and so does all on a GPU.

    The model is smaller where texts are simple, or so many that the larger one would take hours; pre-trained ones have
    their own size, and where an encoder is named the decoder is left as it is; so are decoders that advise no epochs.
    """
    decoder = config.decoder
    usual = decoder.advised.get("epochs")
    if device != "cpu" or decoder.reads_with or usual is None:
        return Fitted(config, notes=tuple(notes))
    epochs = float(max(1, min(usual, round(TOKENS_ON_CPU / max(1, amount.tokens)))))
    free = decoder.smaller.keys().isdisjoint(decoder.model_fields_set) and getattr(config, "encoder", None) is None
    simple, many = amount.words < SIMPLE, amount.tokens > TOKENS_ON_CPU
    if not decoder.smaller or not free or not (simple or many):
        return Fitted(config, {"epochs": epochs}, tuple(notes))
    sets = " ".join(f"--set task.decoder.{name}={getattr(decoder, name)}" for name in decoder.smaller)
    why = f"about {amount.words:,} distinct words" if simple else f"about {amount.tokens:,} tokens an epoch"
    said = f"a small model for {why} on a CPU; a larger one: {sets} --set training.epochs={usual:g}"
    small = config.model_copy(update={"decoder": decoder.model_copy(update=dict(decoder.smaller))})
    return Fitted(small, {"epochs": epochs}, (*notes, said))
