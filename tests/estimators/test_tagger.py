import pytest

import weft
from weft.demo.names import demo_names
from weft.errors import InputError
from weft.estimators.tagger import Tagger

TINY = {
    "task.encoder.width": 24,
    "task.encoder.hidden": 16,
    "task.encoder.dropout": 0.1,
    "task.encoder.view_dropout": 0,
}
MADE = demo_names(240)
TEXTS, SPANS = [one.text for one in MADE], [list(one.spans) for one in MADE]


def tagger(**given):
    settings = {**TINY, "training.optimizer.learning_rate": 0.02, "training.patience": None, "device": "cpu"}
    return Tagger(epochs=8, batch_rows=16, settings=settings, **given)


@pytest.fixture(scope="module")
def fitted():
    return tagger().fit(TEXTS, SPANS)


def test_names_are_found_in_english_and_chinese(fitted):
    test = demo_names(60, seed=1)
    texts, spans = [one.text for one in test], [list(one.spans) for one in test]
    assert fitted.score(texts, spans) > 0.8
    found = fitted.predict(texts)
    assert len(found) == 60
    assert all(0 <= start < end <= len(text) for text, own in zip(texts, found, strict=True) for start, end, _ in own)
    one = next(one for one in fitted.answer(texts) if one.spans)
    assert one.text[one.spans[0].start : one.spans[0].end] == one.spans[0].text


def test_a_saved_tagger_is_loaded(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    (given,) = weft.load(tmp_path / "model", device="cpu").answer(["Anna lives in Oslo."])
    assert [(span.start, span.end, span.label) for span in given.spans] == fitted.predict(["Anna lives in Oslo."])[0]


def test_words_are_learned_without_spans():
    words = [["我", "在", "上海"], ["他", "住", "在", "北京"], ["good", "day"], ["你", "好"]] * 10
    model = tagger().fit(words)
    found = model.predict(["他在上海", "good day"])
    assert "".join(found[0]) == "他在上海"
    assert "".join(found[1]) == "goodday"
    assert model.score(None, words) > 0.5


def test_mistakes_are_taught():
    with pytest.raises(InputError, match=r"2 texts and 1 lists"):
        tagger().fit(["a b", "上海"], [[]])
    with pytest.raises(InputError, match="leaves the text") as caught:
        tagger().fit(["a b", "上海"], [[], [(0, 3, "LOC")]])
    assert caught.value.where == "spans[1]"
    with pytest.raises(InputError, match="has learned nothing yet"):
        tagger().predict(["上海"])
