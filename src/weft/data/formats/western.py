"""Tells text in cp1252, the encoding of Western Europe in Windows, by its letters.

Any bytes nearly decode as cp1252, so what they spell must be Western text: a few letters with accents, each among
letters without one, and signs as programs of offices set them. Letters of which other encodings of one byte make their
own (`ð` in Turkish, `š` in Czech and of old Macs, `ý`, `³`) prove nothing, and a file with one is not taken. Signs
where nothing but a sign can stand are proof too: `£5`, `it’s`, `“so”`.
"""

from __future__ import annotations

import os
import re

from weft.data.formats.encodings import open_bytes

WESTERN = "cp1252"
_LETTERS = "àáâäåæçèéêëìíîïñòóôöøœùúûüßõÕÀÁÂÄÅÆÇÈÉÊËÍÎÏÑÓÔÖØŒÙÚÛÜãÃ"
_SIGNS = "€£§°©®«»¡¿·×“”„‘’‚–—…•\u00a0´"
_OTHER = re.compile(f"[^\t\n\r\f -~{_LETTERS}{_SIGNS}]")
_WORD_INSIDE = re.compile(f"[A-Za-z][{_LETTERS}]|[{_LETTERS}][A-Za-z]")
_PILED = re.compile(f"(?!ç|[äöü]ß|ää|öö|éé)[{_LETTERS}]{{2}}")
"""Letters with accents in a row, but for those that words have: `façade`, `Grüße`, `hyvää`, `créée`."""
_MISPLACED = re.compile(f"[A-Za-z{_LETTERS}][“„‚¡¿€£§][A-Za-z{_LETTERS}]")
_HUNGARIAN = re.compile("û.*ö|ö.*û|^[^ãÃç]*[õÕ][^ãÃç]*$", re.DOTALL)
"""Letters as no Western language has them together: `ű` of Hungarian read as `û`, `ő` as the Portuguese `õ`."""
_FEWEST = 3
"""Letters with accents, and signs in their places, that a file with such letters has at least."""
_MOST = 0.15
"""Largest share of characters beyond ASCII."""
_INSIDE = 0.5
"""Least share of letters with accents that stand beside plain ones; few words are one letter, as `à`."""
_PILES = 0.1
"""Largest share of letters with accents that stand in rows, as those that two-byte codes spell do."""
_SIGN_IN_PLACE = re.compile(
    r"[£€](?=[ -]?\d)|(?<=\d)[£€](?![A-Za-z])|(?<=\d )[£€](?![A-Za-z])"
    r"|(?<=[A-Za-z])’(?=(?:s|t|d|m|re|ve|ll)\b)"
    r"|(?<![\w’”])[“‘](?=\w[^“”‘\n]*[”’](?!\w))|(?<=[\w.,!?…])[”’](?!\w)"
)
_BESIDE_SIGNS = re.compile(r"(?<=[\w\s.,;:!?)])[–—…•](?=[\w\s.,;:!?(]|$)")
"""Signs that stand where they may, and prove nothing: other encodings have letters in their place."""
_ORDINAL = re.compile(r"(?<=[\dNn.])[ºª](?!\w)")
"""Signs of ordinal numbers, which may stand there and prove nothing: `1º`, `n.º`."""
_LOOKED_AT = 1 << 22


def is_western(path: str | os.PathLike[str]) -> bool:
    """Whether a file that is not UTF-8 is Western text in cp1252 beyond doubt, by its first 4 MiB; all decodes."""
    with open_bytes(path) as file:
        start = file.read(_LOOKED_AT)
        try:
            text = start.decode(WESTERN)
            while more := file.read(_LOOKED_AT):
                more.decode(WESTERN)
        except UnicodeDecodeError:
            return False
    return reads_western(text)


def reads_western(text: str) -> bool:
    """Whether a text that was read as cp1252 is Western beyond doubt."""
    bare, signs = _SIGN_IN_PLACE.subn("", text)
    letters = sum(character in _LETTERS for character in bare)
    if not letters:
        return signs > 0 and not any(character > "~" for character in _BESIDE_SIGNS.sub("", bare))
    beyond = sum(character > "~" for character in bare)
    inside = sum(map(len, re.findall(f"[{_LETTERS}]+", " ".join(_WORD_INSIDE.findall(text)))))
    plain = letters + signs >= _FEWEST and beyond <= _MOST * len(text) and not _OTHER.search(_ORDINAL.sub("", text))
    piled = len(_PILED.findall(text))
    plain = plain and not _HUNGARIAN.search(text) and not _MISPLACED.search(text)
    return plain and inside >= _INSIDE * letters and piled <= _PILES * letters
