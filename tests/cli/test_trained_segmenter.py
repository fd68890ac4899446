"""A model that weft trained to cut words as the segmenter of another task: copied, batched, checked; and word lists."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.small_tasks import SMALL_TASKS
from weft.bundle import Model, open_segmenter
from weft.config import validated
from weft.data.examples.tag_schemes import TagSet
from weft.errors import ConfigError, RunFolderError
from weft.estimators.tagger import Tagger
from weft.tasks.word_list import SINGLE, WEIGHT, WordList
from weft.text.segment import rules_of, segment, split_texts, split_words
from weft.text.tokenizers.ngrams import NgramTokenizerConfig
from weft.text.tokenizers.vocab import VocabularyConfig
from weft.text.tokenizers.words import MixedTokenizerConfig, WordTokenizerConfig

ALL = VocabularyConfig(min_count=1)
SEGMENTED = [
    *(
        "我 在 上海 ， 他 在 北京 。",
        "今天 下雨 了 ， 我们 不 去 上海",
        "他们 今天 去 北京 看 我们",
        "上海 今天 下雨 。",
    ),
    *("good day , 今天 在 上海", "我们 在 北京 看 雨", "I like 北京", "他 不 看 我们 3 本 书"),
]
TEXTS = [
    "今天我们去上海看雨，OK 3.5本",
    "a good day isn't it",
    "",
    "他在北京。",
    "Ａ\U00020000京下雨ข้าว😀 北京",
    "上海",
]
SMALL = {"task.encoder.width": 8, "task.encoder.hidden": 8, "training.batch_rows": 4, "device": "cpu"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a tiny segmenter."""
    place = tmp_path_factory.mktemp("trained") / "segmenter"
    tagger = Tagger(epochs=6, settings=SMALL, random_state=0).fit([one.split() for one in SEGMENTED * 4])
    tagger.save(place)
    return place


def configs(folder):
    return (
        WordTokenizerConfig(segmenter=str(folder), vocabulary=ALL),
        MixedTokenizerConfig(segmenter=str(folder), views=("bigram", "word"), vocabulary=ALL),
        NgramTokenizerConfig(segmenter=str(folder), unit="word"),
    )


def test_texts_are_cut_at_once_as_one_by_one_and_no_character_is_lost(folder):
    rules = rules_of(ends=open_segmenter(folder, ()).ends)
    found = list(split_texts(TEXTS, rules))
    assert found == [split_words(text, rules) for text in TEXTS]
    assert ["".join(words) for words in found] == ["".join(text.split()) for text in TEXTS]
    assert found[1] == split_words(TEXTS[1])  # without Han, nothing is asked of the model
    assert "3.5" in found[0]
    assert "ข้" not in found[4]  # a mark stays with its letter
    assert segment(TEXTS, "mixed", rules=rules).pieces == segment(TEXTS, "mixed").pieces
    covered = segment(TEXTS, "mixed", covering=True, rules=rules)
    assert {*covered.words} == {word for words in found for word in words}


def test_what_was_learned_cuts_with_its_own_copy(folder, tmp_path):
    gone = tmp_path / "segmenter"
    shutil.copytree(folder, gone)
    learned = [config.learn(TEXTS) for config in configs(gone)]
    before = [one.encode(TEXTS).values_NW for one in learned]
    shutil.rmtree(gone)
    for one, values in zip(learned, before, strict=True):
        place = tmp_path / one.config.named()
        place.mkdir()
        one.save(place)
        loaded = one.config.load(place)
        assert (loaded.encode(TEXTS).values_NW == values).all()
        assert (one.encode(TEXTS).values_NW == values).all()
        assert loaded.notes == one.notes
        again = tmp_path / f"{one.config.named()} again"
        again.mkdir()
        loaded.save(again)  # as a warm start does
        assert (one.config.load(again).encode(TEXTS).values_NW == values).all()


def test_a_damaged_copy_is_refused(folder, tmp_path):
    config = configs(folder)[0]
    config.learn(TEXTS).save(tmp_path)
    weights = tmp_path / "segmenter/weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(RunFolderError, match="damaged"):
        config.load(tmp_path)


