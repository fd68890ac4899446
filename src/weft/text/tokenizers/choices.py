"""Lists the kinds of tokenizers, and chooses one that fits texts where the user chose none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import SerializeAsAny

from weft.config import one_of
from weft.text.normalize import NormalizeConfig
from weft.text.segment import han_share, sampled
from weft.text.tokenizers.base import TokenizerConfig
from weft.text.tokenizers.ngrams import NgramTokenizerConfig
from weft.text.tokenizers.pretrained import PretrainedTokenizerConfig
from weft.text.tokenizers.subwords import (
    BpeTokenizerConfig,
    BytesTokenizerConfig,
    UnigramTokenizerConfig,
    WordpieceTokenizerConfig,
)
from weft.text.tokenizers.words import CharTokenizerConfig, MixedTokenizerConfig, View, WordTokenizerConfig
from weft.text.unspaced import clusters, hangul_share, kana_share, unspaced_share

TOKENIZERS = (
    WordTokenizerConfig,
    MixedTokenizerConfig,
    CharTokenizerConfig,
    BpeTokenizerConfig,
    WordpieceTokenizerConfig,
    UnigramTokenizerConfig,
    BytesTokenizerConfig,
    NgramTokenizerConfig,
    PretrainedTokenizerConfig,
)
TokenizerChoice = Annotated[SerializeAsAny[TokenizerConfig], one_of(TokenizerConfig, TOKENIZERS)]


_SINGLE, _LONG = 1.5, 150
"""Mean numbers of words of a text up to which texts are single words, and from which they are long."""
_FEWEST = 500
WORDS_A_PIECE = 60
"""Number of words of the texts for each subword that is learned."""
SYLLABLES = (2, 4)
"""Shortest and longest runs of the syllables of a Korean word; the marks of its ends count as one each."""
EXACT = NormalizeConfig(unicode="NFC", case="keep")
"""Normalization of texts to be generated: capitals stay, and so does full width."""


def ngrams_for(texts: Sequence[str], *, letters: bool) -> NgramTokenizerConfig:
    """Choose the n-grams of a bag by the script of its texts: of one and two words, of Chinese one to three characters.

    Of single words, such as names, the character n-grams inside them are read too, and with `letters` those of three to
    five characters inside the words of texts that are not long, and the words of Chinese.
    """
    sample = sampled(texts)
    han = han_share(sample)
    if han + unspaced_share(sample) > 0.5:
        return NgramTokenizerConfig(order=3, words="beside" if letters and han > 0.5 else "none")
    words = sum(len(text.split()) for text in sample) / max(1, len(sample))
    if words <= _SINGLE:
        return NgramTokenizerConfig(order=2, letters=(1, 5))
    if hangul_share(sample) > 0.5:
        return NgramTokenizerConfig(order=2, letters=SYLLABLES)
    return NgramTokenizerConfig(order=2, letters=(3, 5) if letters and words <= _LONG else None)


def fitting(texts: Sequence[str], *, ordered: bool, letters: bool = False) -> TokenizerConfig:
    """Choose a classifier's tokenizer by the script of its texts, for an encoder of positions (`ordered`) or a bag.

    With `letters`, a bag reads character n-grams inside words too. Korean words are read by their syllables, since
    stems and endings are joined without a space; Park et al. 2018, "Subword-level word vector representations for
    Korean", read words by such n-grams, and by parts of syllables.
    """
    sample = sampled(texts)
    han = han_share(sample)
    unspaced, korean = unspaced_share(sample), hangul_share(sample) > 0.5
    if not ordered and letters:
        return ngrams_for(texts, letters=True)
    if not ordered:
        return NgramTokenizerConfig(order=3 if han + unspaced > 0.5 else 2, letters=SYLLABLES if korean else None)
    if korean:
        return MixedTokenizerConfig(views=("bigram", "letters"), letters=SYLLABLES)
    views: tuple[View, ...] = ("bigram", "word") if han > 0.05 else ("bigram", "prefix", "suffix")
    return MixedTokenizerConfig(views=("bigram",) if han <= 0.05 and unspaced > 0.5 else views)


def pieces_for(texts: Sequence[str], *, words: int = WORDS_A_PIECE) -> TokenizerConfig:
    """Choose characters for Chinese or Japanese texts that are too few to learn the fewest subwords, else subwords.

    With few texts, a subword of Chinese is a whole phrase, and a model learns to repeat it by heart. Scripts with fewer
    characters, as Thai, spell a word with several, and have subwords as English has: one for so many `words`.
    """
    few = wide_share(texts) > 0.3 and _taught(texts) < _FEWEST
    return CharTokenizerConfig() if few else bpe_for(texts, words=words)


def single_words(sources: Sequence[str], targets: Sequence[str]) -> bool:
    """Whether sources are single words and targets are short (bool): names and their sounds, words and their forms.

    Such texts are read and written character by character: their subwords are syllables by chance.
    """
    some, theirs = sampled(sources), sampled(targets)
    if not some or not theirs:
        return False
    longest = 5 if han_share(some) + unspaced_share(some) > 0.3 else 24
    alone = sum(0 < len(text.strip()) <= longest and not any(map(str.isspace, text.strip())) for text in some)
    return alone >= 0.95 * len(some) and sum(map(len, theirs)) <= 40 * len(theirs)


def bpe_for(texts: Sequence[str], *, words: int = WORDS_A_PIECE) -> BpeTokenizerConfig:
    """Choose byte-pair encoding with one subword for so many `words` of the texts, 500 to 8,000 in all."""
    return BpeTokenizerConfig(size=round(min(8_000, max(_FEWEST, _taught(texts, words=words))) / 100) * 100)


def _taught(texts: Sequence[str], *, words: int = WORDS_A_PIECE) -> float:
    """Estimate the number of subwords that texts support: one for so many `words`, of which five Han characters are
    three, and five characters of another script without spaces two.
    """
    sample = sampled(texts)
    count = sum(len(text.split()) for text in sample) + 0.6 * sum(map(len, sample)) * han_share(sample)
    count += 0.4 * clusters(sample)
    return count / max(1, len(sample)) * len(texts) / words


def wide_share(texts: Sequence[str]) -> float:
    """Return the share of Han and kana among the letters of about a thousand of the texts, evenly spaced."""
    sample = sampled(texts)
    return han_share(sample) + kana_share(sample)


def alike(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two lists of texts are in scripts alike: Han, others without spaces, or those with spaces."""
    samples = sampled(some), sampled(others)
    sides = [(han_share(sample) > 0.3, unspaced_share(sample) > 0.3) for sample in samples]
    return sides[0] == sides[1]


