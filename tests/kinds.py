"""The kinds of parts that start from nothing; those that read the folder of a model have tests of their own."""

from weft.data.batch import Tokens
from weft.models.choices import DECODERS as ALL_DECODERS
from weft.models.choices import ENCODERS

DECODERS = [kind for kind in ALL_DECODERS if "folder" not in kind.model_fields]
READERS = [kind for kind in ENCODERS if kind.reads is Tokens and "folder" not in kind.model_fields]
"""Encoders that read positions in order."""
