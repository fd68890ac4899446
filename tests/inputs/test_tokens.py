import numpy as np
import pytest
import torch

from tests.pretrained_folders import write_model
from tests.small_tasks import SMALL_TASKS
from weft.data.examples.tagged import LabelledSpan, TaggedText
from weft.inputs.tokens import TokenizedText, capitals_of, fitting_tokens, token_row
from weft.tasks.tagging import TaggingConfig

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


def test_how_a_token_and_its_neighbours_are_written_is_one_number():
    written = TokenizedText("Ada eats NASA iPhone 上海 2026", ((0, 3), (4, 8), (9, 13), (14, 20), (21, 23), (24, 28)))
    own = [1, 0, 2, 2, 0, 0]
    around = zip([0, *own], own, [*own[1:], 0], strict=False)
    assert capitals_of(written).tolist() == [9 * before + 3 * one + after for before, one, after in around]
    assert capitals_of(TokenizedText("", ())).shape == (0,)


@pytest.fixture(scope="module")
def uncased(tmp_path_factory):
    """A tagger of a moment's training over a small BERT that reads capitals as small letters."""
    folder = tmp_path_factory.mktemp("uncased")
    write_model(folder)
    texts = [("the Film is good", "Film", "W"), ("the film is not good", "good", "G"), ("这 部 Film", "Film", "W")]
    examples = [
        TaggedText(text, (LabelledSpan(text.index(one), text.index(one) + len(one), label),))
        for text, one, label in texts
    ]
    config = TaggingConfig(encoder=f"pretrained:{folder}", form="spans", scheme="none", unit="word")
    task = config.learn(examples)
    torch.manual_seed(0)
    return task, task.build_model().eval()


def test_an_encoder_that_loses_case_is_told_of_capitals(uncased):
    task, model = uncased
    assert task.input.loses_case
    rows = [TaggedText(text) for text in ("the film is good", "the Film is good")]
    with torch.no_grad():
        model.capitals.weight.normal_(generator=torch.manual_seed(1))
        small_BTC, capital_BTC = (model(task.collate(task.encode([one]), np.arange(1)).source) for one in rows)
        both_BTC = model(task.collate(task.encode(rows), np.arange(2)).source)
    assert not torch.allclose(small_BTC[:, 1], capital_BTC[:, 1])
    assert torch.equal(small_BTC[:, 3], capital_BTC[:, 3])
    torch.testing.assert_close(both_BTC, torch.cat([small_BTC, capital_BTC]))


def test_the_capitals_of_long_texts_are_those_of_the_whole(uncased):
    task, _ = uncased
    words = ["Film" if number % 7 == 3 else "good" for number in range(90)]
    columns = task.encode([TaggedText(" ".join(words))])
    assert len(columns) > 1
    places, ends = [], np.cumsum([len(word) + 1 for word in words])
    for start, end in zip([0, *ends[:-1]], ends - 1, strict=True):
        places.append((int(start), int(end)))
    whole = capitals_of(TokenizedText(" ".join(words), tuple(places)))
    for row, first in enumerate(columns.fixed["from"].tolist()):
        own = columns.ragged["capitals"].padded(np.array([row]))[0]
        assert own[0, :, 0].tolist() == whole[first : first + own.shape[1]].tolist()
