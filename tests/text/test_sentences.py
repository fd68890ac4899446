"""Where sentences end, in English and Chinese."""

import pytest

from weft.text.sentences import sentence_ends


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Is it 3.5? Yes", ["One.", " Two!", " Is it 3.5?", " Yes"]),
        ('He said "No." Then he left.', ['He said "No."', " Then he left."]),
        ("第一句。第二句！“真的？”他问", ["第一句。", "第二句！", "“真的？”", "他问"]),
        ("so...\nand on", ["so...", "\n", "and on"]),
        ("", []),
        ("no end", ["no end"]),
    ],
)
def test_sentences_are_cut_after_their_marks(text, sentences):
    ends = sentence_ends(text)
    assert [text[start:end] for start, end in zip([0, *ends], ends, strict=False)] == sentences