def test_a_task_reads_the_words_of_a_segmenter(folder, tmp_path, weft, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(folder, "seg")
    rows = [{"text": text, "label": "zh" if "北" in text else "en"} for text in [*TEXTS[:2], *TEXTS[3:]] * 8]
    Path("a.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    said = weft("train", "a.jsonl", "--text", "text", "--label", "label", "--encoder", "cnn", "--output", "model",
                "--set", "task.tokenizer={kind: word, segmenter: seg}", "--set", "training.epochs=1",
                "--set", "task.encoder.width=8", "--set", "device=cpu")  # fmt: skip
    assert said.code == 0, said.err
    assert "segmenter seg" in said.err
    first = weft("predict", "model", "--text", TEXTS[0]).out
    shutil.rmtree("seg")
    Path("model").rename("moved")
    assert weft("predict", "moved", "--text", TEXTS[0]).out == first
    sealed = json.loads(Path("moved/bundle.json").read_text(encoding="utf-8"))["files"]
    assert "task/segmenter/weights.safetensors" in sealed


def test_what_is_no_segmenter_is_refused(folder, tmp_path):
    with pytest.raises(ConfigError, match="there is no segmenter `mecab`") as error:
        WordTokenizerConfig(segmenter="mecab").learn(TEXTS)
    assert "weft train" in error.value.hint
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunFolderError, match="there is no model in this folder"):
        WordTokenizerConfig(segmenter=str(tmp_path / "empty")).learn(TEXTS)
    spans = Tagger(epochs=1, settings=SMALL).fit(["Ada in Oslo", "王芳在北京"] * 8, [[(0, 3, "A")], [(0, 2, "A")]] * 8)
    spans.save(tmp_path / "names")
    with pytest.raises(ConfigError, match="does not cut texts into words") as error:
        WordTokenizerConfig(segmenter=str(tmp_path / "names")).learn(TEXTS)
    assert error.value.where == str(tmp_path / "names")
    with pytest.raises(ConfigError, match="has no effect: the tokens"):
        Tagger(
            settings={**SMALL, "task.tokenizer": {"kind": "mixed", "views": ["word"], "segmenter": str(folder)}}
        ).fit([one.split() for one in SEGMENTED])
    with pytest.raises(ConfigError, match="no words are cut"):
        validated(MixedTokenizerConfig, {"kind": "mixed", "segmenter": str(folder)})


def test_words_of_a_list_are_preferred(folder, tmp_path):
    plain = open_segmenter(folder, ())
    preferring = open_segmenter(folder, ["下雨了", "看雨", "們去"])
    text = "今天下雨了我们去看雨"
    assert preferring.ends([text])[0] != plain.ends([text])[0]
    words = split_words(text, rules_of(ends=preferring.ends))
    assert "下雨了" in words
    assert "看雨" in words
    config = WordTokenizerConfig(segmenter=str(folder), dictionary=("下雨了", "看雨"), vocabulary=ALL)
    learned = config.learn([text])
    learned.save(tmp_path)
    assert "下雨了" in (config.load(tmp_path).pieces or ())
    assert (config.load(tmp_path).encode([text]).values_NW == learned.encode([text]).values_NW).all()
    with pytest.raises(ConfigError, match="does not cut texts into words"):
        labels_model().with_words(["下雨了"])


def labels_model():
    small = next(one for one in SMALL_TASKS if one.kind == "classification")
    return Model(small.task, small.model, torch.device("cpu"))


def test_tags_of_the_longest_match_score_higher():
    tags = TagSet.of({(1, "")}, "bioes")
    text = "我在上海人\u3000民"
    places = [(place, place + 1) for place, one in enumerate(text) if not one.isspace()]
    bonus_NC = WordList.of(["上海", "上海人", "海人", "在", "人民"]).bonus(text, places, tags)
    expected = np.zeros_like(bonus_NC)
    for token, (tag, by) in enumerate([("B", 0), ("S", SINGLE), ("B", WEIGHT), ("I", WEIGHT), ("E", WEIGHT), ("S", 0)]):
        expected[token, tags.names.index(tag)] = by
    assert (bonus_NC == expected).all()


def test_answers_and_scores_with_words(folder, tmp_path, weft, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("words.txt").write_text("# mine\n下雨了\n看雨\n", encoding="utf-8")
    Path("test.txt").write_text("今天 下雨了\n我们 去 看雨\n", encoding="utf-8")
    found = weft("predict", str(folder), "--text", "今天下雨了", "--words", "words.txt")
    assert json.loads(found.out)["answer"] == ["今天", "下雨了"], found.err
    with_list = weft("evaluate", str(folder), "test.txt", "--words", "words.txt", "--json")
    assert json.loads(with_list.out)["scores"]["word_recall"]["value"] == 1
    said = weft("predict", str(folder), "--text", "今天", "--words", "none.txt")
    assert said.code == 2
    assert "none.txt: there is no such file" in said.err
