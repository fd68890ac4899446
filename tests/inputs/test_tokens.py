import numpy as np

from tests.small_tasks import SMALL_TASKS
from weft.data.examples.tagged import TaggedText
from weft.inputs.tokens import TokenizedText, fitting_tokens, token_row

SMALL = {small.name: small for small in SMALL_TASKS if small.kind == "tagging"}


def test_the_views_suit_the_tokens():
    assert fitting_tokens(["去上海"], characters=True).views == ("bigram", "word", "class")
    assert "letters" in fitting_tokens(["去上海"], characters=False).views
    english = fitting_tokens(["Ada lives here"], characters=False)
    assert {"lower", "shape", "letters"} <= {*english.views}
    assert english.normalize.case == "keep"


def test_a_token_knows_the_word_around_it():
    row = token_row(TokenizedText("去上海", ((0, 1), (1, 2), (2, 3))), ("word", "class"))
    assert row.tokens == ["去", "上", "海"]
    assert row.words == ["去", "上海", "上海"]
    assert row.classes == ["S-v", "B-ns", "E-ns"]
    assert not token_row(TokenizedText("去上海", ((0, 3),)), ("bigram",)).words


def test_case_and_shape_are_not_lost():
    tokenizer = SMALL["tagging-crf"].task.input.tokenizer
    rows = [TokenizedText("Ada ada ADA 2026", ((0, 3), (4, 7), (8, 11), (12, 16)))]
    values_NW = tokenizer.encode_tokens(token_row(one, tokenizer.config.views) for one in rows).values_NW
    columns = dict(zip(tokenizer.known, values_NW.T, strict=True))
    assert columns["piece"][0] != columns["piece"][1]
    assert columns["lower"][0] == columns["lower"][1] == columns["lower"][2]
    assert len({*columns["shape"].tolist()}) == 4 or columns["shape"][0] != columns["shape"][1]


def test_rows_of_a_batch_are_those_of_each_text():
    small = SMALL["tagging-crf"]
    examples = [TaggedText("Ada lives in Bonn"), TaggedText("上海"), TaggedText("Eve")]
    columns = small.task.encode(examples)
    batch = small.task.collate(columns, np.arange(3))
    assert batch.source.mask_BT.sum(1).tolist() == [4, 2, 1]
    assert batch.begins_B.all()
    assert batch.ends_B.all()
    assert batch.tags_BT is None
