"""Says how texts are cut whose script has no spaces, or whose words have many endings, as in Korean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from weft.text.cutting import Cutter
from weft.text.segmenters import Package
from weft.text.tokenizers.char_ngrams import LetterSpan
from weft.text.unspaced import KANA, KOREAN, THAI

FEWEST = 0.01
"""Share of the texts from which on a script is spoken of."""
SEGMENTERS: dict[str, Package] = {KANA: "fugashi", THAI: "pythainlp"}
"""The segmenter of each script that has one."""


def cut_notes(cutter: Cutter, *, pieces: str, letters: LetterSpan | None, words: str, parts: str) -> list[str]:
    """Say for each script how many texts hold it, how it is cut, and which setting cuts it otherwise.

    Args:
        cutter: cuts the texts, and has counted them.
        pieces: what a script without spaces is cut by, as `character`.
        letters: lengths of the character n-grams that are read of a word; None: none.
        words: settings of a tokenizer that cuts words, with `{}` for the name of a segmenter.
        parts: settings of a tokenizer that reads parts of words.

    """
    if cutter.config.cutting().unit == "character":
        return []

    def cut(script: str) -> str:
        if script == KOREAN and letters:
            return f"cut into words at spaces, and these into runs of {letters[0]} to {letters[1]} letters"
        if script == KOREAN:
            return f"cut at spaces; --set task.tokenizer='{parts}' reads parts of words too, whose endings vary"
        if cutter.whole_runs:
            return "what stands between spaces is one piece, as when the tokenizer was learned"
        name = SEGMENTERS.get(script)
        if cutter.trained is not None or (name and name == cutter.config.segmenter):
            inside = "" if cutter.config.cutting().unit == "word" else f", and these by {pieces}"
            return f"cut into words by `{cutter.config.segmenter}`{inside}"
        return f"cut by {pieces}" + (f"; --set task.tokenizer='{words.format(name)}' cuts words" if name else "")

    return list(_said(cutter.texts, cutter.texts.get("all", 0), cut))


def script_notes(held: Mapping[str, int], total: int) -> list[str]:
    """Say of texts that no tokenizer has read yet how many hold each script, and how it will be cut by default."""

    def cut(script: str) -> str:
        name = SEGMENTERS.get(script)
        by = f", or into words with a tokenizer's `segmenter: {name}`" if name else ""
        words = "words are cut at spaces, and read by their runs of letters too, for their many endings"
        return words if script == KOREAN else f"cut by character and runs of characters{by}"

    return list(_said(held, total, cut))


def _said(held: Mapping[str, int], total: int, cut: Callable[[str], str]) -> Iterator[str]:
    for script, texts in sorted(held.items()):
        if script != "all" and texts >= max(1, FEWEST * total):
            yield f"{texts:,} of {total:,} texts hold {script}: {cut(script)}"
