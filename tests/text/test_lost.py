"""What normalization takes from texts, counted by hand."""

import pytest

from weft.text.lost import AS_READ, lost_bytes, lost_note
from weft.text.normalize import NormalizeConfig

TEXTS = ["Ann  sat.\nAnd B", "好看！ 很好，ＯＫ", "plain words", ""]


@pytest.mark.parametrize(
    ("config", "lost"),
    [
        (AS_READ, [0, 0, 0, 0]),
        (AS_READ.model_copy(update={"case": "lower"}), [3, 6, 0, 0]),
        (AS_READ.model_copy(update={"space": "one"}), [3, 0, 0, 0]),
        (AS_READ.model_copy(update={"unicode": "NFKC"}), [0, 12, 0, 0]),
        (NormalizeConfig(), [6, 12, 0, 0]),
    ],
)
def test_bytes_that_are_not_read_as_they_stand(config, lost):
    assert lost_bytes(TEXTS, config) == lost


def test_a_line_break_of_another_system_is_the_same_line_break():
    assert lost_bytes(["a\r\nb", "a\rb"], AS_READ) == [0, 0]


def test_the_note_names_the_settings():
    assert lost_note(0.0, NormalizeConfig()) == ""
    said = lost_note(0.034, NormalizeConfig(unicode="NFC", script="simplified"))
    assert said.startswith("3.4% of the bytes are not read as they stand (case lower, space one, script simplified)")