def for_free_text(tokenizer: TokenizerConfig | None, texts: Sequence[str]) -> TokenizerConfig:
    """Choose a language model's tokenizer: `char` for Chinese or Japanese, else `bpe`; line breaks are kept."""
    if tokenizer is None:
        tokenizer = CharTokenizerConfig() if wide_share(texts) > 0.5 else pieces_for(texts)
    whole = EXACT if tokenizer.kind in ("word", "mixed") else EXACT.model_copy(update={"space": "keep"})
    return for_writing(exactly(tokenizer, whole))


def exactly(config: TokenizerConfig, whole: NormalizeConfig = EXACT) -> TokenizerConfig:
    """Return a copy of this config that normalizes by `whole` where its own normalization is not set.

    What is set of it stays: with `normalize: {case: lower}` white space is that of `whole`. A pre-trained tokenizer
    normalizes by itself.
    """
    if isinstance(config, PretrainedTokenizerConfig):
        return config
    given = config.normalize.model_fields_set if "normalize" in config.model_fields_set else ()
    own = {name: getattr(config.normalize, name) for name in given}
    return config.model_copy(update={"normalize": whole.model_copy(update=own)})


def for_writing(config: TokenizerConfig) -> TokenizerConfig:
    """Return a copy of this config for texts to be generated.

    It normalizes by `EXACT`, and `char` learns every character, because unknown ones cannot be generated.
    """
    if isinstance(config, CharTokenizerConfig) and "min_count" not in config.vocabulary.model_fields_set:
        every = config.vocabulary.model_copy(update={"min_count": 1})
        config = config.model_copy(update={"vocabulary": every})
    return exactly(config)
